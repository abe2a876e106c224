//! Products with fewer columns than a vector has lanes, whose left operand is copied anyway: the lanes of a
//! vector are rows of the result, and columns are what is broadcast. Each element is the chain that it is
//! elsewhere.

use super::{
    BLOCK_ROWS, COLUMNS, Operands, Panel, Plan, TileCall,
    epilogue::Out,
    walk::{Walk, pitch},
};
use std::ops::Range;

/// Rows of a block.
const ROWS: usize = BLOCK_ROWS / COLUMNS * COLUMNS;

impl Plan {
    /// Whether the lanes of a vector are rows of the result.
    pub(super) fn is_narrow(&self) -> bool {
        self.walks[0].is_some() && self.walks[1].is_none() && self.n < COLUMNS
    }

    /// Floats for a block of `a`.
    fn narrow_block(&self) -> usize {
        Walk::block(ROWS + COLUMNS, self.depth)
    }

    /// Bytes of scratch that such a strip needs: for a block of `a` and for its sums.
    pub(super) fn narrow_scratch(&self) -> usize {
        (self.narrow_block() + self.n * pitch(ROWS)) * 4
    }

    /// What [`Plan::strip`] does, of all columns.
    ///
    /// # Safety
    /// As for [`Plan::strip`]; the scratch must have [`Plan::narrow_scratch`] bytes.
    pub(super) unsafe fn narrow_strip(
        &self,
        walk: &Walk,
        operands: Operands,
        rows: Range<usize>,
        out: Out,
        own: *mut f32,
    ) {
        let [down, across] = self.b_strides;
        let sums = own.wrapping_add(self.narrow_block());
        let height = self.tile.height(self.n);
        for top in rows.clone().step_by(ROWS) {
            let block = top..(top + ROWS).min(rows.end);
            let ld = pitch(block.len());
            for start in (0..self.k.max(1)).step_by(self.depth) {
                let terms = start..(start + self.depth).min(self.k);
                let depth = terms.len();
                // SAFETY: the block lies in `a`, and its copy in the scratch.
                let pitch = unsafe { walk.copy_across(self.pack, operands.a, block.clone(), terms, own) };
                for row in (0..block.len()).step_by(self.tile.columns) {
                    for column in (0..self.n).step_by(height) {
                        let call = TileCall {
                            height: height.min(self.n - column),
                            width: self.tile.columns.min(block.len() - row),
                            depth,
                            first: start == 0,
                            a: operands.b.wrapping_add(start * down + column * across),
                            a_strides: [across, down],
                            b: Panel { rows: own.wrapping_add(row), down: pitch, across: COLUMNS, ahead: 0 },
                            out: sums.wrapping_add(column * ld + row),
                            ld,
                        };
                        // SAFETY: the operands are there or copied; the sums lie in the scratch.
                        unsafe { (self.tile.micro_kernel)(&call) };
                    }
                }
            }
            for (row, r) in block.enumerate() {
                let to = out.at(r - rows.start, 0).start;
                for column in 0..self.n {
                    // SAFETY: inside the strip, and inside the scratch.
                    unsafe { *to.add(column) = *sums.add(column * ld + row) };
                }
            }
        }
    }
}
