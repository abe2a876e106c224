//! Copies and selections.

use super::{Decoder, arithmetic::count, types::bits};
use crate::{
    instruction::{Op, Predicate, Register, Unary},
    ptx::{Class, Operand},
};

impl Decoder {
    pub(super) fn moves(&mut self, opcode: &[&str], operands: &[Operand]) -> Result<Option<Op>, String> {
        match opcode {
            ["mov", "pred"] => {
                let [to, from] = count(operands)?;
                let from = self.predicate(from)?;
                let logic = crate::instruction::Logic::And;
                Ok(Some(Op::Logic(logic, self.to_predicate(to)?, [from, from])))
            }
            ["mov", of] => match (bits(of), count(operands)?) {
                (Some(bits), [Operand::Vector(to), from]) => self.unpack(bits, to, from).map(Some),
                (Some(bits), [to, Operand::Vector(from)]) => self.pack(bits, to, from).map(Some),
                (Some(bits), [to, from]) => self.copy(bits, to, from).map(Some),
                (None, _) => Ok(None),
            },
            // Generic addresses are those of global memory here; no other may be made.
            ["cvta", "to", "global", "u64"] | ["cvta", "global", "u64"] => {
                let [to, from] = count(operands)?;
                self.copy(64, to, from).map(Some)
            }
            ["selp", of] => {
                let Some(bits) = bits(of) else { return Ok(None) };
                let [to, a, b, predicate] = count(operands)?;
                let predicate: Predicate = self.predicate(predicate)?;
                let operands = [self.value(a, bits)?, self.value(b, bits)?];
                Ok(Some(Op::Select { to: self.to_bits(to, bits)?, operands, predicate }))
            }
            _ => Ok(None),
        }
    }

    fn to_bits(&self, operand: &Operand, bits: u32) -> Result<Register, String> {
        match bits {
            64 => self.to_long(operand).map(Register::Long),
            32 => self.to_word(operand).map(Register::Word),
            _ => self.to_half(operand).map(Register::Word),
        }
    }

    fn copy(&mut self, bits: u32, to: &Operand, from: &Operand) -> Result<Op, String> {
        Ok(match (self.to_bits(to, bits)?, self.value(from, bits)?) {
            (Register::Long(to), Register::Long(from)) => Op::UnaryLong(Unary::Copy, to, from),
            (Register::Word(to), Register::Word(from)) => Op::Unary(Unary::Copy, to, from),
            _ => return Err("a copy between registers of different sizes".into()),
        })
    }

    fn pack(&mut self, bits: u32, to: &Operand, from: &[Operand]) -> Result<Op, String> {
        match (bits, from) {
            (64, [low, high]) => Ok(Op::Pack(self.to_long(to)?, [self.word(low)?, self.word(high)?])),
            (32, [low, high]) => Ok(Op::PackHalves(self.to_word(to)?, [self.half(low)?, self.half(high)?])),
            _ => Err(format!("{} parts of {bits} bits are not supported", from.len())),
        }
    }

    fn unpack(&mut self, bits: u32, to: &[Operand], from: &Operand) -> Result<Op, String> {
        let part = |operand: &Operand, class| match operand {
            Operand::Symbol(name) if name == "_" => Ok(None),
            operand if class == Class::Word => self.to_word(operand).map(Some),
            operand => self.to_half(operand).map(Some),
        };
        match (bits, to) {
            (64, [low, high]) => {
                let parts = [part(low, Class::Word)?, part(high, Class::Word)?];
                Ok(Op::Unpack(parts, self.long(from)?))
            }
            (32, [low, high]) => {
                let parts = [part(low, Class::Half)?, part(high, Class::Half)?];
                Ok(Op::UnpackHalves(parts, self.word(from)?))
            }
            _ => Err(format!("{} parts of {bits} bits are not supported", to.len())),
        }
    }
}
