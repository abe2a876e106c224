//! What a page computes is what sessions over the same graphs compute here, and what `answers.json` has, with
//! which `answers.cjs` compares the module itself.

use minutia_datasets::{Batches, digits, mnist::VALIDATION};
use minutia_graph::{Device, Feeds, Fetch, Graph, Output, Session, Tensor, Variable, feeds};
use minutia_models::{Classifier, IdealImages, Inverse, Parameters, Penalty, post};
use minutia_optim::{Adagrad, Adam, Optimizer};
use minutia_web::{
    CHUNK, Digits, IdealImage, MatrixInverse, OptimizerKind, PIXELS, PenaltyKind, Reader, Training, digest,
    random_matrix,
};
use std::{collections::BTreeMap, error::Error};

type Failure = Box<dyn Error>;
type Answers = BTreeMap<String, String>;

const SEED: u64 = 11;
const DIGIT: usize = 3;
/// Steps of each penalty's image.
const IDEAL_STEPS: [usize; 3] = [200, 200, 1000];
const INVERSE_STEPS: usize = 2000;
const EVERY: usize = 100;
/// Steps of training after which parameters are looked at first.
const FEW: usize = 60;
/// Test images that are read.
const READ: usize = 1000;

/// The file, whose text is one object of strings.
fn expected() -> Result<Answers, Failure> {
    Ok(serde_json::from_str(include_str!("answers.json"))?)
}

fn compare(found: &Answers) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(found)?;
    assert!(*found == expected()?, "answers.json should be\n{text}");
    Ok(())
}

/// What the types of this crate give, which run plans that were made beforehand.
#[test]
fn plans_give_what_answers_has() -> Result<(), Failure> {
    let mut answers = Answers::new();
    let mut put = |name: &str, value: String| drop(answers.insert(name.into(), value));
    let matrix = random_matrix(SEED);
    for (name, kind) in ["adagrad", "adam"].into_iter().zip(OptimizerKind::ALL) {
        let mut inverse = MatrixInverse::new(&matrix, kind, post::INVERSE_RATE)?;
        put(&format!("inverse.{name}.losses"), digest(&inverse.steps(INVERSE_STEPS, EVERY)?));
        let state = inverse.state()?;
        put(&format!("inverse.{name}.state"), digest(&[state.x, state.output, vec![state.loss]].concat()));
    }
    let mut set = Digits::new();
    assert!(Training::new(Digits::new(), SEED).is_err(), "nothing is drawn");
    while set.draw(9_999) < Digits::COUNT {}
    let images = set.test_images(READ).to_vec();
    let mut training = Training::new(set, SEED)?;
    let mut losses = training.steps(FEW)?;
    put("training.few.parameters", digest(&training.parameters()?));
    losses.extend(training.steps(Training::EPOCH - FEW)?);
    let weights = training.parameters()?;
    put("training.epoch.parameters", digest(&weights));
    put("training.epoch.losses", digest(&losses));
    put("training.epoch.test", format!("{:?}", training.test()?));
    let mut reader = Reader::new(&weights)?;
    let readings = images.chunks(PIXELS).map(|image| reader.read(image)).collect::<Result<Vec<_>, _>>()?;
    put(
        "reader.probabilities",
        digest(&readings.iter().flat_map(|r| r.probabilities.clone()).collect::<Vec<_>>()),
    );
    put("reader.hidden", digest(&readings.iter().flat_map(|r| r.hidden.clone()).collect::<Vec<_>>()));
    for ((name, kind), steps) in ["none", "l1", "l2"].into_iter().zip(PenaltyKind::ALL).zip(IDEAL_STEPS) {
        let mut ideal = IdealImage::new(&weights, DIGIT, kind, post::PENALTY)?;
        put(&format!("ideal.{name}.losses"), digest(&ideal.steps(steps)?));
        let (image, probabilities) = ideal.image()?;
        put(&format!("ideal.{name}.image"), digest(&[image, probabilities].concat()));
    }
    compare(&answers)
}

/// What sessions over the models' graphs give.
#[test]
fn sessions_give_what_answers_has() -> Result<(), Failure> {
    let mut answers = Answers::new();
    inverses(&mut answers)?;
    let weights = training(&mut answers)?;
    for ((name, penalty), steps) in
        [("none", Penalty::None), ("l1", Penalty::L1(post::PENALTY)), ("l2", Penalty::L2(post::PENALTY))]
            .into_iter()
            .zip(IDEAL_STEPS)
    {
        let model = IdealImages::new(&Parameters::default(), &[DIGIT as i32], penalty)?;
        let train = model.train(post::IDEAL_RATE)?;
        let mut session = begin(&model.graph)?;
        for (variable, value) in model.weights.iter().zip(&weights) {
            session.set_variable(variable, value)?;
        }
        let losses = descend(&session, &train, &model.loss, steps, 1)?;
        answers.insert(format!("ideal.{name}.losses"), digest(&losses));
        let now = numbers(&mut session, [&*model.images, &model.probabilities], ())?;
        answers.insert(format!("ideal.{name}.image"), digest(&now));
    }
    compare(&answers)
}

