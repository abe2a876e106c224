//! The order of steps, and updates in place.

use super::traffic::Traffic;
use crate::{
    layout,
    lower::{Lowering, Source, View},
    steps::elementwise_inputs,
};
use minutia_tensor::program::{Access, Step};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the new values that can be written over the variables' old ones, and orders the steps so that this is
/// right. Returns the variable of each such value. A fetched value is none of them: it stays what it is when the
/// variable has changed again.
pub(super) fn in_place(
    l: &mut Lowering,
    commits: &BTreeMap<usize, View>,
    kept: &[usize],
    fetched: &[View],
) -> BTreeMap<usize, usize> {
    let traffic = Traffic::new(l.values.len(), l.kernels.iter().map(|k| &k.step));
    let mut edges = traffic.dependencies();
    let mut in_place = BTreeMap::new();
    for (&variable, view) in commits {
        let value = view.operand.buffer;
        let lies_as_variables_do = view.strides == layout::padded(view.dtype(), &view.dims).0;
        if fetched.iter().any(|f| f.operand.buffer == value) || !lies_as_variables_do {
            continue;
        }
        let old = l.values.iter().position(|v| v.source == Source::Variable(variable));
        let [writer] = traffic.of_value(value).writes[..] else { continue };
        let Some(old) = old else {
            in_place.insert(value, variable);
            continue;
        };
        if kept.contains(&old) || !overwrites(&l.kernels[writer].step, old, value) {
            continue;
        }
        let readers: Vec<usize> =
            traffic.of_value(old).reads.iter().copied().filter(|&i| i != writer).collect();
        if readers.iter().any(|&r| reachable(&edges, writer, r)) {
            continue;
        }
        readers.iter().for_each(|&r| edges[r].push(writer));
        in_place.insert(value, variable);
    }
    arrange(l, &edges);
    in_place
}

/// Puts the kernels in an order of execution; the earliest goes first where there is a choice.
pub(super) fn sort(l: &mut Lowering) {
    let traffic = Traffic::new(l.values.len(), l.kernels.iter().map(|k| &k.step));
    arrange(l, &traffic.dependencies());
}

fn arrange(l: &mut Lowering, edges: &[Vec<usize>]) {
    let rows: Vec<Option<usize>> = l.kernels.iter().map(|k| k.step.rows()).collect();
    l.kernels = sorted(edges, &rows).into_iter().map(|i| l.kernels[i].clone()).collect();
}

/// Whether a step may write `new` over `old`: it reads `old` only element by element, at the place it writes.
fn overwrites(step: &Step, old: usize, new: usize) -> bool {
    let outputs: &[Access] = match step {
        Step::Map(s) => &s.outputs,
        Step::Gemm(s) => &s.outputs,
        Step::Reduce(s) => &s.outputs,
        Step::ArgReduce(_) | Step::GatherRows(_) | Step::ScatterAddRows(_) | Step::Random(_) => &[],
    };
    let reads = |s: &Step| {
        let mut n = 0;
        crate::steps::for_each_operand(&mut s.clone(), &mut |o, written| {
            n += (!written && o.buffer == old) as usize
        });
        n
    };
    let Some(output) = outputs.iter().find(|o| o.operand.buffer == new) else { return reads(step) == 0 };
    let same = |input: &&Access| {
        input.operand.buffer == old
            && input.operand.offset == output.operand.offset
            && input.strides == output.strides
    };
    elementwise_inputs(step).iter().filter(same).count() == reads(step)
}

fn reachable(edges: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; edges.len()];
    let mut open = vec![from];
    while let Some(step) = open.pop() {
        if step == to {
            return true;
        }
        if !std::mem::replace(&mut seen[step], true) {
            open.extend(&edges[step]);
        }
    }
    false
}

/// Topological order. Where there is a choice, steps over the same rows follow each other, since threads can then share
/// the rows and need not wait; among these, and where rows change, the earliest built goes first.
fn sorted(edges: &[Vec<usize>], rows: &[Option<usize>]) -> Vec<usize> {
    let mut waiting = vec![0; edges.len()];
    edges.iter().flatten().for_each(|&to| waiting[to] += 1);
    let mut ready: BTreeMap<Option<usize>, BTreeSet<usize>> = BTreeMap::new();
    let add = |ready: &mut BTreeMap<Option<usize>, BTreeSet<usize>>, step: usize| {
        ready.entry(rows[step]).or_default().insert(step);
    };
    (0..edges.len()).filter(|&step| waiting[step] == 0).for_each(|step| add(&mut ready, step));
    let mut order = Vec::with_capacity(edges.len());
    let mut current = None;
    loop {
        if current.is_none() || !ready.contains_key(&current) {
            let first = ready.iter().filter_map(|(&rows, steps)| Some((steps.first()?, rows))).min();
            let Some((_, rows)) = first else { return order };
            current = rows;
        }
        let Some(step) = ready.get_mut(&current).and_then(BTreeSet::pop_first) else {
            ready.remove(&current);
            continue;
        };
        order.push(step);
        for &to in &edges[step] {
            waiting[to] -= 1;
            if waiting[to] == 0 {
                add(&mut ready, to);
            }
        }
    }
}
