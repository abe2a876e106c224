//! Learning rates that change with the step, TensorFlow 1's. Each takes an `f32` scalar that counts steps from 0,
//! usually a variable that is incremented after each.
//!
//! ```
//! use minutia_graph::{Device, Graph, Session, feeds};
//! use minutia_optim::{GradientDescent, Optimizer, schedule};
//!
//! let graph = Graph::new();
//! let x = graph.variable("x", 1.0_f32);
//! let step = graph.untrainable_variable("global_step", 0.0_f32);
//! let rate = schedule::exponential_decay(&step, 0.5, 1.0, 0.5);
//! let update = GradientDescent::new(&rate).minimize(&(&x * 1.0))?;
//! let count = step.assign_add(graph.constant(1.0_f32)).operation();
//! let train = graph.group([&update, &count]);
//! let mut session = Session::new(&graph, &Device::cpu()?)?;
//! session.run(graph.global_variables_initializer(), feeds! {})?;
//! for _ in 0..2 {
//!     session.run(&train, feeds! {})?;
//! }
//! assert_eq!(session.run(&x, feeds! {})?.value::<f32>()?, 1.0 - 0.5 - 0.25);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use minutia_graph::Output;

/// `rate factor^(step / steps)`.
#[track_caller]
#[must_use]
pub fn exponential_decay(step: &Output, rate: f32, steps: f32, factor: f32) -> Output {
    step.graph().constant(factor).pow(step / steps) * rate
}

/// `rate / (1 + factor step / steps)`.
#[track_caller]
#[must_use]
pub fn inverse_time_decay(step: &Output, rate: f32, steps: f32, factor: f32) -> Output {
    rate / (step / steps * factor + 1.0)
}

/// From `rate` to `end` as `(1 - step / steps)^power`; constant from `steps` on.
#[track_caller]
#[must_use]
pub fn polynomial_decay(step: &Output, rate: f32, steps: f32, end: f32, power: f32) -> Output {
    let left = 1.0 - step.clip_by_value(0.0, steps) / steps;
    left.pow(step.graph().constant(power)) * (rate - end) + end
}

/// `values[i]` up to and including step `boundaries[i]`, the last value after. The boundaries ascend, and there is one
/// value more than boundaries; `None` otherwise.
#[track_caller]
#[must_use]
pub fn piecewise_constant(step: &Output, boundaries: &[f32], values: &[f32]) -> Option<Output> {
    let (last, before) = values.split_last()?;
    if before.len() != boundaries.len() || !boundaries.is_sorted() {
        return None;
    }
    let graph = step.graph();
    let pieces = boundaries.iter().zip(before).rev();
    Some(pieces.fold(graph.constant(*last), |rest, (&boundary, &value)| {
        step.less_equal(graph.constant(boundary)).select(graph.constant(value), rest)
    }))
}
