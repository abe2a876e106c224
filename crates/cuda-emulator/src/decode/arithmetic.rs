//! Arithmetic, comparisons and logic.

use super::{
    Decoder,
    types::{Integer, float_bits, integer},
};
use crate::{
    instruction::{Binary, Compared, Comparison, Logic, Op, Relation, Shift, Ternary, Unary, With},
    ptx::Operand,
};

type Decoded = Result<Option<Op>, String>;

impl Decoder {
    /// Floats without `.rn` are unknown on purpose: a compiler of PTX may contract those.
    pub(super) fn arithmetic(&mut self, opcode: &[&str], operands: &[Operand]) -> Decoded {
        if let Some((shape, bits)) = float(opcode) {
            return self.shaped(shape, Integer { bits, signed: false }, operands);
        }
        let Some(of) = opcode.last().and_then(|t| integer(t)) else {
            return self.predicates(opcode, operands);
        };
        let pick = |signed, unsigned| if of.signed { signed } else { unsigned };
        let shape = match opcode {
            ["add", _] => Shape::Two(Binary::Add),
            ["sub", _] => Shape::Two(Binary::Subtract),
            ["mul", "lo", _] => Shape::Two(Binary::Multiply),
            ["mul", "hi", _] => Shape::Two(pick(Binary::HighSigned, Binary::HighUnsigned)),
            ["div", _] => Shape::Two(pick(Binary::DivideSigned, Binary::DivideUnsigned)),
            ["rem", _] => Shape::Two(pick(Binary::RemainderSigned, Binary::RemainderUnsigned)),
            ["min", _] => Shape::Two(pick(Binary::MinSigned, Binary::MinUnsigned)),
            ["max", _] => Shape::Two(pick(Binary::MaxSigned, Binary::MaxUnsigned)),
            ["and", _] => Shape::Two(Binary::And),
            ["or", _] => Shape::Two(Binary::Or),
            ["xor", _] => Shape::Two(Binary::Xor),
            ["shl", _] => return self.shift(Shift::Left, of, operands).map(Some),
            ["shr", _] => {
                let shift = if of.signed { Shift::RightSigned } else { Shift::RightUnsigned };
                return self.shift(shift, of, operands).map(Some);
            }
            ["mul", "wide", _] | ["mad", "wide", _] if of.bits == 32 => {
                return self.wide(of.signed, operands).map(Some);
            }
            ["mad", "lo", _] => Shape::Three(Ternary::MultiplyAdd),
            ["mad", "hi", "s32"] => Shape::Three(Ternary::HighAddSigned),
            ["mad", "hi", "u32"] => Shape::Three(Ternary::HighAddUnsigned),
            ["bfe", "u32"] => Shape::Three(Ternary::BitsUnsigned),
            ["bfe", "s32"] => Shape::Three(Ternary::BitsSigned),
            ["bfi", "b32"] => return self.insert_bits(operands).map(Some),
            ["prmt", "b32"] => Shape::Three(Ternary::Permute),
            ["shf", "l", mode @ ("wrap" | "clamp"), "b32"] => {
                Shape::Three(Ternary::FunnelLeft { wrap: *mode == "wrap" })
            }
            ["shf", "r", mode @ ("wrap" | "clamp"), "b32"] => {
                Shape::Three(Ternary::FunnelRight { wrap: *mode == "wrap" })
            }
            ["lop3", "b32"] => return self.lookup(operands).map(Some),
            ["not", _] => Shape::One(Unary::Not),
            ["neg", _] if of.signed => Shape::One(Unary::Negate),
            ["abs", _] if of.signed => Shape::One(Unary::Absolute),
            ["clz", "b32"] => Shape::One(Unary::LeadingZeros),
            ["popc", "b32"] => Shape::One(Unary::CountOnes),
            ["brev", _] => Shape::One(Unary::Reverse),
            _ => return self.predicates(opcode, operands),
        };
        self.shaped(shape, of, operands)
    }

