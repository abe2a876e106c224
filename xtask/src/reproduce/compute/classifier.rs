//! The post's network, trained on the digits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use minutia_graph::{Graph, Session, Variable};
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    digest,
    reproduce::{
        compute::{
            kept,
            training::{Epoch, NAMES, Network, Surroundings, Training, sha256},
        },
        config::{ClassifierSettings as Parameters, Config},
        draw,
        run::{Run, array, artifact, artifact_path},
        stage::{Drawing, GraphNode, Measured, Outcome, Picture, Stage, StageName},
    },
};

/// The stage.
#[derive(Debug)]
pub struct Classifier;

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
    pub epochs: Vec<Link>,
    /// Of W1, b1, W2 and b2, one after the other.
    pub parameters_sha256: String,
    pub graph: Vec<GraphNode>,
}

impl Results {
    /// How the network does after each epoch.
    pub fn curve(&self) -> Vec<Epoch> {
        self.epochs.iter().map(|link| link.epoch.clone()).collect()
    }
}

/// An epoch, as a link of the chain of digests.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Link {
    #[serde(flatten)]
    pub epoch: Epoch,
    /// Of all parameters after it: [`sha256`] in hexadecimal.
    pub parameters_sha256: String,
}

/// Where a run stands.
#[derive(Default, Deserialize, Serialize)]
pub struct State {
    epochs: Vec<Epoch>,
    /// The SHA-256 of the parameters after each epoch.
    chain: Vec<[u8; 32]>,
    /// The parameters after the last epoch.
    parameters: Vec<f32>,
    /// The parameters after those epochs that the output folder keeps.
    kept: Vec<Vec<f32>>,
}

impl State {
    /// Whether it is one of this network and these parameters.
    fn fit(&self, network: &Network, parameters: &Parameters) -> Result<()> {
        let counted = self.epochs.iter().zip(1..).all(|(epoch, number)| epoch.epoch == number);
        let done = self.epochs.len();
        ensure!(
            counted && (1..=parameters.epochs).contains(&done),
            "it is of {done} epochs, not counted from 1 to {}",
            parameters.epochs
        );
        ensure!(self.chain.len() == done, "it has {} digests of {done} epochs", self.chain.len());
        let due =
            kept::epochs(parameters.epochs).into_iter().filter(|&epoch| epoch <= done).collect::<Vec<_>>();
        ensure!(self.kept.len() == due.len(), "it keeps {} epochs, expected {}", self.kept.len(), due.len());
        let expected = network.parameters();
        for (epoch, values) in due.into_iter().zip(&self.kept).chain([(done, &self.parameters)]) {
            let count = values.len();
            ensure!(count == expected, "it has {count} parameters after epoch {epoch}, expected {expected}");
            let same = self.chain.get(epoch - 1) == Some(&sha256(values));
            ensure!(same, "its parameters after epoch {epoch} have another digest than it says");
        }
        Ok(())
    }

    /// The chain of digests.
    fn links(&self) -> Vec<Link> {
        let link = |(epoch, digest): (&Epoch, &[u8; 32])| Link {
            epoch: epoch.clone(),
            parameters_sha256: digest::encode(digest),
        };
        self.epochs.iter().zip(&self.chain).map(link).collect()
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
        let measured = vec![answer(parameters, state.epochs.last())];
        let results = Results {
            epochs: state.links(),
            parameters_sha256: digest::encode(&sha256(&state.parameters)),
            graph: GraphNode::all(&network.model.graph),
        };
        let trained = NAMES.into_iter().map(Cow::Borrowed).zip(network.apart(&state.parameters));
        let mut arrays: BTreeMap<_, _> = trained.map(|(name, values)| (name, values.to_vec())).collect();
        let names = kept::epochs(parameters.epochs).into_iter().map(|epoch| Cow::Owned(kept::name(epoch)));
        arrays.extend(names.zip(state.kept));
        Ok(Outcome { results, measured, arrays })
    }

    fn draw(&self, drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
        draw::classifier::draw(drawing, results)
    }
}

/// What the claim comes down to after the last epoch.
pub fn answer(parameters: &Parameters, last: Option<&Epoch>) -> Measured {
    let accuracy = last.map_or(0.0, |epoch| epoch.test_accuracy);
    let answer = format!(
        "{:.2} % of the test images are read rightly after {} epochs; from {:.1} % on the claim holds.",
        accuracy * 100.0,
        parameters.epochs,
        parameters.accuracy_at_least * 100.0
    );
    Measured::new("accuracy", accuracy >= parameters.accuracy_at_least, answer)
}

/// Trains for all epochs, from the latest checkpoint on.
fn learn(run: &mut Run<'_>, network: &Network) -> Result<State> {
    let settings = &run.config.classifier;
    let resumed = run.resume(
        |state: &State| state.fit(network, settings),
        |state| format!("epoch {}", state.epochs.len()),
    )?;
    let mut state = resumed.unwrap_or_default();
    let done = state.epochs.len();
    let start = (done > 0).then(|| std::mem::take(&mut state.parameters));
    let given =
        Surroundings { settings, seed: run.config.seed, device: run.device, data: run.data.images()? };
    let mut training = Training::new(network, given)?;
    let keeps = kept::epochs(settings.epochs);
    run.progress.begin("classifier", "epoch", done, settings.epochs);
    training.run(done..settings.epochs, start.as_deref(), |epoch, parameters| {
        run.progress.step(epoch.epoch, &epoch.words())?;
        if keeps.contains(&epoch.epoch) {
            state.kept.push(parameters.clone());
        }
        state.chain.push(sha256(&parameters));
        state.epochs.push(epoch);
        state.parameters = parameters;
        run.checkpoint.save(&state)
    })?;
    // A run that was killed after its last epoch has nothing left to train.
    if let Some(start) = start.filter(|_| done == settings.epochs) {
        state.parameters = start;
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
