//! Instructions that touch registers alone.

use super::{
    file::File,
    lanes::{Lanes, bits, each, one, two},
    longs, words,
};
use crate::{
    fault::{FaultKind, Trouble},
    instruction::{Binary, Compared, Comparison, Logic, Op, Register, Relation},
};
use minutia_kernels::fma::Fma;

/// What a register holds that may hold anything.
const ANY: u64 = 0xa5a5_5a5a_a5a5_5a5a;

/// Executes an instruction for the active threads; false if it is of another family.
#[inline(always)]
pub(super) fn evaluate<F: Fma>(op: &Op, file: &mut File<'_>, active: u32) -> Result<bool, Trouble> {
    match *op {
        Op::Binary(binary, to, registers) => {
            let [a, b] = file.words(registers, active)?;
            check_divisor(binary, b, active)?;
            let result = words::binary(binary, a, b);
            file.set_word(to, active, &result);
        }
        Op::Ternary(ternary, to, registers) => {
            let result = words::ternary::<F>(ternary, file.words(registers, active)?);
            file.set_word(to, active, &result);
        }
        Op::Unary(unary, to, register) => {
            let result = words::unary(unary, file.word(register, active)?);
            file.set_word(to, active, &result);
        }
        Op::BinaryLong(binary, to, registers) => {
            let [a, b] = file.longs(registers, active)?;
            check_divisor(binary, b, active)?;
            let result = longs::binary(binary, a, b);
            file.set_long(to, active, &result);
        }
        Op::TernaryLong(ternary, to, registers) => {
            let result = longs::ternary(ternary, file.longs(registers, active)?);
            file.set_long(to, active, &result);
        }
        Op::UnaryLong(unary, to, register) => {
            let result = longs::unary(unary, file.long(register, active)?);
            file.set_long(to, active, &result);
        }
        Op::BinaryHalf(binary, to, registers) => {
            let [a, b] = file.words(registers, active)?;
            check_divisor(binary, b, active)?;
            let result = words::half(binary, a, b);
            file.set_word(to, active, &result);
        }
        Op::InsertBits(to, [a, b, first, count]) => {
            let [a, b, first, count] = file.words([a, b, first, count], active)?;
            let result = std::array::from_fn(|i| words::insert(a[i], b[i], first[i], count[i]));
            file.set_word(to, active, &result);
        }
        Op::ShiftLong(shift, to, [a, distance]) => {
            let result = longs::shift(shift, file.long(a, active)?, file.word(distance, active)?);
            file.set_long(to, active, &result);
        }
        Op::Wide { signed, to, factors, addend } => {
            let [a, b] = file.words(factors, active)?;
            let mut result = match signed {
                true => two(a, b, |x, y| (x as i32 as i64 * y as i32 as i64) as u64),
                false => two(a, b, |x, y| x as u64 * y as u64),
            };
            if let Some(addend) = addend {
                result = two(&result, file.long(addend, active)?, u64::wrapping_add);
            }
            file.set_long(to, active, &result);
        }
        Op::Narrow(narrow, to, register) => {
            let result = longs::narrow(narrow, file.long(register, active)?);
            file.set_word(to, active, &result);
        }
        Op::Widen(widen, to, register) => {
            let result = longs::widen(widen, file.word(register, active)?);
            file.set_long(to, active, &result);
        }
        _ => return move_or_compare(op, file, active),
    }
    Ok(true)
}

/// Instructions that take words apart, put them together, compare and choose.
#[inline(always)]
fn move_or_compare(op: &Op, file: &mut File<'_>, active: u32) -> Result<bool, Trouble> {
    match *op {
        Op::Pack(to, parts) => {
            let [low, high] = file.words(parts, active)?;
            let result = two(low, high, |low, high| low as u64 | (high as u64) << 32);
            file.set_long(to, active, &result);
        }
        Op::Unpack(parts, from) => {
            let value = *file.long(from, active)?;
            for (part, shift) in parts.into_iter().zip([0, 32]) {
                if let Some(to) = part {
                    file.set_word(to, active, &one(&value, |x| (x >> shift) as u32));
                }
            }
        }
        Op::PackHalves(to, parts) => {
            let [low, high] = file.words(parts, active)?;
            let result = two(low, high, |low, high| low | high << 16);
            file.set_word(to, active, &result);
        }
        Op::UnpackHalves(parts, from) => {
            let value = *file.word(from, active)?;
            for (part, shift) in parts.into_iter().zip([0, 16]) {
                if let Some(to) = part {
                    file.set_word(to, active, &one(&value, |x| x >> shift & 0xffff));
                }
            }
        }
        Op::Compare { comparison, to, inverse, operands, with } => {
            let holds = compare(comparison, operands, file, active)?;
            let (holds, opposite) = match with {
                None => (holds, !holds),
                Some(with) => {
                    let other = file.predicate(with.predicate, active)?;
                    (combine(with.logic, holds, other), combine(with.logic, !holds, other))
                }
            };
            file.set_predicate(to, active, holds);
            if let Some(inverse) = inverse {
                file.set_predicate(inverse, active, opposite);
            }
        }
        Op::Select { to, operands: [a, b], predicate } => {
            let holds = file.predicate(predicate, active)?;
            match (to, a, b) {
                (Register::Word(to), Register::Word(a), Register::Word(b)) => {
                    let (a, b) = (file.word(a, active & holds)?, file.word(b, active & !holds)?);
                    let result = choose(holds, a, b);
                    file.set_word(to, active, &result);
                }
                (to, a, b) => {
                    let (a, b) = (file.wide(a, active & holds)?, file.wide(b, active & !holds)?);
                    file.set_wide(to, active, &choose(holds, &a, &b));
                }
            }
        }
        Op::Logic(logic, to, [a, b]) => {
            let holds = combine(logic, file.predicate(a, active)?, file.predicate(b, active)?);
            file.set_predicate(to, active, holds);
        }
        Op::AnyValue(Some(register), _) => file.set_wide(register, active, &[ANY; 32]),
        Op::AnyValue(None, predicate) => file.set_predicate(predicate, active, ANY as u32),
        _ => return Ok(false),
    }
    Ok(true)
}

