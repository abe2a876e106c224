//! Matrix products: every element of the result is one chain of fused multiply-adds in ascending order, however
//! the result is cut into tiles, strips and threads.

mod tile;

use super::Level;
use std::ops::Range;
use tile::Tile;

/// Rows of a tile.
pub(super) const ROWS: usize = 6;
/// Columns of a tile.
pub(super) const COLUMNS: usize = 16;
/// Inner products are advanced this far for all tiles of a strip before they go on, so that the piece of `b` a
/// tile reads stays in the first-level cache.
const DEPTH: usize = 256;

/// A product of one shape.
#[derive(Debug)]
pub(super) struct Plan {
    n: usize,
    k: usize,
    a_strides: [usize; 2],
    b_strides: [usize; 2],
    /// The first column that is read from the packed copy of `b`.
    packed_from: usize,
    tile: Tile,
}

/// The operands of one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operands {
    pub(super) a: *const f32,
    pub(super) b: *const f32,
    /// [`Plan::scratch`] floats, filled by [`Plan::prepare`].
    pub(super) scratch: *mut f32,
}

// SAFETY: strips only read through these pointers; whoever calls them vouches for the rest.
unsafe impl Sync for Operands {}

impl Plan {
    /// A product of `m x k` elements with strides `a_strides` and `k x n` with `b_strides`, in elements.
    pub(super) fn new(
        level: Level,
        n: usize,
        k: usize,
        a_strides: [usize; 2],
        b_strides: [usize; 2],
    ) -> Plan {
        // Whole tiles of a row-major matrix are read where they lie.
        let packed_from = if b_strides[1] == 1 { n / COLUMNS * COLUMNS } else { 0 };
        Plan { n, k, a_strides, b_strides, packed_from, tile: tile::at(level) }
    }

    /// Floats of scratch that a call needs.
    pub(super) fn scratch(&self) -> usize {
        (self.n - self.packed_from).next_multiple_of(COLUMNS).saturating_mul(self.k)
    }

    /// Copies what strips do not read in place: panels of [`COLUMNS`] columns, padded with zeros.
    ///
    /// # Safety
    /// The operands must be good for the plan's shape.
    pub(super) unsafe fn prepare(&self, operands: Operands) {
        let mut to = operands.scratch;
        for first in (self.packed_from..self.n).step_by(COLUMNS) {
            for p in 0..self.k {
                for column in first..first + COLUMNS {
                    // SAFETY: inside `b`, and inside the scratch.
                    unsafe {
                        let element = p * self.b_strides[0] + column * self.b_strides[1];
                        *to = if column < self.n { operands.b.add(element).read_unaligned() } else { 0.0 };
                        to = to.add(1);
                    }
                }
            }
        }
    }

    /// Computes rows `rows` and columns `columns` of the product; row `i` starts at `out + (i - rows.start) * ld`.
    ///
    /// # Safety
    /// The operands must be good for the plan's shape and prepared; `out` must be good for the strip, and meet no
    /// operand. `columns` must start at a multiple of [`COLUMNS`].
    pub(super) unsafe fn strip(
        &self,
        operands: Operands,
        rows: Range<usize>,
        columns: Range<usize>,
        out: *mut f32,
        ld: usize,
    ) {
        let mut start = 0;
        loop {
            let depth = (self.k - start).min(DEPTH);
            for column in columns.clone().step_by(COLUMNS) {
                let width = (columns.end - column).min(COLUMNS);
                // SAFETY: the panel lies in `b` or in the scratch; tiles lie in the strip.
                unsafe {
                    let (b, b_stride) = if column < self.packed_from {
                        let row = start * self.b_strides[0];
                        (operands.b.add(row + column), self.b_strides[0])
                    } else {
                        let panel = (column - self.packed_from) * self.k;
                        (operands.scratch.add(panel + start * COLUMNS).cast_const(), COLUMNS)
                    };
                    for row in rows.clone().step_by(ROWS) {
                        let height = (rows.end - row).min(ROWS);
                        let a = operands.a.add(row * self.a_strides[0] + start * self.a_strides[1]);
                        let to = out.add((row - rows.start) * ld + (column - columns.start));
                        let shape = [height, width, depth];
                        (self.tile)(shape, start == 0, a, self.a_strides, b, b_stride, to, ld);
                    }
                }
            }
            start += depth;
            if start >= self.k {
                return;
            }
        }
    }
}
