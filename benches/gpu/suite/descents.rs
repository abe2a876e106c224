//! Adagrad steps of the inverse and of the ideal images.

use minutia::prelude::*;
use minutia_models::{CLASSES, IdealImages, Inverse, Parameters, Penalty, post};

use super::clock::{Times, seconds};
use super::common::session;
use super::inputs::Inputs;
use super::report::{Report, Row};
use super::{Failure, report};

/// The steps are timed in so many parts, of which the first warms up.
const PARTS: usize = 6;

/// A model whose variable Adagrad brings to a smaller loss.
struct Descent {
    graph: Graph,
    train: Operation,
    loss: Output,
    variable: Variable,
    /// W1, b1, W2, b2 of the frozen network, if there is one.
    weights: Vec<Variable>,
}

/// The inverse of the inputs' matrix.
fn inverse(inputs: &Inputs) -> Result<Descent, Failure> {
    let model = Inverse::new(&inputs.matrix, post::MATRIX_SIZE)?;
    let train = model.train(post::INVERSE_RATE)?;
    let Inverse { graph, x, loss, .. } = model;
    Ok(Descent { graph, train, loss, variable: x, weights: Vec::new() })
}

/// An image for each class, with the L2 penalty.
fn ideal_images(_: &Inputs) -> Result<Descent, Failure> {
    let classes: Vec<i32> = (0..).take(CLASSES).collect();
    let model = IdealImages::new(&Parameters::default(), &classes, Penalty::L2(post::PENALTY))?;
    let train = model.train(post::IDEAL_RATE)?;
    let IdealImages { graph, images, weights, loss, .. } = model;
    Ok(Descent { graph, train, loss, variable: images, weights: weights.to_vec() })
}

/// What a descent gave.
struct Descended {
    /// Seconds of a step.
    times: Times,
    loss: f32,
    variable: Vec<u8>,
}

/// Measures them.
///
/// # Errors
/// When one cannot be run.
pub fn measure(device: &Device, inputs: &Inputs, report: &mut Report) -> Result<(), Failure> {
    let cpu = Device::cpu()?;
    type Model = fn(&Inputs) -> Result<Descent, Failure>;
    let (never, inverse, ideal): (_, Model, Model) = (usize::MAX, inverse, ideal_images);
    let rows: [(&str, &str, Model, usize, usize); 4] = [
        ("inverse_step_us", "inverse step, loss read after each", inverse, inputs.inverse_steps, 1),
        ("free_inverse_step_us", "inverse step, nothing read", inverse, inputs.inverse_steps, never),
        ("ideal_step_us", "step of ten ideal images, loss read every 100", ideal, inputs.ideal_steps, 100),
        ("free_ideal_step_us", "step of ten ideal images, nothing read", ideal, inputs.ideal_steps, never),
    ];
    for (key, title, model, steps, every) in rows {
        let found = descend(&model(inputs)?, device, inputs, steps, every)?;
        let expected = descend(&model(inputs)?, &cpu, inputs, steps, never)?;
        report.row(Row {
            section: report::JOBS,
            key: key.to_string(),
            title: title.to_string(),
            values: found.times.map(|seconds| seconds * 1e6),
            unit: "µs",
            limit: None,
            loss: Some(f64::from(found.loss)),
            same: found.variable == expected.variable && found.loss.to_bits() == expected.loss.to_bits(),
        });
    }
    Ok(())
}

/// Runs all steps; the loss is read after every so many.
fn descend(
    model: &Descent,
    device: &Device,
    inputs: &Inputs,
    steps: usize,
    every: usize,
) -> Result<Descended, Failure> {
    let mut session = session(&model.graph, device);
    for (variable, value) in model.weights.iter().zip(&inputs.trained) {
        session.set_variable(variable, value)?;
    }
    let mut step = session.make_callable(&model.train, ())?;
    let mut logged = session.make_callable((&model.train, &model.loss), ())?;
    let variable = |session: &Session| -> Result<Tensor, Failure> {
        session.variable(&model.variable)?.ok_or("the variable has no value".into())
    };
    let mut times = Vec::new();
    for part in 0..PARTS {
        let part = steps * part / PARTS..steps * (part + 1) / PARTS;
        let count = part.len();
        let time = seconds(|| -> Result<(), Failure> {
            for i in part {
                if i % every == every - 1 {
                    logged.run()?;
                    logged.value::<f32>(&model.loss)?;
                } else {
                    step.run()?;
                }
            }
            // Waits for the last step.
            variable(&session)?;
            Ok(())
        })?;
        times.push(time / count as f64);
    }
    let loss = session.run(&model.loss, ())?.value::<f32>()?;
    let variable = variable(&session)?.canonical_bytes();
    Ok(Descended { times: Times::new(times.into_iter().skip(1))?, loss, variable })
}
