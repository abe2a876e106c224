//! What one thread can do at most: fused multiply-adds that touch no memory. Benchmarks measure products by
//! it.

use crate::cpu::simd::{
    Level,
    vector::{Baseline, Vector, WIDTH},
};
use std::{hint::black_box, time::Instant};

/// Chains that run side by side: a core makes two vectors of results a cycle and needs four cycles for each,
/// and AVX2 takes two registers of its sixteen for a chain.
#[cfg(target_arch = "x86_64")]
const CHAINS: usize = 12;
const NARROW_CHAINS: usize = 6;
/// Multiply-adds of each chain in a burst: a few milliseconds.
const LENGTH: usize = 200_000;
/// The fastest burst counts: nothing but a disturbance makes one slower.
const BURSTS: usize = 8;

/// The fused multiply-adds of `f32` that one thread makes with a level's instructions, in 10⁹ floating-point
/// operations a second (two for each multiply-add); `None` where the CPU lacks the level.
#[doc(hidden)]
#[must_use]
pub fn fma_peak(level: Level) -> Option<f64> {
    level.is_available().then(|| {
        let mut best = 0.0_f64;
        for _ in 0..BURSTS {
            let start = Instant::now();
            // SAFETY: the CPU has the level.
            let operations = unsafe { burst(level) };
            best = best.max(operations as f64 / start.elapsed().as_secs_f64() / 1e9);
        }
        best
    })
}

/// # Safety
/// The CPU must have the level.
unsafe fn burst(level: Level) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512(),
            Level::Neon => chains::<Baseline, NARROW_CHAINS>(LENGTH),
            // Without the instruction a multiply-add is a long computation.
            _ => chains::<Baseline, NARROW_CHAINS>(LENGTH / 50),
        }
    }
}

/// # Safety
/// The CPU must have AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2() -> usize {
    // SAFETY: the caller's promise.
    unsafe { chains::<super::vector::Avx2, NARROW_CHAINS>(LENGTH) }
}

/// # Safety
/// The CPU must have AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn avx512() -> usize {
    // SAFETY: the caller's promise.
    unsafe { chains::<super::vector::Avx512, CHAINS>(LENGTH) }
}

/// Runs all chains to the end and returns how many operations that were.
///
/// # Safety
/// The CPU must have the vector's instructions.
#[inline(always)]
unsafe fn chains<V: Vector, const N: usize>(length: usize) -> usize {
    // SAFETY: the caller's promise, and the store has room for a vector.
    unsafe {
        let (factor, term) = (V::splat(black_box(0.999)), V::splat(black_box(0.001)));
        let mut values: [V; N] = std::array::from_fn(|i| V::splat(i as f32));
        for _ in 0..length {
            for value in &mut values {
                *value = factor.mul_add(*value, term);
            }
        }
        let sum = values.into_iter().fold(V::zero(), |sum, value| sum.add(value));
        let mut result = [0.0; WIDTH];
        sum.store(result.as_mut_ptr());
        black_box(result);
    }
    2 * WIDTH * N * length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_that_the_cpu_has_has_a_peak() {
        for level in Level::ALL {
            let peak = fma_peak(level);
            assert_eq!(peak.is_some(), level.is_available(), "{level}");
            assert!(peak.is_none_or(|peak| peak > 0.0 && peak.is_finite()), "{level}: {peak:?}");
        }
    }
}
