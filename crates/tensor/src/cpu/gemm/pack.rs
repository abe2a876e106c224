//! Panels of `b` that are not read where they lie, copied so that a row of a panel is a vector.

use crate::cpu::{
    gemm::COLUMNS,
    simd::{by_vector, vector::Vector},
};

/// Copies a panel: `rows` rows of `width` columns, which lie `down` and `across` apart, to rows of
/// [`COLUMNS`] numbers. What lies beyond `width` columns of them reaches no column of the result.
///
/// # Safety
/// The CPU must have the instructions; the panel and room for it must be there.
#[inline(always)]
unsafe fn copy<V: Vector>(
    b: *const f32,
    [down, across]: [usize; 2],
    [rows, width]: [usize; 2],
    to: *mut f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if down != 1 {
            for p in 0..rows {
                for j in 0..width {
                    *to.add(p * COLUMNS + j) = b.add(p * down + j * across).read_unaligned();
                }
            }
            return;
        }
        for p in (0..rows).step_by(COLUMNS) {
            let n = COLUMNS.min(rows - p);
            let mut block = [V::zero(); COLUMNS];
            for (j, column) in block[..width].iter_mut().enumerate() {
                let from = b.add(j * across + p);
                *column = if n == COLUMNS { V::load(from) } else { V::load_part(from, n) };
            }
            V::transpose(&mut block);
            for (i, row) in block[..n].iter().enumerate() {
                row.store(to.add((p + i) * COLUMNS));
            }
        }
    }
}

by_vector! {
    fn pack(b: *const f32, strides: [usize; 2], extents: [usize; 2], to: *mut f32) = copy;
}
pub(super) use pack::at;
/// What [`at`] gives.
pub(super) type Pack = unsafe fn(*const f32, [usize; 2], [usize; 2], *mut f32);