#[inline(always)]
fn choose<T: Copy>(holds: u32, a: &Lanes<T>, b: &Lanes<T>) -> Lanes<T> {
    std::array::from_fn(|lane| if holds >> lane & 1 != 0 { a[lane] } else { b[lane] })
}

#[inline(always)]
fn check_divisor<T: Copy + Default + PartialEq>(
    op: Binary,
    b: &Lanes<T>,
    active: u32,
) -> Result<(), Trouble> {
    use Binary::{DivideSigned, DivideUnsigned, RemainderSigned, RemainderUnsigned};
    if matches!(op, DivideSigned | DivideUnsigned | RemainderSigned | RemainderUnsigned) {
        let zero = each(active).find(|&lane| b[lane] == T::default());
        if let Some(lane) = zero {
            return Err(Trouble { lane: lane as u32, kind: FaultKind::DivisionByZero });
        }
    }
    Ok(())
}

fn combine(logic: Logic, a: u32, b: u32) -> u32 {
    match logic {
        Logic::And => a & b,
        Logic::Or => a | b,
        Logic::Xor => a ^ b,
    }
}

#[inline(always)]
fn compare(
    Comparison { relation, of }: Comparison,
    [a, b]: [Register; 2],
    file: &File<'_>,
    active: u32,
) -> Result<u32, Trouble> {
    Ok(match (a, b) {
        (Register::Word(a), Register::Word(b)) => {
            let [a, b] = file.words([a, b], active)?;
            match of {
                Compared::Signed16 => ordered(relation, &one(a, |x| x as i16), &one(b, |x| x as i16)),
                Compared::Signed => ordered(relation, &one(a, |x| x as i32), &one(b, |x| x as i32)),
                Compared::Unsigned => ordered(relation, a, b),
                Compared::Float => ordered(relation, &one(a, f32::from_bits), &one(b, f32::from_bits)),
            }
        }
        (a, b) => {
            let (a, b) = (file.wide(a, active)?, file.wide(b, active)?);
            match of {
                Compared::Signed16 | Compared::Signed => {
                    ordered(relation, &one(&a, |x| x as i64), &one(&b, |x| x as i64))
                }
                Compared::Unsigned => ordered(relation, &a, &b),
                Compared::Float => ordered(relation, &one(&a, f64::from_bits), &one(&b, f64::from_bits)),
            }
        }
    })
}

/// What is unordered (a NaN with anything) makes every comparison of `PartialOrd` but `!=` false.
#[inline(always)]
#[allow(clippy::neg_cmp_op_on_partial_ord, clippy::eq_op)]
fn ordered<T: Copy + PartialOrd>(relation: Relation, a: &Lanes<T>, b: &Lanes<T>) -> u32 {
    match relation {
        Relation::Equal => bits(a, b, |x, y| x == y),
        Relation::NotEqual => bits(a, b, |x, y| (x < y) | (x > y)),
        Relation::Less => bits(a, b, |x, y| x < y),
        Relation::LessEqual => bits(a, b, |x, y| x <= y),
        Relation::Greater => bits(a, b, |x, y| x > y),
        Relation::GreaterEqual => bits(a, b, |x, y| x >= y),
        Relation::UnorderedEqual => bits(a, b, |x, y| !((x < y) | (x > y))),
        Relation::UnorderedNotEqual => bits(a, b, |x, y| x != y),
        Relation::UnorderedLess => bits(a, b, |x, y| !(x >= y)),
        Relation::UnorderedLessEqual => bits(a, b, |x, y| !(x > y)),
        Relation::UnorderedGreater => bits(a, b, |x, y| !(x <= y)),
        Relation::UnorderedGreaterEqual => bits(a, b, |x, y| !(x < y)),
        Relation::Numbers => bits(a, b, |x, y| x == x && y == y),
        Relation::Nan => bits(a, b, |x, y| x != x || y != y),
    }
}
