//! The finished program of a device.

use super::arena::BufferAssignment;
use crate::{
    build::{graph::Inner, node::NodeId},
    lower::{Lowering, Planned, Source, View},
};
use minutia_tensor::{
    Tensor,
    program::{BufferSpec, Map, MapProgram, Operand, OperandUse, Primitive, Program},
};
use std::collections::BTreeMap;

/// What a program's buffer is bound to.
#[derive(Clone, Debug)]
pub(crate) enum Binding {
    /// Intermediates of a run.
    Arena,
    /// What was computed once from constants.
    Persistent,
    /// A constant: its value's number, its contents.
    Constant(usize, Tensor),
    Feed(NodeId),
    Variable(usize),
    Counter(NodeId),
}

impl Binding {
    /// What tells bindings apart: a kind, and a number among those of the kind.
    pub(crate) fn key(&self) -> (u8, usize) {
        match *self {
            Binding::Arena => (0, 0),
            Binding::Persistent => (1, 0),
            Binding::Constant(value, _) => (2, value),
            Binding::Feed(node) => (3, node),
            Binding::Variable(variable) => (4, variable),
            Binding::Counter(node) => (5, node),
        }
    }
}

/// A program and what its buffers are.
pub(crate) struct Emitted {
    pub program: Program,
    pub bindings: Vec<Binding>,
    /// What each step computes, and how it came about.
    pub primitives: Vec<Planned>,
}

impl Emitted {
    /// The program of these primitives. Only the values in `kept` are read after it: all others are
    /// temporary, which a device may use to skip work.
    pub(super) fn new(
        l: &Lowering,
        places: &BufferAssignment,
        inner: &Inner,
        primitives: Vec<Planned>,
        kept: &[usize],
    ) -> Emitted {
        let mut passing: Vec<bool> =
            (0..l.values.len()).map(|value| matches!(places.of(l, value).0, Binding::Arena)).collect();
        kept.iter().for_each(|&value| passing[value] = false);
        let passing = |value: &usize| passing[*value];
        let temporary = primitives.iter().map(|k| k.step.reads_and_writes().1.iter().all(passing)).collect();
        let mut steps: Vec<Primitive> = primitives.iter().map(|k| k.step.clone()).collect();
        let mut bindings: Vec<Binding> = Vec::new();
        let mut known: BTreeMap<(u8, usize), usize> = BTreeMap::new();
        let mut buffers: Vec<BufferSpec> = Vec::new();
        for step in &mut steps {
            step.visit_operands_mut(&mut |OperandUse { role, operand, .. }| {
                let (binding, offset) = places.of(l, operand.buffer);
                let index = *known.entry(binding.key()).or_insert_with(|| {
                    let bytes = match &binding {
                        Binding::Arena => places.arena_bytes,
                        Binding::Persistent => places.persistent_bytes,
                        _ => l.values[operand.buffer].bytes,
                    };
                    bindings.push(binding);
                    buffers.push(BufferSpec { bytes, written: false });
                    bindings.len() - 1
                });
                buffers[index].written |= role.writes();
                operand.buffer = index;
                operand.offset = operand.offset.saturating_add(offset);
            });
        }
        let names = primitives.iter().map(|primitive| name(inner, primitive)).collect();
        Emitted { program: Program { buffers, steps, names, temporary }, bindings, primitives }
    }
}

/// What errors call a primitive: the node that it computes, the first if there are several.
pub(super) fn name(inner: &Inner, primitive: &Planned) -> String {
    match primitive.nodes.first() {
        Some(&id) => format!("{} '{}'", inner.nodes[id].op.name(), inner.nodes[id].name),
        None => "the copy to a variable".to_string(),
    }
}

/// The variables whose old values a run needs.
pub(super) fn variables_read<'a>(
    l: &Lowering,
    primitives: impl Iterator<Item = &'a Planned>,
    fetched: &[View],
    in_place: &BTreeMap<usize, usize>,
) -> Vec<usize> {
    let mut reads: Vec<usize> = primitives
        .flat_map(|k| k.step.reads_and_writes().0)
        .chain(fetched.iter().map(|v| v.operand.buffer))
        .filter(|value| !in_place.contains_key(value))
        .filter_map(|value| match l.values[value].source {
            Source::Variable(variable) => Some(variable),
            _ => None,
        })
        .collect();
    reads.sort_unstable();
    reads.dedup();
    reads
}

impl Lowering {
    /// The step that makes a value the variable's.
    pub(super) fn copy_to_variable(&mut self, variable: usize, view: &View) -> Planned {
        let target = self.source(Source::Variable(variable), view.dtype(), &view.dims);
        let operand = Operand { ..target.operand };
        let step = Primitive::Map(Map {
            dims: view.dims.clone(),
            inputs: vec![view.access()],
            program: MapProgram::identity(),
            outputs: vec![minutia_tensor::program::Access { operand, strides: target.strides }],
        });
        Planned::new(step, Vec::new())
    }
}
