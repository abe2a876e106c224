//! Adagrad steps of the inverse and of the ideal images.

use minutia::prelude::*;

use super::clock::{Times, seconds};
use super::inputs::Inputs;
use super::common::{Descent, ideal_images, inverse_of};
use super::report::{Report, Row};
use super::{Failure, report};

/// The steps are timed in so many parts, of which the first warms up.
const PARTS: usize = 6;

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
    let ideal = || ideal_images();
    let inverse = || inverse_of(inputs.matrix.clone());
    type Model<'a> = &'a dyn Fn() -> Descent;
    let never = usize::MAX;
    let rows: [(&str, &str, Model<'_>, usize, usize); 4] = [
        ("inverse_step_us", "inverse step, loss read after each", &inverse, inputs.inverse_steps, 1),
        ("free_inverse_step_us", "inverse step, nothing read", &inverse, inputs.inverse_steps, never),
        ("ideal_step_us", "step of ten ideal images, loss read every 100", &ideal, inputs.ideal_steps, 100),
        ("free_ideal_step_us", "step of ten ideal images, nothing read", &ideal, inputs.ideal_steps, never),
    ];
    for (key, title, model, steps, every) in rows {
        let found = descend(&model(), device, inputs, steps, every)?;
        let expected = descend(&model(), &cpu, inputs, steps, never)?;
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
    let mut session = Session::new(&model.graph, device)?;
    session.run(model.graph.global_variables_initializer(), feeds! {})?;
    for (variable, value) in model.weights.iter().zip(&inputs.trained) {
        session.set_variable(variable, value)?;
    }
    let mut step = session.make_callable(&model.train, feeds! {})?;
    let mut logged = session.make_callable((&model.train, &model.loss), feeds! {})?;
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
    let loss = session.run(&model.loss, feeds! {})?.value::<f32>()?;
    let variable = variable(&session)?.canonical_bytes();
    Ok(Descended { times: Times::new(times.into_iter().skip(1))?, loss, variable })
}
