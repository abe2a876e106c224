//! Conversions between types.

use super::{
    Decoder,
    arithmetic::count,
    types::{Integer, float_bits, integer},
};
use crate::{
    instruction::{Narrow, Op, Register, Rounding, Unary, Widen},
    ptx::Operand,
};

impl Decoder {
    pub(super) fn convert(&mut self, opcode: &[&str], operands: &[Operand]) -> Result<Option<Op>, String> {
        match opcode {
            ["popc", "b64"] => self.narrow(Narrow::CountOnes, operands).map(Some),
            ["clz", "b64"] => self.narrow(Narrow::LeadingZeros, operands).map(Some),
            ["cvt", "f64", "f32"] => self.widen(Widen::DoubleOfFloat, operands).map(Some),
            ["cvt", "rn", "f32", "f64"] => self.narrow(Narrow::FloatOfDouble, operands).map(Some),
            ["cvt", to, from] => match (integer(to), integer(from)) {
                (Some(to), Some(from)) => self.resize(to, from, operands),
                _ => Ok(None),
            },
            ["cvt", "rn", to, from] => match (float_bits(to), integer(from)) {
                (Some(to), Some(from)) => self.float_of(to, from, operands),
                _ => Ok(None),
            },
            ["cvt", rounding, to, from] => match (self::rounding(rounding), integer(to), float_bits(from)) {
                (Some(rounding), Some(to), Some(from)) => self.integer_of(rounding, to, from, operands),
                (Some(rounding), None, Some(bits)) if to == from => {
                    self.round(rounding, bits, operands).map(Some)
                }
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn round(&mut self, rounding: Rounding, bits: u32, operands: &[Operand]) -> Result<Op, String> {
        let [to, a] = count(operands)?;
        let unary = Unary::Round(rounding);
        Ok(match bits {
            64 => Op::UnaryLong(unary, self.to_long(to)?, self.long(a)?),
            _ => Op::Unary(unary, self.to_word(to)?, self.word(a)?),
        })
    }

    fn widen(&mut self, widen: Widen, operands: &[Operand]) -> Result<Op, String> {
        let [to, a] = count(operands)?;
        Ok(Op::Widen(widen, self.to_long(to)?, self.word(a)?))
    }

    fn narrow(&mut self, narrow: Narrow, operands: &[Operand]) -> Result<Op, String> {
        let [to, a] = count(operands)?;
        Ok(Op::Narrow(narrow, self.to_word(to)?, self.long(a)?))
    }

    /// Between whole numbers: the bits that both have, extended by the sign of what they come from.
    fn resize(&mut self, to: Integer, from: Integer, operands: &[Operand]) -> Result<Option<Op>, String> {
        let [result, value] = count(operands)?;
        let kept = to.bits.min(from.bits);
        // A register that is larger than the result's type is filled by that type's sign.
        let signed = if from.bits < to.bits { from.signed } else { to.signed };
        let value = self.value_in(value, from.bits)?;
        let half = self.to_half(result).is_ok();
        let Some(result) = self.to_any(result)? else { return Err("a conversion without a result".into()) };
        Ok(Some(match (result, value) {
            (Register::Word(to), Register::Word(from)) => {
                let unary = match (kept, signed, half) {
                    (8, false, _) => Unary::Zero8,
                    (8, true, false) => Unary::Sign8,
                    (8, true, true) => Unary::Sign8Half,
                    (16, _, true) | (16, false, _) => Unary::Zero16,
                    (16, true, false) => Unary::Sign16,
                    (_, _, true) => return Ok(None),
                    (_, _, false) => Unary::Copy,
                };
                Op::Unary(unary, to, from)
            }
            (Register::Long(to), Register::Word(from)) => {
                let widen = match (kept, signed) {
                    (8, false) => Widen::Unsigned8,
                    (8, true) => Widen::Signed8,
                    (16, false) => Widen::Unsigned16,
                    (16, true) => Widen::Signed16,
                    (_, false) => Widen::Unsigned,
                    (_, true) => Widen::Signed,
                };
                Op::Widen(widen, to, from)
            }
            (Register::Word(to), Register::Long(from)) => {
                let narrow = match (kept, signed, half) {
                    (8, false, _) => Narrow::Low8,
                    (8, true, false) => Narrow::Sign8,
                    (16, _, true) | (16, false, _) => Narrow::Low16,
                    (16, true, false) => Narrow::Sign16,
                    (32, _, false) => Narrow::Low,
                    _ => return Ok(None),
                };
                Op::Narrow(narrow, to, from)
            }
            (Register::Long(to), Register::Long(from)) if kept == 64 => Op::UnaryLong(Unary::Copy, to, from),
            (Register::Long(_), Register::Long(_)) => return Ok(None),
        }))
    }

    fn float_of(&mut self, to: u32, from: Integer, operands: &[Operand]) -> Result<Option<Op>, String> {
        let [result, a] = count(operands)?;
        let signed = from.signed;
        let unary = if signed { Unary::FloatOfSigned } else { Unary::FloatOfUnsigned };
        Ok(match (to, from.bits) {
            (32, 64) if signed => Some(self.narrow(Narrow::FloatOfSigned, operands)?),
            (32, 64) => Some(self.narrow(Narrow::FloatOfUnsigned, operands)?),
            (32, 32) => Some(Op::Unary(unary, self.to_word(result)?, self.word(a)?)),
            (32, 16) if !signed => Some(Op::Unary(unary, self.to_word(result)?, self.half(a)?)),
            (64, 64) => Some(Op::UnaryLong(unary, self.to_long(result)?, self.long(a)?)),
            (64, 32) if signed => Some(self.widen(Widen::DoubleOfSigned, operands)?),
            (64, 32) => Some(self.widen(Widen::DoubleOfUnsigned, operands)?),
            _ => None,
        })
    }

    fn integer_of(
        &mut self,
        rounding: Rounding,
        to: Integer,
        from: u32,
        operands: &[Operand],
    ) -> Result<Option<Op>, String> {
        let [result, a] = count(operands)?;
        let (unary, widen, narrow) = match to.signed {
            true => (
                Unary::SignedOfFloat(rounding),
                Widen::SignedOfFloat(rounding),
                Narrow::SignedOfDouble(rounding),
            ),
            false => (
                Unary::UnsignedOfFloat(rounding),
                Widen::UnsignedOfFloat(rounding),
                Narrow::UnsignedOfDouble(rounding),
            ),
        };
        Ok(match (to.bits, from) {
            (32, 32) => Some(Op::Unary(unary, self.to_word(result)?, self.word(a)?)),
            (64, 32) => Some(self.widen(widen, operands)?),
            (32, 64) => Some(self.narrow(narrow, operands)?),
            (64, 64) => Some(Op::UnaryLong(unary, self.to_long(result)?, self.long(a)?)),
            _ => None,
        })
    }
}

fn rounding(name: &str) -> Option<Rounding> {
    match name {
        "rni" => Some(Rounding::Even),
        "rzi" => Some(Rounding::Zero),
        "rmi" => Some(Rounding::Down),
        "rpi" => Some(Rounding::Up),
        _ => None,
    }
}
