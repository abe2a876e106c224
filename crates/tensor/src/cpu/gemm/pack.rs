//! Panels of the operands that are not read where they lie, copied so that the micro-kernel reads straight
//! ahead.

use crate::cpu::{
    gemm::COLUMNS,
    simd::{by_vector, vector::Vector},
};

/// Copies a panel: `rows` rows of `width` columns, which lie `down` and `across` apart, to rows that start
/// `ld` numbers apart, from `width` to [`COLUMNS`]. A whole vector is written for each, from top to bottom;
/// what lies beyond `width` columns of the last is of no use.
///
/// # Safety
/// The CPU must have the instructions; the panel and room for it must be there, with a vector for its last
/// row.
#[inline(always)]
unsafe fn copy<V: Vector>(
    from: *const f32,
    [down, across]: [usize; 2],
    [rows, width]: [usize; 2],
    to: *mut f32,
    ld: usize,
) {
    let load = |from: *const f32, n: usize| {
        // SAFETY: the caller has `n` numbers there.
        unsafe { if n == COLUMNS { V::load(from) } else { V::load_part(from, n) } }
    };
    // SAFETY: the caller's promise.
    unsafe {
        if across == 1 {
            for p in 0..rows {
                load(from.add(p * down), width).store(to.add(p * ld));
            }
            return;
        }
        if down != 1 {
            for p in 0..rows {
                for j in 0..width {
                    *to.add(p * ld + j) = from.add(p * down + j * across).read_unaligned();
                }
            }
            return;
        }
        for p in (0..rows).step_by(COLUMNS) {
            let n = COLUMNS.min(rows - p);
            let mut block = [V::zero(); COLUMNS];
            for (j, column) in block[..width].iter_mut().enumerate() {
                *column = load(from.add(j * across + p), n);
            }
            V::transpose(&mut block);
            for (i, row) in block[..n].iter().enumerate() {
                row.store(to.add((p + i) * ld));
            }
        }
    }
}

by_vector! {
    fn pack(from: *const f32, strides: [usize; 2], extents: [usize; 2], to: *mut f32, ld: usize) = copy;
}
pub(super) use pack::at;
/// What [`at`] gives.
pub(super) type Pack = unsafe fn(*const f32, [usize; 2], [usize; 2], *mut f32, usize);
