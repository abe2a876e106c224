//! Protobuf's text format, as far as graphs need it: `field: value` and `field { .. }`.

use super::error::GraphDefProblem;
use crate::tensorflow::messages::{AttrValue, Attribute, Dim, ListValue, NodeDef, TensorProto, TensorShape};

/// Messages may be nested so deep. A graph takes eight levels.
const DEEPEST: usize = 64;

/// The nodes of a graph.
pub fn graph(bytes: &[u8]) -> Result<Vec<NodeDef>, GraphDefProblem> {
    let mut reader = TextReader { bytes, at: 0 };
    let message = reader.message(None, 0)?;
    let nodes = message.all("node").map(|field| node(&reader, field));
    nodes.collect()
}

/// A field of a message.
struct Field {
    name: String,
    /// Where its value stands.
    at: usize,
    value: TextValue,
}

/// A value as it is written.
enum TextValue {
    /// A number, or a name that stands for one.
    Word(String),
    Text(Vec<u8>),
    Message(Fields),
}

/// A message as it is written.
#[derive(Default)]
struct Fields(Vec<Field>);

impl Fields {
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        self.0.iter().filter(move |field| field.name == name)
    }

    fn last(&self, name: &str) -> Option<&Field> {
        self.0.iter().rfind(|field| field.name == name)
    }
}

