//! The data: where they come from, what they are, and the arrays themselves, loaded when a stage asks for
//! them.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use minutia_datasets::mnist::{Labelled, Mnist};
use minutia_datasets::{Error, Found, Origin, Problem, digits};

pub use minutia_models::{CLASSES, PIXELS};

use crate::{cli::DatasetChoice, digest, fetch, reproduce::progress::Progress};

/// Rows and columns of an image.
pub const SIDE: usize = 28;

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
    /// The built-in digits: their digest is that of the sources that draw them, so they are drawn when
    /// needed.
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

    /// Finds the data and gives their digest, for the keys of the stages. They may be downloaded where there
    /// is a `progress` to show it by.
    ///
    /// # Errors
    /// A folder that was named, or the cache folder, when it cannot be used; with `--dataset mnist`, when
    /// there is no MNIST.
    pub fn locate(&mut self, progress: Option<&mut Progress>) -> Result<String> {
        if matches!(self.state, State::Unknown) {
            self.state = self.find(progress)?;
        }
        Ok(match &self.state {
            State::Files { data, .. } => digest::hex_of_strings(data.digests.iter().map(String::as_str)),
            State::Digits { .. } | State::Unknown => "built-in digits".to_string(),
        })
    }

    fn find(&self, progress: Option<&mut Progress>) -> Result<State> {
        if self.choice == DatasetChoice::Digits {
            return Ok(State::Digits { why: "asked for by --dataset digits".to_string(), data: None });
        }
        let only_mnist = self.choice == DatasetChoice::Mnist;
        let found = minutia_datasets::find(self.folder.as_deref(), |cache| match progress {
            Some(progress) => fetch::for_a_run(cache, only_mnist, progress),
            None => Err("nothing was downloaded".to_string()),
        });
        let located = match found.map_err(unusable)? {
            Found::Files(located) => *located,
            Found::Nothing { why } if only_mnist => bail!(
                "there is no MNIST: {why}; get it with `cargo xtask fetch`, or name its folder with --data-dir"
            ),
            Found::Nothing { why } => return Ok(State::Digits { why, data: None }),
        };
        let size = located.data.train.size;
        ensure!(
            size == [SIDE, SIDE],
            "the images of {} have {} by {} pixels, but the network takes {SIDE} by {SIDE}; use another data set",
            located.origin,
            size[0],
            size[1]
        );
        let classes = located.data.train.classes;
        ensure!(
            classes == CLASSES,
            "the labels of {} have {classes} classes, but the network has {CLASSES}; use another data set",
            located.origin
        );
        if only_mnist && !located.data.is_mnist() {
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
        self.locate(None)?;
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

    /// What they are and where they are from, for the terminal.
    pub fn described(&self) -> String {
        match &self.state {
            State::Files { origin, .. } => format!("{} from {origin}", self.name()),
            State::Digits { .. } | State::Unknown => self.origin(),
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

/// What to do about data that cannot be used.
fn unusable(error: Error) -> anyhow::Error {
    let what = match error.problem {
        Problem::Cache(_) => "the cache folder is damaged, which `cargo xtask fetch` repairs",
        _ => "the data cannot be used",
    };
    anyhow::Error::new(error).context(what)
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
    Labelled::new(pixels, labels, [SIDE, SIDE], 1, CLASSES).unwrap()
}
