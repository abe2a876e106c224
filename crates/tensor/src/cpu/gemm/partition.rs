//! Partition of a product's result into parts for threads, and of parts into strips that fit the second-level
//! cache until the epilogue has run.

use crate::cpu::{
    gemm::{COLUMNS, Plan},
    threads::chunks::part,
};
use std::ops::Range;

/// MC x NC: floats in a strip, half of a small second-level cache.
const STRIP: usize = 32 * 1024;
/// Columns of a strip, at most.
const STRIP_COLUMNS: usize = 4096;
/// The same of a product whose operands are packed in blocks: a number of either is packed for each strip.
const BLOCK_STRIP: usize = 64 * 1024;
const BLOCK_STRIP_COLUMNS: usize = 512;
/// Tiles from top to bottom that are too few to split.
const FEW_ROWS: usize = 8;
/// Tiles from left to right that are too few to split.
const FEW_COLUMNS: usize = 8;

/// The partition of one product.
#[derive(Clone, Debug)]
pub(in crate::cpu) struct Partition {
    extents: [usize; 2],
    /// Into how many parts rows and columns are split.
    split: [usize; 2],
    /// Rows and columns of a strip.
    pub(in crate::cpu) strip: [usize; 2],
    /// How many strips lie side by side in a part.
    across: usize,
}

impl Partition {
    /// The partition of a result of `m x n` into about `pays` parts for so many threads, for the dense or the
    /// `sparse` product.
    pub(in crate::cpu) fn new(
        plan: &Plan,
        [m, n]: [usize; 2],
        pays: usize,
        threads: usize,
        sparse: bool,
    ) -> Partition {
        let tiles = [m.div_ceil(plan.tile_rows()).max(1), n.div_ceil(COLUMNS).max(1)];
        let wide = plan.packs_columns() && n > 2 * m && !sparse;
        let split = if wide || tiles[0] < tiles[1].min(FEW_ROWS) {
            [1, pays.min(plan.widest_split())]
        } else if plan.splits_columns(threads, sparse) && pays > 1 && tiles[1] >= FEW_COLUMNS {
            // Each part reads its rows of `a` and its columns of `b`: as few of one as of the other.
            let across = threads.isqrt().clamp(2, plan.widest_split().max(2));
            [(threads / across).clamp(1, tiles[0]), across]
        } else {
            // Each part of a sparse product looks through all of `b`.
            let parts = if sparse { pays.min(threads) } else { pays };
            [parts.min(tiles[0]), 1]
        };
        let widest = part(n, COLUMNS, split[1], 0).len();
        let (floats, most) = if plan.is_blocked() && !sparse {
            (BLOCK_STRIP, BLOCK_STRIP_COLUMNS)
        } else {
            (STRIP, STRIP_COLUMNS)
        };
        let across = widest.div_ceil(most).max(1);
        let columns = part(widest, COLUMNS, across, 0).len().next_multiple_of(COLUMNS);
        let rows = m.div_ceil(split[0]);
        let high = (floats / columns.max(1)).max(plan.tile_rows());
        let rows = rows.div_ceil(rows.div_ceil(high).max(1)).max(1);
        Partition { extents: [m, n], split, strip: [rows, columns], across }
    }

    pub(in crate::cpu) fn parts(&self) -> usize {
        self.split[0] * self.split[1]
    }

    /// Into how many parts columns are split.
    pub(in crate::cpu) fn side_by_side(&self) -> usize {
        self.split[1]
    }

    /// Whether all is one strip.
    pub(in crate::cpu) fn is_whole(&self) -> bool {
        self.split == [1, 1] && self.strip[0] >= self.extents[0] && self.strip[1] >= self.extents[1]
    }

    /// Rows and columns of part `i`. Numbers go along the columns first: where columns are split in two, each
    /// of two threads that take every second part keeps its columns.
    pub(in crate::cpu) fn part(&self, i: usize) -> [Range<usize>; 2] {
        let [rows, columns] = [i / self.split[1], i % self.split[1]];
        [
            part(self.extents[0], 1, self.split[0], rows),
            part(self.extents[1], COLUMNS, self.split[1], columns),
        ]
    }

    /// The columns of each strip of a part with these columns.
    pub(in crate::cpu) fn strips(&self, columns: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        (0..self.across).map(move |i| {
            let strip = part(columns.len(), COLUMNS, self.across, i);
            columns.start + strip.start..columns.start + strip.end
        })
    }
}
