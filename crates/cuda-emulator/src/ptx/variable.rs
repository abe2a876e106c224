//! Declarations of variables and parameters.

use super::{Parameter, ParseError, Storage, Variable, limits, parse::Parser};

/// Bytes of a type, by its name.
fn size(name: &str) -> Option<usize> {
    Some(match name {
        ".b8" | ".u8" | ".s8" => 1,
        ".b16" | ".u16" | ".s16" => 2,
        ".b32" | ".u32" | ".s32" | ".f32" => 4,
        ".b64" | ".u64" | ".s64" | ".f64" => 8,
        _ => return None,
    })
}

impl Parser<'_> {
    /// What follows `.global`, `.const` or `.shared`, up to the semicolon.
    pub(super) fn variable(&mut self, storage: Storage) -> Result<Variable, ParseError> {
        let (name, alignment, element, count) = self.declarator()?;
        let mut contents = Vec::new();
        if self.take("=") {
            let braced = self.take("{");
            loop {
                let value = self.integer()?;
                contents.extend_from_slice(&value.to_le_bytes()[..element]);
                if !braced || !self.take(",") {
                    break;
                }
            }
            if braced {
                self.expect("}")?;
            }
        }
        self.expect(";")?;
        // The values of an array without a length give it one.
        let count = count.or((!contents.is_empty()).then_some(contents.len() / element));
        let bytes = count.map(|n| n * element);
        if bytes.is_some_and(|bytes| contents.len() > bytes) {
            return Err(self.error(format!("'{name}' has more values than places")));
        }
        Ok(Variable { name, storage, alignment, bytes, contents })
    }

    /// What follows `.param`.
    pub(super) fn parameter(&mut self) -> Result<Parameter, ParseError> {
        let (name, alignment, element, count) = self.declarator()?;
        let count = count.ok_or_else(|| self.error(format!("the parameter '{name}' has no length")))?;
        Ok(Parameter { name, bytes: element * count, alignment })
    }

    /// `.align N .type name[count]`: name, alignment, bytes of an element, number of elements.
    fn declarator(&mut self) -> Result<(String, usize, usize, Option<usize>), ParseError> {
        let (mut alignment, mut element, mut pointer) = (None, None, false);
        while self.peek().is_some_and(|t| t.text.starts_with('.')) {
            let word = self.word("a type")?;
            match word {
                // The alignment of what a pointer points to is no alignment of the pointer.
                ".ptr" => pointer = true,
                ".align" => {
                    let line = self.line();
                    let value = self.at_most(limits::ALIGNMENT, "bytes of alignment")?;
                    if !value.is_power_of_two() {
                        let reason = format!("an alignment of {value} bytes, which is no power of two");
                        return Err(ParseError::new(line, reason));
                    }
                    if !pointer {
                        alignment = Some(value);
                    }
                }
                ".global" | ".const" | ".shared" if pointer => {}
                _ => element = Some(size(word).ok_or_else(|| self.error(format!("unknown type {word}")))?),
            }
        }
        let name = self.word("a name")?.to_string();
        let element = element.ok_or_else(|| self.error(format!("'{name}' has no type")))?;
        let count = match self.take("[") {
            false => Some(1),
            true if self.take("]") => None,
            true => {
                let count = self.at_most(limits::VARIABLE_BYTES / element, "elements of a variable")?;
                self.expect("]")?;
                Some(count)
            }
        };
        Ok((name, alignment.unwrap_or(element), element, count))
    }
}
