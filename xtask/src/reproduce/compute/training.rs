//! The training of the post's network, from the parameters before any epoch to those after any later one.
//!
//! What an epoch does depends on its number, the seed and the parameters before it alone: which rows each of
//! its steps takes is a function of seed and epoch. So a run, the rest of one that was killed, and a part
//! that an audit recomputes go through the same lines, to the same bits.

use std::ops::Range;

use anyhow::{Result, ensure};
use minutia_datasets::Batches;
use minutia_datasets::mnist::{Labelled, Mnist, VALIDATION};
use minutia_graph::{Callable, Operation, Output, Session, Tensor, Variable};
use minutia_models::Classifier as Model;
use minutia_tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{
    digest,
    reproduce::{
        compute::{chunks::Chunks, watch::Watch},
        config::ClassifierSettings,
        run,
    },
};

/// Rows that an evaluation takes at a time. A part of the numeric result: sums over rows are taken chunk by
/// chunk.
pub const CHUNK: usize = 1000;

/// The names of the network's parameters, in the order in which they stand one after the other.
pub const NAMES: [&str; 4] = ["W1", "b1", "W2", "b2"];

/// The network with what training and evaluating it takes.
#[derive(Debug)]
pub struct Network {
    pub model: Model,
    /// The sum of the rows' cross-entropies, and how many rows are read rightly.
    sums: (Output, Output),
    train: Operation,
}

impl Network {
    /// The network with random weights. The order of building is that of the graph's nodes in the results.
    ///
    /// # Errors
    /// When the learning rate is none.
    pub fn new(settings: &ClassifierSettings, seed: u64) -> Result<Network> {
        let model = Model::new(&settings.network(), seed);
        let sums = model.sums();
        let train = model.train(settings.learning_rate)?;
        Ok(Network { model, sums, train })
    }

    /// How many numbers W1, b1, W2 and b2 hold, in this order.
    pub fn lengths(&self) -> [usize; 4] {
        self.model.weights.each_ref().map(|weight| dims(weight).iter().product())
    }

    /// How many numbers are learned.
    pub fn parameters(&self) -> usize {
        self.lengths().iter().sum()
    }

    /// Values of all parameters, taken apart; an empty slice where there are too few.
    pub fn apart<'a>(&self, values: &'a [f32]) -> [&'a [f32]; 4] {
        let mut rest = values;
        self.lengths().map(|length| rest.split_off(..length).unwrap_or_default())
    }
}

/// The SHA-256 of all parameters, as 32-bit numbers whose lowest byte is first: W1, b1, W2 and b2, one after
/// the other, each row by row.
pub fn sha256(parameters: &[f32]) -> [u8; 32] {
    digest::raw(&run::bytes(parameters))
}

/// How the network does after an epoch.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// The mean over all training images. Of the convolutional network, for which that takes too long: over
    /// those of the epoch's steps, with the units that dropout left each time.
    pub train_cross_entropy: f64,
    /// The mean over all test images.
    pub test_cross_entropy: f64,
    /// The share of test images that are read rightly.
    pub test_accuracy: f64,
}

impl Epoch {
    /// The numbers, for people.
    pub fn words(&self) -> String {
        let Epoch { train_cross_entropy, test_cross_entropy, test_accuracy, .. } = self;
        format!(
            "accuracy {test_accuracy:.4}  cross-entropy {train_cross_entropy:.4}, {test_cross_entropy:.4} (test)"
        )
    }
}

/// What training depends on, the network apart.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    pub settings: &'a ClassifierSettings,
    pub seed: u64,
    pub device: &'a Device,
    pub data: &'a Mnist,
}

/// A network that is being trained.
#[derive(Debug)]
pub struct Training<'a> {
    network: &'a Network,
    given: Surroundings<'a>,
    session: Session,
    step: Callable<&'a Operation>,
    /// The parameters before the first epoch.
    initial: Vec<f32>,
}

