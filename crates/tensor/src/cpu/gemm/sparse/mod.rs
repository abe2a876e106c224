//! Sparse GEMM: the left operand is mostly zeros, so that each row of the result sums the rows of `b` whose
//! factor is not zero.
//!
//! Leaving out `fma(0, b, sum)` changes no bit of the result where `b` is finite. The product is a zero, so a
//! sum other than zero stays what it is, and a sum that is zero stays a zero. It may differ in sign, when an
//! earlier product underflowed to `-0`; a later product decides the sum alone all the same, and a zero that
//! is left at the end is made `+0`. Where `b` is not finite, `0 * b` is NaN, so that every piece of `b` is
//! looked through before it is used, and copied if its rows do not start at cache lines; by a piece that is
//! not finite, all numbers are multiplied.

mod byte_rows;
pub(in crate::cpu) mod gathered;
mod nonzeros;
mod sample;

pub(in crate::cpu::gemm) use byte_rows::{Bytes, Decode, Lister};

use crate::cpu::{
    block::ALIGNMENT,
    gemm::{COLUMNS, Epilogue, Out},
    simd::{Level, by_level, by_vector, vector::Vector},
};
use nonzeros::CompressedRows;
pub(in crate::cpu::gemm) use nonzeros::LhsBlock;
use sample::{SAMPLE, SAMPLES, few};

/// KC x NC: floats of a block of `b` that stays in the first-level cache, beside the compressed rows and the
/// sums.
const PIECE: usize = 7168;
/// KC: rows of `b` in a block, at most.
pub(in crate::cpu) const LONGEST: usize = 7 * COLUMNS;
/// MC: rows of `a` that are compressed at once.
pub(in crate::cpu) const ROWS: usize = 256;
/// NR, in vectors: columns that one micro-kernel accumulates in registers, at most.
const VECTORS: usize = 6;

/// One strip of a product.
pub(in crate::cpu) struct SparseCall {
    /// Rows, columns (at least [`COLUMNS`]) and length of the inner products.
    pub(in crate::cpu) shape: [usize; 3],
    pub(in crate::cpu) a: LhsBlock,
    pub(in crate::cpu) b: *const f32,
    pub(in crate::cpu) b_stride: usize,
    pub(in crate::cpu) out: Out,
    /// [`SCRATCH`] bytes.
    pub(in crate::cpu) scratch: *mut u8,
}

/// Vectors of the rows that are computed at once: their sums stay in the second-level cache.
const BLOCK: usize = 20;

/// Bytes that a strip needs for itself: a piece of `b`, lists of [`ROWS`] rows for it, and sums of these.
pub(in crate::cpu) const SCRATCH: usize = (PIECE + SUMS) * 4 + nonzeros::BYTES;
const SUMS: usize = ROWS * BLOCK * COLUMNS;

/// Rows of `b`, and from one to the next.
#[derive(Clone, Copy)]
struct Rows {
    start: *const f32,
    down: usize,
}

impl Rows {
    /// Whether rows are aligned: vectors are cache lines, and an odd pitch in lines spreads rows over all
    /// sets of a cache. Others are packed.
    fn is_aligned(self) -> bool {
        self.start.addr().is_multiple_of(ALIGNMENT)
            && self.down.is_multiple_of(COLUMNS)
            && self.down / COLUMNS % 2 == 1
    }
}

/// Accumulators between blocks of the inner dimension.
#[derive(Clone, Copy)]
struct Sums {
    start: *mut f32,
    /// From one row to the next.
    ld: usize,
    /// Whether they lie in scratch, in whole vectors, and not in the result.
    apart: bool,
}

/// Packs a block of `b`, `N` vectors a row of which the last starts at column `tail`, into `to` if that is
/// given, and says whether all of it is finite. The block is in the first-level cache then.
///
/// # Safety
/// The CPU must have the instructions; the piece and room for a copy must be there.
#[inline(always)]
unsafe fn pack_and_check_finite<V: Vector, const N: usize>(
    depth: usize,
    b: Rows,
    tail: usize,
    to: Option<*mut f32>,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let zero = V::zero();
        let mut sums = [zero; N];
        for p in 0..depth {
            let row = b.start.add(p * b.down);
            for (i, sum) in sums.iter_mut().enumerate() {
                let numbers = V::load(row.add(if i + 1 == N { tail } else { i * COLUMNS }));
                *sum = numbers.mul_add(zero, *sum);
                if let Some(to) = to {
                    numbers.store(to.add((p * N + i) * COLUMNS));
                }
            }
        }
        // Zero times a number that is not finite is NaN, which is no zero.
        sums.iter().all(|sum| sum.nonzero() == 0)
    }
}

