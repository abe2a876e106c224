//! Products whose left operand is mostly zeros: each row of the result is made from the rows of `b` that meet a
//! number other than zero.
//!
//! Leaving out `fma(0, b, sum)` changes no bit of the result where `b` is finite. The product is a zero, so a sum
//! other than zero stays what it is, and a sum that is zero stays a zero. It may differ in sign, when an earlier
//! product underflowed to `-0`; a later product decides the sum alone all the same, and a zero that is left at the
//! end is made `+0`. Where `b` is not finite, `0 * b` is NaN, so that every piece of `b` is looked at while it is copied
//! to where its rows start at cache lines; by a piece that is not finite, all numbers are multiplied.

use super::{
    COLUMNS, Out,
    lists::{self, Left, Lists},
};
use crate::cpu::{Level, by_level, by_vector, simd::{prefetch, vector::Vector}};

/// Floats of a piece of `b` that stays in the first-level cache, beside lists and rows of the result.
const PIECE: usize = 7168;
/// Rows of `b` in a piece, at most.
pub(super) const LONGEST: usize = 7 * COLUMNS;
/// Rows of the result whose lists are made at once.
pub(super) const ROWS: usize = 256;
/// Vectors of a row that are advanced together, at most.
const VECTORS: usize = 6;

/// One strip of a product.
pub(super) struct Call {
    /// Rows, columns (at least [`COLUMNS`]) and length of the inner products.
    pub(super) shape: [usize; 3],
    pub(super) a: Left,
    pub(super) b: *const f32,
    pub(super) b_stride: usize,
    pub(super) out: Out,
    /// [`SCRATCH`] bytes.
    pub(super) scratch: *mut u8,
}

/// Bytes that a strip needs for itself: a piece of `b`, and lists of [`ROWS`] rows for it.
pub(super) const SCRATCH: usize = PIECE * 4 + lists::BYTES;

/// Copies a piece of `N` vectors a row, the last of which starts `tail` columns on. Says whether all is finite.
///
/// # Safety
/// The CPU must have the instructions; the piece and room for it must be there.
#[inline(always)]
unsafe fn copy<V: Vector, const N: usize>(
    depth: usize,
    b: *const f32,
    b_stride: usize,
    tail: usize,
    piece: *mut f32,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let zero = V::zero();
        let mut sums = [zero; N];
        for p in 0..depth {
            let (row, to) = (b.add(p * b_stride), piece.add(p * N * COLUMNS));
            for (i, sum) in sums.iter_mut().enumerate() {
                let numbers = V::load(row.add(if i + 1 == N { tail } else { i * COLUMNS }));
                *sum = numbers.mul_add(zero, *sum);
                numbers.store(to.add(i * COLUMNS));
            }
        }
        // Zero times a number that is not finite is NaN, which is no zero.
        sums.iter().all(|sum| sum.nonzero() == 0)
    }
}

/// Advances `N` vectors, the last of which starts `tail` columns on, of `rows` rows, which are listed in groups of `G`.
///
/// # Safety
/// The CPU must have the instructions; lists, piece and result must be there.
#[inline(always)]
unsafe fn advance<V: Vector, const G: usize, const N: usize>(
    lists: &Lists,
    rows: usize,
    piece: *const f32,
    first: bool,
    Out { start: out, ld, rate }: Out,
    tail: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        for row in (0..rows).step_by(G) {
            // A group at the bottom may have a row less.
            let there = |j: usize| j == 0 || row + j < rows;
            let mut to = [out.add(row * ld); G];
            for (j, to) in to.iter_mut().enumerate() {
                *to = to.add(if there(j) { j * ld } else { 0 });
            }
            for to in &to {
                prefetch(to.wrapping_add(G * ld).cast(), N * COLUMNS * 4);
            }
            let mut sums = [[V::zero(); G]; N];
            if !first {
                for (i, sums) in sums.iter_mut().enumerate() {
                    for (sum, to) in sums.iter_mut().zip(&to) {
                        *sum = V::load(to.add(if i + 1 == N { tail } else { i * COLUMNS }));
                    }
                }
            }
            for entry in lists.entries(row / G) {
                let first = *lists.firsts.add(entry);
                let b = piece.add(first.place() * (N * COLUMNS));
                let mut x = [V::splat(first.number()); G];
                if let [_, second] = &mut x[..] {
                    *second = V::splat(*lists.seconds.add(entry));
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let b = V::load(b.add(i * COLUMNS));
                    for (sum, x) in sums.iter_mut().zip(&x) {
                        *sum = x.mul_add(b, *sum);
                    }
                }
            }
            for (i, sums) in sums.iter().enumerate() {
                let at = if i + 1 == N { tail } else { i * COLUMNS };
                for (j, (sum, to)) in sums.iter().zip(&to).enumerate() {
                    let sum = sum.add(V::zero());
                    match rate {
                        _ if !there(j) => {}
                        None => sum.store(to.add(at)),
                        Some(rate) => take(sum, rate, to.add(at), i * COLUMNS - at),
                    }
                }
            }
        }
    }
}

