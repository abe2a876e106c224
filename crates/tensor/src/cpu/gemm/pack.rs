//! Panels of `b` that are not read where they lie, copied so that a row of a panel is a vector.

use super::COLUMNS;
use crate::cpu::{by_vector, simd::vector::Vector};

/// Copies a panel: `rows` rows of `width` columns, which lie `down` and `across` apart, to rows of [`COLUMNS`] numbers.
/// What lies beyond `width` columns is left as it is; it reaches no column of the result.
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
    let whole = if down == 1 && width == COLUMNS { rows / COLUMNS * COLUMNS } else { 0 };
    // SAFETY: the caller's promise.
    unsafe {
        for p in (0..whole).step_by(COLUMNS) {
            let mut block = [V::zero(); COLUMNS];
            for (j, column) in block.iter_mut().enumerate() {
                *column = V::load(b.add(j * across + p));
            }
            V::transpose(&mut block);
            for (i, row) in block.iter().enumerate() {
                row.store(to.add((p + i) * COLUMNS));
            }
        }
        for p in whole..rows {
            for j in 0..width {
                *to.add(p * COLUMNS + j) = b.add(p * down + j * across).read_unaligned();
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
