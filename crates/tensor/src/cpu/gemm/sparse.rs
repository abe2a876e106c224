//! Products whose left operand is mostly zeros: each row of the result is made from the rows of `b` that meet a
//! number other than zero.
//!
//! Leaving out `fma(0, b, sum)` changes no bit of the result where `b` is finite. The product is a zero, so a sum
//! other than zero stays what it is, and a sum that is zero stays a zero. It may differ in sign, when an earlier
//! product underflowed to `-0`; a later product decides the sum alone all the same, and a zero that is left at the
//! end is made `+0`. Where `b` is not finite, `0 * b` is NaN, so that all elements of `b` are looked at first.

use super::COLUMNS;
use crate::cpu::{
    Level, by_level,
    simd::vector::{self, Vector},
};

/// Full vectors that a row of the result is advanced by at once. One more, which overlaps the last, takes the
/// columns that are left.
const VECTORS: usize = 6;

/// Rows of `b` that all rows of a group are advanced by before they go on: together with a strip of full vectors
/// they stay in the first-level cache.
pub(super) const DEPTH: usize = 64;
/// Rows of the result that are advanced together: as many as a vector holds.
const GROUP: usize = COLUMNS;

/// `([rows, columns, depth], first, a, a_strides, b, b_stride, out, ld)`: advances rows of the result, of at least
/// [`COLUMNS`] columns, by at most [`DEPTH`] products each. They start at `+0` if `first`, else at what `out` holds; a
/// zero is stored as `+0`.
pub(super) type Rows =
    unsafe fn([usize; 3], bool, *const f32, [usize; 2], *const f32, usize, *mut f32, usize);

/// The numbers of a row that are not zero.
struct List {
    at: [u16; DEPTH],
    values: [f32; DEPTH],
    length: usize,
}

impl List {
    const EMPTY: List = List { at: [0; DEPTH], values: [0.0; DEPTH], length: 0 };

    #[inline(always)]
    fn push(&mut self, p: usize, x: f32) {
        // At most DEPTH numbers come; the compiler sees it by the remainder.
        self.at[self.length % DEPTH] = p as u16;
        self.values[self.length % DEPTH] = x;
        self.length += 1;
    }
}

/// Lists the numbers other than zero of the first `depth` columns of as many rows as there are lists.
#[inline(always)]
unsafe fn list<V: Vector>(lists: &mut [List], a: *const f32, [down, along]: [usize; 2], depth: usize) {
    lists.iter_mut().for_each(|list| list.length = 0);
    // SAFETY: the caller has the instructions, and the numbers.
    unsafe {
        if down == 1 && lists.len() == GROUP {
            // Whole vectors of one column.
            for p in 0..depth {
                let column = a.add(p * along);
                let mut mask = V::load(column).nonzero();
                while mask != 0 {
                    let row = mask.trailing_zeros() as usize % GROUP;
                    lists[row].push(p, column.add(row).read_unaligned());
                    mask &= mask - 1;
                }
            }
            return;
        }
        for (i, list) in lists.iter_mut().enumerate() {
            let row = a.add(i * down);
            let whole = if along == 1 { depth / COLUMNS * COLUMNS } else { 0 };
            for first in (0..whole).step_by(COLUMNS) {
                let mut mask = V::load(row.add(first)).nonzero();
                while mask != 0 {
                    let p = first + mask.trailing_zeros() as usize;
                    list.push(p, row.add(p).read_unaligned());
                    mask &= mask - 1;
                }
            }
            for p in whole..depth {
                let x = row.add(p * along).read_unaligned();
                if x != 0.0 {
                    list.push(p, x);
                }
            }
        }
    }
}