/// Takes `sum * rate` from what lies at `to`, but for the first `skip` numbers, which are done already.
///
/// # Safety
/// The CPU must have the instructions; there must be a vector at `to`.
#[inline(always)]
unsafe fn take<V: Vector>(sum: V, rate: f32, to: *mut f32, skip: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let change = sum.mul(V::splat(rate));
        if skip == 0 {
            V::load(to).sub(change).store(to);
        } else {
            let (mut all, to, left) = ([0.0; COLUMNS], to.add(skip), COLUMNS - skip);
            change.store(all.as_mut_ptr());
            let change = V::load_part(all.as_ptr().add(skip), left);
            V::load_part(to, left).sub(change).store_part(to, left);
        }
    }
}

/// Computes a strip.
///
/// # Safety
/// The CPU must have the instructions; the operands, the result and the scratch must be as [`Call`] says.
#[inline(always)]
unsafe fn any<V: Vector>(call: &Call) {
    let Call { shape: [rows, columns, k], a, b, b_stride, out, scratch } = *call;
    let depth = k.div_ceil(k.div_ceil(LONGEST).max(1)).max(1);
    let vectors = columns.div_ceil(COLUMNS);
    let group = a.group();
    let strips = vectors.div_ceil((PIECE / (depth * COLUMNS)).min(VECTORS).min(V::SUMS / group));
    // SAFETY: the caller has these rows of `a` and `out`, `k` rows of `b`, the columns and the scratch.
    unsafe {
        let piece = scratch.cast::<f32>();
        let lists = Lists::new(scratch.add(PIECE * 4));
        for top in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - top);
            for start in (0..k.max(1)).step_by(depth) {
                let (depth, a) = (depth.min(k - start), a.at(top, start));
                lists.fill::<V>(a, [count, depth], false);
                let mut all = false;
                for strip in 0..strips {
                    let [from, to] = [strip, strip + 1].map(|i| vectors * i / strips * COLUMNS);
                    // The last vector of a row overlaps the one before, where there are too few columns for it.
                    let tail = to.min(columns) - from - COLUMNS;
                    let (b, out) = (b.add(start * b_stride + from), out.at(top, from));
                    macro_rules! strip {
                        ($n:literal) => {{
                            if !copy::<V, $n>(depth, b, b_stride, tail, piece) && !all {
                                all = true;
                                lists.fill::<V>(a, [count, depth], true);
                            }
                            match group {
                                1 => advance::<V, 1, $n>(&lists, count, piece, start == 0, out, tail),
                                _ => advance::<V, 2, $n>(&lists, count, piece, start == 0, out, tail),
                            }
                        }};
                    }
                    match (to - from) / COLUMNS {
                        1 => strip!(1),
                        2 => strip!(2),
                        3 => strip!(3),
                        4 => strip!(4),
                        5 => strip!(5),
                        _ => strip!(6),
                    }
                }
            }
        }
    }
}

by_vector! {
    fn strip(call: &Call) = any;
}

by_level! {
    fn count(from: *const f32, n: usize) -> usize {
        let mut count = 0_u32;
        for i in 0..n {
            // SAFETY: the caller has n numbers.
            count += (unsafe { from.add(i).read_unaligned() } != 0.0) as u32;
        }
        count as usize
    }
}

/// The loops of a level, which the CPU must have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sparse {
    strip: unsafe fn(&Call),
    count: unsafe fn(*const f32, usize) -> usize,
}

/// Places that are looked at, and numbers at each.
const SAMPLES: usize = 32;
const SAMPLE: usize = 128;

impl Sparse {
    pub(super) fn at(level: Level) -> Sparse {
        Sparse { strip: strip::at(level), count: count::at(level) }
    }

    /// Whether at most two in five of the `n` numbers of `a` seem to be other than zero: a guess that decides how
    /// fast a product is, and nothing else.
    ///
    /// # Safety
    /// The operand must lie there.
    pub(super) unsafe fn pays(&self, a: *const f32, n: usize) -> bool {
        let size = SAMPLE.min(n);
        let place = |i: usize| (n - size) / (SAMPLES - 1) * i;
        // SAFETY: the caller's promise.
        let nonzero: usize = (0..SAMPLES).map(|i| unsafe { (self.count)(a.add(place(i)), size) }).sum();
        nonzero <= SAMPLES * size / 5 * 2
    }

    /// Computes a strip of a product; a zero is stored as `+0`.
    ///
    /// # Safety
    /// The operands, the result and the scratch must be as [`Call`] says.
    pub(super) unsafe fn strip(&self, call: &Call) {
        // SAFETY: the caller's promise.
        unsafe { (self.strip)(call) }
    }
}
