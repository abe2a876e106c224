//! The post's network, trained on the digits.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use minutia_datasets::Batches;
use minutia_datasets::mnist::{Labelled, VALIDATION};
use minutia_graph::{Graph, Operation, Output, Session, Variable};
use minutia_models::Classifier as Model;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    digest,
    reproduce::{
        compute::{chunks::Chunks, variables::Variables, watch::Watch},
        config::{ClassifierSettings as Parameters, Config},
        draw,
        run::{Run, array, artifact, artifact_path},
        stage::{Drawing, GraphNode, Measured, Outcome, Picture, Stage, StageName},
    },
};

/// The stage.
#[derive(Debug)]
pub struct Classifier;

/// Rows that an evaluation takes at a time. A part of the numeric result: sums over rows are taken chunk by
/// chunk.
pub const CHUNK: usize = 1000;

/// The arrays that the stage leaves.
const NAMES: [&str; 4] = ["W1", "b1", "W2", "b2"];

/// The network with what training and evaluating it takes.
#[derive(Debug)]
struct Network {
    model: Model,
    /// The sum of the rows' cross-entropies, and how many rows are read rightly.
    sums: (Output, Output),
    train: Operation,
}

impl Network {
    /// The network with random weights. The order of building is that of the graph's nodes in the results.
    fn new(parameters: &Parameters, seed: u64) -> Result<Network> {
        let model = Model::new(&parameters.network(), seed);
        let sums = model.sums();
        let train = model.train(parameters.learning_rate)?;
        Ok(Network { model, sums, train })
    }

    /// The mean cross-entropy and the share of rows that are read rightly.
    fn evaluate(&self, session: &Session, data: &Labelled, rows: Range<usize>) -> Result<(f64, f64)> {
        let (mut loss, mut right) = (0.0_f64, 0.0_f64);
        let count = rows.len() as f64;
        let chunks = Chunks { data, rows, length: CHUNK };
        chunks.run(&self.model, session, (&self.sums.0, &self.sums.1), |step| {
            loss += f64::from(step.value::<f32>(&self.sums.0)?);
            right += f64::from(step.value::<f32>(&self.sums.1)?);
            Ok(())
        })?;
        Ok((loss / count, right / count))
    }
}

/// The graph that is trained.
///
/// # Errors
/// When the learning rate is none.
pub fn graph(config: &Config) -> Result<Graph> {
    Ok(Network::new(&config.classifier, config.seed)?.model.graph)
}

/// What the stage finds.
#[derive(Debug, Deserialize, Serialize)]
pub struct Results {
    pub epochs: Vec<Epoch>,
    /// Of W1, b1, W2 and b2, one after the other.
    pub parameters_sha256: String,
    pub graph: Vec<GraphNode>,
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

#[derive(Deserialize, Serialize)]
pub struct State {
    epochs: Vec<Epoch>,
    variables: Variables,
}

impl State {
    /// Whether it is one of this network and these parameters.
    fn fit(&self, network: &Network, parameters: &Parameters) -> Result<()> {
        let counted = self.epochs.iter().zip(1..).all(|(epoch, number)| epoch.epoch == number);
        ensure!(
            counted && self.epochs.len() <= parameters.epochs,
            "it is of {} epochs, not counted from 1 to {}",
            self.epochs.len(),
            parameters.epochs
        );
        self.variables.fit(&network.model.graph)
    }
}

impl Stage for Classifier {
    type Results = Results;

    fn name(&self) -> StageName {
        StageName::Classifier
    }

    fn title(&self) -> &'static str {
        "Classifying MNIST with TensorFlow"
    }

    fn needs(&self) -> &'static [StageName] {
        &[StageName::Dataset]
    }

    fn parameters(&self, config: &Config) -> Value {
        json!(config.classifier)
    }

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome<Results>> {
        let parameters = &run.config.classifier;
        let network = Network::new(parameters, run.config.seed)?;
        let state = learn(run, &network)?;

        let mut arrays = std::collections::BTreeMap::new();
        let mut bytes = Vec::new();
        for (variable, name) in network.model.weights.iter().zip(NAMES) {
            let value = state.variables.get(&variable.name())?;
            bytes.extend(value.canonical_bytes());
            arrays.insert(name, value.as_slice::<f32>()?.to_vec());
        }
        let accuracy = state.epochs.last().map_or(0.0, |epoch| epoch.test_accuracy);
        let graph = GraphNode::all(&network.model.graph);
        let results = Results { epochs: state.epochs, parameters_sha256: digest::hex(&bytes), graph };
        let answer = format!(
            "{:.2} % of the test images are read rightly after {} epochs; from {:.1} % on the claim holds.",
            accuracy * 100.0,
            parameters.epochs,
            parameters.accuracy_at_least * 100.0
        );
        let measured = vec![Measured::new("accuracy", accuracy >= parameters.accuracy_at_least, answer)];
        Ok(Outcome { results, measured, arrays })
    }

    fn draw(&self, drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
        draw::classifier::draw(drawing, results)
    }
}

