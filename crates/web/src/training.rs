//! Training the classifier, as the reproduction does.

use crate::{
    BATCH, CHUNK, Digits, Error, PIXELS,
    machine::{Machine, Plans},
};
use minutia_datasets::{Batches, digits::TEST, mnist::VALIDATION};
use minutia_tensor::Tensor;
use sha2::{Digest, Sha256};

/// The classifier on the built-in digits, with the post's sizes and rate.
#[derive(Debug)]
pub struct Training {
    machine: Machine,
    batches: Batches,
    /// Rows of the training table, which begins with those that are set aside.
    rows: Vec<i32>,
    steps: usize,
}

const PLANS: Plans = Plans { name: "training", bytes: include_bytes!("../plans/training.plan") };
const BEGIN: &str = "begin";
const STEP: &str = "step";
const TEST_CHUNK: &str = "test";
const PARAMETERS: &str = "parameters";

impl Training {
    /// Steps of an epoch: as many as there are whole batches of the 55,000 images.
    pub const EPOCH: usize = (minutia_datasets::digits::TRAIN - VALIDATION) / BATCH;

    /// A network with the random weights of a run of this seed.
    ///
    /// # Errors
    /// [`Error::NotDrawn`] where digits are missing, and for want of memory.
    pub fn new(digits: Digits, seed: u64) -> Result<Training, Error> {
        if digits.drawn() < Digits::COUNT {
            return Err(digits.missing());
        }
        let tensors = |(pixels, labels): (Vec<u8>, Vec<i32>)| {
            Ok::<_, Error>((Tensor::from_vec([labels.len(), PIXELS], pixels)?, Tensor::from(labels)))
        };
        let (train, test) = (tensors(digits.train)?, tensors(digits.test)?);
        let rows = train.1.elements() - VALIDATION;
        let tables = [
            (STEP, "input/images", &train.0),
            (STEP, "input/labels", &train.1),
            (TEST_CHUNK, "input/images", &test.0),
            (TEST_CHUNK, "input/labels", &test.1),
        ];
        let mut machine = Machine::new(PLANS, seed, &tables)?;
        machine.run(BEGIN)?;
        Ok(Training { machine, batches: Batches::new(rows, BATCH, seed), rows: vec![0; BATCH], steps: 0 })
    }

    /// Makes steps of gradient descent, and returns the mean cross-entropy of each batch before its step.
    ///
    /// # Errors
    /// Those of the device.
    pub fn steps(&mut self, steps: usize) -> Result<Vec<f32>, Error> {
        let mut losses = Vec::new();
        for _ in 0..steps {
            for (row, &index) in self.rows.iter_mut().zip(self.batches.next_batch()) {
                *row = index + VALIDATION as i32;
            }
            self.machine.feed(STEP, "input/rows", &self.rows)?;
            self.machine.run(STEP)?;
            losses.extend(self.machine.result(STEP, 0)?);
            self.steps += 1;
        }
        Ok(losses)
    }

    /// Steps so far: [`Training::EPOCH`] of them are an epoch.
    #[must_use]
    pub fn steps_done(&self) -> usize {
        self.steps
    }

    /// The mean cross-entropy of the test images, and the share that is read rightly, as the report has them
    /// after an epoch.
    ///
    /// # Errors
    /// Those of the device.
    pub fn test(&mut self) -> Result<(f64, f64), Error> {
        let (mut loss, mut right) = (0.0_f64, 0.0_f64);
        for first in (0..TEST).step_by(CHUNK) {
            let rows: Vec<i32> = (first..first + CHUNK).map(|row| row as i32).collect();
            self.machine.feed(TEST_CHUNK, "input/rows", &rows)?;
            self.machine.run(TEST_CHUNK)?;
            for (sum, result) in [(&mut loss, 0), (&mut right, 1)] {
                *sum += self.machine.result(TEST_CHUNK, result)?.into_iter().map(f64::from).sum::<f64>();
            }
        }
        Ok((loss / TEST as f64, right / TEST as f64))
    }

    /// W1, b1, W2 and b2, row by row, one after the other.
    ///
    /// # Errors
    /// Those of the device.
    pub fn parameters(&mut self) -> Result<Vec<f32>, Error> {
        self.machine.run(PARAMETERS)?;
        let all = (0..4).map(|result| self.machine.result(PARAMETERS, result));
        Ok(all.collect::<Result<Vec<_>, Error>>()?.concat())
    }
}

/// The SHA-256 of some numbers, as 64 hexadecimal digits: of their bytes, the lowest first. Of all parameters
/// it is what a run's results call `parameters_sha256`.
#[must_use]
pub fn digest(numbers: &[f32]) -> String {
    let mut hasher = Sha256::new();
    numbers.iter().for_each(|number| hasher.update(number.to_le_bytes()));
    let hex =
        |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]));
    hasher.finalize().iter().flat_map(hex).collect()
}
