//! Vectors of CPUs that lack the fused multiply-add: sums in `f64`, rounded to `f32` by integers.
//!
//! A number is held as an `f64`, scaled by 2⁻⁸⁹⁶. The smallest normal `f32` is the smallest normal `f64`
//! then, so that both formats have the same exponents, turn subnormal at the same place, and the last bit of
//! an `f32` is bit 29 of the `f64` everywhere: one rule of integers rounds normal and subnormal sums alike.
//!
//! A product of two `f32` is exact in `f64`, and its sum with a third is rounded twice: to `f64`, and then to
//! `f32`. Both are monotonic, and what the second decides by, the midpoint of two neighbours, is an `f64`.
//! Therefore the result can be wrong in one case alone: where the sum in `f64` *is* a midpoint, from which
//! the exact sum may differ to either side. The same holds where a product falls among the subnormal `f64`,
//! for a midpoint less a term is one of their multiples, too. Midpoints are seldom and are computed again.
//! A product that falls below them all is a zero of its sign, which a term of `+0` takes away: products store
//! zeros as `+0` anyway.

mod pair;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "wasm32")]
use crate::cpu::simd::vector::wasm::Wasm;
use crate::cpu::simd::vector::{Plain, TERMS, Vector, WIDTH};
use minutia_kernels::math::fma;
use pair::Pair;

const PAIRS: usize = WIDTH / 2;
/// What numbers are held in, and back.
const SCALE: f64 = f64::from_bits((1023 - 896) << 52);
const UNSCALE: f64 = f64::from_bits((1023 + 896) << 52);

/// The bits of an `f64` that an `f32` does not have.
const REST: u64 = (1 << 29) - 1;
/// Carries into the last bit of an `f32` from all that is above a midpoint.
const BELOW_HALF: u64 = REST / 2;
/// Words of 16 bits that tell what is to be computed again: the upper 13 bits of [`REST`], which are all ones
/// after a midpoint (and after one in 2¹³ other sums), and the exponent.
const WATCHED: u64 = 0x7ff0_0000_1fff_0000;
/// The greatest words that need no second look: an exponent of [`OVERFLOW`] is no `f32`'s.
const HARMLESS: u64 = 0x0fef_0000_1ffe_0000;
const OVERFLOW: u64 = 0xff;

/// The same for each pair, written out: where the compiler optimises for size it keeps loops, and in memory
/// what they go over.
macro_rules! each {
    ($i:ident => $pair:expr) => {
        each!($i => $pair; 0 1 2 3 4 5 6 7)
    };
    ($i:ident => $pair:expr; $($n:literal)*) => {
        [$({ let $i = $n; $pair }),*]
    };
}
const _: () = assert!(PAIRS == 8);

/// Sixteen floats as pairs of scaled `f64`.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Doubles([Pair; PAIRS]);

impl Doubles {
    #[inline(always)]
    fn narrow(self) -> Plain {
        let unscale = Pair::splat(UNSCALE);
        let [a, b, c, d, e, f, g, h] = each!(i => self.0[i].mul(unscale).narrow());
        Plain([
            a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1], e[0], e[1], f[0], f[1], g[0], g[1], h[0], h[1],
        ])
    }

    #[inline(always)]
    fn widen(Plain(all): Plain) -> Doubles {
        let scale = Pair::splat(SCALE);
        Doubles(each!(i => Pair::widen([all[2 * i], all[2 * i + 1]]).mul(scale)))
    }

    /// [`Vector::mul_add_terms`] where some sum may be a midpoint or none that an `f32` holds.
    #[cold]
    #[inline(never)]
    fn one_by_one(&self, numbers: &[f32; TERMS], rows: &[Doubles; TERMS]) -> Doubles {
        let add = |sum, (&x, &row): (&f32, &Doubles)| {
            // SAFETY: every CPU has the instructions.
            unsafe { Doubles::splat(x).mul_add(row, sum) }
        };
        numbers.iter().zip(rows).fold(*self, add)
    }

    /// `y = a * x + y` where some sum may be a midpoint or none that an `f32` holds.
    #[cold]
    #[inline(never)]
    fn again([a, x, y]: &mut [Doubles; 3]) {
        let mut sums = *y;
        let mut beyond = false;
        for i in 0..PAIRS {
            let (a, x, y) = (a.0[i].lanes(), x.0[i].lanes(), y.0[i].lanes());
            let [(low, low_beyond), (high, high_beyond)] = [0, 1].map(|l| round(a[l] * UNSCALE * x[l], y[l]));
            sums.0[i] = Pair::from([low, high]);
            beyond |= low_beyond | high_beyond;
        }
        if beyond {
            let (Plain(a), Plain(x), Plain(y)) = (a.narrow(), x.narrow(), y.narrow());
            sums = Doubles::widen(Plain(std::array::from_fn(|l| fma(a[l], x[l], y[l]))));
        }
        *y = sums;
    }
}

