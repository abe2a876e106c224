//! Elementary functions in `f32`, built from exact operations alone.
//!
//! `+ - * / sqrt fma` and bit operations are exact by IEEE 754 on every target, so anything composed of them
//! gives the same bits everywhere. The standard library's `exp`, `ln`, `sin` and their like are not used:
//! they call the platform's library, whose last bit changes with the CPU.
//!
//! All functions are free of branches, so that loops over them vectorise. Those that multiply and add take
//! the way to do so as a type, [`Portable`] unless the caller is compiled for an instruction.

mod power;
mod rounding;
mod trigonometry;

pub use crate::fma::{Fma, Portable};
pub use power::{expm1, log1p, pow};
pub use rounding::{floor, remainder, round};
pub use trigonometry::{atan2, cos, sin, sin_cos_turns};

const LN2_HI: f32 = f32::from_bits(0x3f31_7200);
const LN2_LO: f32 = f32::from_bits(0x35bf_be8e);
/// 1.5 * 2^23: adding it leaves the nearest integer in the low mantissa bits.
const ROUND: f32 = 12_582_912.0;

/// Minimax coefficients of `(e^r - 1 - r) / r^2` on `|r| <= ln(2) / 2`, highest power first; error 3.3e-9.
const EXP: [f32; 5] = [
    f32::from_bits(0x3ab6_dc6e),
    f32::from_bits(0x3c09_1f5e),
    f32::from_bits(0x3d2a_aa2c),
    f32::from_bits(0x3e2a_aa45),
    f32::from_bits(0x3f00_0000),
];

/// Minimax coefficients of `(ln(1 + f) - f + f^2 / 2) / f^3` on `[sqrt(1/2) - 1, sqrt(2) - 1]`, highest power
/// first; error 5.9e-9.
const LN: [f32; 8] = [
    f32::from_bits(0xbda0_fdee),
    f32::from_bits(0x3e03_ed49),
    f32::from_bits(0xbe06_7126),
    f32::from_bits(0x3e11_3688),
    f32::from_bits(0xbe2a_3c21),
    f32::from_bits(0x3e4c_d2d1),
    f32::from_bits(0xbe80_0110),
    f32::from_bits(0x3eaa_aaa5),
];

/// `a * b + c`, rounded once.
#[inline(always)]
#[must_use]
pub fn fma(a: f32, b: f32, c: f32) -> f32 {
    Portable::fma(a, b, c)
}

/// The square root, rounded once; NaN below zero.
#[inline(always)]
#[must_use]
pub fn sqrt(x: f32) -> f32 {
    core_float::sqrt(x)
}

/// `1 / sqrt(x)`, as a root and a division, each rounded once.
#[inline(always)]
#[must_use]
pub fn rsqrt(x: f32) -> f32 {
    1.0 / sqrt(x)
}

/// `-1`, `0` or `1`; `+0` at either zero, NaN at NaN.
#[inline(always)]
#[must_use]
pub fn sign(x: f32) -> f32 {
    let s = if x > 0.0 { 1.0 } else { 0.0 };
    let s = if x < 0.0 { -1.0 } else { s };
    if x.is_nan() { x } else { s }
}

/// The larger value; the first at a tie; NaN where either is NaN.
#[inline(always)]
#[must_use]
pub fn max(a: f32, b: f32) -> f32 {
    if (a >= b) | a.is_nan() { a } else { b }
}

/// The smaller value; the first at a tie; NaN where either is NaN.
#[inline(always)]
#[must_use]
pub fn min(a: f32, b: f32) -> f32 {
    if (a <= b) | a.is_nan() { a } else { b }
}

/// Rounds to an integer, ties to even; exact for `|x| < 2^22`, which every caller guarantees.
#[inline(always)]
fn round_small(x: f32) -> f32 {
    (x + ROUND) - ROUND
}

