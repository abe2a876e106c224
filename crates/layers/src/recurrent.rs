//! What cells have in common that go through sequences `[batch, time, inputs]`.

use crate::scope::{Problem, Scope};
use minutia_graph::Output;

/// Zeros `[batch, units]` for as many sequences or steps as `x` has, which the run may decide.
#[track_caller]
pub(crate) fn zero_state(x: &Output, units: usize) -> Output {
    let graph = x.graph();
    if x.check().is_err() {
        return x.clone();
    }
    let rank = x.shape().len();
    let mut sizes = vec![1; rank];
    if let Some(batch) = sizes.first_mut() {
        *batch = -1;
    }
    let column = x.slice(vec![0; rank], sizes).reshape([-1, 1]);
    column.zeros_like() + graph.zeros([units])
}

/// A state `[batch, units]` that the cell does not take.
#[track_caller]
pub(crate) fn refuse_state(scope: &Scope, state: &Output, units: usize) -> Option<Output> {
    scope.refuse(state, &format!("a state [batch, {units}]"), 2..=2, units)
}

/// Sequences that the cell does not take.
#[track_caller]
pub(crate) fn refuse_sequences(scope: &Scope, x: &Output, inputs: usize) -> Option<Output> {
    scope.refuse(x, &format!("sequences [batch, time, {inputs}]"), 3..=3, inputs)
}

/// How many steps sequences have, or a node that remembers why a cell cannot go through them.
#[track_caller]
pub(crate) fn steps(scope: &Scope, x: &Output, inputs: usize) -> Result<usize, Output> {
    if let Some(refused) = refuse_sequences(scope, x, inputs) {
        return Err(refused);
    }
    match x.shape()[1] {
        Some(steps) if steps > 0 => Ok(steps),
        found => {
            let found = found.map_or("as many as the run decides".to_string(), |steps| steps.to_string());
            let detail = format!("goes through a known number of steps, at least 1, not {found}");
            let hint = "give the axis of time of the placeholder its extent, or use scan";
            Err(scope.invalid(Problem::new(detail, hint), &[x]))
        }
    }
}

/// What a part of a kernel makes of every step's inputs, `[batch, time, width]`, in one product; each step by
/// itself.
#[track_caller]
pub(crate) fn project(x: &Output, kernel: &Output, bias: &Output, steps: usize) -> Vec<Output> {
    (x.graph().einsum("bti,io->bto", &[x, kernel]) + bias).unstack(steps, 1)
}

/// The same by time, `[time, batch, width]`, for loops over steps.
#[track_caller]
pub(crate) fn project_by_time(x: &Output, kernel: &Output, bias: &Output) -> Output {
    x.graph().einsum("bti,io->tbo", &[x, kernel]) + bias
}

/// The last of states `[time, batch, units]`.
#[track_caller]
pub(crate) fn last(states: &Output) -> Output {
    states.strided_slice([Some(-1)], [None], [1]).squeeze(0)
}

/// The rows of a kernel `[inputs + units, ..]` that inputs are multiplied by, and those of the state.
#[track_caller]
pub(crate) fn halves(kernel: &Output, inputs: usize, units: usize) -> [Output; 2] {
    let mut parts = kernel.split([inputs, units], 0).into_iter();
    // A kernel that is no matrix of so many rows is an error of all parts.
    let mut next = || parts.next().unwrap_or_else(|| kernel.clone());
    [next(), next()]
}

/// As many equal parts as an array has, along the last axis.
#[track_caller]
pub(crate) fn gates<const N: usize>(sums: &Output) -> [Output; N] {
    let parts = sums.split(N, -1);
    std::array::from_fn(|i| parts.get(i).unwrap_or(sums).clone())
}