struct TextReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl TextReader<'_> {
    fn error<T>(&self, at: usize, reason: impl Into<String>) -> Result<T, GraphDefProblem> {
        let before = &self.bytes[..at.min(self.bytes.len())];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        Err(GraphDefProblem::Text { line, column, reason: reason.into() })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Goes on behind blanks and comments.
    fn skip(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'#' {
                while self.peek().is_some_and(|byte| byte != b'\n') {
                    self.at += 1;
                }
            } else if byte.is_ascii_whitespace() {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// Goes on behind one of these characters, if it is next.
    fn take(&mut self, any: &[u8]) -> bool {
        self.skip();
        let found = self.peek().is_some_and(|byte| any.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> String {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte);
        let start = self.at;
        while self.peek().is_some_and(is_part) {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned()
    }

    /// The fields up to a closing bracket, or to the end of the file.
    fn message(&mut self, end: Option<u8>, depth: usize) -> Result<Fields, GraphDefProblem> {
        if depth > DEEPEST {
            return self.error(self.at, format!("messages are nested more than {DEEPEST} deep"));
        }
        let mut fields = Fields::default();
        loop {
            self.skip();
            match (self.peek(), end) {
                (None, None) => return Ok(fields),
                (None, Some(_)) => return self.error(self.at, "the text ends inside a message"),
                (found, Some(end)) if found == Some(end) => {
                    self.at += 1;
                    return Ok(fields);
                }
                _ => {}
            }
            let start = self.at;
            let name = self.word();
            if name.is_empty() {
                return self.error(start, "expected the name of a field");
            }
            let colon = self.take(b":");
            if colon && self.take(b"[") {
                while !self.take(b"]") {
                    let at = self.at;
                    let value = self.value(depth)?;
                    fields.0.push(Field { name: name.clone(), at, value });
                    self.take(b",");
                }
            } else {
                self.skip();
                let at = self.at;
                if !colon && !matches!(self.peek(), Some(b'{' | b'<')) {
                    return self.error(at, format!("expected ':' or '{{' behind '{name}'"));
                }
                let value = self.value(depth)?;
                fields.0.push(Field { name, at, value });
            }
            self.take(b",;");
        }
    }

    fn value(&mut self, depth: usize) -> Result<TextValue, GraphDefProblem> {
        self.skip();
        match self.peek() {
            Some(open @ (b'{' | b'<')) => {
                self.at += 1;
                let end = if open == b'{' { b'}' } else { b'>' };
                Ok(TextValue::Message(self.message(Some(end), depth + 1)?))
            }
            Some(b'"' | b'\'') => {
                let mut text = Vec::new();
                // Texts beside each other are one.
                while let Some(quote @ (b'"' | b'\'')) = self.peek() {
                    self.at += 1;
                    self.text(quote, &mut text)?;
                    self.skip();
                }
                Ok(TextValue::Text(text))
            }
            _ => {
                let start = self.at;
                let word = self.word();
                if word.is_empty() {
                    self.error(start, "expected a value")
                } else {
                    Ok(TextValue::Word(word))
                }
            }
        }
    }

    /// What stands up to the closing quote.
    fn text(&mut self, quote: u8, text: &mut Vec<u8>) -> Result<(), GraphDefProblem> {
        loop {
            let Some(byte) = self.peek().filter(|&byte| byte != b'\n') else {
                return self.error(self.at, "a text does not end");
            };
            self.at += 1;
            match byte {
                b'\\' => self.escape(text)?,
                _ if byte == quote => return Ok(()),
                _ => text.push(byte),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), GraphDefProblem> {
        let start = self.at;
        let Some(byte) = self.peek() else { return self.error(start, "a text does not end") };
        self.at += 1;
        let (radix, most) = match byte {
            b'0'..=b'7' => (8, 3),
            b'x' | b'X' => (16, 2),
            _ => {
                let plain = [
                    (b'n', b'\n'),
                    (b'r', b'\r'),
                    (b't', b'\t'),
                    (b'a', 7),
                    (b'b', 8),
                    (b'f', 12),
                    (b'v', 11),
                ];
                let same = b"\\'\"?".contains(&byte).then_some(byte);
                let meant = plain.iter().find(|pair| pair.0 == byte).map(|pair| pair.1).or(same);
                let Some(meant) = meant else { return self.error(start, "there is no such escape") };
                text.push(meant);
                return Ok(());
            }
        };
        let digits = if radix == 8 { start } else { start + 1 };
        self.at = digits;
        while self.at < digits + most && self.peek().is_some_and(|byte| (byte as char).is_digit(radix)) {
            self.at += 1;
        }
        let written = std::str::from_utf8(&self.bytes[digits..self.at]).unwrap_or_default();
        match u8::from_str_radix(written, radix) {
            Ok(byte) => {
                text.push(byte);
                Ok(())
            }
            Err(_) => self.error(start, "an escape is no byte"),
        }
    }

    fn fields<'f>(&self, field: &'f Field) -> Result<&'f Fields, GraphDefProblem> {
        match &field.value {
            TextValue::Message(fields) => Ok(fields),
            _ => self.error(field.at, format!("'{}' is a message, in brackets", field.name)),
        }
    }

    fn text_of<'f>(&self, field: &'f Field) -> Result<&'f [u8], GraphDefProblem> {
        match &field.value {
            TextValue::Text(text) => Ok(text),
            _ => self.error(field.at, format!("'{}' is a text, in quotes", field.name)),
        }
    }

    fn string(&self, field: &Field) -> Result<String, GraphDefProblem> {
        match String::from_utf8(self.text_of(field)?.to_vec()) {
            Ok(text) => Ok(text),
            Err(_) => self.error(field.at, format!("'{}' is not UTF-8", field.name)),
        }
    }

    /// A word as a number, a truth value, or a type.
    fn parsed<T>(
        &self,
        field: &Field,
        what: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, GraphDefProblem> {
        let word = if let TextValue::Word(word) = &field.value { parse(word) } else { None };
        word.map_or_else(|| self.error(field.at, format!("'{}' is {what}", field.name)), Ok)
    }

    fn int(&self, field: &Field) -> Result<i64, GraphDefProblem> {
        self.parsed(field, "a whole number", |word| word.parse().ok())
    }

    fn small(&self, field: &Field) -> Result<i32, GraphDefProblem> {
        self.parsed(field, "a whole number of 32 bits", |word| word.parse().ok())
    }

    fn float(&self, field: &Field) -> Result<f32, GraphDefProblem> {
        self.parsed(field, "a number", |word| {
            word.trim_end_matches(['f', 'F']).parse().ok().or_else(|| special(word))
        })
    }

    fn double(&self, field: &Field) -> Result<f64, GraphDefProblem> {
        self.parsed(field, "a number", |word| word.parse().ok())
    }

    fn bool(&self, field: &Field) -> Result<bool, GraphDefProblem> {
        self.parsed(field, "true or false", |word| match word {
            "true" | "t" | "1" => Some(true),
            "false" | "f" | "0" => Some(false),
            _ => None,
        })
    }

    fn dtype(&self, field: &Field) -> Result<i32, GraphDefProblem> {
        self.parsed(field, "a type, such as DT_FLOAT", |word| match word.strip_prefix("DT_") {
            Some(name) => code(name),
            None => word.parse().ok(),
        })
    }
}

/// `inf` and its kin, whose last letter is no suffix of a number.
fn special(word: &str) -> Option<f32> {
    word.parse().ok()
}

/// TensorFlow's number of a type.
fn code(name: &str) -> Option<i32> {
    let (name, reference) = name.strip_suffix("_REF").map_or((name, 0), |name| (name, 100));
    let lower = name.to_ascii_lowercase();
    (1..24).find(|&code| super::node::type_name(code) == lower).map(|code| code + reference)
}

fn node(reader: &TextReader<'_>, field: &Field) -> Result<NodeDef, GraphDefProblem> {
    let fields = reader.fields(field)?;
    let string = |name| fields.last(name).map_or(Ok(String::new()), |field| reader.string(field));
    let mut node = NodeDef {
        name: string("name")?,
        op: string("op")?,
        input: fields.all("input").map(|field| reader.string(field)).collect::<Result<_, _>>()?,
        device: string("device")?,
        ..NodeDef::default()
    };
    for entry in fields.all("attr") {
        let entry = reader.fields(entry)?;
        if let (Some(key), Some(value)) = (entry.last("key"), entry.last("value")) {
            node.attr.insert(reader.string(key)?, AttrValue { value: attribute(reader, value)? });
        }
    }
    Ok(node)
}

fn attribute(reader: &TextReader<'_>, field: &Field) -> Result<Option<Attribute>, GraphDefProblem> {
    let Some(value) = reader.fields(field)?.0.last() else { return Ok(None) };
    Ok(Some(match &value.name[..] {
        "s" => Attribute::S(reader.text_of(value)?.to_vec()),
        "i" => Attribute::I(reader.int(value)?),
        "f" => Attribute::F(reader.float(value)?),
        "b" => Attribute::B(reader.bool(value)?),
        "type" => Attribute::Type(reader.dtype(value)?),
        "shape" => Attribute::Shape(shape(reader, value)?),
        "tensor" => Attribute::Tensor(tensor(reader, value)?),
        "list" => Attribute::List(list(reader, value)?),
        _ => return Ok(None),
    }))
}

fn list(reader: &TextReader<'_>, field: &Field) -> Result<ListValue, GraphDefProblem> {
    let fields = reader.fields(field)?;
    Ok(ListValue {
        s: fields.all("s").map(|f| reader.text_of(f).map(<[u8]>::to_vec)).collect::<Result<_, _>>()?,
        i: fields.all("i").map(|f| reader.int(f)).collect::<Result<_, _>>()?,
        f: fields.all("f").map(|f| reader.float(f)).collect::<Result<_, _>>()?,
        b: fields.all("b").map(|f| reader.bool(f)).collect::<Result<_, _>>()?,
        r#type: fields.all("type").map(|f| reader.dtype(f)).collect::<Result<_, _>>()?,
        shape: fields.all("shape").map(|f| shape(reader, f)).collect::<Result<_, _>>()?,
    })
}

fn shape(reader: &TextReader<'_>, field: &Field) -> Result<TensorShape, GraphDefProblem> {
    let fields = reader.fields(field)?;
    let dim = |field: &Field| {
        let size = reader.fields(field)?.last("size").map_or(Ok(0), |size| reader.int(size));
        Ok(Dim { size: size? })
    };
    Ok(TensorShape {
        dim: fields.all("dim").map(dim).collect::<Result<_, _>>()?,
        unknown_rank: fields.last("unknown_rank").map_or(Ok(false), |field| reader.bool(field))?,
    })
}

fn tensor(reader: &TextReader<'_>, field: &Field) -> Result<TensorProto, GraphDefProblem> {
    let fields = reader.fields(field)?;
    Ok(TensorProto {
        dtype: fields.last("dtype").map_or(Ok(0), |field| reader.dtype(field))?,
        tensor_shape: fields.last("tensor_shape").map(|field| shape(reader, field)).transpose()?,
        tensor_content: fields
            .last("tensor_content")
            .map_or(Ok(Vec::new()), |field| reader.text_of(field).map(<[u8]>::to_vec))?,
        float_val: fields.all("float_val").map(|f| reader.float(f)).collect::<Result<_, _>>()?,
        double_val: fields.all("double_val").map(|f| reader.double(f)).collect::<Result<_, _>>()?,
        int_val: fields.all("int_val").map(|f| reader.small(f)).collect::<Result<_, _>>()?,
        string_val: fields
            .all("string_val")
            .map(|f| reader.text_of(f).map(<[u8]>::to_vec))
            .collect::<Result<_, _>>()?,
        int64_val: fields.all("int64_val").map(|f| reader.int(f)).collect::<Result<_, _>>()?,
        bool_val: fields.all("bool_val").map(|f| reader.bool(f)).collect::<Result<_, _>>()?,
        half_val: fields.all("half_val").map(|f| reader.small(f)).collect::<Result<_, _>>()?,
    })
}
