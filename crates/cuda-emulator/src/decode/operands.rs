//! What operands stand for.

use super::{Decoder, Symbol};
use crate::{
    instruction::{Predicate, Register},
    kernel::Constant,
    ptx::{Class, Operand},
};

type Found<T> = Result<T, String>;

impl Decoder {
    pub(super) fn named(&self, name: &str) -> Found<(Class, u32)> {
        self.names.get(name).copied().ok_or_else(|| format!("the register '{name}' is not declared"))
    }

    pub(super) fn named_predicate(&self, name: &str) -> Found<u32> {
        match self.named(name)? {
            (Class::Predicate, number) => Ok(number),
            (class, _) => Err(format!("'{name}' is a {class:?}, not a predicate")),
        }
    }

    pub(super) fn predicate(&self, operand: &Operand) -> Found<Predicate> {
        match operand {
            Operand::Register(name) => {
                Ok(Predicate { register: self.named_predicate(name)?, negated: false })
            }
            Operand::Not(name) => Ok(Predicate { register: self.named_predicate(name)?, negated: true }),
            other => Err(format!("{other:?} is no predicate")),
        }
    }

    /// A register that is written, of the class that the instruction asks for.
    fn written(&self, operand: &Operand, wanted: &[Class]) -> Found<u32> {
        let Operand::Register(name) = operand else { return Err(format!("{operand:?} cannot be written")) };
        let (class, number) = self.named(name)?;
        match wanted.contains(&class) {
            true => Ok(number),
            false => Err(format!("'{name}' is a {class:?}, not one of {wanted:?}")),
        }
    }

    pub(super) fn to_half(&self, operand: &Operand) -> Found<u32> {
        self.written(operand, &[Class::Half])
    }

    pub(super) fn to_word(&self, operand: &Operand) -> Found<u32> {
        self.written(operand, &[Class::Word])
    }

    pub(super) fn to_long(&self, operand: &Operand) -> Found<u32> {
        self.written(operand, &[Class::Long])
    }

    /// A predicate that is written.
    pub(super) fn to_predicate(&self, operand: &Operand) -> Found<u32> {
        self.written(operand, &[Class::Predicate])
    }

    /// A register of any size that is written; nothing for `_`, which drops the value.
    pub(super) fn to_any(&self, operand: &Operand) -> Found<Option<Register>> {
        match operand {
            Operand::Symbol(name) if name == "_" => Ok(None),
            Operand::Register(name) => self.sized(name).map(Some),
            other => Err(format!("{other:?} cannot be written")),
        }
    }

    /// A register of any size.
    pub(super) fn sized(&self, name: &str) -> Found<Register> {
        match self.named(name)? {
            (Class::Predicate, _) => Err(format!("'{name}' is a predicate")),
            (Class::Long, number) => Ok(Register::Long(number)),
            (_, number) => Ok(Register::Word(number)),
        }
    }

    pub(super) fn half(&mut self, operand: &Operand) -> Found<u32> {
        match operand {
            Operand::Number(value) => Ok(self.word_constant(Constant::Value(value & 0xffff))),
            Operand::Register(name) => match self.named(name)? {
                (Class::Half, number) => Ok(number),
                (class, _) => Err(format!("'{name}' is a {class:?}, not a Half")),
            },
            other => Err(format!("{other:?} is no value of 16 bits")),
        }
    }

    pub(super) fn word(&mut self, operand: &Operand) -> Found<u32> {
        match operand {
            Operand::Number(value) => Ok(self.word_constant(Constant::Value(value & 0xffff_ffff))),
            Operand::Symbol(name) => match self.symbol(name)? {
                Symbol::Shared(offset) => Ok(self.word_constant(Constant::Value(offset))),
                other => Err(format!("'{name}' ({other:?}) is no value of 32 bits")),
            },
            Operand::Register(name) => match special(name) {
                Some(constant) => Ok(self.word_constant(constant)),
                None => match self.named(name)? {
                    (Class::Word, number) => Ok(number),
                    (class, _) => Err(format!("'{name}' is a {class:?}, not a Word")),
                },
            },
            other => Err(format!("{other:?} is no value of 32 bits")),
        }
    }

    pub(super) fn long(&mut self, operand: &Operand) -> Found<u32> {
        match operand {
            Operand::Number(value) => Ok(self.long_constant(Constant::Value(*value))),
            Operand::Symbol(name) => match self.symbol(name)? {
                Symbol::Global(number) => Ok(self.long_constant(Constant::Variable(number))),
                Symbol::Shared(offset) | Symbol::Parameter(offset) => {
                    Ok(self.long_constant(Constant::Value(offset)))
                }
                Symbol::Label(_) => Err(format!("the label '{name}' is no value")),
            },
            Operand::Register(name) => match self.named(name)? {
                (Class::Long, number) => Ok(number),
                (class, _) => Err(format!("'{name}' is a {class:?}, not a Long")),
            },
            other => Err(format!("{other:?} is no value of 64 bits")),
        }
    }

    /// A value of so many bits.
    pub(super) fn value(&mut self, operand: &Operand, bits: u32) -> Found<Register> {
        match bits {
            64 => self.long(operand).map(Register::Long),
            32 => self.word(operand).map(Register::Word),
            _ => self.half(operand).map(Register::Word),
        }
    }

    /// A value in a register at least as large as `bits`.
    pub(super) fn value_in(&mut self, operand: &Operand, bits: u32) -> Found<Register> {
        match operand {
            Operand::Register(name) if special(name).is_none() => {
                let register = self.sized(name)?;
                let fits = bits <= 32 || matches!(register, Register::Long(_));
                if fits { Ok(register) } else { Err(format!("'{name}' has fewer than {bits} bits")) }
            }
            _ => self.value(operand, bits),
        }
    }

    pub(super) fn symbol(&self, name: &str) -> Found<Symbol> {
        self.symbols.get(name).copied().ok_or_else(|| format!("'{name}' is not declared"))
    }

    pub(super) fn label(&self, name: &str) -> Found<usize> {
        match self.symbol(name)? {
            Symbol::Label(statement) => Ok(statement),
            other => Err(format!("'{name}' ({other:?}) is no label")),
        }
    }

    pub(super) fn word_constant(&mut self, constant: Constant) -> u32 {
        let Decoder { registers, word_constants, .. } = self;
        *word_constants.entry(constant).or_insert_with(|| {
            registers.words.push(String::new());
            let number = registers.words.len() as u32 - 1;
            registers.word_constants.push((number, constant));
            number
        })
    }

    pub(super) fn long_constant(&mut self, constant: Constant) -> u32 {
        let Decoder { registers, long_constants, .. } = self;
        *long_constants.entry(constant).or_insert_with(|| {
            registers.longs.push(String::new());
            let number = registers.longs.len() as u32 - 1;
            registers.long_constants.push((number, constant));
            number
        })
    }
}

/// A special register.
fn special(name: &str) -> Option<Constant> {
    let (register, axis) = name.split_once('.').unwrap_or((name, ""));
    let axis = match axis {
        "x" => Some(0),
        "y" => Some(1),
        "z" => Some(2),
        _ => None,
    };
    match register {
        "%tid" => axis.map(Constant::Thread),
        "%ntid" => axis.map(Constant::Threads),
        "%ctaid" => axis.map(Constant::Block),
        "%nctaid" => axis.map(Constant::Blocks),
        "%laneid" => Some(Constant::Lane),
        "%warpid" => Some(Constant::Warp),
        _ => None,
    }
}
