//! Instructions and their operands.

use super::{Operand, ParseError, Statement, parse::Parser};

impl Parser<'_> {
    /// An instruction, up to its semicolon.
    pub(super) fn statement(&mut self) -> Result<Statement, ParseError> {
        let line = self.line();
        let guard = match self.take("@") {
            false => None,
            true => {
                let wanted = !self.take("!");
                Some((self.word("a predicate")?.to_string(), wanted))
            }
        };
        let opcode = self.word("an instruction")?.to_string();
        let mut operands = Vec::new();
        while !self.take(";") {
            if !operands.is_empty() {
                self.expect(",")?;
            }
            operands.push(self.operand()?);
        }
        Ok(Statement { line, guard, opcode, operands })
    }

    fn operand(&mut self) -> Result<Operand, ParseError> {
        if self.take("{") {
            let mut parts = vec![self.simple()?];
            while !self.take("}") {
                self.expect(",")?;
                parts.push(self.simple()?);
            }
            return Ok(Operand::Vector(parts));
        }
        if self.take("[") {
            let base = self.simple()?;
            let offset = match self.take("+") {
                true => self.integer()? as i64,
                false if self.peek_is("-") => self.integer()? as i64,
                false => 0,
            };
            self.expect("]")?;
            return Ok(Operand::Address(Box::new(base), offset));
        }
        self.simple()
    }

    /// An operand that holds no others.
    fn simple(&mut self) -> Result<Operand, ParseError> {
        if self.take("!") {
            return Ok(Operand::Not(self.word("a predicate")?.to_string()));
        }
        if self.peek_is("-") || self.peek().is_some_and(|t| t.text.starts_with(|c: char| c.is_ascii_digit()))
        {
            return Ok(Operand::Number(self.integer()?));
        }
        let name = self.word("an operand")?.to_string();
        if self.take("|") {
            return Ok(Operand::Pair(name, self.word("a predicate")?.to_string()));
        }
        Ok(if name.starts_with('%') || self.declared(&name) {
            Operand::Register(name)
        } else {
            Operand::Symbol(name)
        })
    }

    /// An integer, which may be negative, or the bits of a float.
    pub(super) fn integer(&mut self) -> Result<u64, ParseError> {
        let negative = self.take("-");
        let line = self.line();
        let text = self.word("a number")?;
        let radix = |digits: &str, radix| u64::from_str_radix(digits.trim_end_matches('U'), radix);
        let value = match text.get(..2) {
            Some("0f" | "0F" | "0d" | "0D" | "0x" | "0X") => radix(&text[2..], 16),
            Some("0b" | "0B") => radix(&text[2..], 2),
            _ => radix(text, 10),
        };
        let value = value.map_err(|_| ParseError::new(line, format!("'{text}' is no number")))?;
        Ok(if negative { value.wrapping_neg() } else { value })
    }

    /// An integer from 0 to `most`; `what` says what it is of.
    pub(super) fn at_most(&mut self, most: usize, what: &str) -> Result<usize, ParseError> {
        let line = self.line();
        let value = self.integer()?;
        match usize::try_from(value) {
            Ok(value) if value <= most => Ok(value),
            _ => Err(ParseError::new(line, format!("{value} {what}, at most {most} are supported"))),
        }
    }
}
