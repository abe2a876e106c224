//! Epochs of the classifier: with the loss read after each step, without, and without any word between host
//! and GPU.

use minutia::prelude::*;
use minutia_models::post::{self, BATCH};
use minutia_models::{Classifier, Parameters};

use super::clock::{Times, seconds};
use super::common;
use super::inputs::Inputs;
use super::report::{Report, Row};
use super::{Failure, report};

/// What training gave.
struct Learned {
    /// Of each epoch.
    seconds: Vec<f64>,
    /// The mean over the last epoch, where it was read.
    loss: f64,
    /// W1, b1, W2, b2.
    weights: Vec<Tensor>,
}

/// Measures the three.
///
/// # Errors
/// When one cannot be trained.
pub fn measure(device: &Device, inputs: &Inputs, report: &mut Report) -> Result<(), Failure> {
    let expected = fed(&Device::cpu()?, inputs, true)?;
    let steps = inputs.steps as f64;
    type Way = fn(&Device, &Inputs) -> Result<Learned, Failure>;
    let ways: [(&str, &str, Way); 3] = [
        ("epoch", "rows fed, loss read after each step", |device, inputs| fed(device, inputs, true)),
        ("unread_epoch", "rows fed, loss not read", |device, inputs| fed(device, inputs, false)),
        ("free_epoch", "nothing fed or read until its end", counted),
    ];
    for (key, title, train) in ways {
        let learned = train(device, inputs)?;
        // The first warms up.
        let times = Times::new(learned.seconds.iter().copied().skip(1))?;
        let read = key == "epoch";
        let same =
            bits(&learned.weights) == bits(&expected.weights) && (!read || learned.loss == expected.loss);
        report.row(Row {
            section: report::JOBS,
            key: format!("{key}_s"),
            title: format!("training epoch of {} steps, {title}", inputs.steps),
            values: times.clone(),
            unit: "s",
            limit: None,
            loss: read.then_some(learned.loss),
            same,
        });
        report.row(Row {
            section: report::JOBS,
            key: format!("{}_us", key.replace("epoch", "step")),
            title: format!("training step, {title}"),
            values: times.map(|seconds| seconds * 1e6 / steps),
            unit: "µs",
            limit: None,
            loss: None,
            same,
        });
    }
    report.data(&inputs.what);
    Ok(())
}

/// The weights after the first epoch.
///
/// # Errors
/// When it cannot be trained.
pub fn an_epoch(device: &Device, inputs: &Inputs) -> Result<Vec<Tensor>, Failure> {
    let order = inputs.order[..inputs.steps * BATCH].to_vec();
    Ok(fed(device, &Inputs { order, ..inputs.clone() }, false)?.weights)
}

/// Each step is fed its rows, for which the host waits.
fn fed(device: &Device, inputs: &Inputs, read: bool) -> Result<Learned, Failure> {
    let (model, train) = common::classifier();
    let session = start(&model, device, inputs)?;
    let feeds = model.feeds(&inputs.images, &inputs.labels, BATCH);
    let (mut times, mut loss) = (Vec::new(), f64::NAN);
    if read {
        let mut step = session.make_callable((&train, &model.loss), feeds)?;
        for epoch in inputs.epochs() {
            let mut sum = 0.0;
            times.push(seconds(|| {
                epoch.chunks_exact(BATCH).try_for_each(|rows| -> Result<(), Failure> {
                    step.set(&model.rows, rows)?;
                    step.run()?;
                    sum += f64::from(step.value::<f32>(&model.loss)?);
                    Ok(())
                })
            })?);
            loss = sum / inputs.steps as f64;
        }
    } else {
        let mut step = session.make_callable(&train, feeds)?;
        for epoch in inputs.epochs() {
            times.push(seconds(|| -> Result<(), Failure> {
                for rows in epoch.chunks_exact(BATCH) {
                    step.set(&model.rows, rows)?;
                    step.run()?;
                }
                // The shortest read that waits for the last step.
                session.variable(&model.weights[3])?.map(drop).ok_or("b2 has no value".into())
            })?);
        }
    }
    Ok(Learned { seconds: times, loss, weights: weights(&model, &session)? })
}

/// The whole order lies on the device, and each step finds its rows by counting.
fn counted(device: &Device, inputs: &Inputs) -> Result<Learned, Failure> {
    let graph = Graph::new();
    let order = graph.placeholder("order", DType::I32, [None, Some(BATCH)]);
    let counter = graph.untrainable_variable("counter", 0_i32);
    let rows = order.gather(&counter);
    let next = counter.assign_add(1_i32);
    let model = Classifier::over(rows, &Parameters::default());
    let train = model.train(post::CLASSIFIER_RATE)?;
    let session = start(&model, device, inputs)?;
    let all = Tensor::from_vec([inputs.order.len() / BATCH, BATCH], inputs.order.clone())?;
    let feeds = model.tables(&inputs.images, &inputs.labels).with(&order, all);
    let mut step = session.make_callable((&train, &next), feeds)?;
    let mut times = Vec::new();
    for done in 1..=inputs.epochs().count() {
        times.push(seconds(|| -> Result<(), Failure> {
            (0..inputs.steps).try_for_each(|_| step.run())?;
            let count = step.value::<i32>(&next)?;
            if count as usize == done * inputs.steps {
                return Ok(());
            }
            Err(format!("the device has counted {count} steps instead of {}", done * inputs.steps).into())
        })?);
    }
    Ok(Learned { seconds: times, loss: f64::NAN, weights: weights(&model, &session)? })
}

fn start(model: &Classifier, device: &Device, inputs: &Inputs) -> Result<Session, Failure> {
    let mut session = common::session(&model.graph, device);
    for (variable, value) in model.weights.iter().zip(&inputs.initial) {
        session.set_variable(variable, value)?;
    }
    Ok(session)
}

fn weights(model: &Classifier, session: &Session) -> Result<Vec<Tensor>, Failure> {
    let value = |variable| session.variable(variable)?.ok_or("a weight has no value".into());
    model.weights.iter().map(value).collect()
}

fn bits(weights: &[Tensor]) -> Vec<Vec<u8>> {
    weights.iter().map(Tensor::canonical_bytes).collect()
}
