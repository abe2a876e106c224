//! Powers, and exponentials and logarithms near 0. They run in `f64`, whose basic operations are exact on
//! every target too.

/// `x^y` with the special cases of IEEE 754's `pow`.
///
/// The logarithm and the exponential between run in `f64`, whose basic operations are exact on every target
/// too, so that an error in the logarithm is not magnified by a large `y`.
#[inline(always)]
#[must_use]
pub fn pow(x: f32, y: f32) -> f32 {
    let magnitude = x.abs();
    let t = ln_f64(magnitude as f64) * y as f64;
    let r = exp_f64(t) as f32;
    // Zero and infinity as bases: the sign of y alone decides.
    let r = if magnitude == 0.0 { if y < 0.0 { f32::INFINITY } else { 0.0 } } else { r };
    let r = if magnitude == f32::INFINITY { if y < 0.0 { 0.0 } else { f32::INFINITY } } else { r };
    // An infinite exponent.
    let grows = (magnitude > 1.0) == (y > 0.0);
    let r = if y.abs() == f32::INFINITY { if grows { f32::INFINITY } else { 0.0 } } else { r };
    let whole = (y.abs() >= 8_388_608.0) | (y as i32 as f32 == y);
    let odd = (y.abs() < 16_777_216.0) & (y as i32 & 1 != 0) & whole;
    let negative = x.to_bits() >> 31 != 0;
    let r = if negative & odd { -r } else { r };
    let r = if negative & !whole & (magnitude != 0.0) & (magnitude != f32::INFINITY) { f32::NAN } else { r };
    let r = if x.is_nan() | y.is_nan() { f32::NAN } else { r };
    let one = (y == 0.0) | (x == 1.0) | ((x == -1.0) & (y.abs() == f32::INFINITY));
    if one { 1.0 } else { r }
}

/// `ln(x)` of a positive finite normal number, to about 1e-13 relative; some number for any other.
#[inline(always)]
fn ln_f64(x: f64) -> f64 {
    let bits = x.to_bits() as i64;
    // x = m * 2^e with m in [sqrt(1/2), sqrt(2)).
    let e = bits.wrapping_sub(0x3fe6_a09e_667f_3bcd) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(e << 52) as u64);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    // ln(m) = 2 atanh(s) = 2 s (1 + z/3 + z^2/5 + ...)
    e as f64 * core::f64::consts::LN_2 + 2.0 * s * sum_of_powers(z, 17.0)
}

/// `1 + z / 3 + z^2 / 5 + ...` up to the term that is divided by `last`, an odd number.
#[inline(always)]
pub(super) fn sum_of_powers(z: f64, last: f64) -> f64 {
    let mut p = 1.0 / last;
    let mut k = last - 2.0;
    while k >= 1.0 {
        p = p * z + 1.0 / k;
        k -= 2.0;
    }
    p
}

/// `e^t`, to about 1e-13 relative inside the range that an `f32` holds.
#[inline(always)]
fn exp_f64(t: f64) -> f64 {
    const ROUND_F64: f64 = 6_755_399_441_055_744.0;
    let t = if t > 200.0 { 200.0 } else { t };
    let t = if t < -200.0 { -200.0 } else { t };
    let shifted = t * core::f64::consts::LOG2_E + ROUND_F64;
    let n = shifted - ROUND_F64;
    let i = (shifted.to_bits() as i64).wrapping_sub(ROUND_F64.to_bits() as i64);
    let r = t - n * core::f64::consts::LN_2;
    let mut p = 1.0;
    let mut k = 12.0;
    while k >= 1.0 {
        p = p * r / k + 1.0;
        k -= 1.0;
    }
    p * f64::from_bits((i.wrapping_add(1023) as u64) << 52)
}

/// `e^x - 1`, at most 0.6 ulp from the exact value, also where `x` is small.
#[inline(always)]
#[must_use]
pub fn expm1(x: f32) -> f32 {
    let t = x as f64;
    let large = exp_f64(t) - 1.0;
    let small = t * (1.0 + t * (0.5 + t * (1.0 / 6.0 + t / 24.0)));
    (if x.abs() < 1e-3 { small } else { large }) as f32
}

/// `ln(1 + x)`, at most 0.6 ulp from the exact value, also where `x` is small; `-inf` at -1, NaN below.
#[inline(always)]
#[must_use]
pub fn log1p(x: f32) -> f32 {
    let t = x as f64;
    let large = ln_f64(1.0 + t);
    let small = t * (1.0 - t * (0.5 - t * (1.0 / 3.0 - t / 4.0)));
    let r = (if x.abs() < 1e-3 { small } else { large }) as f32;
    let r = if x == f32::INFINITY { x } else { r };
    let r = if x == -1.0 { f32::NEG_INFINITY } else { r };
    if (x < -1.0) | x.is_nan() { f32::NAN } else { r }
}
