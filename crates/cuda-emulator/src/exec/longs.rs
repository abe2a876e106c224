//! Arithmetic of 64 bits, and between sizes.

use super::{
    lanes::{Lanes, one, three, two},
    words::{float_bits, rounded},
};
use crate::instruction::{Binary, Narrow, Rounding, Shift, Ternary, Unary, Widen};

#[inline(always)]
fn float(bits: u64) -> f64 {
    f64::from_bits(bits)
}

fn rounded_double(rounding: Rounding, x: f64) -> f64 {
    match rounding {
        Rounding::Even => x.round_ties_even(),
        Rounding::Zero => x.trunc(),
        Rounding::Down => x.floor(),
        Rounding::Up => x.ceil(),
    }
}

#[inline(always)]
pub(super) fn unary(op: Unary, a: &Lanes<u64>) -> Lanes<u64> {
    match op {
        Unary::Copy => *a,
        Unary::Not => one(a, |x| !x),
        Unary::Negate => one(a, u64::wrapping_neg),
        Unary::Absolute => one(a, |x| (x as i64).wrapping_abs() as u64),
        Unary::LeadingZeros => one(a, |x| x.leading_zeros().into()),
        Unary::CountOnes => one(a, |x| x.count_ones().into()),
        Unary::Reverse => one(a, u64::reverse_bits),
        Unary::Zero8 => one(a, |x| x & 0xff),
        Unary::Zero16 => one(a, |x| x & 0xffff),
        Unary::Sign8 => one(a, |x| x as i8 as u64),
        Unary::Sign8Half => one(a, |x| x as i8 as u16 as u64),
        Unary::Sign16 => one(a, |x| x as i16 as u64),
        Unary::NegateFloat => one(a, |x| x ^ 1 << 63),
        Unary::AbsoluteFloat => one(a, |x| x & !(1 << 63)),
        Unary::SquareRoot => one(a, |x| float(x).sqrt().to_bits()),
        Unary::Reciprocal => one(a, |x| (1.0 / float(x)).to_bits()),
        Unary::Round(rounding) => one(a, |x| rounded_double(rounding, float(x)).to_bits()),
        Unary::FloatOfSigned => one(a, |x| (x as i64 as f64).to_bits()),
        Unary::FloatOfUnsigned => one(a, |x| (x as f64).to_bits()),
        Unary::SignedOfFloat(rounding) => one(a, |x| rounded_double(rounding, float(x)) as i64 as u64),
        Unary::UnsignedOfFloat(rounding) => one(a, |x| rounded_double(rounding, float(x)) as u64),
    }
}

/// Division by zero gives zero here; who calls has looked for it.
#[inline(always)]
pub(super) fn binary(op: Binary, a: &Lanes<u64>, b: &Lanes<u64>) -> Lanes<u64> {
    let signed = |x: u64| x as i64;
    let extremum = |x: u64, y: u64, smaller: bool| {
        let (a, b) = (float(x), float(y));
        let first = match smaller {
            true => a < b || a == b && a.is_sign_negative(),
            false => a > b || a == b && a.is_sign_positive(),
        };
        if b.is_nan() || first { x } else { y }
    };
    match op {
        Binary::Add => two(a, b, u64::wrapping_add),
        Binary::Subtract => two(a, b, u64::wrapping_sub),
        Binary::Multiply => two(a, b, u64::wrapping_mul),
        Binary::HighSigned => two(a, b, |x, y| ((signed(x) as i128 * signed(y) as i128) >> 64) as u64),
        Binary::HighUnsigned => two(a, b, |x, y| ((x as u128 * y as u128) >> 64) as u64),
        Binary::DivideSigned => {
            two(a, b, |x, y| if y == 0 { 0 } else { signed(x).wrapping_div(signed(y)) as u64 })
        }
        Binary::DivideUnsigned => two(a, b, |x, y| x.checked_div(y).unwrap_or(0)),
        Binary::RemainderSigned => {
            two(a, b, |x, y| if y == 0 { 0 } else { signed(x).wrapping_rem(signed(y)) as u64 })
        }
        Binary::RemainderUnsigned => two(a, b, |x, y| x.checked_rem(y).unwrap_or(0)),
        Binary::MinSigned => two(a, b, |x, y| signed(x).min(signed(y)) as u64),
        Binary::MinUnsigned => two(a, b, u64::min),
        Binary::MaxSigned => two(a, b, |x, y| signed(x).max(signed(y)) as u64),
        Binary::MaxUnsigned => two(a, b, u64::max),
        Binary::And => two(a, b, |x, y| x & y),
        Binary::Or => two(a, b, |x, y| x | y),
        Binary::Xor => two(a, b, |x, y| x ^ y),
        Binary::Shift(way) => shift(way, a, &one(b, |n| n.min(64) as u32)),
        Binary::AddFloat => two(a, b, |x, y| (float(x) + float(y)).to_bits()),
        Binary::SubtractFloat => two(a, b, |x, y| (float(x) - float(y)).to_bits()),
        Binary::MultiplyFloat => two(a, b, |x, y| (float(x) * float(y)).to_bits()),
        Binary::DivideFloat => two(a, b, |x, y| (float(x) / float(y)).to_bits()),
        Binary::MinFloat | Binary::MinFloatNan => two(a, b, |x, y| extremum(x, y, true)),
        Binary::MaxFloat | Binary::MaxFloatNan => two(a, b, |x, y| extremum(x, y, false)),
        Binary::CopySign => two(a, b, |x, y| x & 1 << 63 | y & !(1 << 63)),
    }
}