/// One call of the micro-kernel over compressed rows: some columns of the result, and one block of `b`.
struct SparseBlock<'a> {
    lists: &'a CompressedRows,
    /// Rows of the result.
    rows: usize,
    /// The block of `b`, where it lies or packed.
    b: Rows,
    ends: Ends,
    sums: Sums,
    out: Out,
    /// Where the last vector of a row starts: in the result, and in `b`. It may overlap the one before.
    tail: usize,
    tail_of_b: usize,
}

/// Which blocks of the inner dimension this is.
#[derive(Clone, Copy)]
struct Ends {
    /// Sums start at zero.
    first: bool,
    /// The epilogue follows.
    last: bool,
}

/// Micro-kernel over compressed rows: accumulates `N` vectors of each row of the result over one block of
/// `b`. Rows are compressed in groups of `G`.
///
/// # Safety
/// The CPU must have the instructions; lists, block, sums and result must be there.
#[inline(always)]
unsafe fn micro_kernel<V: Vector, const G: usize, const N: usize>(block: &SparseBlock) {
    let SparseBlock { lists, rows, b: rows_of_b, ends, sums: kept, out, tail, tail_of_b } = *block;
    let column = |i: usize| if i + 1 == N { tail } else { i * COLUMNS };
    let place = |i: usize| if kept.apart { i * COLUMNS } else { column(i) };
    // SAFETY: the caller's promise.
    unsafe {
        for row in (0..rows).step_by(G) {
            // A group at the bottom may have a row less.
            let there = |j: usize| j == 0 || row + j < rows;
            let (mut at, mut to) = ([kept.start.add(row * kept.ld); G], [out.start.add(row * out.ld); G]);
            for j in (1..G).filter(|&j| there(j)) {
                at[j] = at[j].add(j * kept.ld);
                to[j] = to[j].add(j * out.ld);
            }
            let mut sums = [[V::zero(); G]; N];
            if !ends.first {
                for (i, sums) in sums.iter_mut().enumerate() {
                    for (sum, at) in sums.iter_mut().zip(&at) {
                        *sum = V::load(at.add(place(i)));
                    }
                }
            }
            for entry in lists.entries(row / G) {
                let first = *lists.firsts.add(entry);
                let b = rows_of_b.start.add(first.place() * rows_of_b.down);
                let mut x = [V::splat(first.number()); G];
                if let [_, second] = &mut x[..] {
                    *second = V::splat(*lists.seconds.add(entry));
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let b = V::load(b.add(if i + 1 == N { tail_of_b } else { i * COLUMNS }));
                    for (sum, x) in sums.iter_mut().zip(&x) {
                        *sum = x.mul_add(b, *sum);
                    }
                }
            }
            for (i, sums) in sums.iter().enumerate() {
                for (j, sum) in sums.iter().enumerate() {
                    let sum = sum.add(V::zero());
                    match out.epilogue {
                        _ if !there(j) => {}
                        Epilogue::SubtractScaled(rate) if ends.last && column(i) < i * COLUMNS => {
                            subtract_scaled(sum, rate, to[j].add(column(i)), i * COLUMNS - column(i))
                        }
                        Epilogue::Store => sum.store(at[j].add(place(i))),
                        _ if !ends.last => sum.store(at[j].add(place(i))),
                        _ => out.store(sum, row + j, column(i), COLUMNS),
                    }
                }
            }
        }
    }
}

/// Subtracts `sum * rate` from the vector at `to` except for its first `skip` numbers (at least one): they
/// overlap the vector before, which has subtracted its share already.
///
/// # Safety
/// The CPU must have the instructions; there must be a vector at `to`.
#[inline(always)]
unsafe fn subtract_scaled<V: Vector>(sum: V, rate: f32, to: *mut f32, skip: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let (mut all, to, left) = ([0.0; COLUMNS], to.add(skip), COLUMNS - skip);
        sum.mul(V::splat(rate)).store(all.as_mut_ptr());
        let change = V::load_part(all.as_ptr().add(skip), left);
        V::load_part(to, left).sub(change).store_part(to, left);
    }
}

/// Computes a strip.
///
/// # Safety
/// The CPU must have the instructions; the operands, the result and the scratch must be as [`SparseCall`]
/// says.
#[inline(always)]
unsafe fn any<V: Vector>(call: &SparseCall) {
    let SparseCall { shape: [rows, columns, k], a, b, b_stride, out, scratch } = *call;
    let depth = k.div_ceil(k.div_ceil(LONGEST).max(1)).max(1);
    let vectors = columns.div_ceil(COLUMNS);
    let apart = k > depth && !matches!(out.epilogue, Epilogue::Store);
    let blocks = if apart { vectors.div_ceil(BLOCK) } else { 1 };
    for block in 0..blocks {
        let [left, right] = [block, block + 1].map(|i| vectors * i / blocks * COLUMNS);
        let columns = right.min(columns) - left;
        for top in (0..rows).step_by(ROWS) {
            for start in (0..k.max(1)).step_by(depth) {
                let shape = [ROWS.min(rows - top), columns, depth.min(k - start)];
                let ends = Ends { first: start == 0, last: start + depth >= k };
                // SAFETY: the caller has these rows of `a` and `out`, `k` rows of `b`, the columns and the
                // scratch.
                unsafe {
                    let b = b.add(start * b_stride + left);
                    let (a, out) = (a.at(top, start), out.at(top, left));
                    advance_block::<V>(&SparseCall { shape, a, b, b_stride, out, scratch }, ends, apart);
                }
            }
        }
    }
}

