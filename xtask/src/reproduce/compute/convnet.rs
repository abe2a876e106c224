//! Beyond the post: the convolutional network of TensorFlow's tutorial "Deep MNIST for Experts".

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use minutia_datasets::Batches;
use minutia_datasets::mnist::{Labelled, VALIDATION};
use minutia_graph::{Callable, Graph, Operation, Output, Session};
use minutia_models::Convnet as Model;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    digest,
    reproduce::{
        compute::{
            chunks::Chunks,
            training::Epoch,
            variables::{Variables, borrowed},
            watch::Watch,
        },
        config::{Config, ConvnetSettings as Parameters},
        data::{CLASSES, pixels},
        draw,
        run::Run,
        stage::{Drawing, Outcome, Picture, Stage, StageName},
    },
};

/// The stage.
#[derive(Debug)]
pub struct Convnet;

/// Rows that a reading of the test images takes at a time, so that their maps stay in a cache. The losses are
/// added up one by one, so that it is no part of the result.
const CHUNK: usize = 100;

/// The arrays of what the convolutions and poolings make of an image.
pub const MAPS: [&str; 4] = ["conv1", "pool1", "conv2", "pool2"];

/// How many of the misread images the figure shows at most.
pub const SHOWN: usize = 140;

/// The network with random weights, and its training step.
fn build(config: &Config) -> Result<(Model, Operation)> {
    let model = Model::new(&config.convnet.network(), config.seed);
    let train = model.train(config.convnet.rate())?;
    Ok((model, train))
}

/// The graph that is trained.
///
/// # Errors
/// When a learning rate is none.
pub fn graph(config: &Config) -> Result<Graph> {
    Ok(build(config)?.0.graph)
}

/// What the stage finds.
#[derive(Debug, Deserialize, Serialize)]
pub struct Results {
    pub epochs: Vec<Epoch>,
    /// Of filters, biases, W1, b1, W2 and b2, one after the other.
    pub parameters_sha256: String,
    pub misread: Misread,
}

/// The test images that the network reads wrongly.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Misread {
    /// Their rows.
    pub images: Vec<usize>,
    /// What they are.
    pub labels: Vec<i32>,
    /// What they are read as.
    pub read_as: Vec<i32>,
}

/// How the test images are read.
struct Reading {
    cross_entropy: f64,
    accuracy: f64,
    /// The class of each.
    classes: Vec<i32>,
}

#[derive(Default, Deserialize, Serialize)]
pub struct State {
    epochs: Vec<Epoch>,
    variables: Variables,
    /// How often dropout and the initial values were drawn: where the random streams stand.
    #[serde(deserialize_with = "borrowed")]
    random_runs: BTreeMap<String, i32>,
    /// The classes that the test images were last read as.
    classes: Vec<i32>,
}

impl State {
    /// Whether it is one of this network, these parameters and so many test images.
    fn fit(&self, session: &Session, parameters: &Parameters, images: usize) -> Result<()> {
        let counted = self.epochs.iter().zip(1..).all(|(epoch, number)| epoch.epoch == number);
        ensure!(
            counted && (1..=parameters.epochs).contains(&self.epochs.len()),
            "it is of {} epochs, not counted from 1 to {}",
            self.epochs.len(),
            parameters.epochs
        );
        let read = self.classes.iter().filter(|class| (0..CLASSES as i32).contains(class)).count();
        ensure!((read, self.classes.len()) == (images, images), "it has read {read} of {images} images");
        let known = session.random_runs()?;
        ensure!(self.random_runs.keys().eq(known.keys()), "it draws other random numbers");
        self.variables.fit(session.graph())
    }
}

impl Stage for Convnet {
    type Results = Results;

    fn name(&self) -> StageName {
        StageName::Convnet
    }

    fn title(&self) -> &'static str {
        "Beyond the post: a convolutional network"
    }

    fn needs(&self) -> &'static [StageName] {
        &[StageName::Dataset, StageName::Classifier]
    }

    fn parameters(&self, config: &Config) -> Value {
        json!(config.convnet)
    }

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome<Results>> {
        let (model, train) = build(run.config)?;
        let (session, state) = learn(run, &model, &train)?;
        let test = &run.data.images()?.test;

        let mut bytes = Vec::new();
        for variable in &model.weights {
            bytes.extend(state.variables.get(&variable.name())?.canonical_bytes());
        }
        let misread = misread(test, &state.classes)?;
        let filters = state.variables.get(&model.weights[0].name())?.as_slice::<f32>()?;
        let mut arrays = BTreeMap::from([
            ("filters".into(), apart(filters, run.config.convnet.first_filters)),
            ("image".into(), shades(test, 0)?),
            ("misread".into(), Vec::new()),
        ]);
        for &image in misread.images.iter().take(SHOWN) {
            arrays.entry("misread".into()).or_default().extend(shades(test, image)?);
        }
        arrays.extend(maps(&model, session, test)?);
        let parameters_sha256 = digest::hex(&bytes);
        let results = Results { epochs: state.epochs, parameters_sha256, misread };
        Ok(Outcome { results, measured: Vec::new(), arrays })
    }

    fn draw(&self, drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
        draw::convnet::draw(drawing, results)
    }
}

