//! The data: where they come from, what they are, and the arrays themselves, loaded when a stage asks for them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::progress::Progress;
use crate::cli::DatasetChoice;
use crate::digest;

/// Pixels of an image.
pub const PIXELS: usize = 784;
/// Classes of images.
pub const CLASSES: usize = 10;

/// Images and their labels.
#[derive(Debug)]
pub struct Labelled {
    /// `u8` `[n, 784]`.
    pub images: Tensor,
    /// `i32` `[n]`.
    pub labels: Tensor,
}

impl Labelled {
    /// # Errors
    /// When their numbers disagree.
    pub fn new(pixels: Vec<u8>, labels: Vec<i32>) -> Result<Labelled> {
        Ok(Labelled {
            images: Tensor::from_vec([labels.len(), PIXELS], pixels)?,
            labels: Tensor::from_vec([labels.len()], labels)?,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.images.dims()[0]
    }

    /// The pixels of an image.
    ///
    /// # Errors
    /// When the images are no bytes.
    pub fn pixels(&self, row: usize) -> Result<&[u8]> {
        Ok(&self.images.as_slice::<u8>()?[row * PIXELS..(row + 1) * PIXELS])
    }

    /// The rows of a class.
    pub fn rows_of(&self, class: usize) -> impl Iterator<Item = usize> + '_ {
        let labels = self.labels.as_slice::<i32>().unwrap_or_default();
        labels.iter().enumerate().filter(move |&(_, &label)| label == class as i32).map(|(row, _)| row)
    }
}

/// Both halves.
#[derive(Debug)]
pub struct Images {
    pub train: Labelled,
    pub test: Labelled,
}

/// The data of a run.
#[derive(Debug)]
pub struct Data {
    choice: DatasetChoice,
    folder: Option<PathBuf>,
    images: Option<Images>,
}

impl Data {
    pub fn new(choice: DatasetChoice, folder: Option<PathBuf>) -> Data {
        Data { choice, folder, images: None }
    }

    pub fn locate(&mut self, _download: bool, _progress: &mut Progress) -> Result<String> {
        let _ = self.choice;
        Ok("mnist".to_string())
    }

    pub fn images(&mut self) -> Result<&Images> {
        if self.images.is_none() {
            let folder = self.folder.clone().context("no data folder")?;
            let read = |name: &str, skip: usize| -> Result<Vec<u8>> {
                let file = std::fs::File::open(folder.join(name))?;
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes)?;
                Ok(bytes.split_off(skip))
            };
            let half = |name: &str| -> Result<Labelled> {
                let labels = read(&format!("{name}-labels-idx1-ubyte.gz"), 8)?;
                Labelled::new(
                    read(&format!("{name}-images-idx3-ubyte.gz"), 16)?,
                    labels.into_iter().map(i32::from).collect(),
                )
            };
            self.images = Some(Images { train: half("train")?, test: half("t10k")? });
        }
        self.images.as_ref().context("loaded above")
    }

    pub fn digests(&mut self) -> Result<BTreeMap<String, String>> {
        let images = self.images()?;
        Ok(BTreeMap::from([("train".to_string(), digest::hex(images.train.images.as_bytes()))]))
    }

    pub fn name(&self) -> String {
        "MNIST".to_string()
    }

    pub fn note(&self) -> Option<String> {
        None
    }

    pub fn set(&self) -> String {
        "mnist".to_string()
    }

    pub fn origin(&self) -> String {
        String::new()
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Batches {
    n: usize,
    batch: usize,
    seed: u64,
    at: usize,
    epoch: u64,
    order: Vec<i32>,
}

impl Batches {
    pub fn new(n: usize, batch: usize, seed: u64) -> Result<Batches> {
        let mut b = Batches { n, batch, seed, at: 0, epoch: 0, order: Vec::new() };
        b.shuffle();
        Ok(b)
    }
    fn shuffle(&mut self) {
        self.order = (0..self.n as i32).collect();
        minutia_kernels::rng::Generator::new(self.seed, &format!("batches/{}", self.epoch))
            .shuffle(&mut self.order);
    }
    pub fn next_batch(&mut self) -> &[i32] {
        if self.at + self.batch > self.n {
            self.at = 0;
            self.epoch += 1;
            self.shuffle();
        }
        self.at += self.batch;
        &self.order[self.at - self.batch..self.at]
    }
}
