//! Messages in protobuf's text format.
//!
//! Source: "Text Format Language Specification" of protobuf's documentation.

use super::super::messages::{Attribute, GraphDef, ListValue, NodeDef, TensorProto, TensorShape};
use std::fmt::Write;

/// A graph, node by node.
pub fn of(graph: &GraphDef) -> String {
    let mut text = Text::default();
    for node in &graph.node {
        text.block("node", |text| text.node(node));
    }
    if let Some(versions) = &graph.versions {
        text.block("versions", |text| text.field("producer", versions.producer));
    }
    text.written
}

#[derive(Default)]
struct Text {
    written: String,
    depth: usize,
}

impl Text {
    fn field(&mut self, name: &str, value: impl std::fmt::Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.written, "{:1$}{name}: {value}", "", 2 * self.depth);
    }

    fn block(&mut self, name: &str, inside: impl FnOnce(&mut Text)) {
        let _ = writeln!(self.written, "{:1$}{name} {{", "", 2 * self.depth);
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        let _ = writeln!(self.written, "{:1$}}}", "", 2 * self.depth);
    }

    fn node(&mut self, node: &NodeDef) {
        self.field("name", quoted(node.name.as_bytes()));
        self.field("op", quoted(node.op.as_bytes()));
        for input in &node.input {
            self.field("input", quoted(input.as_bytes()));
        }
        if !node.device.is_empty() {
            self.field("device", quoted(node.device.as_bytes()));
        }
        for (name, attribute) in &node.attr {
            self.block("attr", |text| {
                text.field("key", quoted(name.as_bytes()));
                text.block("value", |text| attribute.value.iter().for_each(|value| text.attribute(value)));
            });
        }
    }

    fn attribute(&mut self, value: &Attribute) {
        match value {
            Attribute::List(list) => self.block("list", |text| text.list(list)),
            Attribute::S(bytes) => self.field("s", quoted(bytes)),
            Attribute::I(value) => self.field("i", value),
            Attribute::F(value) => self.field("f", float(*value)),
            Attribute::B(value) => self.field("b", value),
            Attribute::Type(value) => self.field("type", dtype(*value)),
            Attribute::Shape(shape) => self.block("shape", |text| text.shape(shape)),
            Attribute::Tensor(tensor) => self.block("tensor", |text| text.tensor(tensor)),
        }
    }

    fn list(&mut self, list: &ListValue) {
        list.s.iter().for_each(|bytes| self.field("s", quoted(bytes)));
        list.i.iter().for_each(|value| self.field("i", value));
        list.f.iter().for_each(|value| self.field("f", float(*value)));
        list.b.iter().for_each(|value| self.field("b", value));
        list.r#type.iter().for_each(|value| self.field("type", dtype(*value)));
        list.shape.iter().for_each(|shape| self.block("shape", |text| text.shape(shape)));
    }

    fn shape(&mut self, shape: &TensorShape) {
        for dim in &shape.dim {
            self.block("dim", |text| text.field("size", dim.size));
        }
        if shape.unknown_rank {
            self.field("unknown_rank", true);
        }
    }

    fn tensor(&mut self, tensor: &TensorProto) {
        self.field("dtype", dtype(tensor.dtype));
        if let Some(shape) = &tensor.tensor_shape {
            self.block("tensor_shape", |text| text.shape(shape));
        }
        if !tensor.tensor_content.is_empty() {
            self.field("tensor_content", quoted(&tensor.tensor_content));
        }
        tensor.int_val.iter().for_each(|value| self.field("int_val", value));
    }
}

/// A string in which every byte that is not printable ASCII is an octal number.
fn quoted(bytes: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => drop(write!(quoted, "\\{byte:03o}")),
        }
    }
    quoted.push('"');
    quoted
}

/// A number; `inf`, `-inf` and `nan` as they are.
fn float(value: f32) -> String {
    if value.is_nan() { "nan".to_string() } else { value.to_string() }
}

/// The name of a type of elements, or its number where it has none here.
fn dtype(code: i32) -> String {
    match code {
        1 => "DT_FLOAT".to_string(),
        3 => "DT_INT32".to_string(),
        4 => "DT_UINT8".to_string(),
        10 => "DT_BOOL".to_string(),
        other => other.to_string(),
    }
}
