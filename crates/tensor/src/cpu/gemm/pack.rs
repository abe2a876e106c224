//! Panels of the operands that are not read where they lie, copied so that the micro-kernel reads straight
//! ahead.

use crate::cpu::{
    gemm::COLUMNS,
    simd::{by_vector, prefetch, vector::Vector},
};

/// Rows are asked for so many rows before they are read.
const AHEAD: usize = 4;

/// Copies panels: `rows` rows of `width` columns, which lie `down` and `across` apart, to panels of
/// [`COLUMNS`] columns that follow each other, whose rows start `ld` numbers apart: [`COLUMNS`], or no fewer
/// than `width` where that is less. A whole vector is written for each row, from top to bottom; what lies
/// beyond the last column is of no use.
///
/// # Safety
/// The CPU must have the instructions; the rows and room for them must be there, with a vector for the last
/// row of a panel.
#[inline(always)]
unsafe fn copy_floats<V: Vector>(
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
            // Along the rows, which may be far from each other and from any cache.
            for p in 0..rows {
                prefetch(from.wrapping_add((p + AHEAD) * down).cast(), width * 4);
                for j in (0..width).step_by(COLUMNS) {
                    let row = load(from.add(p * down + j), COLUMNS.min(width - j));
                    row.store(to.add(j / COLUMNS * rows * ld + p * ld));
                }
            }
            return;
        }
        for first in (0..width).step_by(COLUMNS) {
            let (from, to) = (from.wrapping_add(first * across), to.add(first / COLUMNS * rows * ld));
            let width = COLUMNS.min(width - first);
            if down != 1 {
                for p in 0..rows {
                    for j in 0..width {
                        *to.add(p * ld + j) = from.add(p * down + j * across).read_unaligned();
                    }
                }
                continue;
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
}

/// [`copy_floats`] by the vectors that move them.
///
/// # Safety
/// As for [`copy_floats`].
#[inline(always)]
unsafe fn copy<V: Vector>(
    from: *const f32,
    strides: [usize; 2],
    extents: [usize; 2],
    to: *mut f32,
    ld: usize,
) {
    // SAFETY: the caller's promise.
    unsafe { copy_floats::<V::Floats>(from, strides, extents, to, ld) }
}

by_vector! {
    fn pack(from: *const f32, strides: [usize; 2], extents: [usize; 2], to: *mut f32, ld: usize) = copy;
}
pub(super) use pack::at;
/// What [`at`] gives.
pub(super) type Pack = unsafe fn(*const f32, [usize; 2], [usize; 2], *mut f32, usize);
