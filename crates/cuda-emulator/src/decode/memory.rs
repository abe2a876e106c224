//! Loads, stores and atomic operations.

use super::{Decoder, Symbol, arithmetic::count, types::bits};
use crate::{
    instruction::{Access, Address, Atomic, Op, Register, Space},
    kernel::Constant,
    ptx::Operand,
};

impl Decoder {
    pub(super) fn memory(&mut self, opcode: &[&str], operands: &[Operand]) -> Result<Option<Op>, String> {
        match opcode {
            ["ld", space, rest @ ..] => self.load(space, rest, operands),
            ["st", space, rest @ ..] => self.store(space, rest, operands),
            ["atom", rest @ ..] | ["red", rest @ ..] => {
                // What orders memory beyond the atomic operation itself changes nothing where threads take
                // turns.
                let rest: Vec<&str> = rest
                    .iter()
                    .filter(|m| {
                        !matches!(**m, "relaxed" | "acquire" | "release" | "acq_rel" | "cta" | "gpu" | "sys")
                    })
                    .copied()
                    .collect();
                match rest[..] {
                    [space, operation, of] => self.atomic(space, operation, of, opcode[0] == "red", operands),
                    _ => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    fn load(&mut self, space: &str, rest: &[&str], operands: &[Operand]) -> Result<Option<Op>, String> {
        // Which cache a constant goes through changes nothing.
        let rest = match (space, rest) {
            ("global", ["nc", rest @ ..]) => rest,
            _ => rest,
        };
        let (Some(space), Some((elements, of))) = (self::space(space), vector(rest)) else { return Ok(None) };
        let Some(bits) = bits(of).filter(|bits| fits(*bits, elements)) else { return Ok(None) };
        let [to, address] = count(operands)?;
        let registers = parts(to, elements)?
            .iter()
            .map(|part| match self.to_any(part)? {
                Some(register) if bits <= 32 || matches!(register, Register::Long(_)) => Ok(register),
                Some(_) => Err(format!("a register is smaller than {of}")),
                None => Err("a load without a register".to_string()),
            })
            .collect::<Result<_, _>>()?;
        let address = self.address(space, address)?;
        Ok(Some(Op::Load(Access { address, bytes: bits / 8, signed: of.starts_with('s'), registers })))
    }

    fn store(&mut self, space: &str, rest: &[&str], operands: &[Operand]) -> Result<Option<Op>, String> {
        let (Some(space), Some((elements, of))) = (self::space(space), vector(rest)) else { return Ok(None) };
        let Some(bits) = bits(of).filter(|bits| fits(*bits, elements) && space != Space::Parameter) else {
            return Ok(None);
        };
        let [address, from] = count(operands)?;
        let registers =
            parts(from, elements)?.iter().map(|part| self.value_in(part, bits)).collect::<Result<_, _>>()?;
        let address = self.address(space, address)?;
        Ok(Some(Op::Store(Access { address, bytes: bits / 8, signed: false, registers })))
    }

    fn address(&mut self, space: Space, operand: &Operand) -> Result<Address, String> {
        let Operand::Address(base, offset) = operand else {
            return Err(format!("{operand:?} is no address"));
        };
        let base = match &**base {
            Operand::Register(name) => self.sized(name)?,
            Operand::Symbol(name) => {
                let constant = match (space, self.symbol(name)?) {
                    (Space::Parameter, Symbol::Parameter(place)) | (Space::Shared, Symbol::Shared(place)) => {
                        Constant::Value(place)
                    }
                    (Space::Global, Symbol::Global(number)) => Constant::Variable(number),
                    (space, symbol) => {
                        return Err(format!("'{name}' ({symbol:?}) is not in {space:?} memory"));
                    }
                };
                Register::Long(self.long_constant(constant))
            }
            other => self.long(other).map(Register::Long)?,
        };
        if space == Space::Global && matches!(base, Register::Word(_)) {
            return Err("an address of 32 bits in global memory".into());
        }
        Ok(Address { space, base, offset: *offset })
    }

    /// Operands: result (unless nothing wants it), address, one or two values.
    fn atomic(
        &mut self,
        space: &str,
        operation: &str,
        of: &str,
        discard: bool,
        operands: &[Operand],
    ) -> Result<Option<Op>, String> {
        let (Some(space), Some(bits)) = (self::space(space), bits(of)) else { return Ok(None) };
        let atomic = match (operation, of.as_bytes()[0]) {
            ("add", b'f') if bits == 32 => Atomic::AddFloat,
            (_, b'f') => return Ok(None),
            ("add", _) => Atomic::Add,
            ("min", b's') => Atomic::MinSigned,
            ("min", _) => Atomic::MinUnsigned,
            ("max", b's') => Atomic::MaxSigned,
            ("max", _) => Atomic::MaxUnsigned,
            ("and", _) => Atomic::And,
            ("or", _) => Atomic::Or,
            ("xor", _) => Atomic::Xor,
            ("exch", _) => Atomic::Exchange,
            ("cas", _) => Atomic::CompareExchange,
            _ => return Ok(None),
        };
        if space == Space::Parameter || bits < 32 {
            return Ok(None);
        }
        let (to, rest) = match (discard, operands) {
            (false, [to, rest @ ..]) => (self.to_any(to)?, rest),
            (true, rest) => (None, rest),
            _ => return Err("an atomic operation without operands".into()),
        };
        let (address, values) = rest.split_first().ok_or("an atomic operation without an address")?;
        let wanted = if atomic == Atomic::CompareExchange { 2 } else { 1 };
        if values.len() != wanted {
            return Err(format!("{} values of an atomic operation, not {wanted}", values.len()));
        }
        let mut registers = [None; 2];
        for (register, value) in registers.iter_mut().zip(values) {
            *register = Some(self.value(value, bits)?);
        }
        let address = self.address(space, address)?;
        Ok(Some(Op::Atomic { atomic, to, address, operands: registers, bytes: bits / 8 }))
    }
}

fn space(name: &str) -> Option<Space> {
    match name {
        "global" | "const" => Some(Space::Global),
        "shared" => Some(Space::Shared),
        "param" => Some(Space::Parameter),
        _ => None,
    }
}

/// Number and type of an access's elements.
fn vector<'a>(rest: &[&'a str]) -> Option<(usize, &'a str)> {
    match rest {
        [of] => Some((1, of)),
        ["v2", of] => Some((2, of)),
        ["v4", of] => Some((4, of)),
        _ => None,
    }
}

/// Whether an access is no longer than one may be.
fn fits(bits: u32, elements: usize) -> bool {
    bits as usize * elements <= 128
}

fn parts(operand: &Operand, elements: usize) -> Result<&[Operand], String> {
    let parts = match operand {
        Operand::Vector(parts) => parts,
        single => std::slice::from_ref(single),
    };
    if parts.len() == elements {
        Ok(parts)
    } else {
        Err(format!("{} registers, not {elements}", parts.len()))
    }
}