#[inline(always)]
pub(super) fn shift(way: Shift, a: &Lanes<u64>, b: &Lanes<u32>) -> Lanes<u64> {
    match way {
        Shift::Left => two(a, b, |x, n| x.checked_shl(n).unwrap_or(0)),
        Shift::RightSigned => two(a, b, |x, n| (x as i64 >> n.min(63)) as u64),
        Shift::RightUnsigned => two(a, b, |x, n| x.checked_shr(n).unwrap_or(0)),
    }
}

/// The two of three operands' operations that longs have.
#[inline(always)]
#[allow(clippy::disallowed_methods, reason = "no kernel of ours has it: the platform's is good enough")]
pub(super) fn ternary(op: Ternary, values: [&Lanes<u64>; 3]) -> Lanes<u64> {
    match op {
        Ternary::FusedMultiplyAdd => three(values, |x, y, z| float(x).mul_add(float(y), float(z)).to_bits()),
        _ => three(values, |x, y, z| x.wrapping_mul(y).wrapping_add(z)),
    }
}

#[inline(always)]
pub(super) fn narrow(op: Narrow, a: &Lanes<u64>) -> Lanes<u32> {
    match op {
        Narrow::Low => one(a, |x| x as u32),
        Narrow::Low16 => one(a, |x| x as u16 as u32),
        Narrow::Low8 => one(a, |x| x as u8 as u32),
        Narrow::Sign8 => one(a, |x| x as i8 as u32),
        Narrow::Sign16 => one(a, |x| x as i16 as u32),
        Narrow::FloatOfSigned => one(a, |x| float_bits(x as i64 as f32)),
        Narrow::FloatOfUnsigned => one(a, |x| float_bits(x as f32)),
        Narrow::CountOnes => one(a, u64::count_ones),
        Narrow::LeadingZeros => one(a, u64::leading_zeros),
        Narrow::FloatOfDouble => one(a, |x| float_bits(float(x) as f32)),
        Narrow::SignedOfDouble(rounding) => one(a, |x| rounded_double(rounding, float(x)) as i32 as u32),
        Narrow::UnsignedOfDouble(rounding) => one(a, |x| rounded_double(rounding, float(x)) as u32),
    }
}

#[inline(always)]
pub(super) fn widen(op: Widen, a: &Lanes<u32>) -> Lanes<u64> {
    match op {
        Widen::Unsigned => one(a, |x| x as u64),
        Widen::Signed => one(a, |x| x as i32 as u64),
        Widen::Unsigned8 => one(a, |x| x as u8 as u64),
        Widen::Signed8 => one(a, |x| x as i8 as u64),
        Widen::Unsigned16 => one(a, |x| x as u16 as u64),
        Widen::Signed16 => one(a, |x| x as i16 as u64),
        Widen::SignedOfFloat(rounding) => one(a, |x| rounded(rounding, f32::from_bits(x)) as i64 as u64),
        Widen::UnsignedOfFloat(rounding) => one(a, |x| rounded(rounding, f32::from_bits(x)) as u64),
        Widen::DoubleOfFloat => one(a, |x| f64::from(f32::from_bits(x)).to_bits()),
        Widen::DoubleOfSigned => one(a, |x| f64::from(x as i32).to_bits()),
        Widen::DoubleOfUnsigned => one(a, |x| f64::from(x).to_bits()),
    }
}
