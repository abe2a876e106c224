//! The data: where they come from, what they are, and the arrays themselves, loaded when a stage asks for them.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use minutia_datasets::mnist::{Labelled, Mnist};
use minutia_datasets::{Origin, cache_folder, digits, locate};

use crate::cli::DatasetChoice;
use crate::digest;

/// Rows and columns of an image.
pub const SIDE: usize = 28;
/// Pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;
/// Classes of images.
pub const CLASSES: usize = minutia_datasets::mnist::CLASSES;

/// The variable that names a folder of data when the command line does not.
const VARIABLE: &str = "MINUTIA_DATA_DIR";

/// The data of a run.
#[derive(Debug)]
pub struct Data {
    choice: DatasetChoice,
    folder: Option<PathBuf>,
    state: State,
}

#[derive(Debug)]
enum State {
    Unknown,
    /// The built-in digits: their digest is that of the sources that draw them, so they are drawn when needed.
    Digits {
        why: String,
        data: Option<Box<Mnist>>,
    },
    Files {
        origin: Origin,
        data: Box<Mnist>,
    },
}

impl Data {
    /// Data as the command line asks for them. Nothing is looked for yet.
    pub fn new(choice: DatasetChoice, folder: Option<PathBuf>) -> Data {
        Data { choice, folder, state: State::Unknown }
    }

    /// Finds the data and gives their digest, for the keys of the stages.
    ///
    /// # Errors
    /// A folder that was named and cannot be used; with `--dataset mnist`, when there is no MNIST.
    pub fn locate(&mut self) -> Result<String> {
        if matches!(self.state, State::Unknown) {
            self.state = self.find()?;
        }
        Ok(match &self.state {
            State::Files { data, .. } => digest::hex_of_strings(data.digests.iter().map(String::as_str)),
            State::Digits { .. } | State::Unknown => "built-in digits".to_string(),
        })
    }

    fn find(&self) -> Result<State> {
        if self.choice == DatasetChoice::Digits {
            return Ok(State::Digits { why: "asked for by --dataset digits".to_string(), data: None });
        }
        let variable = std::env::var_os(VARIABLE).is_some_and(|value| !value.is_empty());
        let cached = cache_folder().is_some_and(|folder| folder.exists());
        if self.folder.is_none() && !variable && !cached {
            let why = format!("no --data-dir, {VARIABLE} is not set, and the cache folder has none");
            if self.choice == DatasetChoice::Mnist {
                bail!(
                    "there is no MNIST: {why}; get it with `cargo xtask fetch`, or name its folder with --data-dir"
                );
            }
            return Ok(State::Digits { why, data: None });
        }
        let located = locate(self.folder.as_deref()).context("the data cannot be used")?;
        let size = located.data.train.size;
        ensure!(
            size == [SIDE, SIDE],
            "the images of {} have {} by {} pixels, but the network takes {SIDE} by {SIDE}; use another data set",
            located.origin,
            size[0],
            size[1]
        );
        if self.choice == DatasetChoice::Mnist && !located.data.is_mnist() {
            bail!(
                "{} holds other images than MNIST; get MNIST with `cargo xtask fetch`, or leave out --dataset mnist",
                located.origin
            );
        }
        Ok(State::Files { origin: located.origin, data: Box::new(located.data) })
    }

    /// The images and labels.
    ///
    /// # Errors
    /// As [`Data::locate`].
    pub fn images(&mut self) -> Result<&Mnist> {
        self.locate()?;
        match &mut self.state {
            State::Files { data, .. } => Ok(data),
            State::Digits { data, .. } => Ok(data.get_or_insert_with(|| Box::new(digits::generate()))),
            State::Unknown => bail!("the data were not located"),
        }
    }

    /// What they are, in a word.
    pub fn name(&self) -> &'static str {
        match &self.state {
            State::Files { data, .. } if data.is_mnist() => "MNIST",
            State::Files { .. } => "other images",
            State::Digits { .. } | State::Unknown => "built-in digits",
        }
    }

    /// What must be said wherever they show, unless they are MNIST.
    pub fn note(&self) -> Option<String> {
        match &self.state {
            State::Files { data, .. } if data.is_mnist() => None,
            State::Files { data, .. } => {
                Some(format!("Not MNIST, but other images (SHA-256 {}).", &data.digests[0][..12]))
            }
            State::Digits { .. } => Some("Built-in digits, drawn from stroke models: not MNIST.".to_string()),
            State::Unknown => None,
        }
    }

    /// The set of `repro.lock` that they belong to.
    pub fn set(&self) -> String {
        match &self.state {
            State::Files { data, .. } if data.is_mnist() => "mnist".to_string(),
            State::Files { data, .. } => format!("images-{}", &data.digests[0][..12]),
            State::Digits { .. } => "digits".to_string(),
            State::Unknown => "mnist".to_string(),
        }
    }

    /// Where they are from on this machine.
    pub fn origin(&self) -> String {
        match &self.state {
            State::Files { origin, .. } => origin.to_string(),
            State::Digits { why, .. } => format!("built-in digits ({why})"),
            State::Unknown => "not used".to_string(),
        }
    }
}

/// The pixels of an image.
///
/// # Errors
/// When the images are no bytes.
pub fn pixels(data: &Labelled, row: usize) -> Result<&[u8]> {
    Ok(&data.images.as_slice::<u8>()?[row * PIXELS..(row + 1) * PIXELS])
}

/// The rows of a class.
pub fn rows_of(data: &Labelled, class: usize) -> impl Iterator<Item = usize> + '_ {
    let labels = data.labels.as_slice::<i32>().unwrap_or_default();
    labels.iter().enumerate().filter(move |&(_, &label)| label == class as i32).map(|(row, _)| row)
}

#[cfg(test)]
pub fn labelled(pixels: Vec<u8>, labels: Vec<i32>) -> Labelled {
    use minutia_tensor::Tensor;
    let images = Tensor::from_vec([labels.len(), PIXELS], pixels).unwrap();
    Labelled { images, labels: Tensor::from(labels), size: [SIDE, SIDE] }
}