impl<'a> Training<'a> {
    /// A network before its first epoch.
    ///
    /// # Errors
    /// Those of the session.
    pub fn new(network: &'a Network, given: Surroundings<'a>) -> Result<Training<'a>> {
        let (model, data) = (&network.model, given.data);
        let mut session = Session::new(&model.graph, given.device)?;
        session.run(model.graph.global_variables_initializer(), ())?;
        let feeds = model.feeds(&data.train.images, &data.train.labels, given.settings.batch);
        let step = session.make_callable(&network.train, feeds)?;
        let mut training = Training { network, given, session, step, initial: Vec::new() };
        training.initial = training.parameters()?;
        Ok(training)
    }

    /// Trains for the epochs after the first `epochs.start` up to `epochs.end`, from the parameters that
    /// those left, or from the seed's. `each` is told of every epoch what came out and the parameters
    /// after it.
    ///
    /// # Errors
    /// Those of the session and of `each`, and when the descent leaves the numbers.
    pub fn run(
        &mut self,
        epochs: Range<usize>,
        start: Option<&[f32]>,
        mut each: impl FnMut(Epoch, Vec<f32>) -> Result<()>,
    ) -> Result<()> {
        let initial = self.initial.clone();
        self.set(start.unwrap_or(&initial))?;
        let Surroundings { settings, seed, data, .. } = self.given;
        let mut batches = Batches::new(data.train.len() - VALIDATION, settings.batch, seed);
        let steps = self.steps();
        batches.seek((epochs.start * steps * settings.batch) as u64);
        let mut rows = vec![0_i32; settings.batch];
        for epoch in epochs.start + 1..=epochs.end {
            for _ in 0..steps {
                for (row, &index) in rows.iter_mut().zip(batches.next_batch()) {
                    *row = index + VALIDATION as i32;
                }
                self.step.set(&self.network.model.rows, &rows)?;
                self.step.run()?;
            }
            let parameters = self.parameters()?;
            self.look(epoch, &parameters)?;
            each(self.read(epoch)?, parameters)?;
        }
        Ok(())
    }

    /// How the network does with these parameters, which are those after some epoch.
    ///
    /// # Errors
    /// Those of the session, and when a cross-entropy is no number.
    pub fn evaluate(&mut self, epoch: usize, parameters: &[f32]) -> Result<Epoch> {
        self.set(parameters)?;
        self.read(epoch)
    }

    /// Steps of an epoch.
    fn steps(&self) -> usize {
        (self.given.data.train.len() - VALIDATION) / self.given.settings.batch
    }

    /// All parameters, one after the other.
    fn parameters(&self) -> Result<Vec<f32>> {
        let mut values = Vec::with_capacity(self.network.parameters());
        for weight in &self.network.model.weights {
            let value = self.session.variable(weight)?;
            values.extend_from_slice(value.as_ref().map_or(Ok(&[][..]), Tensor::as_slice)?);
        }
        Ok(values)
    }

    fn set(&mut self, parameters: &[f32]) -> Result<()> {
        let expected = self.network.parameters();
        ensure!(parameters.len() == expected, "{} parameters, expected {expected}", parameters.len());
        for (weight, values) in self.network.model.weights.iter().zip(self.network.apart(parameters)) {
            self.session.set_variable(weight, &Tensor::from_vec(dims(weight), values.to_vec())?)?;
        }
        Ok(())
    }

    fn read(&self, epoch: usize) -> Result<Epoch> {
        let data = self.given.data;
        let (train_cross_entropy, _) = self.sums(&data.train, VALIDATION..data.train.len())?;
        let (test_cross_entropy, test_accuracy) = self.sums(&data.test, 0..data.test.len())?;
        let losses = [train_cross_entropy as f32, test_cross_entropy as f32];
        self.watch().look("the cross-entropy", || self.when(epoch), &losses)?;
        Ok(Epoch { epoch, train_cross_entropy, test_cross_entropy, test_accuracy })
    }

    /// The mean cross-entropy and the share of rows that are read rightly.
    fn sums(&self, data: &Labelled, rows: Range<usize>) -> Result<(f64, f64)> {
        let (mut loss, mut right) = (0.0_f64, 0.0_f64);
        let count = rows.len() as f64;
        let (of_losses, of_right) = &self.network.sums;
        let chunks = Chunks { data, rows, length: CHUNK };
        chunks.run(&self.network.model, &self.session, (of_losses, of_right), |step| {
            loss += f64::from(step.value::<f32>(of_losses)?);
            right += f64::from(step.value::<f32>(of_right)?);
            Ok(())
        })?;
        Ok((loss / count, right / count))
    }

    /// Whether the parameters after an epoch are numbers.
    fn look(&self, epoch: usize, parameters: &[f32]) -> Result<()> {
        let apart = self.network.apart(parameters);
        NAMES
            .iter()
            .zip(apart)
            .try_for_each(|(name, values)| self.watch().look(name, || self.when(epoch), values))
    }

    fn watch(&self) -> Watch {
        Watch { rate: "classifier.learning_rate", value: self.given.settings.learning_rate }
    }

    fn when(&self, epoch: usize) -> String {
        format!("after epoch {epoch} (step {})", epoch * self.steps())
    }
}

/// The extents of a weight, which are known.
fn dims(weight: &Variable) -> Vec<usize> {
    weight.shape().known().unwrap_or_default().to_vec()
}
