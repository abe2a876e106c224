//! The planner: from a graph, fetches and the shapes of feeds to a program for a device.
//!
//! Prune, check shapes, [lower](crate::lower), drop what nothing needs, compute constants once, order so that
//! an update runs after the last reader of the old value, place every intermediate in one arena by liveness.

mod arena;
mod effort;
mod emit;
mod explain;
mod fuse;
mod loops;
mod lowering;
mod order;
mod pad;
mod portable;
mod prune;
mod shelf;
mod topology;
mod use_def;

pub(crate) use emit::{Binding, Emitted};
pub use explain::{ExecutionPlan, PlannedPrimitive};
use lowering::Scope;
#[cfg(test)]
pub(crate) use lowering::lower_one;
pub use portable::{BufferSource, PortablePlan, PortableProgram, PortableValue};

use crate::{
    Error,
    build::{graph::Inner, node::NodeId},
    lower::{Lowering, Source, View},
};
use minutia_kernels::map::Code;
use minutia_tensor::{DType, MemoryLayout, cpu::ExactFloats, program::ReduceOp};
use std::collections::{BTreeMap, BTreeSet};

/// What a run consists of.
pub(crate) struct Plan {
    /// What depends on constants alone; run once.
    pub setup: Emitted,
    /// What every run does.
    pub main: Emitted,
    /// What a run does last, if its numbers are finite: copies new values into variables.
    pub commit: Emitted,
    /// Where the fetched values lie.
    pub fetches: Vec<Fetched>,
    /// In check-numerics mode: the nodes, and where each one's flag lies.
    pub checks: Vec<(NodeId, Fetched)>,
    /// Variables that must have a value before.
    pub reads: Vec<usize>,
    /// Variables that have a value after.
    pub assigns: Vec<usize>,
    pub arena_bytes: usize,
    pub persistent_bytes: usize,
}

/// A tensor in a buffer, contiguous.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub binding: Binding,
    pub offset: usize,
    pub dtype: DType,
    pub dims: Vec<usize>,
}

impl Plan {
    pub fn new(
        inner: &Inner,
        targets: &[(NodeId, bool)],
        feeds: &BTreeMap<NodeId, Vec<usize>>,
        check_numerics: bool,
        layout: MemoryLayout,
    ) -> Result<Plan, Error> {
        // Operations turn numbers of their own into floats while they are lowered.
        let _exact = ExactFloats::enter();
        let needed = prune::needed(inner, targets, feeds)?;
        let fetches: Vec<NodeId> = targets.iter().filter(|t| t.1).map(|t| t.0).collect();
        let Scope { mut l, views, .. } = lowering::lower(inner, &needed, &fetches, feeds, layout)?;
        let fetched: Vec<View> = fetches.iter().map(|id| views[id].clone()).collect();
        let mut flags = Vec::new();
        if check_numerics {
            // What nothing uses may be anything: an old value that is assigned over need not even be there.
            // Constants are used as parts of map programs.
            let kept: Vec<usize> =
                fetched.iter().chain(l.variable_writes.values()).map(|v| v.operand.buffer).collect();
            let live = prune::live(&l, &kept);
            let used = |id: &&NodeId| {
                // What lies in the body of a loop is seen in the loop's results.
                let Some(view) = views.get(id) else { return false };
                let value = view.operand.buffer;
                let constant = matches!(l.values[value].source, Source::Constant(_));
                inner.nodes[**id].signature.dtype == DType::F32 && (live[value] || constant)
            };
            let checked: Vec<NodeId> = needed.iter().filter(used).copied().collect();
            for id in checked {
                l.node = id;
                let kind = l.map(DType::I32, &[views[&id].clone()], |m, v| {
                    let difference = m.apply(Code::Sub, &[v[0], v[0]]);
                    let zero = m.constant(0.0);
                    let infinite = m.apply(Code::Ne, &[difference, zero]);
                    let nan = m.apply(Code::Ne, &[v[0], v[0]]);
                    m.apply(Code::AddI, &[infinite, nan])
                });
                let axes: Vec<usize> = (0..kind.dims.len()).collect();
                flags.push((id, l.reduce(ReduceOp::Max, &kind, &axes)));
            }
        }
        Ok(assemble(inner, l, fetched, flags, check_numerics))
    }
}

/// Does something while plans are made without fusion.
#[cfg(test)]
pub(crate) fn unfused<T>(f: impl FnOnce() -> T) -> T {
    fuse::OFF.set(true);
    let result = f();
    fuse::OFF.set(false);
    result
}

fn assemble(
    inner: &Inner,
    mut l: Lowering,
    fetched: Vec<View>,
    flags: Vec<(NodeId, View)>,
    defer_commits: bool,
) -> Plan {
    // What is fetched must be contiguous, and must not be overwritten by this run or, for a callable is read
    // later, by another one.
    let mut variable_writes = std::mem::take(&mut l.variable_writes);
    let fetched: Vec<View> = fetched
        .into_iter()
        .map(|view| match l.values[view.operand.buffer].source {
            Source::Variable(_) => l.copy(&view),
            _ => l.contiguous(&view),
        })
        .collect();
    let checked: Vec<View> = flags.iter().map(|f| l.contiguous(&f.1)).collect();
    let kept: Vec<usize> =
        fetched.iter().chain(&checked).chain(variable_writes.values()).map(|v| v.operand.buffer).collect();
    prune::dead_steps(&mut l, &kept);
    let setup = prune::constant_steps(&mut l);
    if !defer_commits {
        fuse::fuse(&mut l, &kept);
    }
    let dense: Vec<usize> = fetched.iter().chain(&checked).map(|v| v.operand.buffer).collect();
    pad::pad(&mut l, &dense, &mut variable_writes);
    let in_place = if defer_commits {
        BTreeMap::new()
    } else {
        order::in_place(&mut l, &variable_writes, &kept, &fetched)
    };
    let done: BTreeSet<usize> = in_place.values().copied().collect();
    let copies: Vec<_> = variable_writes
        .iter()
        .filter(|(variable, _)| !done.contains(variable))
        .map(|(&variable, view)| l.copy_to_variable(variable, view))
        .collect();
    let mut commit = Vec::new();
    if defer_commits {
        commit = copies;
    } else {
        l.primitives.extend(copies);
    }
    let places = arena::BufferAssignment::new(&l, &setup, &in_place, &kept);
    let main = std::mem::take(&mut l.primitives);
    let reads = emit::variables_read(&l, main.iter().chain(&commit), &fetched, &in_place);
    let emitted = |primitives| Emitted::new(&l, &places, inner, primitives, &kept);
    let place = |view: &View| {
        let (binding, offset) = places.of(&l, view.operand.buffer);
        Fetched {
            binding,
            offset: offset + view.operand.offset,
            dtype: view.dtype(),
            dims: view.dims.clone(),
        }
    };
    Plan {
        setup: emitted(setup),
        main: emitted(main),
        commit: emitted(commit),
        fetches: fetched.iter().map(place).collect(),
        checks: flags.iter().zip(&checked).map(|(flag, view)| (flag.0, place(view))).collect(),
        reads,
        assigns: variable_writes.into_keys().collect(),
        arena_bytes: places.arena_bytes,
        persistent_bytes: places.persistent_bytes,
    }
}
