//! Loops that combine elements in the order of [`minutia_kernels::reduce`], for each operator, type and
//! level.

use crate::{
    DType,
    cpu::{
        map::instructions::{InstructionLoop, LANES, kernel},
        simd::{Level, by_level},
    },
    program::ReduceOp,
};
use minutia_kernels::{
    map::{Code, Word},
    reduce::{Combine, Max, Min, Prod, Sum, tree},
};

/// The loops of one operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReduceKernels {
    /// The word that changes nothing.
    pub(super) identity: u32,
    /// `(lanes, values, first, n)`: lane `i % LANES` takes value `i - first`, for `n` values from `first`.
    pub(super) accumulate: unsafe fn(*mut u32, *const u32, usize, usize),
    /// `(values, length, rows, results)`: reduces rows of one block at most. Reads up to a group of lanes
    /// beyond the values.
    pub(super) rows: unsafe fn(*const u32, usize, usize, *mut u32),
    /// Combines many pairs.
    pairs: InstructionLoop,
    /// Combines one pair.
    pair: fn(u32, u32) -> u32,
    /// Reduces a group of lanes.
    pub(super) tree: unsafe fn(*const u32) -> u32,
}

/// A group of lanes. Words rather than numbers, so that it stays one vector.
type LaneGroup = [u32; LANES];

/// # Safety
/// A group of lanes must lie there.
#[inline(always)]
unsafe fn load(from: *const u32) -> LaneGroup {
    // SAFETY: the caller has a group of lanes there.
    unsafe { from.cast::<LaneGroup>().read_unaligned() }
}

/// # Safety
/// There must be room for a group of lanes.
#[inline(always)]
unsafe fn store(lanes: LaneGroup, to: *mut u32) {
    // SAFETY: the caller has a group of lanes there.
    unsafe { to.cast::<LaneGroup>().write_unaligned(lanes) };
}

#[inline(always)]
fn combine_words<T: Word, C: Combine<T>>(a: u32, b: u32) -> u32 {
    C::combine(T::from_word(a), T::from_word(b)).to_word()
}

#[inline(always)]
fn combine_lanes<T: Word, C: Combine<T>>(lanes: LaneGroup, next: LaneGroup) -> LaneGroup {
    let mut result = [0; LANES];
    for l in 0..LANES {
        result[l] = combine_words::<T, C>(lanes[l], next[l]);
    }
    result
}

#[inline(always)]
fn fold<T: Word, C: Combine<T>>(lanes: LaneGroup) -> u32 {
    tree::<T, C>(lanes.map(T::from_word)).to_word()
}

/// # Safety
/// `lanes` must be a group of lanes that `values` does not meet, which must be good for `n` words.
#[inline(always)]
unsafe fn accumulate<T: Word, C: Combine<T>>(lanes: *mut u32, values: *const u32, first: usize, n: usize) {
    // SAFETY: the caller has a group of lanes and n values.
    unsafe {
        let mut sums = load(lanes);
        let mut at = 0;
        if first.is_multiple_of(LANES) {
            while at + LANES <= n {
                sums = combine_lanes::<T, C>(sums, load(values.add(at)));
                at += LANES;
            }
        }
        store(sums, lanes);
        while at < n {
            let lane = lanes.add((first + at) % LANES);
            *lane = combine_words::<T, C>(*lane, values.add(at).read_unaligned());
            at += 1;
        }
    }
}

/// # Safety
/// `values` must be good for `rows * length` words and a group of lanes more, `results` for `rows`.
#[inline(always)]
unsafe fn rows<T: Word, C: Combine<T>>(values: *const u32, length: usize, rows: usize, results: *mut u32) {
    let identity = C::IDENTITY.to_word();
    for row in 0..rows {
        let mut sums = [identity; LANES];
        let mut at = 0;
        // SAFETY: the caller has rows * length values and a group of lanes beyond, and room for a result for
        // each row.
        unsafe {
            let values = values.add(row * length);
            while at + LANES <= length {
                sums = combine_lanes::<T, C>(sums, load(values.add(at)));
                at += LANES;
            }
            if at < length {
                let (mut next, rest) = (load(values.add(at)), (length - at) as i32);
                for (l, x) in (0..).zip(&mut next) {
                    *x = if l < rest { *x } else { identity };
                }
                sums = combine_lanes::<T, C>(sums, next);
            }
            results.add(row).write_unaligned(fold::<T, C>(sums));
        }
    }
}

macro_rules! kernels {
    ($($module:ident $op:ident $t:ident $float:literal $code:ident),*) => {
        $( mod $module {
            use super::*;
            by_level! {
                fn accumulate(lanes: *mut u32, values: *const u32, first: usize, n: usize) {
                    // SAFETY: the caller's promise.
                    unsafe { super::super::accumulate::<$t, $op>(lanes, values, first, n) }
                }
            }
            by_level! {
                fn rows(values: *const u32, length: usize, count: usize, results: *mut u32) {
                    // SAFETY: the caller's promise.
                    unsafe { super::super::rows::<$t, $op>(values, length, count, results) }
                }
            }
            by_level! {
                fn fold(lanes: *const u32) -> u32 {
                    // SAFETY: the caller has a group of lanes.
                    super::super::fold::<$t, $op>(unsafe { load(lanes) })
                }
            }
            pub(super) fn at(level: Level) -> ReduceKernels {
                ReduceKernels {
                    identity: <$op as Combine<$t>>::IDENTITY.to_word(),
                    accumulate: accumulate::at(level),
                    rows: rows::at(level),
                    pairs: kernel(level, Code::$code),
                    pair: super::combine_words::<$t, $op>,
                    tree: fold::at(level),
                }
            }
        } )*

        impl ReduceKernels {
            /// Each of `n` accumulators takes its value.
            ///
            /// # Safety
            /// The pointers must be good for them, and the arrays apart.
            #[inline]
            pub(super) unsafe fn combine(&self, accumulators: *mut u32, values: *const u32, n: usize) {
                // SAFETY: the caller's promise.
                unsafe {
                    if n >= LANES {
                        (self.pairs)(accumulators, accumulators, values, values, 0b111, n);
                        return;
                    }
                    for i in 0..n {
                        let sum = accumulators.add(i);
                        *sum = (self.pair)(*sum, values.add(i).read_unaligned());
                    }
                }
            }

            /// The loops of an operator; `dtype` is `F32` or `I32`.
            pub(super) fn new(level: Level, op: ReduceOp, dtype: DType) -> ReduceKernels {
                match (op, dtype == DType::F32) {
                    $( (ReduceOp::$op, $float) => $module::at(level), )*
                }
            }
        }
    };
}

kernels! {
    sum_f32 Sum f32 true Add, prod_f32 Prod f32 true Mul, max_f32 Max f32 true Max, min_f32 Min f32 true Min,
    sum_i32 Sum i32 false AddI, prod_i32 Prod i32 false MulI, max_i32 Max i32 false MaxI, min_i32 Min i32 false MinI
}
