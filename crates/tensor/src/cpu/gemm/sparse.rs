//! Products whose left operand is mostly zeros: each row of the result is made from the rows of `b` that meet a
//! number other than zero.
//!
//! Leaving out `fma(0, b, sum)` changes no bit of the result where `b` is finite. The product is a zero, so a sum
//! other than zero stays what it is, and a sum that is zero stays a zero. It may differ in sign, when an earlier
//! product underflowed to `-0`; a later product decides the sum alone all the same, and a zero that is left at the
//! end is made `+0`. Where `b` is not finite, `0 * b` is NaN, so that every piece of `b` is looked at while it is copied
//! to where its rows start at cache lines; by a piece that is not finite, all numbers are multiplied.

use super::COLUMNS;
use crate::cpu::{Level, by_level, by_vector, simd::vector::Vector};

/// Floats of a piece of `b` that stays in the first-level cache, beside lists and a row of the result.
const PIECE: usize = 7168;
/// Rows of `b` in a piece, at most.
const LONGEST: usize = 112;
/// Rows of the result whose lists are made at once.
const ROWS: usize = 128;
/// Vectors of a row that are kept in registers.
const VECTORS: usize = 6;

/// One strip of a product.
pub(super) struct Call {
    /// Rows, columns (at least [`COLUMNS`]) and length of the inner products.
    pub(super) shape: [usize; 3],
    pub(super) a: *const f32,
    pub(super) a_strides: [usize; 2],
    pub(super) b: *const f32,
    pub(super) b_stride: usize,
    pub(super) out: *mut f32,
    pub(super) ld: usize,
    /// [`SCRATCH`] bytes.
    pub(super) scratch: *mut u8,
}

/// Bytes of scratch: a piece of `b`, the lists of [`ROWS`] rows, and a block of rows that are transposed. A vector may
/// be stored beyond the last number of a list.
pub(super) const SCRATCH: usize = (PIECE + 2 * ENTRIES + ENDS + BLOCK) * 4;
const ENTRIES: usize = ROWS * LONGEST + COLUMNS;
const ENDS: usize = ROWS;
const BLOCK: usize = COLUMNS * LONGEST;

/// The numbers of rows that are not zero, one list after the other, and the piece of `b` that they meet.
struct Lists {
    piece: *mut f32,
    values: *mut f32,
    /// Their columns.
    at: *mut u32,
    /// Where each row's list ends.
    ends: *mut u32,
    block: *mut f32,
}

impl Lists {
    /// # Safety
    /// `scratch` must offer [`SCRATCH`] bytes.
    unsafe fn new(scratch: *mut u8) -> Lists {
        // SAFETY: the parts add up to the scratch.
        unsafe {
            let piece = scratch.cast::<f32>();
            let values = piece.add(PIECE);
            let at = values.add(ENTRIES).cast::<u32>();
            let ends = at.add(ENTRIES);
            Lists { piece, values, at, ends, block: ends.add(ENDS).cast() }
        }
    }

    /// Lists the numbers other than zero (or `all` of them) of the first `depth` columns of `rows` rows.
    ///
    /// # Safety
    /// The CPU must have the instructions; the numbers must be there; at most [`ROWS`] rows of [`LONGEST`].
    #[inline(always)]
    unsafe fn fill<V: Vector>(
        &self,
        [rows, depth]: [usize; 2],
        a: *const f32,
        [down, along]: [usize; 2],
        all: bool,
    ) {
        let mut length = 0;
        // SAFETY: the caller's promise; a block holds COLUMNS rows, the lists every number.
        unsafe {
            for first in (0..rows).step_by(COLUMNS) {
                let count = COLUMNS.min(rows - first);
                let (mut row, mut step) = (a.add(first * down), down);
                if along != 1 {
                    self.transpose::<V>([count, depth], row, [down, along]);
                    (row, step) = (self.block, LONGEST);
                }
                for i in first..first + count {
                    length = self.append::<V>(length, row, depth, all);
                    *self.ends.add(i) = length as u32;
                    row = row.wrapping_add(step);
                }
            }
        }
    }

    /// Appends the numbers of a row to its list and returns where it ends.
    ///
    /// # Safety
    /// As for [`Lists::fill`].
    #[inline(always)]
    unsafe fn append<V: Vector>(&self, mut length: usize, row: *const f32, depth: usize, all: bool) -> usize {
        let whole = depth / COLUMNS * COLUMNS;
        // SAFETY: the caller's promise.
        unsafe {
            for p in (0..whole).step_by(COLUMNS) {
                let numbers = V::load(row.add(p));
                let mask = if all { 0xffff } else { numbers.nonzero() };
                numbers.compress(mask, p as u32, self.values.add(length), self.at.add(length));
                length += mask.count_ones() as usize;
            }
            for p in whole..depth {
                let x = row.add(p).read_unaligned();
                *self.values.add(length) = x;
                *self.at.add(length) = p as u32;
                length += usize::from(all || x != 0.0);
            }
        }
        length
    }

