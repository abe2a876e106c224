//! What of a product's operands is copied, and where tiles find it.

use super::{COLUMNS, Operands, PAGE, Panel, Panels, Plan};
use std::ops::Range;

impl Plan {
    /// Copies the panels of these columns.
    ///
    /// # Safety
    /// The operands must be good for the plan's shape; `columns` must start at a multiple of [`COLUMNS`].
    pub(in crate::cpu) unsafe fn pack(&self, operands: Operands, columns: Range<usize>) {
        // SAFETY: inside `b`, and inside the scratch.
        unsafe {
            let to = operands.scratch.add(columns.start * self.k);
            self.pack_piece(operands.b, 0..self.k, columns, to);
        }
    }

    /// Copies some rows of these columns of `b`, panel after panel.
    ///
    /// # Safety
    /// `b` must be good for the plan's shape, and `to` for the piece in whole panels.
    unsafe fn pack_piece(&self, b: *const f32, rows: Range<usize>, columns: Range<usize>, to: *mut f32) {
        if let Some(walk) = &self.walks[1] {
            // SAFETY: the caller's promise.
            return unsafe { walk.copy_panels(b, columns, rows, to) };
        }
        let first = rows.start * self.b_strides[0] + columns.start * self.b_strides[1];
        // SAFETY: inside `b`, and inside the copy.
        unsafe {
            let extents = [rows.len(), columns.len()];
            (self.pack)(b.wrapping_add(first), self.b_strides, extents, to, COLUMNS);
        }
    }

    /// Packs rows of `a`: tiles of `height` rows one after the other, each as a panel whose rows are the
    /// tile's columns.
    ///
    /// # Safety
    /// The rows must be there, and room for [`Plan::packed_block`].
    pub(super) unsafe fn pack_rows(
        &self,
        a: *const f32,
        [rows, depth]: [usize; 2],
        height: usize,
        to: *mut f32,
    ) {
        let [down, along] = self.a_strides;
        for row in (0..rows).step_by(height) {
            let extents = [depth, height.min(rows - row)];
            // SAFETY: inside the rows, and inside the copy, from its start to its end.
            unsafe {
                let (from, to) = (a.wrapping_add(row * down), to.add(row * depth));
                (self.pack)(from, [along, down], extents, to, height);
            }
        }
    }

    /// A piece of `b`: the panels of these columns.
    ///
    /// # Safety
    /// As for [`Plan::strip`].
    pub(super) unsafe fn panel(
        &self,
        operands: Operands,
        rows: Range<usize>,
        columns: Range<usize>,
        own: *mut f32,
    ) -> Panel {
        // SAFETY: inside the operand or the scratch.
        unsafe {
            match self.panels {
                Panels::InPlace => Panel {
                    rows: operands.b.wrapping_add(rows.start * self.b_strides[0] + columns.start),
                    down: self.b_strides[0],
                    across: COLUMNS,
                    ahead: if self.b_strides[0] > PAGE { self.tile.columns } else { 0 },
                },
                Panels::Packed | Panels::Kept => Panel {
                    rows: operands.scratch.add(columns.start * self.k + rows.start * COLUMNS),
                    down: COLUMNS,
                    across: self.k * COLUMNS,
                    ahead: 0,
                },
                Panels::PackedLate => {
                    let across = rows.len() * COLUMNS;
                    self.pack_piece(operands.b, rows, columns, own);
                    Panel { rows: own, down: COLUMNS, across, ahead: 0 }
                }
            }
        }
    }
}
