//! Leaving out what a run does not need.

use super::use_def::UseDef;
use crate::{
    Error,
    build::{graph::Inner, node::NodeId},
    lower::{Lowering, Planned, Source},
};
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
    let mut constant: Vec<bool> = l.values.iter().map(|v| matches!(v.source, Source::Constant(_))).collect();
    let mut keep = vec![true; l.primitives.len()];
    let use_def = UseDef::new(l.values.len(), l.primitives.iter().map(|k| &k.step));
    let (mut work, mut bytes) = (0_usize, 0_usize);
    // A value may be written by several steps: it is constant when all of them are.
    for value in 0..l.values.len() {
        let writers = &use_def.of_value(value).writes;
        let cost = writers.iter().fold(work, |sum, &i| sum.saturating_add(l.primitives[i].step.work()));
        let size = bytes.saturating_add(l.values[value].bytes);
        let pure = |&i: &usize| {
            l.primitives[i].step.is_pure() && use_def.of_primitive(i).reads.iter().all(|&v| constant[v])
        };
        let few = cost <= MOST_WORK && size <= MOST_BYTES;
        if few && !writers.is_empty() && writers.iter().all(pure) {
            (work, bytes) = (cost, size);
            writers.iter().for_each(|&i| keep[i] = false);
            constant[value] = true;
        }
    }
    let setup = l.primitives.iter().zip(&keep).filter(|(_, keep)| !**keep).map(|(k, _)| k.clone()).collect();
    retain(&mut l.primitives, &keep);
    setup
}

fn retain<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| *keep.next().expect("one flag for each item"));
}
