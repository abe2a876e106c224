//! Where each value lives.

use super::{Binding, shelf::Shelf};
use crate::lower::{Lowering, Planned, Source};
use minutia_tensor::MemoryLayout;
use std::collections::BTreeMap;

/// Values of so many bytes do not share memory with others that primitives over the same rows have; larger
/// ones would take too much of it.
const SMALL: usize = 1 << 17;

/// Where the next value may begin. No memory reaches as far as the greatest number, which is found out when
/// it is asked for.
fn end(layout: MemoryLayout, offset: usize, bytes: usize) -> usize {
    offset.saturating_add(bytes).checked_next_multiple_of(layout.alignment()).unwrap_or(usize::MAX)
}

/// The place of every value.
pub(super) struct BufferAssignment {
    computed: BTreeMap<usize, (Binding, usize)>,
    pub arena_bytes: usize,
    pub persistent_bytes: usize,
}

impl BufferAssignment {
    /// Values of `setup` stay for good; those of the main steps share the arena, each from its first writer
    /// to its last reader; `kept` ones stay until the run's end.
    pub fn new(
        l: &Lowering,
        setup: &[Planned],
        in_place: &BTreeMap<usize, usize>,
        kept: &[usize],
    ) -> BufferAssignment {
        let mut computed: BTreeMap<usize, (Binding, usize)> =
            in_place.iter().map(|(&value, &variable)| (value, (Binding::Variable(variable), 0))).collect();
        let mut persistent_bytes = 0;
        for value in setup.iter().flat_map(|k| k.step.reads_and_writes().1) {
            if l.values[value].source == Source::Computed && !computed.contains_key(&value) {
                computed.insert(value, (Binding::Persistent, persistent_bytes));
                persistent_bytes = end(l.layout, persistent_bytes, l.values[value].bytes);
            }
        }
        let mut lives: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (i, primitive) in l.primitives.iter().enumerate() {
            let (reads, writes) = primitive.step.reads_and_writes();
            for value in writes.into_iter().chain(reads) {
                if l.values[value].source == Source::Computed && !computed.contains_key(&value) {
                    lives.entry(value).or_insert((i, i)).1 = i;
                }
            }
        }
        // Threads may take rows through several primitives apart from each other: none must find another
        // value's rows where it is about to write its own.
        let mut ends: Vec<usize> = (0..l.primitives.len()).collect();
        for i in (1..ends.len()).rev() {
            let [before, here] = [i - 1, i].map(|i| l.primitives[i].step.rows());
            if here.is_some() && before == here {
                ends[i - 1] = ends[i];
            }
        }
        for (&value, life) in &mut lives {
            if l.values[value].bytes <= SMALL {
                life.1 = ends[life.1];
            }
        }
        for value in kept {
            if let Some(life) = lives.get_mut(value) {
                life.1 = usize::MAX;
            }
        }
        let mut by_size: Vec<(usize, (usize, usize))> = lives.into_iter().collect();
        by_size.sort_by_key(|&(value, life)| (std::cmp::Reverse(l.values[value].bytes), life));
        // Largest first, each at the lowest offset that is free during its whole life.
        let mut shelf = Shelf::new(l.primitives.len());
        let mut arena_bytes = 0;
        for (value, life) in by_size {
            let bytes = end(l.layout, 0, l.values[value].bytes);
            let offset = shelf.take((life.0, life.1.min(l.primitives.len() - 1)), bytes);
            arena_bytes = arena_bytes.max(offset.saturating_add(bytes));
            computed.insert(value, (Binding::Arena, offset));
        }
        BufferAssignment { computed, arena_bytes, persistent_bytes }
    }

    /// The buffer of a value, and its offset there.
    pub fn of(&self, l: &Lowering, value: usize) -> (Binding, usize) {
        let binding = match &l.values[value].source {
            // No primitive makes what has no elements, and nothing of it is ever touched.
            Source::Computed => return self.computed.get(&value).cloned().unwrap_or((Binding::Arena, 0)),
            Source::Constant(tensor) => Binding::Constant(value, tensor.clone()),
            Source::Feed(node) => Binding::Feed(*node),
            Source::Variable(variable) => Binding::Variable(*variable),
            Source::Counter(node) => Binding::Counter(*node),
            Source::Outer(_) => unreachable!("bodies of loops are placed around their loops"),
        };
        (binding, 0)
    }
}
