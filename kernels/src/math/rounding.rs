//! Integers beside a number, and what division by a whole number of times leaves.

use super::power_of_two;

/// From here on every `f32` is an integer.
const WHOLE: f32 = 8_388_608.0;

/// The sign of `x` on a number that has none.
#[inline(always)]
fn with_sign_of(x: f32, magnitude: f32) -> f32 {
    f32::from_bits(magnitude.to_bits() | x.to_bits() & 1 << 31)
}

/// The greatest integer that is not above `x`; a zero, an infinity and NaN stay what they are.
#[inline(always)]
#[must_use]
pub fn floor(x: f32) -> f32 {
    let towards_zero = x as i32 as f32;
    let below = if towards_zero > x { towards_zero - 1.0 } else { towards_zero };
    if x.abs() < WHOLE { with_sign_of(x, below) } else { x }
}

/// The nearest integer, of two the even one; a zero, an infinity and NaN stay what they are.
#[inline(always)]
#[must_use]
pub fn round(x: f32) -> f32 {
    let a = x.abs();
    if a < WHOLE { with_sign_of(x, (a + WHOLE) - WHOLE) } else { x }
}

/// What is left of `x` after the largest whole number of times `y` towards zero, exactly and with the sign of
/// `x`: `fmod` of C. NaN where `y` is 0 or `x` infinite.
#[inline(always)]
#[must_use]
pub fn remainder(x: f32, y: f32) -> f32 {
    let (a, b) = (x.abs(), y.abs());
    let split = |a: f32| {
        let exponent = (a.to_bits() >> 23) as i32;
        let hidden = if exponent == 0 { 0 } else { 1 << 23 };
        (u64::from(a.to_bits() & 0x007f_ffff | hidden), if exponent == 0 { 1 } else { exponent })
    };
    let ((whole, e), (part, lowest)) = (split(a), split(b));
    let part = if part == 0 { 1 } else { part };
    // whole * 2^(e - lowest), modulo part: the power by squares.
    let mut rest = whole % part;
    let mut square = 2 % part;
    let mut twos = if e > lowest { e - lowest } else { 0 };
    let mut i = 0;
    while i < 9 {
        rest = if twos & 1 != 0 { rest * square % part } else { rest };
        square = square * square % part;
        twos >>= 1;
        i += 1;
    }
    // Two factors keep each power of two inside the exponent's range; the result is exact.
    let half = (lowest - 150) >> 1;
    let left = rest as f32 * power_of_two(half) * power_of_two(lowest - 150 - half);
    let left = if a < b { a } else { left };
    let none = (b == 0.0) | !a.is_finite() | b.is_nan();
    if none { f32::NAN } else { with_sign_of(x, left) }
}
