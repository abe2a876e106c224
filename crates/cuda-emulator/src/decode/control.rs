//! Branches, and how threads meet.

use super::{Decoder, arithmetic::count};
use crate::{
    instruction::{Op, Shuffle},
    ptx::Operand,
};

impl Decoder {
    pub(super) fn control(&mut self, opcode: &[&str], operands: &[Operand]) -> Result<Option<Op>, String> {
        Ok(Some(match (opcode, operands) {
            (["bra"] | ["bra", "uni"], [Operand::Symbol(label)]) => Op::Branch(self.label(label)?),
            (["brx", "idx"] | ["brx", "idx", "uni"], [index, Operand::Symbol(table)]) => {
                let targets = self.tables.get(table).cloned();
                let targets = targets.ok_or_else(|| format!("the table '{table}' is not declared"))?;
                Op::BranchTable(self.word(index)?, targets)
            }
            (["ret"] | ["ret", "uni"] | ["exit"], []) => Op::Exit,
            (["trap"], []) => Op::Trap,
            (
                ["bar", "sync"] | ["barrier", "sync"] | ["barrier", "sync", "aligned"],
                [Operand::Number(0)],
            ) => Op::Barrier,
            (["shfl", "sync", mode, "b32"], _) => match shuffle(mode) {
                Some(mode) => self.shuffle(mode, operands)?,
                None => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    fn shuffle(&mut self, mode: Shuffle, operands: &[Operand]) -> Result<Op, String> {
        let [to, value, b, c, members] = count(operands)?;
        let (to, valid) = match to {
            Operand::Pair(to, valid) => {
                (self.to_word(&Operand::Register(to.clone()))?, Some(self.named_predicate(valid)?))
            }
            to => (self.to_word(to)?, None),
        };
        let operands = [self.word(value)?, self.word(b)?, self.word(c)?, self.word(members)?];
        Ok(Op::Shuffle { mode, to, valid, operands })
    }
}

fn shuffle(mode: &str) -> Option<Shuffle> {
    match mode {
        "bfly" => Some(Shuffle::Butterfly),
        "up" => Some(Shuffle::Up),
        "down" => Some(Shuffle::Down),
        "idx" => Some(Shuffle::Index),
        _ => None,
    }
}
