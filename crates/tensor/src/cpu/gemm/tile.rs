//! The innermost loop: a tile of the result in registers.

use super::{COLUMNS, ROWS};
use crate::cpu::{Level, by_level};
use minutia_kernels::math::fma;

/// `([height, width, depth], first, a, a_strides, b, b_stride, out, ld)`: advances a tile of `height x width`
/// results by `depth` products each. They start at `+0` if `first`, else at what `out` holds; a zero is stored
/// as `+0`. Rows of `b` are [`COLUMNS`] long whatever the width.
pub(super) type Tile =
    unsafe fn([usize; 3], bool, *const f32, [usize; 2], *const f32, usize, *mut f32, usize);

#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn advance<const HEIGHT: usize>(
    width: usize,
    depth: usize,
    first: bool,
    a: *const f32,
    a_strides: [usize; 2],
    b: *const f32,
    b_stride: usize,
    out: *mut f32,
    ld: usize,
) {
    let mut sums = [[0.0_f32; COLUMNS]; HEIGHT];
    // SAFETY: the caller has HEIGHT rows of `a` and `out`, and `depth` rows of `b`.
    unsafe {
        if !first {
            for (i, row) in sums.iter_mut().enumerate() {
                if width == COLUMNS {
                    *row = out.add(i * ld).cast::<[f32; COLUMNS]>().read_unaligned();
                } else {
                    for (j, sum) in row[..width].iter_mut().enumerate() {
                        *sum = *out.add(i * ld + j);
                    }
                }
            }
        }
        for p in 0..depth {
            let row = b.add(p * b_stride).cast::<[f32; COLUMNS]>().read_unaligned();
            for (i, sums) in sums.iter_mut().enumerate() {
                let x = a.add(i * a_strides[0] + p * a_strides[1]).read_unaligned();
                for j in 0..COLUMNS {
                    sums[j] = fma(x, row[j], sums[j]);
                }
            }
        }
        for (i, row) in sums.iter().enumerate() {
            // A chain that underflows can end at -0, and at no earlier point does the sign of a zero matter: the
            // next product decides it alone, and adding +0 here and there gives the same.
            let row = row.map(|x| x + 0.0);
            if width == COLUMNS {
                out.add(i * ld).cast::<[f32; COLUMNS]>().write_unaligned(row);
            } else {
                for (j, x) in row[..width].iter().enumerate() {
                    *out.add(i * ld + j) = *x;
                }
            }
        }
    }
}

by_level! {
    fn tile(
        shape: [usize; 3],
        first: bool,
        a: *const f32,
        a_strides: [usize; 2],
        b: *const f32,
        b_stride: usize,
        out: *mut f32,
        ld: usize,
    ) {
        let [height, width, depth] = shape;
        // SAFETY: the caller's promise.
        unsafe {
            match height {
                1 => advance::<1>(width, depth, first, a, a_strides, b, b_stride, out, ld),
                2 => advance::<2>(width, depth, first, a, a_strides, b, b_stride, out, ld),
                3 => advance::<3>(width, depth, first, a, a_strides, b, b_stride, out, ld),
                4 => advance::<4>(width, depth, first, a, a_strides, b, b_stride, out, ld),
                5 => advance::<5>(width, depth, first, a, a_strides, b, b_stride, out, ld),
                _ => advance::<ROWS>(width, depth, first, a, a_strides, b, b_stride, out, ld),
            }
        }
    }
}

pub(super) fn at(level: Level) -> Tile {
    // Arrays of this size become registers of 256 bits but not of 512.
    tile::at(if level == Level::Avx512 { Level::Avx2 } else { level })
}