fn begin(graph: &Graph) -> Result<Session, Failure> {
    let mut session = Session::new(graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    Ok(session)
}

/// Steps, with the loss before every so many.
fn descend(
    session: &Session,
    train: impl Fetch,
    loss: &Output,
    steps: usize,
    every: usize,
) -> Result<Vec<f32>, Failure> {
    let mut step = session.make_callable((train, loss), ())?;
    let mut losses = Vec::new();
    for i in 0..steps {
        step.run()?;
        if i % every == 0 {
            losses.push(step.value::<f32>(loss)?);
        }
    }
    Ok(losses)
}

/// All numbers of some fetches.
fn numbers<F>(session: &mut Session, fetches: F, feeds: impl Into<Feeds>) -> Result<Vec<f32>, Failure>
where
    F: Fetch<Value: IntoIterator<Item = Tensor>>,
{
    let mut all = Vec::new();
    for tensor in session.run(fetches, feeds)? {
        all.extend(tensor.as_slice::<f32>()?);
    }
    Ok(all)
}

fn inverses(answers: &mut Answers) -> Result<(), Failure> {
    for name in ["adagrad", "adam"] {
        let model = Inverse::new(&minutia_models::random_matrix(SEED, 10, 10), 10)?;
        let train = match name {
            "adagrad" => Adagrad::new(post::INVERSE_RATE).minimize(&model.loss)?,
            _ => Adam::new(post::INVERSE_RATE).minimize(&model.loss)?,
        };
        let mut session = begin(&model.graph)?;
        let losses = descend(&session, &train, &model.loss, INVERSE_STEPS, EVERY)?;
        answers.insert(format!("inverse.{name}.losses"), digest(&losses));
        let now = numbers(&mut session, [&*model.x, &model.output, &model.loss], ())?;
        answers.insert(format!("inverse.{name}.state"), digest(&now));
    }
    Ok(())
}

/// Trains for an epoch, and reads test images.
fn training(answers: &mut Answers) -> Result<[Tensor; 4], Failure> {
    let data = digits::generate();
    let model = Classifier::new(&Parameters::default(), SEED);
    let sums = model.sums();
    let train = model.train(post::CLASSIFIER_RATE)?;
    let mut session = begin(&model.graph)?;
    let feeds = model.feeds(&data.train.images, &data.train.labels, post::BATCH);
    let mut step = session.make_callable((&train, &model.loss), feeds)?;
    let mut batches = Batches::new(data.train.len() - VALIDATION, post::BATCH, SEED);
    let mut losses = Vec::new();
    let weights =
        |session: &mut Session| numbers(session, model.weights.each_ref().map(|w: &Variable| &**w), ());
    for i in 0..Training::EPOCH {
        if i == FEW {
            answers.insert("training.few.parameters".into(), digest(&weights(&mut session)?));
        }
        let rows: Vec<i32> = batches.next_batch().iter().map(|row| row + VALIDATION as i32).collect();
        step.set(&model.rows, &rows)?;
        step.run()?;
        losses.push(step.value::<f32>(&model.loss)?);
    }
    answers.insert("training.epoch.parameters".into(), digest(&weights(&mut session)?));
    answers.insert("training.epoch.losses".into(), digest(&losses));
    let (mut loss, mut right) = (0.0, 0.0);
    for first in (0..data.test.len()).step_by(CHUNK) {
        let rows: Vec<i32> = (first..first + CHUNK).map(|row| row as i32).collect();
        let feeds = model.tables(&data.test.images, &data.test.labels).with(&model.rows, rows);
        let (chunk_loss, chunk_right) = session.run((&sums.0, &sums.1), feeds)?;
        loss += f64::from(chunk_loss.value::<f32>()?);
        right += f64::from(chunk_right.value::<f32>()?);
    }
    let count = data.test.len() as f64;
    answers.insert("training.epoch.test".into(), format!("{:?}", (loss / count, right / count)));
    let rows: Vec<i32> = (0..READ as i32).collect();
    let feeds = feeds! { model.images => &data.test.images, model.rows => rows };
    let (probabilities, hidden) = session.run((&model.probabilities, &model.hidden), feeds)?;
    answers.insert("reader.probabilities".into(), digest(probabilities.as_slice()?));
    answers.insert("reader.hidden".into(), digest(hidden.as_slice()?));
    let mut values = Vec::new();
    for variable in &model.weights {
        values.push(session.variable(variable)?.ok_or("it has a value")?);
    }
    Ok(values.try_into().map_err(|_| "there are four")?)
}