/// `e^x`, at most 1.05 ulp from the exact value.
#[inline(always)]
#[must_use]
pub fn exp<F: Fma>(x: f32) -> f32 {
    // Beyond these bounds the result is infinite or zero anyway; NaN passes both comparisons unchanged.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -105.0 { -105.0 } else { x };
    let shifted = F::fma(x, core::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let i = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let r = F::fma(n, -LN2_LO, F::fma(n, -LN2_HI, x));
    let p = polynomial::<F, _>(&EXP, r);
    let p = F::fma(p, r * r, r) + 1.0;
    // Two factors keep each power of two inside the exponent's range and let subnormal results round once.
    let half = i >> 1;
    (p * power_of_two(half)) * power_of_two(i.wrapping_sub(half))
}

#[inline(always)]
fn power_of_two(i: i32) -> f32 {
    f32::from_bits((i.wrapping_add(127) as u32) << 23)
}

#[inline(always)]
fn polynomial<F: Fma, const N: usize>(coefficients: &[f32; N], x: f32) -> f32 {
    let mut p = coefficients[0];
    let mut k = 1;
    while k < N {
        p = F::fma(p, x, coefficients[k]);
        k += 1;
    }
    p
}

/// The natural logarithm, at most 0.89 ulp from the exact value; `-inf` at zero, NaN below.
#[inline(always)]
#[must_use]
pub fn ln<F: Fma>(x: f32) -> f32 {
    let subnormal = x < f32::MIN_POSITIVE;
    let scaled = if subnormal { x * 8_388_608.0 } else { x };
    let bits = scaled.to_bits() as i32;
    // x = m * 2^e with m in [sqrt(1/2), sqrt(2)): 0x3f3504f3 is sqrt(1/2).
    let e = bits.wrapping_sub(0x3f35_04f3) >> 23;
    let m = f32::from_bits(bits.wrapping_sub(e << 23) as u32);
    let e = e as f32 + if subnormal { -23.0 } else { 0.0 };
    let f = m - 1.0;
    let f2 = f * f;
    let tail = F::fma(polynomial::<F, _>(&LN, f), f * f2, e * LN2_LO);
    let tail = F::fma(f2, -0.5, tail);
    let r = F::fma(e, LN2_HI, f + tail);
    let r = if x == f32::INFINITY { x } else { r };
    let r = if x == 0.0 { f32::NEG_INFINITY } else { r };
    if (x < 0.0) | x.is_nan() { f32::NAN } else { r }
}

/// The hyperbolic tangent.
///
/// Near zero an odd polynomial (Cephes `tanhf`), elsewhere `1 - 2 / (e^2|x| + 1)`.
#[inline(always)]
#[must_use]
pub fn tanh<F: Fma>(x: f32) -> f32 {
    const P: [f32; 5] = [-5.704_988_7e-3, 2.063_909e-2, -5.373_971_5e-2, 1.333_144_2e-1, -3.333_328e-1];
    let a = x.abs();
    let s = x * x;
    let small = F::fma(x * s, polynomial::<F, _>(&P, s), x);
    let large = 1.0 - 2.0 / (exp::<F>(2.0 * a) + 1.0);
    let large = if x < 0.0 { -large } else { large };
    if (a < 0.625) | x.is_nan() { small } else { large }
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
#[must_use]
pub fn sigmoid<F: Fma>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<F>(-x))
}

/// The error function, `2 / sqrt(pi)` times the integral of `e^-t^2` from 0 to `x`; at most 1.2 ulp from the
/// exact value.
///
/// Near zero an odd polynomial, elsewhere `1 - e^-q(|x|)` with a polynomial `q`; both interpolate at
/// Chebyshev points. From 3.95 on the result is 1 in any case.
#[inline(always)]
#[must_use]
pub fn erf<F: Fma>(x: f32) -> f32 {
    const P: [f32; 7] = [
        8.399_778e-5,
        -8.150_050_5e-4,
        5.201_714_6e-3,
        -2.685_969_1e-2,
        1.128_370_1e-1,
        -3.761_263_4e-1,
        1.283_791_7e-1,
    ];
    const Q: [f32; 9] = [
        -1.660_596_3e-6,
        4.649_336_3e-5,
        -6.002_25e-4,
        4.774_377_5e-3,
        -2.645_941_5e-2,
        1.101_405_6e-1,
        6.317_695_1e-1,
        1.130_261_8,
        -3.259_053_6e-4,
    ];
    let a = x.abs();
    let s = x * x;
    let small = F::fma(x, polynomial::<F, _>(&P, s), x);
    let large = 1.0 - exp::<F>(-polynomial::<F, _>(&Q, a));
    let large = if a < 3.95 { large } else { 1.0 };
    let large = if x < 0.0 { -large } else { large };
    if (a < 0.92) | x.is_nan() { small } else { large }
}

