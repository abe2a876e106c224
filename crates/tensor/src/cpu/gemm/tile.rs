//! The innermost loop: a tile of the result in registers.

use super::{COLUMNS, ROWS};
use crate::cpu::{
    Level,
    simd::vector::{self, Vector},
    transfer::copy_words,
};

const _: () = assert!(COLUMNS == vector::WIDTH);

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

/// Advances a tile of full width.
///
/// # Safety
/// See [`Tile`].
#[inline(always)]
unsafe fn advance<V: Vector, const HEIGHT: usize>(
    depth: usize,
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
                *sum = V::load(out.add(i * ld));
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
            sum.add(V::zero()).store(out.add(i * ld));
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
    // A narrow tile is computed beside the result, at full width.
    let mut beside = [0.0_f32; ROWS * COLUMNS];
    let (to, to_ld) = if width == COLUMNS { (out, ld) } else { (beside.as_mut_ptr(), COLUMNS) };
    // SAFETY: the caller's promise.
    unsafe {
        if width < COLUMNS && !first {
            for i in 0..height {
                copy_words(out.add(i * ld).cast(), to.add(i * to_ld).cast(), width);
            }
        }
        match height {
            1 => advance::<V, 1>(depth, first, a, a_strides, b, to, to_ld),
            2 => advance::<V, 2>(depth, first, a, a_strides, b, to, to_ld),
            3 => advance::<V, 3>(depth, first, a, a_strides, b, to, to_ld),
            4 => advance::<V, 4>(depth, first, a, a_strides, b, to, to_ld),
            5 => advance::<V, 5>(depth, first, a, a_strides, b, to, to_ld),
            _ => advance::<V, ROWS>(depth, first, a, a_strides, b, to, to_ld),
        }
        if width < COLUMNS {
            for i in 0..height {
                copy_words(to.add(i * to_ld).cast(), out.add(i * ld).cast(), width);
            }
        }
    }
}

macro_rules! tiles {
    ($($(#[$meta:meta])* $name:ident $vector:ty;)*) => { $(
        /// # Safety
        /// See [`Tile`].
        $(#[$meta])*
        unsafe fn $name(
            shape: [usize; 3],
            first: bool,
            a: *const f32,
            a_strides: [usize; 2],
            b: Panel,
            out: *mut f32,
            ld: usize,
        ) {
            // SAFETY: the caller's promise, and these are the vector's instructions.
            unsafe { any::<$vector>(shape, first, a, a_strides, b, out, ld) }
        }
    )* };
}

tiles! {
    plain vector::Plain;
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    avx2 vector::Avx2;
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx2,fma")]
    avx512 vector::Avx512;
    #[cfg(target_arch = "aarch64")]
    #[target_feature(enable = "neon")]
    neon vector::Neon;
}

/// The tile of a level, which the CPU must have.
pub(super) fn at(level: Level) -> Tile {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512,
        #[cfg(target_arch = "aarch64")]
        Level::Neon => neon,
        _ => plain,
    }
}
