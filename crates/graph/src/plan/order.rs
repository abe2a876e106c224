//! The order of steps, and updates in place.

use super::{topology::Topology, use_def::UseDef};
use crate::lower::{Lowering, Planned, Source, View, layout};
use minutia_tensor::program::{OperandUse, Primitive, Role};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the new values that can be written over the variables' old ones, and orders the steps so that this
/// is right. Returns the variable of each such value. A fetched value is none of them: it stays what it is
/// when the variable has changed again.
pub(super) fn in_place(
    l: &mut Lowering,
    variable_writes: &BTreeMap<usize, View>,
    kept: &[usize],
    fetched: &[View],
) -> BTreeMap<usize, usize> {
    let use_def = UseDef::new(l.values.len(), l.primitives.iter().map(|k| &k.step));
    let mut edges = use_def.dependencies();
    let mut edges_back = vec![Vec::new(); edges.len()];
    edges.iter().enumerate().for_each(|(from, to)| to.iter().for_each(|&to| edges_back[to].push(from)));
    let mut topology = Topology::new(edges.len());
    let fetched: BTreeSet<usize> = fetched.iter().map(|f| f.operand.buffer).collect();
    let kept: BTreeSet<usize> = kept.iter().copied().collect();
    let mut in_place = BTreeMap::new();
    for (&variable, view) in variable_writes {
        let value = view.operand.buffer;
        let lies_as_variables_do = view.strides == layout::padded(l.layout, view.dtype(), &view.dims).0;
        if fetched.contains(&value) || !lies_as_variables_do {
            continue;
        }
        let Some(writer) = use_def.of_value(value).writer() else { continue };
        let Some(old) = l.found(&Source::Variable(variable)) else {
            in_place.insert(value, variable);
            continue;
        };
        if kept.contains(&old) || !overwrites(&l.primitives[writer].step, old, value) {
            continue;
        }
        let readers: Vec<usize> =
            use_def.of_value(old).reads.iter().copied().filter(|&i| i != writer).collect();
        // Readers that stand behind the writer must be able to go before it.
        let first = topology.place(writer);
        let late: Vec<usize> = readers.iter().copied().filter(|&r| topology.place(r) > first).collect();
        if let Some(last) = late.iter().map(|&r| topology.place(r)).max() {
            let follow = |edges: &[Vec<usize>], from: &[usize], inside: &dyn Fn(usize) -> bool| {
                let next = |primitive: usize, list: &mut Vec<usize>| list.extend(&edges[primitive]);
                topology.reach(from, next, inside, None, usize::MAX).unwrap_or_default()
            };
            let after = follow(&edges, &[writer], &|place| place <= last);
            if late.iter().any(|reader| after.contains(reader)) {
                continue;
            }
            let mut before = follow(&edges_back, &late, &|place| place > first);
            before.extend(&late);
            before.sort_unstable();
            before.dedup();
            topology.arrange(&before, &[writer], &after);
        }
        for reader in readers {
            edges[reader].push(writer);
            edges_back[writer].push(reader);
        }
        in_place.insert(value, variable);
    }
    arrange(l, &edges);
    in_place
}

/// Puts the primitives in an order of execution; the earliest goes first where there is a choice.
pub(super) fn sort(l: &mut Lowering) {
    let use_def = UseDef::new(l.values.len(), l.primitives.iter().map(|k| &k.step));
    arrange(l, &use_def.dependencies());
}

fn arrange(l: &mut Lowering, edges: &[Vec<usize>]) {
    let rows: Vec<Option<usize>> = l.primitives.iter().map(|k| k.step.rows()).collect();
    let mut primitives: Vec<Option<Planned>> =
        std::mem::take(&mut l.primitives).into_iter().map(Some).collect();
    l.primitives = sorted(edges, &rows).into_iter().filter_map(|i| primitives[i].take()).collect();
}

/// Whether a step may write `new` over `old`: it reads `old` only element by element, at the place it writes.
fn overwrites(step: &Primitive, old: usize, new: usize) -> bool {
    let (mut reads, mut output) = (Vec::new(), None);
    step.visit_operands(&mut |OperandUse { role, operand, strides, .. }| match operand.buffer {
        buffer if buffer == old && !role.writes() => reads.push((role, operand.offset, strides)),
        buffer if buffer == new && role.writes() => output = output.or(Some((operand.offset, strides))),
        _ => {}
    });
    reads
        .iter()
        .all(|&(role, offset, strides)| role == Role::ReadElementwise && output == Some((offset, strides)))
}

/// Topological order. Where there is a choice, steps over the same rows follow each other, since threads can
/// then share the rows and need not wait; among these, and where rows change, the earliest built goes first.
fn sorted(edges: &[Vec<usize>], rows: &[Option<usize>]) -> Vec<usize> {
    let mut waiting = vec![0; edges.len()];
    edges.iter().flatten().for_each(|&to| waiting[to] += 1);
    // All that can run next, and the same by rows.
    let mut ready = BTreeSet::new();
    let mut by_rows: BTreeMap<Option<usize>, BTreeSet<usize>> = BTreeMap::new();
    let mut order = Vec::with_capacity(edges.len());
    let mut current = None;
    let mut new: Vec<usize> = (0..edges.len()).filter(|&step| waiting[step] == 0).collect();
    loop {
        for step in new.drain(..) {
            ready.insert(step);
            by_rows.entry(rows[step]).or_default().insert(step);
        }
        if current.is_none() || by_rows.get(&current).is_none_or(BTreeSet::is_empty) {
            let Some(&first) = ready.first() else { return order };
            current = rows[first];
        }
        let Some(step) = by_rows.get_mut(&current).and_then(BTreeSet::pop_first) else { return order };
        ready.remove(&step);
        order.push(step);
        for &to in &edges[step] {
            waiting[to] -= 1;
            if waiting[to] == 0 {
                new.push(to);
            }
        }
    }
}