/// The sum, rounded to odd and then to an `f32` (see [`minutia_kernels::fma::exact`]), and whether that is
/// not to be relied on: the sum is no `f32`'s, or the product was rounded.
#[inline(always)]
fn round(product: f64, term: f64) -> (f64, bool) {
    let sum = product + term;
    let part = sum - product;
    let lost = (product - (sum - part)) + (term - part);
    let inexact = (lost > 0.0) | (lost < 0.0);
    let bits = sum.to_bits();
    let odd = bits.wrapping_sub((bits ^ lost.to_bits()) >> 63) | 1;
    let bits = if inexact { odd } else { bits };
    let even = bits.wrapping_add(BELOW_HALF + (bits >> 29 & 1));
    // A product of 0 leaves the term as it is, even if it was none before it was rounded.
    let rounded = (product.abs() < f64::MIN_POSITIVE) & (product != 0.0);
    (f64::from_bits(even & !REST), (even >> 52 & 0x7ff >= OVERFLOW) | rounded)
}

// SAFETY, for every block: the caller has good pointers.
impl Vector for Doubles {
    #[cfg(not(target_arch = "wasm32"))]
    type Floats = Plain;
    #[cfg(target_arch = "wasm32")]
    type Floats = Wasm;
    #[cfg(all(target_arch = "wasm32", feature = "small"))]
    const TILE: [usize; 2] = [2, 1];
    const BY_TERMS: bool = true;
    #[inline(always)]
    unsafe fn zero() -> Self {
        Doubles([Pair::splat(0.0); PAIRS])
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Doubles([Pair::splat(f64::from(x)).mul(Pair::splat(SCALE)); PAIRS])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        Doubles::widen(unsafe { Plain::load(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { self.narrow().store(to) }
    }
    /// `self` is what goes back to its scale: loops have one number there, for all pairs.
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        let [half, kept] = [BELOW_HALF, !REST].map(Pair::splat_bits);
        let [watched, harmless] = [WATCHED, HARMLESS].map(Pair::splat_bits);
        let unscale = Pair::splat(UNSCALE);
        let mut seen = Pair::splat(0.0);
        let mut sums = Doubles(each!(i => {
            let sum = self.0[i].mul(unscale).mul(x.0[i]).add(y.0[i]).add_bits(half);
            seen = seen.max_words(sum.and(watched));
            sum.and(kept)
        }));
        if seen.exceeds_words(harmless) {
            // A copy, so that what is in registers need not have an address.
            let mut terms = [self, x, y];
            Doubles::again(&mut terms);
            sums = terms[2];
        }
        sums
    }
    /// Sums stay in registers and are looked at once: where one was a midpoint, what came after it is wrong,
    /// and all terms are added again.
    #[inline(always)]
    unsafe fn mul_add_terms(self, numbers: &[f32; TERMS], rows: &[Self; TERMS]) -> Self {
        let [half, kept] = [BELOW_HALF, !REST].map(Pair::splat_bits);
        let [watched, harmless] = [WATCHED, HARMLESS].map(Pair::splat_bits);
        let (Doubles(mut sums), mut seen) = (self, Pair::splat(0.0));
        for (&x, Doubles(row)) in numbers.iter().zip(rows) {
            let x = Pair::splat(f64::from(x));
            sums = each!(i => {
                let next = x.mul(row[i]).add(sums[i]).add_bits(half);
                seen = seen.max_words(next.and(watched));
                next.and(kept)
            });
        }
        if seen.exceeds_words(harmless) { self.one_by_one(numbers, rows) } else { Doubles(sums) }
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        // SAFETY: there are no pointers.
        Doubles::widen(unsafe { self.narrow().add(x.narrow()) })
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        // SAFETY: there are no pointers.
        Doubles::widen(unsafe { self.narrow().sub(x.narrow()) })
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        // SAFETY: there are no pointers.
        Doubles::widen(unsafe { self.narrow().mul(x.narrow()) })
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: there are no pointers.
        Doubles::widen(unsafe { self.narrow().relu() })
    }
    #[inline(always)]
    unsafe fn where_positive(self, x: Self) -> Self {
        // SAFETY: there are no pointers.
        Doubles::widen(unsafe { self.narrow().where_positive(x.narrow()) })
    }
    #[inline(always)]
    unsafe fn nonzero(self) -> u32 {
        // SAFETY: there are no pointers.
        unsafe { self.narrow().nonzero() }
    }
}
