//! Sine, cosine and the angle of a point.

use super::{Fma, polynomial, power::sum_of_powers, round_small};
use core::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// The bits of `2 / pi` after the point, behind a word of zeros.
const TWO_OVER_PI: [u32; 8] =
    [0, 0xa2f9_836e, 0x4e44_1529, 0xfc27_57d1, 0xf534_ddc0, 0xdb62_9599, 0x3c43_9041, 0xfe51_63ab];

/// Sine and cosine of `quadrant * pi / 2 + r`, for `|r| <= pi / 4` (Cephes `sinf`, `cosf`).
#[inline(always)]
fn sin_cos_reduced<F: Fma>(quadrant: i32, r: f32) -> (f32, f32) {
    const S: [f32; 3] = [-1.951_529_6e-4, 8.332_161e-3, -1.666_665_5e-1];
    const C: [f32; 3] = [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2];
    let z = r * r;
    let s = F::fma(polynomial::<F, _>(&S, z) * z, r, r);
    let c = F::fma(polynomial::<F, _>(&C, z) * z, z, F::fma(z, -0.5, 1.0));
    let (a, b) = if quadrant & 1 == 0 { (s, c) } else { (c, s) };
    let a = if quadrant & 2 == 0 { a } else { -a };
    let b = if (quadrant + 1) & 2 == 0 { b } else { -b };
    (a, b)
}

/// The quadrant, modulo 4, and the angle from its middle line, of `x` radians: Payne and Hanek's reduction,
/// which multiplies by those bits of `2 / pi` alone that decide, so that no `x` is too large.
#[inline(always)]
fn reduce(x: f32) -> (i32, f32) {
    let bits = x.to_bits();
    let exponent = (bits >> 23 & 0xff) as i32 - 127;
    let mantissa = u64::from(bits & 0x007f_ffff | 0x0080_0000);
    // The 96 bits of 2 / pi from the one that contributes twice a full turn of the mantissa's last bit. Small
    // angles need no reduction.
    let first = (if exponent < -1 { -1 } else { exponent } + 7) as u32;
    let (word, shift) = ((first / 32) as usize, first % 32);
    let window = |i: usize| {
        let both = u64::from(TWO_OVER_PI[(word + i) & 7]) << 32 | u64::from(TWO_OVER_PI[(word + i + 1) & 7]);
        both << shift >> 32
    };
    let low = mantissa * window(2);
    let middle = mantissa * window(1) + (low >> 32);
    let high = mantissa.wrapping_mul(window(0)).wrapping_add(middle >> 32);
    let turns = high << 32 | middle & 0xffff_ffff;
    // Quarters of a turn in the upper two bits, to the nearest.
    let quadrant = turns.wrapping_add(1 << 61) >> 62;
    let rest = turns.wrapping_sub(quadrant << 62) as i64;
    let angle = (rest as f64 * (FRAC_PI_2 / (1_u64 << 62) as f64)) as f32;
    let negative = bits >> 31 != 0;
    let (quadrant, angle) = if negative { (-(quadrant as i32), -angle) } else { (quadrant as i32, angle) };
    let (quadrant, angle) = if x.abs() < core::f32::consts::FRAC_PI_4 { (0, x) } else { (quadrant, angle) };
    (quadrant, if x.abs() < f32::INFINITY { angle } else { f32::NAN })
}

/// The sine of `x` radians, at most 1.6 ulp from the exact value, for every `x`; NaN where it is infinite.
#[inline(always)]
#[must_use]
pub fn sin<F: Fma>(x: f32) -> f32 {
    let (quadrant, angle) = reduce(x);
    let sine = sin_cos_reduced::<F>(quadrant, angle).0;
    // A sum of zeros has lost the sign.
    if x == 0.0 { x } else { sine }
}

/// The cosine of `x` radians, at most 1.6 ulp from the exact value, for every `x`; NaN where it is infinite.
#[inline(always)]
#[must_use]
pub fn cos<F: Fma>(x: f32) -> f32 {
    let (quadrant, angle) = reduce(x);
    sin_cos_reduced::<F>(quadrant, angle).1
}

/// Sine and cosine of `2 pi turns`, for `0 <= turns <= 1`; the argument is reduced without error.
#[inline(always)]
#[must_use]
pub fn sin_cos_turns<F: Fma>(turns: f32) -> (f32, f32) {
    let t = turns * 4.0;
    let n = round_small(t);
    sin_cos_reduced::<F>(n as i32, (t - n) * core::f32::consts::FRAC_PI_2)
}

/// The angle of the point `(x, y)` in radians, from `-pi` to `pi`, with the special cases of IEEE 754's
/// `atan2`.
///
/// It runs in `f64`, whose basic operations are exact on every target too.
#[inline(always)]
#[must_use]
pub fn atan2(y: f32, x: f32) -> f32 {
    let (a, b) = (f64::from(y.abs()), f64::from(x.abs()));
    let (less, more) = if a < b { (a, b) } else { (b, a) };
    let slope = less / more;
    // 0 / 0 is no angle, and inf / inf the diagonal.
    let slope = if more == 0.0 { 0.0 } else { slope };
    let slope = if less == f64::INFINITY { 1.0 } else { slope };
    // Tangents above that of pi / 8 are taken from the diagonal.
    let steep = slope > 0.414_213_562_373_095_03;
    let t = if steep { (slope - 1.0) / (slope + 1.0) } else { slope };
    // t - t^3 / 3 + t^5 / 5 ...
    let angle = t * sum_of_powers(-(t * t), 31.0);
    let angle = if steep { FRAC_PI_4 + angle } else { angle };
    let angle = if a > b { FRAC_PI_2 - angle } else { angle };
    let angle = if x.to_bits() >> 31 != 0 { PI - angle } else { angle } as f32;
    let angle = if y.to_bits() >> 31 != 0 { -angle } else { angle };
    if x.is_nan() | y.is_nan() { f32::NAN } else { angle }
}
