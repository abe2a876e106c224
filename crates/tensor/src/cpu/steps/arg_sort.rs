//! Positions in the order of elements.

use crate::{
    DType,
    cpu::{
        context::{Build, Run},
        steps::lines::Lines,
    },
    program::ArgSort,
};
use minutia_kernels::extremum::key;
use std::slice;

/// An `ArgSort` step. Positions are sorted where they are to lie; an element and its position order all of
/// them, so that any way of sorting finds the same.
#[derive(Debug)]
pub(in crate::cpu) struct ArgSortStep {
    lines: Lines,
    float: bool,
    descending: bool,
}

impl ArgSortStep {
    pub(in crate::cpu) fn new(step: &ArgSort, build: &Build) -> ArgSortStep {
        let comparisons = step.length.checked_ilog2().map_or(1, |log| log as usize + 1);
        let cost = comparisons.saturating_mul(10);
        ArgSortStep {
            lines: Lines::new(&step.dims, step.length, [&step.input, &step.output], cost, build),
            float: step.input.operand.dtype == DType::F32,
            descending: step.descending,
        }
    }

    /// Roughly how long it takes, in units of an addition in the first-level cache.
    pub(in crate::cpu) fn cost(&self) -> usize {
        self.lines.cost
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) {
        let (length, [stride, _]) = (self.lines.length, self.lines.along);
        // SAFETY: the caller's promise; lines are inside their buffers, and parts have lines of their own.
        // Positions lie side by side, aligned as every written buffer is.
        unsafe {
            self.lines.each(run, &|from, to| {
                let key = |position: i32| {
                    let word = from.add(position as usize * stride * 4).cast::<u32>().read_unaligned();
                    let key = key(word, self.float, true);
                    if self.descending { -key } else { key }
                };
                to.write_bytes(0, length * 4);
                let positions = slice::from_raw_parts_mut(to.cast::<i32>(), length);
                positions.iter_mut().zip(0..).for_each(|(position, i)| *position = i);
                positions.sort_unstable_by_key(|&position| (key(position), position));
            });
        }
    }
}
