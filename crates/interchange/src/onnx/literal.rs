//! Values that a file spells out, with integers as long as the file has them.

use super::{external::Externals, messages::OnnxTensor};
use crate::{
    Problem,
    element::{self, Element},
};
use minutia_graph::{DType, Tensor};
use std::borrow::Cow;

/// ONNX's numbers of the types that are read.
pub mod data_type {
    pub const FLOAT: i32 = 1;
    pub const UINT8: i32 = 2;
    pub const INT8: i32 = 3;
    pub const UINT16: i32 = 4;
    pub const INT16: i32 = 5;
    pub const INT32: i32 = 6;
    pub const INT64: i32 = 7;
    pub const BOOL: i32 = 9;
    pub const FLOAT16: i32 = 10;
    pub const DOUBLE: i32 = 11;
    pub const UINT32: i32 = 12;
    pub const UINT64: i32 = 13;
    pub const BFLOAT16: i32 = 16;
}
use data_type::*;

/// The names of ONNX's types by number.
const NAMES: [&str; 24] = [
    "undefined",
    "float",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "int32",
    "int64",
    "string",
    "bool",
    "float16",
    "double",
    "uint32",
    "uint64",
    "complex64",
    "complex128",
    "bfloat16",
    "float8e4m3fn",
    "float8e4m3fnuz",
    "float8e5m2",
    "float8e5m2fnuz",
    "uint4",
    "int4",
    "float4e2m1",
];

/// What ONNX calls a type.
pub fn type_name(code: i32) -> String {
    let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    name.map_or_else(|| format!("type {code}"), |name| (*name).to_string())
}

/// The type that a tensor of one of ONNX's types has here, where its arithmetic is the same or, as that of
/// `int64`, differs only where numbers overflow.
pub fn dtype(code: i32) -> Option<DType> {
    match code {
        FLOAT => Some(DType::F32),
        INT32 | INT64 => Some(DType::I32),
        BOOL => Some(DType::Bool),
        UINT8 => Some(DType::U8),
        _ => None,
    }
}

/// A tensor that a file spells out.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// Anything but long integers.
    Tensor(Tensor),
    /// Integers of any type, which tensors hold as `i32`, and shapes as more.
    Long { dims: Vec<usize>, values: Vec<i64> },
}

impl Literal {
    /// A list of integers.
    pub fn list(values: Vec<i64>) -> Literal {
        Literal::Long { dims: vec![values.len()], values }
    }

    pub fn dims(&self) -> &[usize] {
        match self {
            Literal::Tensor(tensor) => tensor.dims(),
            Literal::Long { dims, .. } => dims,
        }
    }

    /// Its elements, if they are integers.
    pub fn integers(&self) -> Option<Vec<i64>> {
        match self {
            Literal::Tensor(tensor) => {
                tensor.as_slice::<i32>().ok().map(|x| x.iter().map(|&x| i64::from(x)).collect())
            }
            Literal::Long { values, .. } => Some(values.clone()),
        }
    }

    /// Its elements, if they are `f32`.
    pub fn floats(&self) -> Option<&[f32]> {
        match self {
            Literal::Tensor(tensor) => tensor.as_slice().ok(),
            Literal::Long { .. } => None,
        }
    }

    /// As a tensor, whose integers are `i32`, or what is wrong with that.
    pub fn tensor(&self) -> Result<Tensor, String> {
        match self {
            Literal::Tensor(tensor) => Ok(tensor.clone()),
            Literal::Long { dims, values } => {
                let narrow = |&value: &i64| {
                    i32::try_from(value).map_err(|_| format!("holds the integer {value}, which is no i32"))
                };
                let narrow = values.iter().map(narrow).collect::<Result<Vec<i32>, _>>()?;
                Tensor::from_vec(&dims[..], narrow).map_err(|error| error.to_string())
            }
        }
    }

