//! `a * b + c`, rounded once: the one operation of the contract that not every CPU has, and that platforms'
//! libraries get wrong (subnormal results in Rust's own `fmaf` and musl's, and normal ones in mingw's).
//!
//! Nobody calls a library for it. Loops that are compiled for an instruction are handed a type that emits it
//! ([`Fma`]); everything else takes [`Portable`].

/// A way to compute `a * b + c` with one rounding, to nearest even. The choice changes speed, never a bit.
pub trait Fma: Copy {
    /// `a * b + c`, rounded once.
    fn fma(a: f32, b: f32, c: f32) -> f32;
}

/// The instruction where every CPU that the crate is compiled for has it, and [`exact`] elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portable;

#[cfg(not(any(
    target_arch = "aarch64",
    target_arch = "nvptx64",
    target_arch = "s390x",
    target_feature = "fma"
)))]
impl Fma for Portable {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        exact(a, b, c)
    }
}

#[cfg(any(target_arch = "aarch64", target_arch = "s390x", target_feature = "fma"))]
impl Fma for Portable {
    #[inline(always)]
    #[allow(
        clippy::disallowed_methods,
        reason = "the compiler has the instruction, so that it calls no library"
    )]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        extern crate std;
        a.mul_add(b, c)
    }
}

#[cfg(target_arch = "nvptx64")]
impl Fma for Portable {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        core::f32::math::mul_add(a, b, c)
    }
}

/// `a * b + c`, rounded once, by operations on `f64` alone.
///
/// The product of two `f32` is exact in `f64`. The sum is rounded there to odd: to the neighbour whose last
/// bit is set, if it is inexact. That bit says "and something more" to the rounding that follows, which then
/// goes the way of the exact value, also to a subnormal (Boldo and Melquiond, *Emulation of a FMA and
/// correctly rounded sums*, 2008).
#[inline(always)]
#[must_use]
pub fn exact(a: f32, b: f32, c: f32) -> f32 {
    let (product, term) = (a as f64 * b as f64, c as f64);
    let sum = product + term;
    // What the sum has lost, exactly (Knuth's TwoSum); NaN where it is infinite or NaN, and then nothing is
    // lost.
    let part = sum - product;
    let lost = (product - (sum - part)) + (term - part);
    let inexact = (lost > 0.0) | (lost < 0.0);
    let bits = sum.to_bits();
    // One step towards zero where the exact value is nearer to it: with the last bit set, either neighbour is
    // the odd one.
    let nearer_to_zero = (bits ^ lost.to_bits()) >> 63;
    let odd = bits.wrapping_sub(nearer_to_zero) | 1;
    f64::from_bits(if inexact { odd } else { bits }) as f32
}