/// Trains for all epochs, from the latest checkpoint on; the session holds what was learned.
fn learn(run: &mut Run<'_>, model: &Model, train: &Operation) -> Result<(Session, State)> {
    let parameters = &run.config.convnet;
    let mut session = Session::new(&model.graph, run.device)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    let data = run.data.images()?;
    let count = data.train.len() - VALIDATION;
    let feeds = model.feeds(&data.train.images, &data.train.labels, parameters.batch);
    // Before the checkpoint is looked at, so that the session knows what a step draws at random.
    let mut step = session.make_callable((train, &model.loss), feeds)?;
    let images = data.test.len();
    let resumed = run.resume(
        |state: &State| state.fit(&session, parameters, images),
        |state| format!("epoch {}", state.epochs.len()),
    )?;
    let mut state = match resumed {
        Some(state) => {
            state.variables.restore(&mut session)?;
            session.set_random_runs(&state.random_runs)?;
            state
        }
        None => State::default(),
    };
    let data = run.data.images()?;
    let watch = Watch { rate: "convnet.first_learning_rate", value: parameters.first_learning_rate };
    let mut batches = Batches::new(count, parameters.batch, run.config.seed);
    batches.seek((state.epochs.len() * parameters.steps_per_epoch * parameters.batch) as u64);
    run.progress.begin("convnet", "epoch", state.epochs.len(), parameters.epochs);
    while state.epochs.len() < parameters.epochs {
        let number = state.epochs.len() + 1;
        let when = || format!("after epoch {number} (step {})", number * parameters.steps_per_epoch);
        let train_cross_entropy = epoch(model, &mut step, &mut batches, parameters)?;
        state.variables = Variables::of(&session)?;
        for (name, values) in state.variables.numbers() {
            watch.look(name, when, values)?;
        }
        let Reading { cross_entropy, accuracy, classes } = read(model, &session, &data.test)?;
        watch.look("the cross-entropy", when, &[train_cross_entropy as f32, cross_entropy as f32])?;
        let epoch = Epoch {
            epoch: number,
            train_cross_entropy,
            test_cross_entropy: cross_entropy,
            test_accuracy: accuracy,
        };
        run.progress.step(number, &epoch.words())?;
        state.epochs.push(epoch);
        (state.random_runs, state.classes) = (session.random_runs()?, classes);
        run.checkpoint.save(&state)?;
    }
    Ok((session, state))
}

/// Trains for an epoch, and gives the mean of its steps' losses.
fn epoch(
    model: &Model,
    step: &mut Callable<(&Operation, &Output)>,
    batches: &mut Batches,
    parameters: &Parameters,
) -> Result<f64> {
    let mut losses = 0.0_f64;
    let mut rows = vec![0_i32; parameters.batch];
    for _ in 0..parameters.steps_per_epoch {
        for (row, &index) in rows.iter_mut().zip(batches.next_batch()) {
            *row = index + VALIDATION as i32;
        }
        step.set(&model.rows, &rows)?;
        step.run()?;
        losses += f64::from(step.value::<f32>(&model.loss)?);
    }
    Ok(losses / parameters.steps_per_epoch as f64)
}

/// Reads the test images with all units.
fn read(model: &Model, session: &Session, test: &Labelled) -> Result<Reading> {
    let mut losses = 0.0_f64;
    let mut classes = Vec::with_capacity(test.len());
    let chunks = Chunks { data: test, rows: 0..test.len(), length: CHUNK };
    chunks.run(model, session, (&model.losses, &model.classes), |step| {
        let (of_rows, read) = step.fetch()?;
        of_rows.as_slice::<f32>()?.iter().for_each(|&loss| losses += f64::from(loss));
        classes.extend_from_slice(read.as_slice::<i32>()?);
        Ok(())
    })?;
    let labels = test.labels.as_slice::<i32>()?;
    let right = classes.iter().zip(labels).filter(|(class, label)| class == label).count();
    let count = test.len() as f64;
    Ok(Reading { cross_entropy: losses / count, accuracy: right as f64 / count, classes })
}

/// The images whose classes are not their labels.
fn misread(test: &Labelled, classes: &[i32]) -> Result<Misread> {
    let labels = test.labels.as_slice::<i32>()?;
    let mut misread = Misread::default();
    for (image, (&label, &class)) in labels.iter().zip(classes).enumerate().filter(|(_, (l, c))| l != c) {
        misread.images.push(image);
        misread.labels.push(label);
        misread.read_as.push(class);
    }
    Ok(misread)
}

/// What the network makes of the first test image: the maps of each filter, one after the other.
fn maps(
    model: &Model,
    mut session: Session,
    test: &Labelled,
) -> Result<BTreeMap<Cow<'static, str>, Vec<f32>>> {
    let mut found = BTreeMap::new();
    let values = session.run(&model.maps, model.feeds(&test.images, &test.labels, 1))?;
    for (name, value) in MAPS.into_iter().zip(values) {
        let filters = *value.dims().last().context("a map has filters")?;
        found.insert(name.into(), apart(value.as_slice()?, filters));
    }
    Ok(found)
}

/// Puts the values of each channel one after the other, which lie side by side.
fn apart(values: &[f32], channels: usize) -> Vec<f32> {
    (0..channels).flat_map(|channel| values.iter().skip(channel).step_by(channels)).copied().collect()
}

/// The pixels of an image, from 0 to 1.
fn shades(data: &Labelled, row: usize) -> Result<Vec<f32>> {
    ensure!(row < data.len(), "there is no image {row}");
    Ok(pixels(data, row)?.iter().map(|&pixel| f32::from(pixel) * (1.0 / 255.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::data::{PIXELS, labelled};

    #[test]
    fn channels_that_lie_side_by_side_are_taken_apart() {
        assert_eq!(apart(&[1.0, 10.0, 2.0, 20.0, 3.0, 30.0], 2), [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
    }

    #[test]
    fn misread_images_are_named_with_what_they_are_and_what_was_read() {
        let test = labelled(vec![0; 4 * PIXELS], vec![3, 1, 4, 1]);
        let Misread { images, labels, read_as } = misread(&test, &[3, 7, 9, 1]).unwrap();
        assert_eq!((images, labels, read_as), (vec![1, 2], vec![1, 4], vec![7, 9]));
    }
}
