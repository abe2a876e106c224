//! A long short-term memory that reads images row by row.

use anyhow::Result;
use minutia_datasets::mnist::Labelled;
use minutia_layers::{Dense, LstmCell, losses};
use minutia_models::CLASSES;
use minutia_optim::{Adam, Optimizer};

use super::{Start, TrainingStep, batches};

/// Steps of a sequence, which are the rows of an image, and the width of each.
const SIDE: usize = 28;

pub(super) struct LstmSizes {
    pub batch: usize,
    pub units: usize,
    pub rate: f32,
    pub steps: usize,
}

pub(super) const ROWS: LstmSizes = LstmSizes { batch: 128, units: 128, rate: 1e-3, steps: 60 };

impl LstmSizes {
    pub fn network(&self, data: &Labelled) -> Result<TrainingStep> {
        let LstmSizes { batch, units, rate, steps } = *self;
        let mut start = Start::new("lstm");
        let [images, labels] = batches(data, steps, &[batch, SIDE, SIDE])?;
        let (images, labels) = (start.feed("images", images)?, start.feed("labels", labels)?);
        let lstm = LstmCell::new(units).build(&start.graph, SIDE);
        let last = Dense::new(CLASSES).build(&start.graph, units);
        let (_, state) = lstm.unroll(&images.placeholder, &lstm.zero_state(&images.placeholder));
        let loss = losses::sparse_softmax_cross_entropy(&labels.placeholder, last.apply(&state.h), 1.0);
        let train = Adam::new(rate).minimize(&loss)?;
        start.give(lstm.variables(), 0.1)?;
        start.give(last.variables(), 0.1)?;
        Ok(TrainingStep { start, loss, train, fed: vec![images, labels], steps, rate, sizes: Vec::new() })
    }

    /// Forwards, for the gradients of the weights, and for those of the states and of the last output; none
    /// is of the images.
    pub fn operations(&self) -> f64 {
        let LstmSizes { batch, units, .. } = *self;
        let gates = 4 * units;
        (2 * batch * (SIDE * gates * (2 * SIDE + 3 * units) + 3 * units * CLASSES)) as f64
    }
}
