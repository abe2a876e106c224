//! The inverse of a matrix, by descent.

use crate::{
    Error, SIZE,
    error::count,
    machine::{Machine, Plans},
};
use minutia_kernels::rng::Generator;

/// What makes the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptimizerKind {
    /// The post's.
    Adagrad,
    /// Adam, at a constant rate.
    Adam,
}

impl OptimizerKind {
    /// All kinds, by number: 0 for Adagrad, 1 for Adam.
    pub const ALL: [OptimizerKind; 2] = [OptimizerKind::Adagrad, OptimizerKind::Adam];

    pub(crate) fn plans(self) -> Plans {
        match self {
            OptimizerKind::Adagrad => {
                Plans { name: "inverse_adagrad", bytes: include_bytes!("../plans/inverse_adagrad.plan") }
            }
            OptimizerKind::Adam => {
                Plans { name: "inverse_adam", bytes: include_bytes!("../plans/inverse_adam.plan") }
            }
        }
    }
}

/// A matrix `x`, zero at first, that descends to the inverse of another.
#[derive(Debug)]
pub struct MatrixInverse(Machine);

/// Where a descent stands. Matrices have [`SIZE`] rows of as many numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct InverseState {
    /// What becomes the inverse.
    pub x: Vec<f32>,
    /// `x·A`, which becomes the identity.
    pub output: Vec<f32>,
    /// The sum of the absolute errors of its entries.
    pub loss: f32,
}

const BEGIN: &str = "begin";
const STEP: &str = "step";
const READ: &str = "read";

impl MatrixInverse {
    /// The inverse of a matrix, which is given row by row.
    ///
    /// # Errors
    /// [`Error::Count`] where it has not [`SIZE`] times [`SIZE`] entries, [`Error::Argument`] for a rate that
    /// is negative or no number.
    pub fn new(matrix: &[f32], optimizer: OptimizerKind, rate: f32) -> Result<MatrixInverse, Error> {
        count("entries of the matrix", matrix.len(), SIZE * SIZE)?;
        if !rate.is_finite() || rate < 0.0 {
            let (found, expected) = (rate.to_string(), "a number that is not negative");
            return Err(Error::Argument { what: "the learning rate", found, expected });
        }
        let mut machine = Machine::new(optimizer.plans(), 0, &[])?;
        machine.feed(STEP, "A", matrix)?;
        machine.feed(STEP, "rate", &[rate])?;
        machine.feed(READ, "A", matrix)?;
        machine.run(BEGIN)?;
        Ok(MatrixInverse(machine))
    }

    /// Makes steps, and returns the loss before the first of them and before each that comes `every` steps
    /// after one of these.
    ///
    /// # Errors
    /// Those of the device.
    pub fn steps(&mut self, steps: usize, every: usize) -> Result<Vec<f32>, Error> {
        let mut losses = Vec::new();
        for step in 0..steps {
            self.0.run(STEP)?;
            if step.is_multiple_of(every.max(1)) {
                losses.extend(self.0.result(STEP, 0)?);
            }
        }
        Ok(losses)
    }

    /// Where the descent stands.
    ///
    /// # Errors
    /// Those of the device.
    pub fn state(&mut self) -> Result<InverseState, Error> {
        self.0.run(READ)?;
        let [x, output, loss] = [0, 1, 2].map(|result| self.0.result(READ, result));
        Ok(InverseState { x: x?, output: output?, loss: loss?.into_iter().sum() })
    }
}

/// The matrix that a run of this seed inverts: [`SIZE`] rows of whole numbers from 0 to 9.
#[must_use]
pub fn random_matrix(seed: u64) -> Vec<f32> {
    let mut generator = Generator::new(seed, "inverse/matrix");
    (0..SIZE * SIZE).map(|_| generator.below(10) as f32).collect()
}