/// Advances a block of the result by all products of a piece of `a`: the first from zero, the last to the
/// end. Sums wait for them in the result or `apart` from it.
///
/// # Safety
/// As for [`any`]; the block must be no larger than one that [`any`] cuts.
#[inline(always)]
unsafe fn advance_block<V: Vector>(call: &SparseCall, ends: Ends, apart: bool) {
    let SparseCall { shape: [rows, columns, depth], a, b, b_stride, out, scratch } = *call;
    let vectors = columns.div_ceil(COLUMNS);
    let group = a.group();
    // The last vector of a row may overlap the one before it, which must be one of the same strip.
    let widest = VECTORS.min(V::SUMS / group).max(2);
    let strips = vectors.div_ceil((PIECE / (depth.max(1) * COLUMNS)).min(widest));
    // SAFETY: the caller's promise.
    unsafe {
        let piece = scratch.cast::<f32>();
        let lists = CompressedRows::new(scratch.add((PIECE + SUMS) * 4));
        let sums = if apart {
            Sums { start: piece.add(PIECE), ld: vectors * COLUMNS, apart }
        } else {
            Sums { start: out.start, ld: out.ld, apart }
        };
        lists.fill::<V::Floats>(a, [rows, depth], false);
        let mut all = false;
        for strip in 0..strips {
            let [from, to] = [strip, strip + 1].map(|i| vectors * i / strips * COLUMNS);
            // The last vector of a row overlaps the one before, where there are too few columns for it.
            let tail = to.min(columns) - from - COLUMNS;
            let (b, out) = (Rows { start: b.add(from), down: b_stride }, out.at(0, from));
            let copy = (!b.is_aligned()).then_some(piece);
            let sums = Sums { start: sums.start.add(from), ..sums };
            macro_rules! strip {
                ($n:literal) => {{
                    if !pack_and_check_finite::<V, $n>(depth, b, tail, copy) && !all {
                        all = true;
                        lists.fill::<V::Floats>(a, [rows, depth], true);
                    }
                    let (b, tail_of_b) = match copy {
                        Some(start) => (Rows { start, down: $n * COLUMNS }, ($n - 1) * COLUMNS),
                        None => (b, tail),
                    };
                    let block = SparseBlock { lists: &lists, rows, b, ends, sums, out, tail, tail_of_b };
                    match group {
                        1 => micro_kernel::<V, 1, $n>(&block),
                        _ => micro_kernel::<V, 2, $n>(&block),
                    }
                }};
            }
            match (to - from) / COLUMNS {
                1 => strip!(1),
                2 => strip!(2),
                3 if V::SUMS > 2 => strip!(3),
                4 if V::SUMS > 3 => strip!(4),
                5 if V::SUMS > 4 => strip!(5),
                _ if V::SUMS > 5 => strip!(6),
                // No strip is wider than the sums that stay in registers.
                _ => strip!(2),
            }
        }
    }
}

by_vector! {
    fn strip(call: &SparseCall) = any;
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
pub(in crate::cpu) struct Sparse {
    strip: unsafe fn(&SparseCall),
    count: unsafe fn(*const f32, usize) -> usize,
}

impl Sparse {
    pub(in crate::cpu) fn at(level: Level) -> Sparse {
        Sparse { strip: strip::at(level), count: count::at(level) }
    }

    /// Whether [`few`] of the `n` numbers of `a` seem to be other than zero.
    ///
    /// # Safety
    /// The operand must lie there.
    pub(in crate::cpu) unsafe fn pays(&self, a: *const f32, n: usize) -> bool {
        let size = SAMPLE.min(n);
        let place = |i: usize| (n - size) / (SAMPLES - 1) * i;
        // SAFETY: the caller's promise.
        let nonzero: usize = (0..SAMPLES).map(|i| unsafe { (self.count)(a.add(place(i)), size) }).sum();
        few(nonzero, size)
    }

    /// Computes a strip of a product; a zero is stored as `+0`.
    ///
    /// # Safety
    /// The operands, the result and the scratch must be as [`SparseCall`] says.
    pub(in crate::cpu) unsafe fn strip(&self, call: &SparseCall) {
        // SAFETY: the caller's promise.
        unsafe { (self.strip)(call) }
    }
}
