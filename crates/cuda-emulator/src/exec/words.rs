//! Arithmetic of 32 bits, and of 16.

use super::lanes::{Lanes, one, three, two};
use crate::instruction::{Binary, Rounding, Shift, Ternary, Unary};
use minutia_kernels::fma::Fma;

/// The one NaN that arithmetic of the GPU gives.
pub(super) const NAN: u32 = 0x7fff_ffff;

#[inline(always)]
fn float(bits: u32) -> f32 {
    f32::from_bits(bits)
}

#[inline(always)]
pub(super) fn float_bits(x: f32) -> u32 {
    if x.is_nan() { NAN } else { x.to_bits() }
}

#[inline(always)]
pub(super) fn rounded(rounding: Rounding, x: f32) -> f32 {
    match rounding {
        Rounding::Even => x.round_ties_even(),
        Rounding::Zero => x.trunc(),
        Rounding::Down => x.floor(),
        Rounding::Up => x.ceil(),
    }
}

#[inline(always)]
pub(super) fn unary(op: Unary, a: &Lanes<u32>) -> Lanes<u32> {
    match op {
        Unary::Copy => *a,
        Unary::Not => one(a, |x| !x),
        Unary::Negate => one(a, u32::wrapping_neg),
        Unary::Absolute => one(a, |x| (x as i32).wrapping_abs() as u32),
        Unary::LeadingZeros => one(a, u32::leading_zeros),
        Unary::CountOnes => one(a, u32::count_ones),
        Unary::Reverse => one(a, u32::reverse_bits),
        Unary::Zero8 => one(a, |x| x & 0xff),
        Unary::Zero16 => one(a, |x| x & 0xffff),
        Unary::Sign8 => one(a, |x| x as i8 as u32),
        Unary::Sign8Half => one(a, |x| x as i8 as u16 as u32),
        Unary::Sign16 => one(a, |x| x as i16 as u32),
        Unary::NegateFloat => one(a, |x| x ^ 1 << 31),
        Unary::AbsoluteFloat => one(a, |x| x & !(1 << 31)),
        Unary::SquareRoot => one(a, |x| float_bits(float(x).sqrt())),
        Unary::Reciprocal => one(a, |x| float_bits(1.0 / float(x))),
        Unary::Round(rounding) => one(a, |x| float_bits(rounded(rounding, float(x)))),
        Unary::FloatOfSigned => one(a, |x| float_bits(x as i32 as f32)),
        Unary::FloatOfUnsigned => one(a, |x| float_bits(x as f32)),
        // Out of range goes to the nearest, NaN to zero: in PTX as in Rust.
        Unary::SignedOfFloat(rounding) => one(a, |x| rounded(rounding, float(x)) as i32 as u32),
        Unary::UnsignedOfFloat(rounding) => one(a, |x| rounded(rounding, float(x)) as u32),
    }
}

/// Division by zero gives zero here; who calls has looked for it.
#[inline(always)]
pub(super) fn binary(op: Binary, a: &Lanes<u32>, b: &Lanes<u32>) -> Lanes<u32> {
    let signed = |x: u32| x as i32;
    let long = |x: u32| x as i32 as i64;
    match op {
        Binary::Add => two(a, b, u32::wrapping_add),
        Binary::Subtract => two(a, b, u32::wrapping_sub),
        Binary::Multiply => two(a, b, u32::wrapping_mul),
        Binary::HighSigned => two(a, b, |x, y| ((long(x) * long(y)) >> 32) as u32),
        Binary::HighUnsigned => two(a, b, |x, y| ((x as u64 * y as u64) >> 32) as u32),
        Binary::DivideSigned => {
            two(a, b, |x, y| if y == 0 { 0 } else { signed(x).wrapping_div(signed(y)) as u32 })
        }
        Binary::DivideUnsigned => two(a, b, |x, y| x.checked_div(y).unwrap_or(0)),
        Binary::RemainderSigned => {
            two(a, b, |x, y| if y == 0 { 0 } else { signed(x).wrapping_rem(signed(y)) as u32 })
        }
        Binary::RemainderUnsigned => two(a, b, |x, y| x.checked_rem(y).unwrap_or(0)),
        Binary::MinSigned => two(a, b, |x, y| signed(x).min(signed(y)) as u32),
        Binary::MinUnsigned => two(a, b, u32::min),
        Binary::MaxSigned => two(a, b, |x, y| signed(x).max(signed(y)) as u32),
        Binary::MaxUnsigned => two(a, b, u32::max),
        Binary::And => two(a, b, |x, y| x & y),
        Binary::Or => two(a, b, |x, y| x | y),
        Binary::Xor => two(a, b, |x, y| x ^ y),
        Binary::Shift(Shift::Left) => two(a, b, |x, n| x.checked_shl(n).unwrap_or(0)),
        Binary::Shift(Shift::RightSigned) => two(a, b, |x, n| (signed(x) >> n.min(31)) as u32),
        Binary::Shift(Shift::RightUnsigned) => two(a, b, |x, n| x.checked_shr(n).unwrap_or(0)),
        Binary::AddFloat => two(a, b, |x, y| float_bits(float(x) + float(y))),
        Binary::SubtractFloat => two(a, b, |x, y| float_bits(float(x) - float(y))),
        Binary::MultiplyFloat => two(a, b, |x, y| float_bits(float(x) * float(y))),
        Binary::DivideFloat => two(a, b, |x, y| float_bits(float(x) / float(y))),
        Binary::MinFloat => two(a, b, |x, y| extremum(x, y, true, false)),
        Binary::MaxFloat => two(a, b, |x, y| extremum(x, y, false, false)),
        Binary::MinFloatNan => two(a, b, |x, y| extremum(x, y, true, true)),
        Binary::MaxFloatNan => two(a, b, |x, y| extremum(x, y, false, true)),
        Binary::CopySign => two(a, b, |x, y| x & 1 << 31 | y & !(1 << 31)),
    }
}

