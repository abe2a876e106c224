//! The attributes and tensors of messages.

use super::super::messages::{AttrValue, Attribute, Dim, ListValue, TensorProto, TensorShape};
use minutia_graph::{DType, PartialShape, Tensor};

/// A named attribute.
pub type Named = (&'static str, Attribute);

/// An attribute as a message.
pub fn entry((name, attribute): Named) -> (String, AttrValue) {
    (name.to_string(), AttrValue { value: Some(attribute) })
}

pub fn dtype(name: &'static str, dtype: DType) -> Named {
    (name, Attribute::Type(code(dtype)))
}

pub fn int(name: &'static str, value: i64) -> Named {
    (name, Attribute::I(value))
}

pub fn flag(name: &'static str, value: bool) -> Named {
    (name, Attribute::B(value))
}

pub fn word(name: &'static str, value: &str) -> Named {
    (name, Attribute::S(value.as_bytes().to_vec()))
}

pub fn ints(name: &'static str, values: &[i64]) -> Named {
    (name, Attribute::List(ListValue { i: values.to_vec(), ..ListValue::default() }))
}

pub fn shape(name: &'static str, value: &PartialShape) -> Named {
    (name, Attribute::Shape(shape_of(value)))
}

/// The shapes of a node's results, of which there is one: TensorBoard shows them.
pub fn output_shapes(value: &PartialShape) -> Named {
    ("_output_shapes", Attribute::List(ListValue { shape: vec![shape_of(value)], ..ListValue::default() }))
}

fn shape_of(shape: &PartialShape) -> TensorShape {
    let size = |extent: &Option<usize>| extent.and_then(|extent| i64::try_from(extent).ok());
    let dim = shape.iter().map(|extent| Dim { size: size(extent).unwrap_or(-1) }).collect();
    TensorShape { dim, unknown_rank: false }
}

pub fn tensor(name: &'static str, value: &Tensor) -> Named {
    let mut proto = TensorProto {
        dtype: code(value.dtype()),
        tensor_shape: Some(shape_of(&PartialShape::from(value.shape()))),
        ..TensorProto::default()
    };
    // Few integers, which are axes and shapes, stay legible in text.
    match value.as_slice::<i32>() {
        Ok(few) if few.len() <= 16 => proto.int_val = few.to_vec(),
        _ => proto.tensor_content = little_endian(value),
    }
    (name, Attribute::Tensor(proto))
}

/// The elements as bytes, the lowest of each first.
fn little_endian(tensor: &Tensor) -> Vec<u8> {
    let bytes = tensor.as_bytes();
    if cfg!(target_endian = "little") || tensor.dtype().size() == 1 {
        return bytes.to_vec();
    }
    bytes.chunks(tensor.dtype().size()).flat_map(|element| element.iter().rev().copied()).collect()
}

/// TensorFlow's number of a type.
pub fn code(dtype: DType) -> i32 {
    match dtype {
        DType::F32 => 1,
        DType::I32 => 3,
        DType::U8 => 4,
        DType::Bool => 10,
    }
}
