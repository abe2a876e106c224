//! The image of a class that the network likes best.

use crate::{
    CLASSES, Error,
    machine::{Machine, Plans},
    reader::feed_weights,
};

/// What an image pays for its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PenaltyKind {
    /// Nothing.
    None,
    /// For the sum of their absolute values.
    L1,
    /// For the sum of their squares.
    L2,
}

impl PenaltyKind {
    /// All kinds, by number: 0 for none, 1 for L1, 2 for L2.
    pub const ALL: [PenaltyKind; 3] = [PenaltyKind::None, PenaltyKind::L1, PenaltyKind::L2];

    pub(crate) fn plans(self) -> Plans {
        match self {
            PenaltyKind::None => {
                Plans { name: "ideal_none", bytes: include_bytes!("../plans/ideal_none.plan") }
            }
            PenaltyKind::L1 => Plans { name: "ideal_l1", bytes: include_bytes!("../plans/ideal_l1.plan") },
            PenaltyKind::L2 => Plans { name: "ideal_l2", bytes: include_bytes!("../plans/ideal_l2.plan") },
        }
    }
}

/// An image that descends, by Adagrad, to what the network likes best for its class. It begins as zeros.
#[derive(Debug)]
pub struct IdealImage(Machine);

const BEGIN: &str = "begin";
const STEP: &str = "step";
const READ: &str = "read";

impl IdealImage {
    /// The image of a class below [`CLASSES`], for a network whose weights are as [`Reader`](crate::Reader)
    /// takes them.
    ///
    /// # Errors
    /// [`Error::Count`] for other weights, [`Error::Argument`] for no such class and for a strength that is
    /// negative or no number.
    pub fn new(
        weights: &[f32],
        class: usize,
        penalty: PenaltyKind,
        strength: f32,
    ) -> Result<IdealImage, Error> {
        if class >= CLASSES {
            let found = class.to_string();
            return Err(Error::Argument { what: "the class", found, expected: "a digit from 0 to 9" });
        }
        if !strength.is_finite() || strength < 0.0 {
            let (found, expected) = (strength.to_string(), "a number that is not negative");
            return Err(Error::Argument { what: "the strength of the penalty", found, expected });
        }
        let mut machine = Machine::new(penalty.plans(), 0, &[])?;
        feed_weights(&mut machine, &[STEP, READ], weights)?;
        machine.feed(STEP, "class", &[class as i32])?;
        if penalty != PenaltyKind::None {
            machine.feed(STEP, "strength", &[strength])?;
        }
        machine.run(BEGIN)?;
        Ok(IdealImage(machine))
    }

    /// Makes steps of the post's rate, and returns the loss before each.
    ///
    /// # Errors
    /// Those of the device.
    pub fn steps(&mut self, steps: usize) -> Result<Vec<f32>, Error> {
        let step = |_| {
            self.0.run(STEP)?;
            self.0.result(STEP, 0)
        };
        Ok((0..steps).map(step).collect::<Result<Vec<_>, Error>>()?.concat())
    }

    /// The image as it is now, [`PIXELS`](crate::PIXELS) numbers, and the probabilities that the network
    /// gives the classes.
    ///
    /// # Errors
    /// Those of the device.
    pub fn image(&mut self) -> Result<(Vec<f32>, Vec<f32>), Error> {
        self.0.run(READ)?;
        Ok((self.0.result(READ, 0)?, self.0.result(READ, 1)?))
    }
}