    fn shaped(&mut self, shape: Shape, of: Integer, operands: &[Operand]) -> Decoded {
        Ok(match (of.bits, shape) {
            (32, shape) => Some(self.of_words(shape, operands)?),
            (16, Shape::Two(binary)) => {
                let [to, a, b] = count(operands)?;
                Some(Op::BinaryHalf(binary, self.to_half(to)?, [self.half(a)?, self.half(b)?]))
            }
            (64, Shape::One(unary)) => {
                let [to, a] = count(operands)?;
                Some(Op::UnaryLong(unary, self.to_long(to)?, self.long(a)?))
            }
            (64, Shape::Two(binary)) => {
                let [to, a, b] = count(operands)?;
                Some(Op::BinaryLong(binary, self.to_long(to)?, [self.long(a)?, self.long(b)?]))
            }
            (64, Shape::Three(ternary @ (Ternary::MultiplyAdd | Ternary::FusedMultiplyAdd))) => {
                let [to, a, b, c] = count(operands)?;
                let values = [self.long(a)?, self.long(b)?, self.long(c)?];
                Some(Op::TernaryLong(ternary, self.to_long(to)?, values))
            }
            _ => None,
        })
    }

    fn of_words(&mut self, shape: Shape, operands: &[Operand]) -> Result<Op, String> {
        Ok(match shape {
            Shape::One(unary) => {
                let [to, a] = count(operands)?;
                Op::Unary(unary, self.to_word(to)?, self.word(a)?)
            }
            Shape::Two(binary) => {
                let [to, a, b] = count(operands)?;
                Op::Binary(binary, self.to_word(to)?, [self.word(a)?, self.word(b)?])
            }
            Shape::Three(ternary) => {
                let [to, a, b, c] = count(operands)?;
                let values = [self.word(a)?, self.word(b)?, self.word(c)?];
                Op::Ternary(ternary, self.to_word(to)?, values)
            }
        })
    }

    /// The distance is a word whatever is shifted.
    fn shift(&mut self, shift: Shift, of: Integer, operands: &[Operand]) -> Result<Op, String> {
        let [to, a, b] = count(operands)?;
        let distance = self.word(b)?;
        Ok(match of.bits {
            64 => Op::ShiftLong(shift, self.to_long(to)?, [self.long(a)?, distance]),
            32 => Op::Binary(Binary::Shift(shift), self.to_word(to)?, [self.word(a)?, distance]),
            16 => Op::BinaryHalf(Binary::Shift(shift), self.to_half(to)?, [self.half(a)?, distance]),
            bits => return Err(format!("a shift of {bits} bits")),
        })
    }

    fn wide(&mut self, signed: bool, operands: &[Operand]) -> Result<Op, String> {
        let (to, a, b, addend) = match operands {
            [to, a, b] => (to, a, b, None),
            [to, a, b, c] => (to, a, b, Some(self.long(c)?)),
            _ => return Err(format!("{} operands of a product", operands.len())),
        };
        Ok(Op::Wide { signed, to: self.to_long(to)?, factors: [self.word(a)?, self.word(b)?], addend })
    }

    fn insert_bits(&mut self, operands: &[Operand]) -> Result<Op, String> {
        let [to, a, b, c, d] = count(operands)?;
        let values = [self.word(a)?, self.word(b)?, self.word(c)?, self.word(d)?];
        Ok(Op::InsertBits(self.to_word(to)?, values))
    }

    fn lookup(&mut self, operands: &[Operand]) -> Result<Op, String> {
        let [to, a, b, c, Operand::Number(table @ 0..=255)] = count(operands)? else {
            return Err("the table of lop3 is no number of 8 bits".into());
        };
        let values = [self.word(a)?, self.word(b)?, self.word(c)?];
        Ok(Op::Ternary(Ternary::Lookup(*table as u8), self.to_word(to)?, values))
    }

    /// Comparisons and what is done with their results.
    fn predicates(&mut self, opcode: &[&str], operands: &[Operand]) -> Decoded {
        if let [name @ ("and" | "or" | "xor"), "pred"] = opcode {
            let [to, a, b] = count(operands)?;
            let op =
                Op::Logic(logic(name)?, self.to_predicate(to)?, [self.predicate(a)?, self.predicate(b)?]);
            return Ok(Some(op));
        }
        if let ["not", "pred"] = opcode {
            let [to, a] = count(operands)?;
            let mut a = self.predicate(a)?;
            a.negated = !a.negated;
            return Ok(Some(Op::Logic(Logic::And, self.to_predicate(to)?, [a, a])));
        }
        let (relation, with, of) = match opcode {
            ["setp", relation, of] => (relation, None, of),
            ["setp", relation, with, of] => (relation, Some(logic(with)?), of),
            _ => return Ok(None),
        };
        let Some((comparison, bits)) = comparison(relation, of) else { return Ok(None) };
        let (to, a, b, with) = match (operands, with) {
            ([to, a, b], None) => (to, a, b, None),
            ([to, a, b, p], Some(logic)) => (to, a, b, Some(With { logic, predicate: self.predicate(p)? })),
            _ => return Err(format!("{} operands of a comparison", operands.len())),
        };
        let (to, inverse) = match to {
            Operand::Pair(to, inverse) => (self.named_predicate(to)?, Some(self.named_predicate(inverse)?)),
            to => (self.to_predicate(to)?, None),
        };
        let operands = [self.value(a, bits)?, self.value(b, bits)?];
        Ok(Some(Op::Compare { comparison, to, inverse, operands, with }))
    }
}

