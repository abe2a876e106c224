//! The header of an array: a dictionary, written as Python writes it.

use crate::element::Element;
use minutia_graph::DType;

/// What a header says of the elements behind it.
#[derive(Debug, PartialEq)]
pub struct Header {
    /// Type and order of bytes, such as `<f4`.
    pub descr: String,
    /// Whether the first axis is the one whose elements lie side by side.
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

impl Header {
    pub fn of(dtype: DType, shape: &[usize]) -> Header {
        let descr = match dtype {
            DType::F32 => "<f4",
            DType::I32 => "<i4",
            DType::U8 => "|u1",
            DType::Bool => "|b1",
        };
        Header { descr: descr.into(), fortran_order: false, shape: shape.to_vec() }
    }

    /// The type, and whether the highest byte comes first.
    pub fn element(&self) -> Option<(Element, bool)> {
        let (order, kind) = self.descr.split_at_checked(1)?;
        let is_big_endian = match order {
            ">" => true,
            "<" | "|" => false,
            "=" => cfg!(target_endian = "big"),
            _ => return None,
        };
        let element = match kind {
            "b1" => Element::Bool,
            "u1" => Element::U8,
            "i1" => Element::I8,
            "u2" => Element::U16,
            "i2" => Element::I16,
            "u4" => Element::U32,
            "i4" => Element::I32,
            "u8" => Element::U64,
            "i8" => Element::I64,
            "f2" => Element::F16,
            "f4" => Element::F32,
            "f8" => Element::F64,
            _ => return None,
        };
        Some((element, is_big_endian))
    }

    /// The dictionary.
    pub fn text(&self) -> String {
        let extents = self.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        // Python's tuple of one element ends in a comma.
        let comma = if self.shape.len() == 1 { "," } else { "" };
        let order = if self.fortran_order { "True" } else { "False" };
        format!("{{'descr': '{}', 'fortran_order': {order}, 'shape': ({extents}{comma}), }}", self.descr)
    }

    /// Reads a dictionary; what is wrong with it otherwise.
    pub fn parse(text: &str) -> Result<Header, String> {
        let mut rest = Rest(text);
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        rest.expect("{")?;
        while !rest.eat("}") {
            let key = rest.string()?;
            rest.expect(":")?;
            let is_first = match key {
                "descr" => descr.replace(rest.descr()?).is_none(),
                "fortran_order" => fortran_order.replace(rest.flag()?).is_none(),
                "shape" => shape.replace(rest.tuple()?).is_none(),
                other => return Err(format!("its header has the key '{other}'")),
            };
            if !is_first {
                return Err(format!("its header has the key '{key}' twice"));
            }
            if !rest.eat(",") {
                rest.expect("}")?;
                break;
            }
        }
        if !rest.0.trim().is_empty() {
            return Err(format!("its header goes on with {:?} behind the dictionary", rest.start()));
        }
        let missing = |key| format!("its header lacks the key '{key}'");
        Ok(Header {
            descr: descr.ok_or_else(|| missing("descr"))?,
            fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }
}

/// What is left of a header.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn eat(&mut self, token: &str) -> bool {
        let rest = self.0.trim_start().strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(self.refuse(&format!("'{token}'"))) }
    }

    fn refuse(&self, expected: &str) -> String {
        format!("its header goes on with {:?}, expected {expected}", self.start())
    }

    /// Some of it, for errors.
    fn start(&self) -> String {
        self.0.trim_start().chars().take(20).collect()
    }

    /// Text in quotes of either kind.
    fn string(&mut self) -> Result<&'a str, String> {
        let quote = ["'", "\""].into_iter().find(|quote| self.eat(quote));
        let split = quote.and_then(|quote| self.0.split_once(quote));
        let (text, rest) = split.ok_or_else(|| self.refuse("text in quotes"))?;
        self.0 = rest;
        Ok(text)
    }

    /// A type; the list of a structured one is kept as it is written.
    fn descr(&mut self) -> Result<String, String> {
        if !self.0.trim_start().starts_with('[') {
            return self.string().map(str::to_string);
        }
        let (list, rest) = self.0.trim_start().split_once(']').ok_or_else(|| self.refuse("a list"))?;
        self.0 = rest;
        Ok(format!("{list}]"))
    }

    fn flag(&mut self) -> Result<bool, String> {
        match () {
            () if self.eat("True") => Ok(true),
            () if self.eat("False") => Ok(false),
            () => Err(self.refuse("True or False")),
        }
    }

    fn tuple(&mut self) -> Result<Vec<usize>, String> {
        let mut extents = Vec::new();
        self.expect("(")?;
        while !self.eat(")") {
            let text = self.0.trim_start();
            let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            extents.push(text[..digits].parse().map_err(|_| self.refuse("an extent"))?);
            self.0 = &text[digits..];
            // Python 2 ended long numbers so.
            self.eat("L");
            if !self.eat(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(extents)
    }
}
