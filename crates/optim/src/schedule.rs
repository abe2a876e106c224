//! Learning rates that change with the step, TensorFlow 1's. Each takes a scalar that counts steps from 0,
//! `i32` or `f32`, usually the variable that [`minimize_counting`](crate::Optimizer::minimize_counting)
//! increments. As in TensorFlow an `i32` is cast to `f32`, which holds every step up to 2^24. A number that a
//! schedule does not take, such as a NaN or a negative rate, is an error of the optimizer's `minimize`:
//! [`Error::Argument`](minutia_graph::Error::Argument).
//!
//! ```
//! use minutia_graph::{Device, Graph, Session, feeds};
//! use minutia_optim::{GradientDescent, Optimizer, schedule};
//!
//! let graph = Graph::new();
//! let x = graph.variable("x", 1.0_f32);
//! let step = graph.untrainable_variable("global_step", 0);
//! let rate = schedule::exponential_decay(&step, 0.5, 1.0, 0.5);
//! let train = GradientDescent::new(&rate).minimize_counting(&(&x * 1.0), &step)?;
//! let mut session = Session::new(&graph, &Device::cpu()?)?;
//! session.run(graph.global_variables_initializer(), feeds! {})?;
//! for _ in 0..2 {
//!     session.run(&train, feeds! {})?;
//! }
//! assert_eq!(session.run(&x, feeds! {})?.value::<f32>()?, 1.0 - 0.5 - 0.25);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{Argument, Domain, argument::refused};
use minutia_graph::{DType, Number, Output};

/// `rate factor^(step / steps)`: `rate` at step 0, and after every further `steps` steps `factor` of it.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// use minutia_optim::schedule;
/// let graph = Graph::new();
/// let step = graph.placeholder("step", DType::F32, ());
/// let rate = schedule::exponential_decay(&step, 0.5, 10, 0.25);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// for (at, expected) in [(0.0_f32, 0.5), (5.0, 0.25), (10.0, 0.125)] {
///     let found = session.run(&rate, feeds! { step => at })?.value::<f32>()?;
///     assert!((found - expected).abs() < 1e-6_f32, "{found} at step {at}");
/// }
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn exponential_decay(
    step: &Output,
    rate: impl Number,
    steps: impl Number,
    factor: impl Number,
) -> Output {
    let (rate, steps, factor) = (rate.number(), steps.number(), factor.number());
    if let Some(refused) = refused(
        step.graph(),
        "exponential_decay",
        [
            Argument::new("rate", rate, Domain::NotNegative),
            Argument::new("steps", steps, Domain::Positive),
            Argument::new("factor", factor, Domain::NotNegative),
        ],
    ) {
        return refused;
    }
    step.graph().constant(factor).pow(number(step) / steps) * rate
}

/// [`exponential_decay`] in stairs, TensorFlow's `staircase=True`: `rate factor^floor(step / steps)`, which
/// changes after every `steps` steps alone.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// use minutia_optim::schedule;
/// let graph = Graph::new();
/// let step = graph.placeholder("step", DType::F32, ());
/// let rate = schedule::exponential_decay_staircase(&step, 0.5, 10.0, 0.25);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// for (at, expected) in [(0.0_f32, 0.5), (9.0, 0.5), (10.0, 0.125), (19.0, 0.125)] {
///     let found = session.run(&rate, feeds! { step => at })?.value::<f32>()?;
///     assert!((found - expected).abs() < 1e-6_f32, "{found} at step {at}");
/// }
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn exponential_decay_staircase(
    step: &Output,
    rate: impl Number,
    steps: impl Number,
    factor: impl Number,
) -> Output {
    let (rate, steps, factor) = (rate.number(), steps.number(), factor.number());
    if let Some(refused) = refused(
        step.graph(),
        "exponential_decay_staircase",
        [
            Argument::new("rate", rate, Domain::NotNegative),
            Argument::new("steps", steps, Domain::Positive),
            Argument::new("factor", factor, Domain::NotNegative),
        ],
    ) {
        return refused;
    }
    step.graph().constant(factor).pow(stair(step, steps)) * rate
}

/// `rate / (1 + factor step / steps)`.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// use minutia_optim::schedule;
/// let graph = Graph::new();
/// let step = graph.placeholder("step", DType::F32, ());
/// let rate = schedule::inverse_time_decay(&step, 0.5, 10.0, 1.0);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// for (at, expected) in [(0.0_f32, 0.5), (10.0, 0.25), (30.0, 0.125)] {
///     let found = session.run(&rate, feeds! { step => at })?.value::<f32>()?;
///     assert!((found - expected).abs() < 1e-6_f32, "{found} at step {at}");
/// }
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn inverse_time_decay(
    step: &Output,
    rate: impl Number,
    steps: impl Number,
    factor: impl Number,
) -> Output {
    let (rate, steps, factor) = (rate.number(), steps.number(), factor.number());
    if let Some(refused) = refused(
        step.graph(),
        "inverse_time_decay",
        [
            Argument::new("rate", rate, Domain::NotNegative),
            Argument::new("steps", steps, Domain::Positive),
            Argument::new("factor", factor, Domain::NotNegative),
        ],
    ) {
        return refused;
    }
    rate / (number(step) / steps * factor + 1.0)
}

