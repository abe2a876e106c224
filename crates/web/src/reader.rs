//! What the network makes of an image.

use crate::{
    CLASSES, Error, HIDDEN, NAMES, PARAMETERS, PIXELS, SIZES,
    error::count,
    machine::{Machine, Plans},
};

/// The trained network, which reads one image at a time.
#[derive(Debug)]
pub struct Reader(Machine);

/// What the network makes of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Of each class, [`CLASSES`] numbers.
    pub probabilities: Vec<f32>,
    /// The hidden layer, [`HIDDEN`] numbers of which none is below zero: the image's fingerprint.
    pub hidden: Vec<f32>,
}

const PLANS: Plans = Plans { name: "reader", bytes: include_bytes!("../plans/reader.plan") };
const READ: &str = "read";

impl Reader {
    /// A reader with these weights: W1, b1, W2 and b2, row by row, one after the other.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not [`PARAMETERS`] of them, and for want of memory.
    pub fn new(weights: &[f32]) -> Result<Reader, Error> {
        let mut machine = Machine::new(PLANS, 0, &[])?;
        feed_weights(&mut machine, &[READ], weights)?;
        Ok(Reader(machine))
    }

    /// Reads an image of [`PIXELS`] pixels from 0, black, to 255, row by row.
    ///
    /// # Errors
    /// [`Error::Count`] where there are more or fewer.
    pub fn read(&mut self, image: &[u8]) -> Result<Reading, Error> {
        count("pixels of an image", image.len(), PIXELS)?;
        self.0.feed(READ, "input/images", image)?;
        self.0.run(READ)?;
        let reading = Reading { probabilities: self.0.result(READ, 0)?, hidden: self.0.result(READ, 1)? };
        debug_assert_eq!((reading.probabilities.len(), reading.hidden.len()), (CLASSES, HIDDEN));
        Ok(reading)
    }
}

/// Feeds some plans the network's weights.
pub(crate) fn feed_weights(
    machine: &mut Machine,
    runs: &[&'static str],
    weights: &[f32],
) -> Result<(), Error> {
    count("weights of the network", weights.len(), PARAMETERS)?;
    for run in runs {
        let mut rest = weights;
        for (name, size) in NAMES.into_iter().zip(SIZES) {
            let (these, others) = rest.split_at(size);
            machine.feed(run, name, these)?;
            rest = others;
        }
    }
    Ok(())
}