/// The canonical bits of `x`: one NaN for all NaNs. Hash these, never the raw bits.
#[inline(always)]
#[must_use]
pub fn canonical_bits(x: f32) -> u32 {
    if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }
}

/// The root of a float, which `core` has for GPUs alone.
#[cfg(not(target_arch = "nvptx64"))]
mod core_float {
    extern crate std;

    #[inline(always)]
    pub fn sqrt(x: f32) -> f32 {
        x.sqrt()
    }
}

#[cfg(target_arch = "nvptx64")]
mod core_float {
    pub use core::f32::math::sqrt;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{format, string::String, vec::Vec};

    fn ulps(got: f32, want: f64) -> f64 {
        if want.abs() > f32::MAX as f64 {
            return if got.is_infinite() && (got > 0.0) == (want > 0.0) { 0.0 } else { f64::INFINITY };
        }
        let nearest = want as f32;
        let spacing = (f32::from_bits((nearest.abs().to_bits() + 1).min(0x7f7f_ffff)) as f64
            - nearest.abs() as f64)
            .max(f32::from_bits(1) as f64);
        (got as f64 - want).abs() / spacing
    }

    /// The error function by its series of positive terms, `e^-x^2 (2 x / sqrt pi) sum (2 x^2)^n / (2 n +
    /// 1)!!`.
    fn erf_of_f64(x: f64) -> f64 {
        let terms = (1..200).scan(1.0, |term, n| {
            *term *= 2.0 * x * x / f64::from(2 * n + 1);
            Some(*term)
        });
        let sum = 1.0 + terms.sum::<f64>();
        (-x * x).exp() * x * core::f64::consts::FRAC_2_SQRT_PI * sum
    }

    #[test]
    fn errors_stay_within_the_documented_bounds() {
        type Row = (&'static str, fn(f32) -> f32, fn(f64) -> f64, f32, f32, f64);
        let rows: [Row; 9] = [
            ("exp", exp::<Portable>, f64::exp, -104.0, 89.0, 1.05),
            ("ln", ln::<Portable>, f64::ln, 1e-40, 3e38, 0.89),
            ("tanh", tanh::<Portable>, f64::tanh, -10.0, 10.0, 2.5),
            ("sigmoid", sigmoid::<Portable>, |x| 1.0 / (1.0 + (-x).exp()), -80.0, 80.0, 3.0),
            ("erf", erf::<Portable>, erf_of_f64, -6.0, 6.0, 1.2),
            ("expm1", expm1, f64::exp_m1, -104.0, 89.0, 0.6),
            ("log1p", log1p, f64::ln_1p, -1.0, 3e38, 0.6),
            ("sin", sin::<Portable>, f64::sin, -f32::MAX, f32::MAX, 1.6),
            ("cos", cos::<Portable>, f64::cos, -f32::MAX, f32::MAX, 1.6),
        ];
        let mut failures = Vec::<String>::new();
        for (name, ours, reference, low, high, bound) in rows {
            let mut worst = (0.0, 0.0f32);
            for bits in (0..=u32::MAX).step_by(9973) {
                let x = f32::from_bits(bits);
                if x >= low && x <= high {
                    let error = ulps(ours(x), reference(x as f64));
                    if error > worst.0 {
                        worst = (error, x);
                    }
                }
            }
            if worst.0 > bound {
                failures.push(format!("{name}: {} ulp at {}", worst.0, worst.1));
            }
        }
        assert!(failures.is_empty(), "{failures:?}");
    }

    #[test]
    fn pow_follows_ieee_754() {
        let values = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            2.0,
            -2.0,
            0.5,
            -0.5,
            3.0,
            -3.0,
            1.5,
            1e-30,
            -1e30,
            1e38,
            8_388_609.0,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
        ];
        for x in values {
            for y in values {
                let (got, want) = (pow(x, y), (x as f64).powf(y as f64));
                let sign =
                    got.is_nan() || want.is_nan() || (got.is_sign_negative() == want.is_sign_negative());
                let close =
                    if want.is_nan() { got.is_nan() } else { ulps(got, want) <= 0.51 || got as f64 == want };
                assert!(sign && close, "pow({x}, {y}) = {got}, expected {want}");
            }
        }
    }

