//! Reductions whose results follow each other in memory: a strip of columns is reduced at once, with an
//! accumulator for each lane and column.

use crate::{
    cpu::{
        map::{convert::fill, instructions::LANES},
        reduce::{ReduceStep, ThreadStates, depth},
    },
    program::Reduce,
};
use minutia_kernels::reduce::BLOCK;
use std::ops::Range;

/// Whether to walk along the results: where an operand has them side by side and none has the reduced
/// elements so.
pub(super) fn suits(step: &Reduce, outputs: usize) -> bool {
    let innermost = |dims: &[usize]| dims.iter().rposition(|&d| d != 1);
    let (Some(kept), Some(reduced)) = (innermost(&step.dims), innermost(&step.reduced)) else {
        return false;
    };
    let along = |axis: usize| step.inputs.iter().any(|a| a.strides[axis] == 1);
    outputs > 0 && along(kept) && !along(step.dims.len() + reduced)
}

impl ReduceStep {
    /// # Safety
    /// The frames must be prepared, and the results exist.
    pub(super) unsafe fn run_columns(&self, frames: &mut ThreadStates, range: Range<usize>, width: usize) {
        let ThreadStates { prologue, epilogue, results, work } = frames;
        let mut start = range.start;
        while start < range.end {
            let strip = width.min(range.end - start);
            // SAFETY: the work area holds `depth` groups of lanes of `width` columns; the elements exist.
            unsafe {
                let levels = depth(self.length);
                fill_exactly(self.kernels.identity, *work, levels * LANES * strip);
                // Rows that are neighbours and fill a group of lanes can be taken together.
                let together =
                    if strip == self.outputs && LANES * strip <= self.prologue.block() { LANES } else { 1 };
                let mut row = 0;
                while row < self.length {
                    if row > 0 && row.is_multiple_of(BLOCK) {
                        self.carry(*work, strip, row / BLOCK - 1, 0);
                    }
                    let rows = together.min(self.length - row);
                    let first = row * self.outputs + start;
                    let sums = work.add(row % LANES * strip);
                    let n = if rows == 1 { strip } else { rows * strip };
                    self.prologue.run(prologue, first, first + n, std::ptr::null(), |element, values, n| {
                        self.kernels.combine(sums.add(element - first), values, n);
                    });
                    row += rows;
                }
                let mut blocks = self.length.div_ceil(BLOCK);
                for level in 0..levels - 1 {
                    self.carry(*work, strip, blocks - 1, level);
                    blocks = blocks.div_ceil(BLOCK);
                }
                let sums = work.add((levels - 1) * LANES * strip);
                self.tree(sums, strip);
                self.finish((&mut *epilogue, *results), start, strip, sums);
            }
            start += strip;
        }
    }

    /// Ends block `block` at `level`: its results become elements of the level above.
    ///
    /// # Safety
    /// There must be accumulators of `strip` columns for the level above.
    unsafe fn carry(&self, work: *mut u32, strip: usize, block: usize, level: usize) {
        // SAFETY: the level above exists, since there are several blocks.
        unsafe {
            if block > 0 && block.is_multiple_of(BLOCK) {
                self.carry(work, strip, block / BLOCK - 1, level + 1);
            }
            let sums = work.add(level * LANES * strip);
            let above = sums.add(LANES * strip);
            self.tree(sums, strip);
            self.kernels.combine(above.add(block % LANES * strip), sums, strip);
            fill_exactly(self.kernels.identity, sums, LANES * strip);
        }
    }

    /// Combines the lanes of every column; the results lie where the first lane was.
    ///
    /// # Safety
    /// There must be [`LANES`] accumulators for each of `strip` columns.
    unsafe fn tree(&self, sums: *mut u32, strip: usize) {
        let mut half = LANES / 2;
        while half > 0 {
            // SAFETY: there are LANES accumulators for each column.
            unsafe { self.kernels.combine(sums, sums.add(half * strip), half * strip) };
            half /= 2;
        }
    }
}

/// Fills a multiple of [`LANES`] words.
///
/// # Safety
/// `to` must be good for `n` words.
unsafe fn fill_exactly(word: u32, to: *mut u32, n: usize) {
    debug_assert!(n.is_multiple_of(LANES));
    // SAFETY: whole groups of lanes end at `n`.
    unsafe { fill(word, to, n) };
}
