//! Reductions whose elements follow each other in the nest.

use crate::cpu::{
    map::instructions::LANES,
    reduce::{RESULTS, ReduceStep, ThreadStates, depth, kernels::ReduceKernels},
};
use minutia_kernels::reduce::BLOCK;
use std::ops::Range;

/// Blocks of blocks of blocks: enough for any length that memory can hold.
const MAX_DEPTH: usize = 7;

/// One reduction in progress: at each depth the lanes of the current block, and how many elements it took.
struct Tower<'a> {
    kernels: &'a ReduceKernels,
    depth: usize,
    lanes: [[u32; LANES]; MAX_DEPTH],
    counts: [usize; MAX_DEPTH],
}

impl ReduceStep {
    /// # Safety
    /// The frames must be prepared, and the results exist.
    pub(super) unsafe fn run_short_rows(&self, frames: &mut ThreadStates, range: Range<usize>) {
        let ThreadStates { prologue, epilogue, results, work } = frames;
        let rows_a_block = self.prologue.block().checked_div(self.length).unwrap_or(RESULTS);
        let mut at = range.start;
        while at < range.end {
            let end = (at + RESULTS).min(range.end);
            let mut row = at;
            while row < end {
                let stop = (row + rows_a_block).min(end);
                // SAFETY: blocks end at rows' ends: a row of the nest is a multiple of the reduced elements.
                unsafe {
                    if self.length == 0 {
                        (self.kernels.rows)(*work, 0, stop - row, work.add(row - at));
                    }
                    self.prologue.run(
                        prologue,
                        row * self.length,
                        stop * self.length,
                        std::ptr::null(),
                        |element, values, n| {
                            let first = element / self.length;
                            (self.kernels.rows)(values, self.length, n / self.length, work.add(first - at));
                        },
                    );
                }
                row = stop;
            }
            // SAFETY: the caller's promise.
            unsafe { self.finish((&mut *epilogue, *results), at, end - at, *work) };
            at = end;
        }
    }

    /// # Safety
    /// The frames must be prepared, and the results exist.
    pub(super) unsafe fn run_rows(&self, frames: &mut ThreadStates, range: Range<usize>) {
        let ThreadStates { prologue, epilogue, results, work } = frames;
        let mut at = range.start;
        while at < range.end {
            let end = (at + RESULTS).min(range.end);
            for row in at..end {
                let first = row * self.length;
                let mut lanes = [self.kernels.identity; LANES];
                // SAFETY: the row exists; the caller's promise.
                unsafe {
                    self.prologue.run(
                        prologue,
                        first,
                        first + self.length,
                        std::ptr::null(),
                        |element, values, n| {
                            (self.kernels.accumulate)(lanes.as_mut_ptr(), values, element - first, n);
                        },
                    );
                    *work.add(row - at) = (self.kernels.tree)(lanes.as_ptr());
                }
            }
            // SAFETY: the caller's promise.
            unsafe { self.finish((&mut *epilogue, *results), at, end - at, *work) };
            at = end;
        }
    }

    /// # Safety
    /// The frames must be prepared, and the results exist.
    pub(super) unsafe fn run_long_rows(&self, frames: &mut ThreadStates, range: Range<usize>) {
        let ThreadStates { prologue, epilogue, results, work } = frames;
        let mut tower = Tower::new(&self.kernels, depth(self.length));
        let mut at = range.start;
        while at < range.end {
            let end = (at + RESULTS).min(range.end);
            for row in at..end {
                let first = row * self.length;
                tower.clear();
                // SAFETY: the row exists; the caller's promise.
                unsafe {
                    self.prologue.run(
                        prologue,
                        first,
                        first + self.length,
                        std::ptr::null(),
                        |_, values, n| tower.take(values, n),
                    );
                    *work.add(row - at) = tower.finish();
                }
            }
            // SAFETY: the caller's promise.
            unsafe { self.finish((&mut *epilogue, *results), at, end - at, *work) };
            at = end;
        }
    }
}

impl<'a> Tower<'a> {
    fn new(kernels: &'a ReduceKernels, depth: usize) -> Tower<'a> {
        let lanes = [[kernels.identity; LANES]; MAX_DEPTH];
        Tower { kernels, depth, lanes, counts: [0; MAX_DEPTH] }
    }

    fn clear(&mut self) {
        self.lanes[..self.depth].fill([self.kernels.identity; LANES]);
        self.counts[..self.depth].fill(0);
    }

    /// # Safety
    /// `n` values must lie there.
    unsafe fn take(&mut self, mut values: *const u32, mut n: usize) {
        while n > 0 {
            let count = self.counts[0] % BLOCK;
            if count == 0 && self.counts[0] > 0 {
                // SAFETY: lanes are lanes.
                unsafe { self.carry(0) };
            }
            let taken = n.min(BLOCK - count);
            // SAFETY: the caller's promise.
            unsafe {
                (self.kernels.accumulate)(self.lanes[0].as_mut_ptr(), values, count, taken);
                values = values.add(taken);
            }
            self.counts[0] += taken;
            n -= taken;
        }
    }

    /// Ends the block at `level`, whose result becomes an element of the level above.
    ///
    /// # Safety
    /// There must be a level above.
    unsafe fn carry(&mut self, level: usize) {
        let above = level + 1;
        let count = self.counts[above] % BLOCK;
        // SAFETY: lanes are lanes.
        unsafe {
            if count == 0 && self.counts[above] > 0 {
                self.carry(above);
            }
            let result = (self.kernels.tree)(self.lanes[level].as_ptr());
            (self.kernels.accumulate)(self.lanes[above].as_mut_ptr(), &result, count, 1);
        }
        self.counts[above] += 1;
        self.lanes[level] = [self.kernels.identity; LANES];
    }

    fn finish(&mut self) -> u32 {
        // SAFETY: lanes are lanes.
        unsafe {
            for level in 0..self.depth - 1 {
                self.carry(level);
            }
            (self.kernels.tree)(self.lanes[self.depth - 1].as_ptr())
        }
    }
}