    #[test]
    fn special_values() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let rows = [
            ("exp(inf)", exp::<Portable>(inf), inf),
            ("exp(-inf)", exp::<Portable>(-inf), 0.0),
            ("exp(-0)", exp::<Portable>(-0.0), 1.0),
            ("ln(0)", ln::<Portable>(0.0), -inf),
            ("ln(-1)", ln::<Portable>(-1.0), nan),
            ("ln(inf)", ln::<Portable>(inf), inf),
            ("erf(inf)", erf::<Portable>(inf), 1.0),
            ("erf(-inf)", erf::<Portable>(-inf), -1.0),
            ("erf(-0)", erf::<Portable>(-0.0), -0.0),
            ("erf(nan)", erf::<Portable>(nan), nan),
            ("tanh(inf)", tanh::<Portable>(inf), 1.0),
            ("tanh(-inf)", tanh::<Portable>(-inf), -1.0),
            ("sigmoid(-inf)", sigmoid::<Portable>(-inf), 0.0),
            ("expm1(-0)", expm1(-0.0), -0.0),
            ("expm1(inf)", expm1(inf), inf),
            ("expm1(-inf)", expm1(-inf), -1.0),
            ("log1p(-0)", log1p(-0.0), -0.0),
            ("log1p(-1)", log1p(-1.0), -inf),
            ("log1p(-2)", log1p(-2.0), nan),
            ("log1p(inf)", log1p(inf), inf),
            ("sin(-0)", sin::<Portable>(-0.0), -0.0),
            ("sin(inf)", sin::<Portable>(inf), nan),
            ("cos(nan)", cos::<Portable>(nan), nan),
            ("sign(-0)", sign(-0.0), 0.0),
            ("max(nan, 1)", max(nan, 1.0), nan),
            ("max(1, nan)", max(1.0, nan), nan),
            ("min(1, nan)", min(1.0, nan), nan),
            ("exp(nan)", exp::<Portable>(nan), nan),
            ("tanh(nan)", tanh::<Portable>(nan), nan),
        ];
        for (name, got, want) in rows {
            assert_eq!(canonical_bits(got), canonical_bits(want), "{name} = {got}, expected {want}");
        }
    }

    /// Numbers of all exponents and both signs, zeros, infinities, NaN and integers beside halves.
    fn numbers() -> Vec<f32> {
        let spread = (0..=u32::MAX).step_by(7_654_321).map(f32::from_bits);
        let halves = (-9..=9).map(|i| i as f32 / 2.0);
        let ends = [0.0, -0.0, 1e-45, 8_388_607.5, 8_388_609.0, 2_147_483_648.0, f32::INFINITY, f32::NAN];
        spread.chain(halves).chain(ends).collect()
    }

    #[test]
    fn integers_beside_a_number_are_those_of_f64() {
        for x in numbers() {
            for (name, got, want) in [
                ("floor", floor(x), f64::from(x).floor()),
                ("round", round(x), f64::from(x).round_ties_even()),
            ] {
                assert_eq!(canonical_bits(got), canonical_bits(want as f32), "{name}({x}) = {got}");
            }
        }
    }

    #[test]
    fn remainders_and_angles_are_those_of_f64() {
        for x in numbers() {
            for y in numbers() {
                let (got, want) = (remainder(x, y), (f64::from(x) % f64::from(y)) as f32);
                assert_eq!(canonical_bits(got), canonical_bits(want), "{x} % {y} = {got}, expected {want}");
                let (got, want) = (atan2(x, y), f64::from(x).atan2(f64::from(y)));
                let sign = got.is_nan() || got.is_sign_negative() == want.is_sign_negative();
                let close = if want.is_nan() { got.is_nan() } else { ulps(got, want) <= 0.51 };
                assert!(sign && close, "atan2({x}, {y}) = {got}, expected {want}");
            }
        }
    }

    #[test]
    fn turns_reduce_exactly() {
        for i in 0..=1000 {
            let u = i as f32 / 1000.0;
            let (s, c) = sin_cos_turns::<Portable>(u);
            let angle = u as f64 * core::f64::consts::TAU;
            assert!((s as f64 - angle.sin()).abs() < 1e-6, "sin({u} turns) = {s}");
            assert!((c as f64 - angle.cos()).abs() < 1e-6, "cos({u} turns) = {c}");
        }
    }
}