/// Advances `N` vectors of a row, the last of which starts `tail` columns on.
#[inline(always)]
unsafe fn advance<V: Vector, const N: usize>(
    list: &List,
    first: bool,
    b: *const f32,
    b_stride: usize,
    out: *mut f32,
    tail: usize,
) {
    let column = |i: usize| if i + 1 == N { tail } else { i * COLUMNS };
    // SAFETY: the caller has the instructions, and `tail + COLUMNS` columns.
    unsafe {
        let mut sums = [V::zero(); N];
        if !first {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = V::load(out.add(column(i)));
            }
        }
        for (&p, &x) in list.at[..list.length].iter().zip(&list.values[..list.length]) {
            let row = b.add(p as usize * b_stride);
            let x = V::splat(x);
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = x.mul_add(V::load(row.add(column(i))), *sum);
            }
        }
        for (i, sum) in sums.iter().enumerate() {
            sum.add(V::zero()).store(out.add(column(i)));
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn any<V: Vector>(
    [rows, columns, depth]: [usize; 3],
    first: bool,
    a: *const f32,
    a_strides: [usize; 2],
    b: *const f32,
    b_stride: usize,
    out: *mut f32,
    ld: usize,
) {
    let mut lists = [const { List::EMPTY }; GROUP];
    for group in (0..rows).step_by(GROUP) {
        let lists = &mut lists[..GROUP.min(rows - group)];
        // SAFETY: the caller has these rows of `a` and `out`, `depth` rows of `b`, and the columns.
        unsafe {
            list::<V>(lists, a.add(group * a_strides[0]), a_strides, depth);
            let mut column = 0;
            while column < columns {
                let left = columns - column;
                // What is left beyond full vectors goes with the last of them.
                let width = if left < (VECTORS + 1) * COLUMNS { left } else { VECTORS * COLUMNS };
                let (b, tail) = (b.add(column), width - COLUMNS);
                for (i, list) in lists.iter().enumerate() {
                    let to = out.add((group + i) * ld + column);
                    match width.div_ceil(COLUMNS) {
                        1 => advance::<V, 1>(list, first, b, b_stride, to, tail),
                        2 => advance::<V, 2>(list, first, b, b_stride, to, tail),
                        3 => advance::<V, 3>(list, first, b, b_stride, to, tail),
                        4 => advance::<V, 4>(list, first, b, b_stride, to, tail),
                        5 => advance::<V, 5>(list, first, b, b_stride, to, tail),
                        6 => advance::<V, 6>(list, first, b, b_stride, to, tail),
                        _ => advance::<V, 7>(list, first, b, b_stride, to, tail),
                    }
                }
                column += width;
            }
        }
    }
}

macro_rules! levels {
    ($($(#[$meta:meta])* $name:ident $vector:ty;)*) => { $(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        unsafe fn $name(
            shape: [usize; 3],
            first: bool,
            a: *const f32,
            a_strides: [usize; 2],
            b: *const f32,
            b_stride: usize,
            out: *mut f32,
            ld: usize,
        ) {
            // SAFETY: the caller's promise, and these are the vector's instructions.
            unsafe { any::<$vector>(shape, first, a, a_strides, b, b_stride, out, ld) }
        }
    )* };
}

levels! {
    plain vector::Plain;
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    avx2 vector::Avx2;
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx2,fma")]
    avx512 vector::Avx512;
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

by_level! {
    fn all_finite(from: *const f32, n: usize) -> bool {
        let mut worst = 0_u32;
        for i in 0..n {
            // SAFETY: the caller has n numbers.
            worst = worst.max(unsafe { from.add(i).read_unaligned() }.to_bits() & 0x7fff_ffff);
        }
        worst < 0x7f80_0000
    }
}

/// The loops of a level, which the CPU must have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sparse {
    pub(super) rows: Rows,
    count: unsafe fn(*const f32, usize) -> usize,
    all_finite: unsafe fn(*const f32, usize) -> bool,
}

/// Numbers that are looked at before all are.
const SAMPLE: usize = 4096;

impl Sparse {
    pub(super) fn at(level: Level) -> Sparse {
        let rows: Rows = match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512,
            _ => plain,
        };
        Sparse { rows, count: count::at(level), all_finite: all_finite::at(level) }
    }

    /// Whether at most two in five of the `n` numbers of `a` are other than zero, and all `m` of `b` are finite.
    ///
    /// # Safety
    /// The operands must lie there.
    pub(super) unsafe fn pays(&self, a: *const f32, n: usize, b: *const f32, m: usize) -> bool {
        let few = |n: usize| {
            let limit = n / 5 * 2;
            // SAFETY: the caller's promise.
            unsafe { (self.count)(a, n) <= limit }
        };
        // SAFETY: likewise.
        few(n.min(SAMPLE)) && few(n) && unsafe { (self.all_finite)(b, m) }
    }
}