/// -0 is less than +0; a NaN gives way to a number unless NaNs prevail.
#[inline(always)]
fn extremum(x: u32, y: u32, smaller: bool, nan: bool) -> u32 {
    let (a, b) = (float(x), float(y));
    let first = match smaller {
        true => a < b || a == b && a.is_sign_negative(),
        false => a > b || a == b && a.is_sign_positive(),
    };
    match (a.is_nan(), b.is_nan()) {
        (false, false) => {
            if first {
                x
            } else {
                y
            }
        }
        (true, false) if !nan => y,
        (false, true) if !nan => x,
        _ => NAN,
    }
}

#[inline(always)]
pub(super) fn ternary<F: Fma>(op: Ternary, values: [&Lanes<u32>; 3]) -> Lanes<u32> {
    let high_signed = |x: u32, y: u32| ((x as i32 as i64 * y as i32 as i64) >> 32) as u32;
    let high_unsigned = |x: u32, y: u32| ((x as u64 * y as u64) >> 32) as u32;
    let pair = |low: u32, high: u32| low as u64 | (high as u64) << 32;
    let distance = |n: u32, wrap| if wrap { n & 31 } else { n.min(32) };
    match op {
        Ternary::MultiplyAdd => three(values, |x, y, z| x.wrapping_mul(y).wrapping_add(z)),
        Ternary::HighAddSigned => three(values, |x, y, z| high_signed(x, y).wrapping_add(z)),
        Ternary::HighAddUnsigned => three(values, |x, y, z| high_unsigned(x, y).wrapping_add(z)),
        Ternary::FusedMultiplyAdd => {
            three(values, |x, y, z| float_bits(F::fma(float(x), float(y), float(z))))
        }
        Ternary::Permute => three(values, permute),
        Ternary::FunnelLeft { wrap } => {
            three(values, |x, y, n| ((pair(x, y) << distance(n, wrap)) >> 32) as u32)
        }
        Ternary::FunnelRight { wrap } => three(values, |x, y, n| (pair(x, y) >> distance(n, wrap)) as u32),
        Ternary::Lookup(table) => three(values, |x, y, z| lookup(table, x, y, z)),
        Ternary::BitsUnsigned => three(values, |x, first, count| extract(x, first, count, false)),
        Ternary::BitsSigned => three(values, |x, first, count| extract(x, first, count, true)),
    }
}

/// Each of four bytes is the one that four bits of the selector name, or eight times its sign.
fn permute(x: u32, y: u32, selector: u32) -> u32 {
    let bytes = (x as u64 | (y as u64) << 32).to_le_bytes();
    u32::from_le_bytes(std::array::from_fn(|i| {
        let pick = selector >> (4 * i) & 0xf;
        let byte = bytes[(pick & 7) as usize];
        if pick & 8 == 0 { byte } else { ((byte as i8) >> 7) as u8 }
    }))
}

fn lookup(table: u8, x: u32, y: u32, z: u32) -> u32 {
    let choose = |bit: u8, value: u32| if bit != 0 { value } else { !value };
    (0..8_u8)
        .filter(|row| table >> row & 1 != 0)
        .map(|row| choose(row & 4, x) & choose(row & 2, y) & choose(row & 1, z))
        .fold(0, |all, term| all | term)
}

fn extract(x: u32, first: u32, count: u32, signed: bool) -> u32 {
    let (first, count) = (first & 0xff, count & 0xff);
    if count == 0 {
        return 0;
    }
    let value = if signed { x as i32 as i64 } else { x as i64 };
    let shifted = value >> first.min(63);
    let unused = 64 - count.min(64);
    let cut =
        if signed { shifted << unused >> unused } else { ((shifted as u64) << unused >> unused) as i64 };
    cut as u32
}

/// Puts the low `count` bits of `x` into `y` from bit `first` on.
pub(super) fn insert(x: u32, y: u32, first: u32, count: u32) -> u32 {
    let (first, count) = (first & 0xff, count & 0xff);
    let ones = if count >= 32 { u32::MAX } else { (1 << count) - 1 };
    let mask = ones.checked_shl(first).unwrap_or(0);
    y & !mask | x.checked_shl(first).unwrap_or(0) & mask
}

/// Arithmetic of 16 bits, in words whose upper half is zero.
pub(super) fn half(op: Binary, a: &Lanes<u32>, b: &Lanes<u32>) -> Lanes<u32> {
    let extended = |x: &Lanes<u32>| one(x, |x| x as i16 as u32);
    let result = match op {
        Binary::HighSigned => two(a, b, |x, y| (x as i16 as i32 * y as i16 as i32) as u32 >> 16),
        Binary::HighUnsigned => two(a, b, |x, y| x.wrapping_mul(y) >> 16),
        // The distance is a whole word.
        Binary::Shift(Shift::RightSigned) => binary(op, &extended(a), b),
        _ => {
            let signed = matches!(
                op,
                Binary::DivideSigned | Binary::RemainderSigned | Binary::MinSigned | Binary::MaxSigned
            );
            if signed { binary(op, &extended(a), &extended(b)) } else { binary(op, a, b) }
        }
    };
    one(&result, |x| x & 0xffff)
}