/// [`inverse_time_decay`] in stairs, TensorFlow's `staircase=True`: `rate / (1 + factor floor(step /
/// steps))`.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// use minutia_optim::schedule;
/// let graph = Graph::new();
/// let step = graph.placeholder("step", DType::F32, ());
/// let rate = schedule::inverse_time_decay_staircase(&step, 0.5, 10.0, 1.0);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// for (at, expected) in [(9.0_f32, 0.5), (10.0, 0.25), (39.0, 0.125)] {
///     let found = session.run(&rate, feeds! { step => at })?.value::<f32>()?;
///     assert!((found - expected).abs() < 1e-6_f32, "{found} at step {at}");
/// }
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn inverse_time_decay_staircase(
    step: &Output,
    rate: impl Number,
    steps: impl Number,
    factor: impl Number,
) -> Output {
    let (rate, steps, factor) = (rate.number(), steps.number(), factor.number());
    if let Some(refused) = refused(
        step.graph(),
        "inverse_time_decay_staircase",
        [
            Argument::new("rate", rate, Domain::NotNegative),
            Argument::new("steps", steps, Domain::Positive),
            Argument::new("factor", factor, Domain::NotNegative),
        ],
    ) {
        return refused;
    }
    rate / (stair(step, steps) * factor + 1.0)
}

/// The step as `f32`, which rates are computed with. What is neither `i32` nor `f32` stays what it is: an
/// error of what is computed.
#[track_caller]
fn number(step: &Output) -> Output {
    if step.dtype() == DType::I32 { step.cast(DType::F32) } else { step.clone() }
}

/// `floor(step / steps)`; steps are not negative, so that rounding towards zero is rounding down.
#[track_caller]
fn stair(step: &Output, steps: f32) -> Output {
    (number(step) / steps).cast(DType::I32).cast(DType::F32)
}

/// From `rate` to `end` as `(1 - step / steps)^power`; constant from `steps` on. A `power` of 1 is a straight
/// line.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// use minutia_optim::schedule;
/// let graph = Graph::new();
/// let step = graph.placeholder("step", DType::F32, ());
/// let rate = schedule::polynomial_decay(&step, 0.5, 10.0, 0.1, 1.0);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// for (at, expected) in [(0.0_f32, 0.5), (5.0, 0.3), (10.0, 0.1), (99.0, 0.1)] {
///     let found = session.run(&rate, feeds! { step => at })?.value::<f32>()?;
///     assert!((found - expected).abs() < 1e-6_f32, "{found} at step {at}");
/// }
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn polynomial_decay(
    step: &Output,
    rate: impl Number,
    steps: impl Number,
    end: impl Number,
    power: impl Number,
) -> Output {
    let (rate, steps, end, power) = (rate.number(), steps.number(), end.number(), power.number());
    if let Some(refused) = refused(
        step.graph(),
        "polynomial_decay",
        [
            Argument::new("rate", rate, Domain::NotNegative),
            Argument::new("steps", steps, Domain::Positive),
            Argument::new("end", end, Domain::NotNegative),
            Argument::new("power", power, Domain::NotNegative),
        ],
    ) {
        return refused;
    }
    let left = 1.0 - number(step).clip_by_value(0.0, steps) / steps;
    left.pow(power) * (rate - end) + end
}

/// `values[i]` up to and including step `boundaries[i]`, the last value after. The boundaries ascend, and
/// there is one value more than boundaries; `None` otherwise.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// use minutia_optim::schedule;
/// let graph = Graph::new();
/// let step = graph.placeholder("step", DType::F32, ());
/// let rate = schedule::piecewise_constant(&step, &[5.0, 10.0], &[0.5, 0.1, 0.01]).expect("a value more");
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// for (at, expected) in [(0.0_f32, 0.5), (5.0, 0.5), (6.0, 0.1), (11.0, 0.01)] {
///     let found = session.run(&rate, feeds! { step => at })?.value::<f32>()?;
///     assert!((found - expected).abs() < 1e-6_f32, "{found} at step {at}");
/// }
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[track_caller]
#[must_use]
#[doc(alias = "MultiStepLR")]
pub fn piecewise_constant(step: &Output, boundaries: &[f32], values: &[f32]) -> Option<Output> {
    let boundary = |&at: &f32| Argument::new("boundary", at, Domain::Finite);
    let value = |&rate: &f32| Argument::new("value", rate, Domain::NotNegative);
    let arguments = boundaries.iter().map(boundary).chain(values.iter().map(value));
    if let Some(refused) = refused(step.graph(), "piecewise_constant", arguments) {
        return Some(refused);
    }
    let (last, before) = values.split_last()?;
    if before.len() != boundaries.len() || !boundaries.is_sorted() {
        return None;
    }
    let (graph, step) = (step.graph(), number(step));
    let pieces = boundaries.iter().zip(before).rev();
    Some(pieces.fold(graph.constant(*last), |rest, (&boundary, &value)| {
        step.less_equal(boundary).select(graph.constant(value), rest)
    }))
}
