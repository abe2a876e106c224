//! Leaving out what a run does not need.

use super::use_def::{Operands, UseDef};
use crate::{
    Error,
    build::{graph::Inner, node::NodeId},
    lower::{Lowering, Planned, Source, ValueInfo},
};
use minutia_tensor::program::Primitive;
use std::collections::BTreeMap;

/// The ancestors of the targets, in order of execution; what is fed needs none.
pub(super) fn needed(
    inner: &Inner,
    targets: &[(NodeId, bool)],
    feeds: &BTreeMap<NodeId, Vec<usize>>,
) -> Result<Vec<NodeId>, Error> {
    let mut needed = vec![false; inner.nodes.len()];
    targets.iter().for_each(|t| needed[t.0] = true);
    for id in (0..inner.nodes.len()).rev() {
        if needed[id] && !feeds.contains_key(&id) {
            inner.nodes[id].dependencies().for_each(|i| needed[i] = true);
        }
    }
    let needed: Vec<NodeId> = (0..needed.len()).filter(|&id| needed[id]).collect();
    match needed.iter().find_map(|&id| inner.nodes[id].error.clone()) {
        Some(error) => Err(error),
        None => Ok(needed),
    }
}

/// Whether each value is kept, or read by a step on the way to one that is.
pub(super) fn live(l: &Lowering, kept: &[usize]) -> Vec<bool> {
    let mut live = vec![false; l.values.len()];
    kept.iter().for_each(|&v| live[v] = true);
    for primitive in l.primitives.iter().rev() {
        let (reads, writes) = primitive.step.reads_and_writes();
        if writes.iter().any(|&v| live[v]) {
            reads.iter().for_each(|&v| live[v] = true);
        }
    }
    live
}

/// Drops steps whose results nothing reads: shapes alone may have been of interest.
pub(super) fn dead_steps(l: &mut Lowering, kept: &[usize]) {
    let live = live(l, kept);
    l.primitives.retain(|primitive| primitive.step.reads_and_writes().1.iter().any(|&v| live[v]));
}

/// Constants that take more bytes, or more elements to compute, are left to each run: these bytes are held
/// for as long as the plan, and whoever makes a callable does not expect to wait.
const MOST_BYTES: usize = 1 << 30;
const MOST_WORK: usize = 1 << 30;

/// Takes out the steps that depend on constants alone.
pub(super) fn constant_steps(l: &mut Lowering) -> Vec<Planned> {
    let constant = l.values.iter().map(|v| matches!(v.source, Source::Constant(_))).collect();
    depending_on(l, constant, |_| true)
}

/// Takes out the steps of a loop's body that give the same in each iteration. Those that may find an index
/// wrong stay: without an iteration there is no error. So do all but constants where there is `again` no
/// other iteration. What they give becomes part of the plan around the loop, which is told by whoever calls.
pub(super) fn loop_invariant(l: &mut Lowering, kept: &[usize], again: bool) -> Vec<Planned> {
    let is_same = |(value, info): (usize, &ValueInfo)| match info.source {
        Source::Constant(_) => true,
        Source::Outer(_) => again && !kept.contains(&value),
        _ => false,
    };
    let same = l.values.iter().enumerate().map(is_same).collect();
    depending_on(l, same, |step| {
        use Primitive::{GatherRows, Loop, ScatterAddRows, UpdateRows};
        !matches!(step, GatherRows(_) | ScatterAddRows(_) | UpdateRows(_) | Loop(_))
    })
}

/// Takes out the steps that depend on such values alone and may be taken out.
fn depending_on(l: &mut Lowering, given: Vec<bool>, may: impl Fn(&Primitive) -> bool) -> Vec<Planned> {
    let use_def = UseDef::new(l.values.len(), l.primitives.iter().map(|k| &k.step));
    let mut taken = vec![false; l.primitives.len()];
    let (mut work, mut bytes) = (0_usize, 0_usize);
    for (i, planned) in l.primitives.iter().enumerate() {
        let Operands { reads, writes } = use_def.of_primitive(i);
        // A loop reads what it writes, after others have written there.
        let known = |v: &usize| {
            let mut writers = use_def.of_value(*v).writes.iter().filter(|&&w| w != i).peekable();
            given[*v] || (writes.contains(v) || writers.peek().is_some()) && writers.all(|&w| taken[w])
        };
        if may(&planned.step) && planned.step.is_pure() && reads.iter().all(known) {
            let first = |v: &&usize| use_def.of_value(**v).writes.first() == Some(&i);
            let size = writes.iter().filter(first).map(|&v| l.values[v].bytes);
            let size = size.fold(bytes, usize::saturating_add);
            let cost = work.saturating_add(planned.step.work());
            if cost <= MOST_WORK && size <= MOST_BYTES {
                (work, bytes, taken[i]) = (cost, size, true);
            }
        }
    }
    // Several steps may write a value: all of them are taken, or none.
    let whole = |taken: &[bool], v: &usize| use_def.of_value(*v).writes.iter().all(|&w| taken[w]);
    let mut before = 0;
    while before != taken.iter().filter(|taken| **taken).count() {
        before = taken.iter().filter(|taken| **taken).count();
        for i in 0..taken.len() {
            let Operands { reads, writes } = use_def.of_primitive(i);
            let holds = |v: &usize| given[*v] || whole(&taken, v);
            taken[i] = taken[i] && writes.iter().all(|v| whole(&taken, v)) && reads.iter().all(holds);
        }
    }
    let steps =
        l.primitives.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(k, _)| k.clone()).collect();
    taken.iter_mut().for_each(|taken| *taken = !*taken);
    retain(&mut l.primitives, &taken);
    steps
}

fn retain<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| *keep.next().expect("one flag for each item"));
}
