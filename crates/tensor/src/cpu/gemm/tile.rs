//! The innermost loop: a tile of the result in registers.

use super::COLUMNS;
use crate::cpu::{
    by_vector,
    simd::vector::{self, Vector},
};

const _: () = assert!(COLUMNS == vector::WIDTH && super::ROWS == 6);

/// Rows of [`COLUMNS`] columns of `b`: the first in place, the rest packed.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    pub(super) rows: *const f32,
    pub(super) stride: usize,
    pub(super) readable: usize,
    pub(super) rest: *const f32,
}

/// `([height, width, depth], first, a, a_strides, b, out, ld)`: advances a tile of `height x width`
/// results by `depth` products each. They start at `+0` if `first`, else at what `out` holds; a zero is stored
/// as `+0`.
///
/// # Safety
/// The CPU must have the level's instructions; `height`, 1 to [`ROWS`], rows of `a` and `out`, `width`, at most
/// [`COLUMNS`], columns of `out`, and `depth` rows of `b` must be there, and `out` must meet neither operand.
pub(super) type Tile = unsafe fn([usize; 3], bool, *const f32, [usize; 2], Panel, *mut f32, usize);

/// Advances a tile of `width` columns, all of them where it is `FULL`.
///
/// # Safety
/// See [`Tile`].
#[inline(always)]
unsafe fn advance<V: Vector, const HEIGHT: usize, const FULL: bool>(
    [width, depth]: [usize; 2],
    first: bool,
    a: *const f32,
    a_strides: [usize; 2],
    b: Panel,
    out: *mut f32,
    ld: usize,
) {
    // SAFETY: the caller has the instructions, HEIGHT rows of `a` and `out`, and `depth` rows of `b`.
    unsafe {
        let mut sums = [V::zero(); HEIGHT];
        if !first {
            for (i, sum) in sums.iter_mut().enumerate() {
                let from = out.add(i * ld);
                *sum = if FULL { V::load(from) } else { V::load_part(from, width) };
            }
        }
        let in_place = depth.min(b.readable);
        for (mut row, stride, range) in [(b.rows, b.stride, 0..in_place), (b.rest, COLUMNS, in_place..depth)]
        {
            for p in range {
                let b = V::load(row);
                row = row.wrapping_add(stride);
                for (i, sum) in sums.iter_mut().enumerate() {
                    let x = a.add(i * a_strides[0] + p * a_strides[1]).read_unaligned();
                    *sum = V::splat(x).mul_add(b, *sum);
                }
            }
        }
        for (i, sum) in sums.iter().enumerate() {
            // A chain that underflows can end at -0, and at no earlier point does the sign of a zero matter: the
            // next product decides it alone, and adding +0 here and there gives the same.
            let (sum, to) = (sum.add(V::zero()), out.add(i * ld));
            if FULL { sum.store(to) } else { sum.store_part(to, width) }
        }
    }
}

/// Advances a tile of any size.
///
/// # Safety
/// See [`Tile`].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn any<V: Vector>(
    shape: [usize; 3],
    first: bool,
    a: *const f32,
    a_strides: [usize; 2],
    b: Panel,
    out: *mut f32,
    ld: usize,
) {
    let [height, width, depth] = shape;
    macro_rules! tile {
        ($height:literal, $full:literal) => {
            advance::<V, $height, $full>([width, depth], first, a, a_strides, b, out, ld)
        };
    }
    // SAFETY: the caller's promise.
    unsafe {
        match (height, width == COLUMNS) {
            (1, true) => tile!(1, true),
            (2, true) => tile!(2, true),
            (3, true) => tile!(3, true),
            (4, true) => tile!(4, true),
            (5, true) => tile!(5, true),
            (_, true) => tile!(6, true),
            (1, false) => tile!(1, false),
            (2, false) => tile!(2, false),
            (3, false) => tile!(3, false),
            (4, false) => tile!(4, false),
            (5, false) => tile!(5, false),
            (_, false) => tile!(6, false),
        }
    }
}

by_vector! {
    fn tile(
        shape: [usize; 3],
        first: bool,
        a: *const f32,
        a_strides: [usize; 2],
        b: Panel,
        out: *mut f32,
        ld: usize,
    ) = any;
}
pub(super) use tile::at;