/// Trains for all epochs, from the latest checkpoint on.
fn learn(run: &mut Run<'_>, network: &Network) -> Result<State> {
    let parameters = &run.config.classifier;
    let model = &network.model;
    let mut session = Session::new(&model.graph, run.device)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    let resumed = run.resume(
        |state: &State| state.fit(network, parameters),
        |state| format!("epoch {}", state.epochs.len()),
    )?;
    let data = run.data.images()?;
    let count = data.train.len() - VALIDATION;
    let mut state = match resumed {
        Some(state) => {
            state.variables.restore(&mut session)?;
            state
        }
        None => State { epochs: Vec::new(), variables: Variables::default() },
    };
    let watch = Watch { rate: "classifier.learning_rate", value: parameters.learning_rate };
    let mut batches = Batches::new(count, parameters.batch, run.config.seed);
    let steps = count / parameters.batch;
    batches.seek((state.epochs.len() * steps * parameters.batch) as u64);
    let feeds = model.feeds(&data.train.images, &data.train.labels, parameters.batch);
    let mut step = session.make_callable(&network.train, feeds)?;
    let mut rows = vec![0_i32; parameters.batch];
    run.progress.begin("classifier", "epoch", state.epochs.len(), parameters.epochs);
    while state.epochs.len() < parameters.epochs {
        for _ in 0..steps {
            for (row, &index) in rows.iter_mut().zip(batches.next_batch()) {
                *row = index + VALIDATION as i32;
            }
            step.set(&model.rows, &rows)?;
            step.run()?;
        }
        let number = state.epochs.len() + 1;
        let when = || format!("after epoch {number} (step {})", number * steps);
        state.variables = Variables::of(&session)?;
        for (name, values) in state.variables.numbers() {
            watch.look(name, when, values)?;
        }
        let (train_cross_entropy, _) =
            network.evaluate(&session, &data.train, VALIDATION..data.train.len())?;
        let (test_cross_entropy, test_accuracy) =
            network.evaluate(&session, &data.test, 0..data.test.len())?;
        let losses = [train_cross_entropy as f32, test_cross_entropy as f32];
        watch.look("the cross-entropy", when, &losses)?;
        let words = format!(
            "accuracy {test_accuracy:.4}  cross-entropy {train_cross_entropy:.4}, {test_cross_entropy:.4} (test)"
        );
        run.progress.step(number, &words)?;
        state.epochs.push(Epoch { epoch: number, train_cross_entropy, test_cross_entropy, test_accuracy });
        run.checkpoint.save(&state)?;
    }
    Ok(state)
}

/// The trained weights, one array after the other.
///
/// # Errors
/// When the arrays of the stage are not there, or not of the size of the post's network.
pub fn weights(out: &Path) -> Result<Vec<f32>> {
    let mut all = Vec::new();
    for name in NAMES {
        all.extend(array(out, &artifact_path(StageName::Classifier, name))?);
    }
    Ok(all)
}

/// The trained network's session, on the run's device.
///
/// # Errors
/// When the arrays of the stage `classifier` are not there.
pub fn trained(run: &Run<'_>, graph: &Graph, weights: &[Variable; 4]) -> Result<Session> {
    let mut session = Session::new(graph, run.device)?;
    session.run(graph.global_variables_initializer(), ())?;
    for (variable, name) in weights.iter().zip(NAMES) {
        let dims = variable.shape().known().context("a weight's shape is known")?;
        let values = artifact(run.out, StageName::Classifier, name, dims.iter().product())?;
        session.set_variable(variable, &Tensor::from_vec(dims, values)?)?;
    }
    Ok(session)
}
