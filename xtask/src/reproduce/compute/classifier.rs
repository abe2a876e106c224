//! The post's network, trained on the digits.

use anyhow::{Context, Result, ensure};
use minutia_datasets::Batches;
use minutia_datasets::mnist::{Labelled, VALIDATION};
use minutia_graph::{Callable, DType, Graph, Operation, Output, Session, Variable, feeds};
use minutia_optim::{GradientDescent, Optimizer};
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::config::{Classifier as Parameters, Config};
use super::super::data::{CLASSES, PIXELS};
use super::super::draw;
use super::super::run::{Run, artifact};
use super::super::stage::{Drawing, Measured, Outcome, Picture, Stage, StageName};
use super::nodes;
use super::variables::Variables;
use super::watch::Watch;
use crate::digest;

/// The stage.
#[derive(Debug)]
pub struct Classifier;

/// Rows that an evaluation takes at a time. A part of the numeric result: sums over rows are taken chunk by
/// chunk.
const CHUNK: usize = 1000;

/// The arrays that the stage leaves.
const NAMES: [&str; 4] = ["W1", "b1", "W2", "b2"];

/// The post's graph: pictures and labels lie in tables, and a run says which rows it wants.
#[derive(Debug)]
pub struct Network {
    pub graph: Graph,
    images: Output,
    labels: Output,
    /// Which rows of the tables a run takes.
    pub rows: Output,
    /// The hidden layer after the activation.
    pub hidden: Output,
    /// The mean cross-entropy of the rows.
    pub loss: Output,
    /// The sum of the rows' cross-entropies, and how many rows are read rightly.
    sums: (Output, Output),
    /// W1, b1, W2, b2.
    pub variables: [Variable; 4],
}

impl Network {
    /// The graph over the given pixels (rows of numbers from 0 to 1), or over rows of the tables.
    pub fn new(parameters: &Parameters, seed: u64) -> Network {
        let graph = Graph::new();
        graph.set_random_seed(seed);
        let (images, labels, rows, x, y) = {
            let _scope = graph.name_scope("input");
            let images = graph.placeholder("images", DType::U8, [None, Some(PIXELS)]);
            let labels = graph.placeholder("labels", DType::I32, [None]);
            let rows = graph.placeholder("rows", DType::I32, [None]);
            let x = (images.gather(&rows).cast(DType::F32) * (1.0 / 255.0)).with_name("x");
            let y = labels.gather(&rows).one_hot(CLASSES).with_name("y");
            (images, labels, rows, x, y)
        };
        let variables = weights(&graph, parameters);
        let (hidden, probabilities) = forward(&x, &variables);
        let terms = cross_entropy(&probabilities, &y, parameters);
        let loss = terms.reduce_mean(..).with_name("loss");
        let _scope = graph.name_scope("accuracy");
        let right = y.argmax(1).equal(probabilities.argmax(1)).cast(DType::F32);
        let sums = (terms.reduce_sum(..), right.reduce_sum(..));
        Network { graph: graph.clone(), images, labels, rows, hidden, loss, sums, variables }
    }

    /// A compiled step over `rows` rows of some data.
    ///
    /// # Errors
    /// Those of the session.
    pub fn prepare<F: minutia_graph::Fetch>(
        &self,
        session: &Session,
        fetches: F,
        data: &Labelled,
        rows: usize,
    ) -> Result<Callable<F>> {
        let feeds = feeds! { self.images => data.images.clone(), self.labels => data.labels.clone(), self.rows => vec![0_i32; rows] };
        Ok(session.make_callable(fetches, feeds)?)
    }

    /// Runs something for rows of the data, chunk by chunk.
    ///
    /// # Errors
    /// Those of the session.
    pub fn by_chunks<F: minutia_graph::Fetch + Copy>(
        &self,
        session: &Session,
        fetches: F,
        data: &Labelled,
        rows: std::ops::Range<usize>,
        mut each: impl FnMut(&Callable<F>) -> Result<()>,
    ) -> Result<()> {
        let mut start = rows.start;
        let mut prepared: Option<(usize, Callable<F>)> = None;
        while start < rows.end {
            let end = rows.end.min(start + CHUNK);
            let indices = (start..end).map(i32::try_from).collect::<Result<Vec<i32>, _>>()?;
            if prepared.as_ref().is_none_or(|(length, _)| *length != indices.len()) {
                prepared = Some((indices.len(), self.prepare(session, fetches, data, indices.len())?));
            }
            let (_, step) = prepared.as_mut().context("a step was just prepared")?;
            step.set(&self.rows, &indices)?;
            step.run()?;
            each(step)?;
            start = end;
        }
        Ok(())
    }

    /// The mean cross-entropy and the share of rows that are read rightly.
    fn evaluate(
        &self,
        session: &Session,
        data: &Labelled,
        rows: std::ops::Range<usize>,
    ) -> Result<(f64, f64)> {
        let (mut loss, mut right) = (0.0_f64, 0.0_f64);
        let count = rows.len() as f64;
        self.by_chunks(session, (&self.sums.0, &self.sums.1), data, rows, |step| {
            loss += f64::from(step.value::<f32>(&self.sums.0)?);
            right += f64::from(step.value::<f32>(&self.sums.1)?);
            Ok(())
        })?;
        Ok((loss / count, right / count))
    }
}