/// An operation by the number of its operands.
#[derive(Clone, Copy)]
enum Shape {
    One(Unary),
    Two(Binary),
    Three(Ternary),
}

/// Arithmetic of floats, and their bits.
fn float(opcode: &[&str]) -> Option<(Shape, u32)> {
    let (&of, opcode) = opcode.split_last()?;
    let shape = match opcode {
        ["add", "rn"] => Shape::Two(Binary::AddFloat),
        ["sub", "rn"] => Shape::Two(Binary::SubtractFloat),
        ["mul", "rn"] => Shape::Two(Binary::MultiplyFloat),
        ["div", "rn"] => Shape::Two(Binary::DivideFloat),
        ["fma", "rn"] => Shape::Three(Ternary::FusedMultiplyAdd),
        ["sqrt", "rn"] => Shape::One(Unary::SquareRoot),
        ["rcp", "rn"] => Shape::One(Unary::Reciprocal),
        ["neg"] => Shape::One(Unary::NegateFloat),
        ["abs"] => Shape::One(Unary::AbsoluteFloat),
        ["min"] => Shape::Two(Binary::MinFloat),
        ["max"] => Shape::Two(Binary::MaxFloat),
        ["min", "NaN"] if of == "f32" => Shape::Two(Binary::MinFloatNan),
        ["max", "NaN"] if of == "f32" => Shape::Two(Binary::MaxFloatNan),
        ["copysign"] => Shape::Two(Binary::CopySign),
        _ => return None,
    };
    float_bits(of).map(|bits| (shape, bits))
}

fn logic(name: &str) -> Result<Logic, String> {
    match name {
        "and" => Ok(Logic::And),
        "or" => Ok(Logic::Or),
        "xor" => Ok(Logic::Xor),
        other => Err(format!("unknown logic '{other}'")),
    }
}

/// A comparison, and the bits of what it compares.
fn comparison(relation: &str, of: &str) -> Option<(Comparison, u32)> {
    let ordered = match relation {
        "eq" => Relation::Equal,
        "ne" => Relation::NotEqual,
        "lt" | "lo" => Relation::Less,
        "le" | "ls" => Relation::LessEqual,
        "gt" | "hi" => Relation::Greater,
        "ge" | "hs" => Relation::GreaterEqual,
        _ => {
            let unordered = match relation {
                "equ" => Relation::UnorderedEqual,
                "neu" => Relation::UnorderedNotEqual,
                "ltu" => Relation::UnorderedLess,
                "leu" => Relation::UnorderedLessEqual,
                "gtu" => Relation::UnorderedGreater,
                "geu" => Relation::UnorderedGreaterEqual,
                "num" => Relation::Numbers,
                "nan" => Relation::Nan,
                _ => return None,
            };
            return float_bits(of)
                .map(|bits| (Comparison { relation: unordered, of: Compared::Float }, bits));
        }
    };
    if let Some(bits) = float_bits(of) {
        return Some((Comparison { relation: ordered, of: Compared::Float }, bits));
    }
    let integer = integer(of)?;
    let of = match (integer.signed, integer.bits) {
        (false, _) => Compared::Unsigned,
        (true, 16) => Compared::Signed16,
        (true, _) => Compared::Signed,
    };
    Some((Comparison { relation: ordered, of }, integer.bits))
}

/// The operands, if there are so many.
pub(super) fn count<const N: usize>(operands: &[Operand]) -> Result<&[Operand; N], String> {
    operands.try_into().map_err(|_| format!("{} operands, not {N}", operands.len()))
}