    /// Brings a few rows whose numbers are apart to the block, one row after the other.
    ///
    /// # Safety
    /// As for [`Lists::fill`].
    #[inline(always)]
    unsafe fn transpose<V: Vector>(
        &self,
        [rows, depth]: [usize; 2],
        a: *const f32,
        [down, along]: [usize; 2],
    ) {
        let whole = if down == 1 && rows == COLUMNS { depth / COLUMNS * COLUMNS } else { 0 };
        // SAFETY: the caller's promise.
        unsafe {
            for p in (0..whole).step_by(COLUMNS) {
                let mut block = [V::zero(); COLUMNS];
                for (i, row) in block.iter_mut().enumerate() {
                    *row = V::load(a.add((p + i) * along));
                }
                V::transpose(&mut block);
                for (i, column) in block.iter().enumerate() {
                    column.store(self.block.add(i * LONGEST + p));
                }
            }
            for p in whole..depth {
                for i in 0..rows {
                    *self.block.add(i * LONGEST + p) = a.add(i * down + p * along).read_unaligned();
                }
            }
        }
    }
}

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

/// Advances `N` vectors of each row, the last of which starts `tail` columns on.
///
/// # Safety
/// The CPU must have the instructions; lists, piece and result must be there.
#[inline(always)]
unsafe fn rows<V: Vector, const N: usize>(
    lists: &Lists,
    count: usize,
    first: bool,
    out: *mut f32,
    ld: usize,
    tail: usize,
) {
    let column = |i: usize| if i + 1 == N { tail } else { i * COLUMNS };
    let mut at = 0;
    // SAFETY: the caller's promise.
    unsafe {
        for row in 0..count {
            let end = *lists.ends.add(row) as usize;
            let out = out.add(row * ld);
            let mut sums = [V::zero(); N];
            if !first {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(out.add(column(i)));
                }
            }
            while at < end {
                let b = lists.piece.add(*lists.at.add(at) as usize * (N * COLUMNS));
                let x = V::splat(*lists.values.add(at));
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = x.mul_add(V::load(b.add(i * COLUMNS)), *sum);
                }
                at += 1;
            }
            for (i, sum) in sums.iter().enumerate() {
                sum.add(V::zero()).store(out.add(column(i)));
            }
        }
    }
}

/// Computes a strip.
///
/// # Safety
/// The CPU must have the instructions; the operands, the result and the scratch must be as [`Call`] says.
#[inline(always)]
unsafe fn any<V: Vector>(call: &Call) {
    let Call { shape: [rows, columns, k], a, a_strides, b, b_stride, out, ld, scratch } = *call;
    let depth = k.div_ceil(k.div_ceil(LONGEST).max(1)).max(1);
    let vectors = columns.div_ceil(COLUMNS);
    let strips = vectors.div_ceil((PIECE / (depth * COLUMNS)).min(VECTORS));
    // SAFETY: the caller has these rows of `a` and `out`, `k` rows of `b`, the columns and the scratch.
    unsafe {
        let lists = Lists::new(scratch);
        for top in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - top);
            for start in (0..k.max(1)).step_by(depth) {
                let depth = depth.min(k - start);
                let a = a.add(top * a_strides[0] + start * a_strides[1]);
                lists.fill::<V>([count, depth], a, a_strides, false);
                let mut all = false;
                for strip in 0..strips {
                    let [from, to] = [strip, strip + 1].map(|i| vectors * i / strips * COLUMNS);
                    // The last vector of a row overlaps the one before, where there are too few columns for it.
                    let tail = to.min(columns) - from - COLUMNS;
                    let (b, out) = (b.add(start * b_stride + from), out.add(top * ld + from));
                    macro_rules! piece {
                        ($n:literal) => {{
                            if !copy::<V, $n>(depth, b, b_stride, tail, lists.piece) && !all {
                                all = true;
                                lists.fill::<V>([count, depth], a, a_strides, true);
                            }
                            self::rows::<V, $n>(&lists, count, start == 0, out, ld, tail);
                        }};
                    }
                    match (to - from) / COLUMNS {
                        1 => piece!(1),
                        2 => piece!(2),
                        3 => piece!(3),
                        4 => piece!(4),
                        5 => piece!(5),
                        _ => piece!(6),
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
