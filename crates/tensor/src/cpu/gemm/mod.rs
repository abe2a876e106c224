//! Matrix products: every element of the result is one chain of fused multiply-adds in ascending order, however
//! the result is cut into tiles, strips and threads.

mod pack;
mod sparse;
mod tile;

use super::Level;
use sparse::Sparse;
use std::ops::Range;
use tile::{Panel, Tile};

/// Rows of a tile.
pub(super) const ROWS: usize = 6;
/// Columns of a tile.
pub(super) const COLUMNS: usize = 16;
/// Inner products are advanced this far for all tiles of a strip before they go on, so that the piece of `b` a
/// tile reads stays in the first-level cache.
const DEPTH: usize = 256;
/// Products smaller than this are not looked through for zeros.
const SPARSE_WORK: usize = 1 << 20;

/// A product of one shape.
#[derive(Debug)]
pub(super) struct Plan {
    n: usize,
    k: usize,
    a_strides: [usize; 2],
    b_strides: [usize; 2],
    /// Whether `b` is read where it lies, except for rows of the last panel that would be read past the end.
    in_place: bool,
    tile: Tile,
    pack: pack::Pack,
    /// How many numbers `a` has, if the operands lie so that zeros in `a` can be left out.
    sparse: Option<(Sparse, usize)>,
}

/// The operands of one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operands {
    pub(super) a: *const f32,
    pub(super) b: *const f32,
    /// [`Plan::scratch`] floats, filled by [`Plan::pack`].
    pub(super) scratch: *mut f32,
    /// Whether zeros in `a` are left out, as [`Plan::is_sparse`] says.
    pub(super) sparse: bool,
}

// SAFETY: strips only read through these pointers; whoever calls them vouches for the rest.
unsafe impl Sync for Operands {}

impl Plan {
    /// A product of `m x k` elements with strides `a_strides` and `k x n` with `b_strides`, in elements.
    pub(super) fn new(
        level: Level,
        [m, n, k]: [usize; 3],
        a_strides: [usize; 2],
        b_strides: [usize; 2],
    ) -> Plan {
        let in_place = b_strides[1] == 1 && b_strides[0] > 0;
        let whole = a_strides == [k, 1] || a_strides == [1, m];
        let large = m.saturating_mul(n).saturating_mul(k) >= SPARSE_WORK;
        let sparse =
            (whole && large && n >= COLUMNS && b_strides == [n, 1]).then(|| (Sparse::at(level), m * k));
        Plan { n, k, a_strides, b_strides, in_place, tile: tile::at(level), pack: pack::at(level), sparse }
    }

    /// Floats of scratch that a call needs.
    pub(super) fn scratch(&self) -> usize {
        let panels = if self.in_place { 1 } else { self.n.div_ceil(COLUMNS) };
        (panels * COLUMNS).saturating_mul(self.k - self.readable(self.n / COLUMNS * COLUMNS))
    }

    /// How many rows of the panel from `column` can be read in place: a panel is read whole, so that the last
    /// rows of one that is not full would be read past the matrix.
    fn readable(&self, column: usize) -> usize {
        if !self.in_place || self.k == 0 {
            return 0;
        }
        let end = (self.k - 1) * self.b_strides[0] + self.n;
        end.checked_sub(column + COLUMNS).map_or(0, |room| (room / self.b_strides[0] + 1).min(self.k))
    }

    /// Where the packed rows of the panel from `column` start.
    fn packed(&self, column: usize) -> usize {
        if self.in_place { 0 } else { column * self.k }
    }

    /// The columns whose panels are copied for strips that do not read them in place.
    pub(super) fn packed_columns(&self) -> Range<usize> {
        (if self.in_place { self.n / COLUMNS * COLUMNS } else { 0 })..self.n
    }

    /// Copies the panels of these columns, or the rows of them that strips do not read in place.
    ///
    /// # Safety
    /// The operands must be good for the plan's shape; `columns` must start at a multiple of [`COLUMNS`].
    pub(super) unsafe fn pack(&self, operands: Operands, columns: Range<usize>) {
        let end = columns.end;
        for column in columns.step_by(COLUMNS) {
            let first = self.readable(column);
            let element = first * self.b_strides[0] + column * self.b_strides[1];
            let extents = [self.k - first, (end - column).min(COLUMNS)];
            // SAFETY: inside `b`, and inside the scratch.
            unsafe {
                let to = operands.scratch.add(self.packed(column));
                (self.pack)(operands.b.wrapping_add(element), self.b_strides, extents, to);
            }
        }
    }

    /// Whether zeros in `a` should be left out.
    ///
    /// # Safety
    /// The operands must be good for the plan's shape.
    pub(super) unsafe fn is_sparse(&self, operands: Operands) -> bool {
        // SAFETY: the operand is contiguous.
        self.sparse.as_ref().is_some_and(|(sparse, n)| unsafe { sparse.pays(operands.a, *n) })
    }

    /// Whether columns should be split before rows: where zeros are left out, each part copies the pieces of `b` that
    /// it needs, and lists the numbers of its rows of `a`. Lists are the cheaper of the two unless `a` is transposed.
    pub(super) fn splits_columns(&self) -> bool {
        self.sparse.is_some() && self.a_strides[1] == 1
    }

    /// Bytes of scratch that a strip needs for itself.
    pub(super) fn own_scratch(&self) -> usize {
        if self.sparse.is_some() { sparse::SCRATCH } else { 0 }
    }

    /// Computes rows `rows` and columns `columns` of the product; row `i` starts at `out + (i - rows.start) * ld`.
    ///
    /// # Safety
    /// The operands must be good for the plan's shape, and packed; `out` must be good for the strip, and meet no
    /// operand; `own` must offer [`Plan::own_scratch`] bytes. `columns` must start at a multiple of [`COLUMNS`].
    pub(super) unsafe fn strip(
        &self,
        operands: Operands,
        rows: Range<usize>,
        columns: Range<usize>,
        out: *mut f32,
        ld: usize,
        own: *mut u8,
    ) {
        if let Some((sparse, _)) =
            self.sparse.as_ref().filter(|_| operands.sparse && columns.len() >= COLUMNS)
        {
            // SAFETY: the caller's promise.
            unsafe {
                sparse.strip(&sparse::Call {
                    shape: [rows.len(), columns.len(), self.k],
                    a: operands.a.add(rows.start * self.a_strides[0]),
                    a_strides: self.a_strides,
                    b: operands.b.add(columns.start),
                    b_stride: self.b_strides[0],
                    out,
                    ld,
                    scratch: own,
                });
            }
            return;
        }
        let mut start = 0;
        loop {
            let depth = (self.k - start).min(DEPTH);
            for column in columns.clone().step_by(COLUMNS) {
                let width = (columns.end - column).min(COLUMNS);
                // SAFETY: the panel lies in `b` or in the scratch; tiles lie in the strip.
                unsafe {
                    let readable = self.readable(column);
                    let b = Panel {
                        rows: operands.b.wrapping_add(start * self.b_strides[0] + column),
                        stride: self.b_strides[0],
                        readable: readable.saturating_sub(start),
                        rest: operands
                            .scratch
                            .add(self.packed(column) + start.saturating_sub(readable) * COLUMNS),
                    };
                    for row in rows.clone().step_by(ROWS) {
                        let height = (rows.end - row).min(ROWS);
                        let a = operands.a.add(row * self.a_strides[0] + start * self.a_strides[1]);
                        let to = out.add((row - rows.start) * ld + (column - columns.start));
                        let shape = [height, width, depth];
                        (self.tile)(shape, start == 0, a, self.a_strides, b, to, ld);
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