/// W1, b1, W2 and b2, as the post initialises them.
pub fn weights(graph: &Graph, parameters: &Parameters) -> [Variable; 4] {
    let Parameters { hidden, weight_stddev, bias_stddev, .. } = *parameters;
    let variable = |name: &str, dims: &[usize], stddev| {
        let initial = graph.random_normal(dims, 0.0, stddev).with_name(&format!("{name}/random_normal"));
        graph.variable(name, initial)
    };
    [
        variable("W1", &[PIXELS, hidden], weight_stddev),
        variable("b1", &[hidden], bias_stddev),
        variable("W2", &[hidden, CLASSES], weight_stddev),
        variable("b2", &[CLASSES], bias_stddev),
    ]
}

/// The hidden layer and the probabilities of the classes.
pub fn forward(x: &Output, [w1, b1, w2, b2]: &[Variable; 4]) -> (Output, Output) {
    let graph = x.graph();
    let hidden = {
        let _scope = graph.name_scope("hidden");
        (x.matmul(w1) + &**b1).relu()
    };
    let _scope = graph.name_scope("output");
    let probabilities = (hidden.matmul(w2) + &**b2).softmax();
    (hidden, probabilities)
}

/// The post's loss of each row: both terms of the cross-entropy, of clipped probabilities.
pub fn cross_entropy(probabilities: &Output, y: &Output, parameters: &Parameters) -> Output {
    let _scope = y.graph().name_scope("cross_entropy");
    let clipped = probabilities.clip_by_value(parameters.clip_low, parameters.clip_high);
    -(y * clipped.log() + (1.0 - y) * (1.0 - &clipped).log()).reduce_sum(1)
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Epoch {
    epoch: usize,
    train_cross_entropy: f64,
    test_cross_entropy: f64,
    test_accuracy: f64,
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
        self.variables.fit(&network.graph)
    }
}

impl Stage for Classifier {
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

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome> {
        let parameters = &run.config.classifier;
        let network = Network::new(parameters, run.config.seed);
        let train = GradientDescent::new(parameters.learning_rate).minimize(&network.loss)?;
        let state = learn(run, &network, &train)?;

        let mut arrays = std::collections::BTreeMap::new();
        let mut bytes = Vec::new();
        for (variable, name) in network.variables.iter().zip(NAMES) {
            let value = state.variables.get(&variable.name())?;
            bytes.extend(value.canonical_bytes());
            arrays.insert(name, value.as_slice::<f32>()?.to_vec());
        }
        let accuracy = state.epochs.last().map_or(0.0, |epoch| epoch.test_accuracy);
        let results = json!({
            "epochs": state.epochs,
            "parameters_sha256": digest::hex(&bytes),
            "graph": nodes(&network.graph),
        });
        let answer = format!(
            "{:.2} % of the test images are read rightly after {} epochs; from {:.1} % on the claim holds.",
            accuracy * 100.0,
            parameters.epochs,
            parameters.accuracy_at_least * 100.0
        );
        let measured = vec![Measured::new("accuracy", accuracy >= parameters.accuracy_at_least, answer)];
        Ok(Outcome { results, measured, arrays })
    }

    fn draw(&self, drawing: &Drawing<'_>) -> Result<Vec<Picture>> {
        draw::classifier::draw(drawing)
    }
}

/// Trains for all epochs, from the latest checkpoint on.
fn learn(run: &mut Run<'_>, network: &Network, train: &Operation) -> Result<State> {
    let parameters = &run.config.classifier;
    let mut session = Session::new(&network.graph, run.device)?;
    session.run(network.graph.global_variables_initializer(), feeds! {})?;
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
    let mut step = network.prepare(&session, train, &data.train, parameters.batch)?;
    let mut rows = vec![0_i32; parameters.batch];
    run.progress.begin("classifier", "epoch", state.epochs.len(), parameters.epochs);
    while state.epochs.len() < parameters.epochs {
        for _ in 0..steps {
            for (row, &index) in rows.iter_mut().zip(batches.next_batch()) {
                *row = index + VALIDATION as i32;
            }
            step.set(&network.rows, &rows)?;
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

/// The trained network's session, on the run's device.
///
/// # Errors
/// When the arrays of the stage `classifier` are not there.
pub fn trained(run: &Run<'_>, graph: &Graph, weights: &[Variable; 4]) -> Result<Session> {
    let mut session = Session::new(graph, run.device)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    for (variable, name) in weights.iter().zip(NAMES) {
        let dims = variable.shape().known().context("a weight's shape is known")?;
        let values = artifact(run.out, StageName::Classifier, name, dims.iter().product())?;
        session.set_variable(variable, &Tensor::from_vec(dims, values)?)?;
    }
    Ok(session)
}