    /// What a message spells out.
    pub fn of(tensor: &OnnxTensor, externals: &mut Externals) -> Result<Literal, Problem> {
        let name = &tensor.name;
        let element = element(tensor.data_type).ok_or_else(|| Problem::DType {
            name: name.clone(),
            found: type_name(tensor.data_type),
            expected: element::ELEMENTS,
        })?;
        let extent = |&extent: &i64| {
            usize::try_from(extent)
                .map_err(|_| Problem::Damaged(format!("'{name}' has an extent of {extent}")))
        };
        let dims = tensor.dims.iter().map(extent).collect::<Result<Vec<usize>, _>>()?;
        let bytes = if tensor.data_location == 1 {
            Cow::Owned(externals.elements(name, &tensor.external_data)?)
        } else if let Some(raw) = &tensor.raw_data {
            Cow::Borrowed(&raw[..])
        } else {
            Cow::Owned(listed(tensor, element))
        };
        element::check_size(name, element, &dims, &bytes)?;
        let is_wide_integer = !matches!(
            element,
            Element::Bool | Element::U8 | Element::F16 | Element::BF16 | Element::F32 | Element::F64
        );
        if is_wide_integer {
            let unsigned = || Problem::Inexact {
                name: name.clone(),
                index: 0,
                found: "an integer above 2^63".into(),
                expected: DType::I32,
            };
            return Ok(Literal::Long { dims, values: integers(element, &bytes).ok_or_else(unsigned)? });
        }
        element::tensor(name, element, &dims, &bytes, false).map(Literal::Tensor)
    }
}

/// A type by ONNX's number.
fn element(code: i32) -> Option<Element> {
    Some(match code {
        FLOAT => Element::F32,
        UINT8 => Element::U8,
        INT8 => Element::I8,
        UINT16 => Element::U16,
        INT16 => Element::I16,
        INT32 => Element::I32,
        INT64 => Element::I64,
        BOOL => Element::Bool,
        FLOAT16 => Element::F16,
        DOUBLE => Element::F64,
        UINT32 => Element::U32,
        UINT64 => Element::U64,
        BFLOAT16 => Element::BF16,
        _ => return None,
    })
}

/// The elements that stand in the list of their type, as the bytes that would stand in `raw_data`.
fn listed(tensor: &OnnxTensor, element: Element) -> Vec<u8> {
    let longs = || tensor.uint64_data.iter();
    let words = || tensor.int32_data.iter();
    match element {
        Element::F32 => tensor.float_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Element::F64 => tensor.double_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Element::I64 => tensor.int64_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Element::U64 => longs().flat_map(|x| x.to_le_bytes()).collect(),
        Element::U32 => longs().flat_map(|&x| (x as u32).to_le_bytes()).collect(),
        Element::I32 => words().flat_map(|x| x.to_le_bytes()).collect(),
        Element::F16 | Element::BF16 | Element::I16 | Element::U16 => {
            words().flat_map(|&x| (x as u16).to_le_bytes()).collect()
        }
        Element::Bool | Element::I8 | Element::U8 => words().map(|&x| x as u8).collect(),
    }
}

/// Integers whose lowest byte comes first, but for one that is none of 64 bits with a sign.
fn integers(element: Element, bytes: &[u8]) -> Option<Vec<i64>> {
    let (shorts, words, longs) =
        (bytes.as_chunks().0.iter(), bytes.as_chunks().0.iter(), bytes.as_chunks().0.iter());
    Some(match element {
        Element::I8 => bytes.iter().map(|&b| i64::from(b.cast_signed())).collect(),
        Element::I16 => shorts.map(|&b| i64::from(i16::from_le_bytes(b))).collect(),
        Element::U16 => shorts.map(|&b| i64::from(u16::from_le_bytes(b))).collect(),
        Element::I32 => words.map(|&b| i64::from(i32::from_le_bytes(b))).collect(),
        Element::U32 => words.map(|&b| i64::from(u32::from_le_bytes(b))).collect(),
        Element::U64 => longs.map(|&b| i64::try_from(u64::from_le_bytes(b)).ok()).collect::<Option<_>>()?,
        _ => longs.map(|&b| i64::from_le_bytes(b)).collect(),
    })
}
