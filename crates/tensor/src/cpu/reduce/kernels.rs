//! Loops that combine elements in the order of [`minutia_kernels::reduce`], for each operator, type and level.

use crate::{
    DType,
    cpu::{Level, by_level, codes::LANES},
    program::ReduceOp,
};
use minutia_kernels::{
    map::Word,
    reduce::{Combine, Max, Min, Prod, Sum, tree},
};

/// The loops of one operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernels {
    /// The word that changes nothing.
    pub(super) identity: u32,
    /// `(lanes, values, first, n)`: lane `i % LANES` takes value `i - first`, for `n` values from `first`.
    pub(super) accumulate: unsafe fn(*mut u32, *const u32, usize, usize),
    /// `(values, length, rows, results)`: reduces rows of one block at most. Reads up to a group of lanes beyond
    /// the values.
    pub(super) rows: unsafe fn(*const u32, usize, usize, *mut u32),
    /// `(accumulators, values, n)`: each accumulator takes its value.
    pub(super) combine: unsafe fn(*mut u32, *const u32, usize),
    /// Reduces a group of lanes.
    pub(super) tree: unsafe fn(*const u32) -> u32,
}

#[inline(always)]
unsafe fn load<T: Word>(from: *const u32) -> [T; LANES] {
    // SAFETY: the caller has a group of lanes there.
    let words = unsafe { from.cast::<[u32; LANES]>().read_unaligned() };
    words.map(T::from_word)
}

#[inline(always)]
unsafe fn store<T: Word>(lanes: [T; LANES], to: *mut u32) {
    // SAFETY: the caller has a group of lanes there.
    unsafe { to.cast::<[u32; LANES]>().write_unaligned(lanes.map(T::to_word)) };
}

#[inline(always)]
fn combine_lanes<T: Word, C: Combine<T>>(mut lanes: [T; LANES], next: [T; LANES]) -> [T; LANES] {
    for l in 0..LANES {
        lanes[l] = C::combine(lanes[l], next[l]);
    }
    lanes
}

#[inline(always)]
unsafe fn accumulate<T: Word, C: Combine<T>>(lanes: *mut u32, values: *const u32, first: usize, n: usize) {
    // SAFETY: the caller has a group of lanes and n values.
    unsafe {
        let mut sums = load::<T>(lanes);
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
            *lane = C::combine(T::from_word(*lane), T::from_word(*values.add(at))).to_word();
            at += 1;
        }
    }
}

#[inline(always)]
unsafe fn rows<T: Word, C: Combine<T>>(values: *const u32, length: usize, rows: usize, results: *mut u32) {
    for row in 0..rows {
        let mut sums = [C::IDENTITY; LANES];
        let mut at = 0;
        while at < length {
            // SAFETY: the caller has rows * length values and a group of lanes beyond.
            let mut next: [T; LANES] = unsafe { load(values.add(row * length + at)) };
            for (l, x) in next.iter_mut().enumerate() {
                *x = if at + l < length { *x } else { C::IDENTITY };
            }
            sums = combine_lanes::<T, C>(sums, next);
            at += LANES;
        }
        // SAFETY: the caller has room for a result for each row.
        unsafe { *results.add(row) = tree::<T, C>(sums).to_word() };
    }
}

#[inline(always)]
unsafe fn combine<T: Word, C: Combine<T>>(accumulators: *mut u32, values: *const u32, n: usize) {
    let mut at = 0;
    // SAFETY: the caller has n of both.
    unsafe {
        while at + LANES <= n {
            store(
                combine_lanes::<T, C>(load(accumulators.add(at)), load(values.add(at))),
                accumulators.add(at),
            );
            at += LANES;
        }
        while at < n {
            let sum = accumulators.add(at);
            *sum = C::combine(T::from_word(*sum), T::from_word(*values.add(at))).to_word();
            at += 1;
        }
    }
}

macro_rules! kernels {
    ($($module:ident $op:ident $t:ident $float:literal),*) => {
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
                fn combine(accumulators: *mut u32, values: *const u32, n: usize) {
                    // SAFETY: the caller's promise.
                    unsafe { super::super::combine::<$t, $op>(accumulators, values, n) }
                }
            }
            by_level! {
                fn fold(lanes: *const u32) -> u32 {
                    // SAFETY: the caller has a group of lanes.
                    tree::<$t, $op>(unsafe { load(lanes) }).to_word()
                }
            }
            pub(super) fn at(level: Level) -> Kernels {
                Kernels {
                    identity: <$op as Combine<$t>>::IDENTITY.to_word(),
                    accumulate: accumulate::at(level),
                    rows: rows::at(level),
                    combine: combine::at(level),
                    tree: fold::at(level),
                }
            }
        } )*

        impl Kernels {
            /// The loops of an operator; `dtype` is `F32` or `I32`.
            pub(super) fn new(level: Level, op: ReduceOp, dtype: DType) -> Kernels {
                match (op, dtype == DType::F32) {
                    $( (ReduceOp::$op, $float) => $module::at(level), )*
                }
            }
        }
    };
}

kernels! {
    sum_f32 Sum f32 true, prod_f32 Prod f32 true, max_f32 Max f32 true, min_f32 Min f32 true,
    sum_i32 Sum i32 false, prod_i32 Prod i32 false, max_i32 Max i32 false, min_i32 Min i32 false
}
