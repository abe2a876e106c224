//! The element types of files, and the tensors that they become: of a type that has the same values, or none.

use crate::Problem;
use half::{bf16, f16};
use minutia_graph::{DType, Error, Tensor};
use std::borrow::Cow;

/// The types that are read, in errors.
pub const ELEMENTS: &str = "numbers of at most 64 bits or bool";

/// An element type of a file. Not every format has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "safetensors"), allow(dead_code, reason = "NumPy has no bf16"))]
pub enum Element {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    BF16,
    F32,
    F64,
}

impl Element {
    /// The type that tensors of this one have here. Those with other numbers of bits are converted.
    pub fn dtype(self) -> DType {
        match self {
            Element::Bool => DType::Bool,
            Element::U8 => DType::U8,
            Element::F16 | Element::BF16 | Element::F32 | Element::F64 => DType::F32,
            Element::I8
            | Element::U16
            | Element::I16
            | Element::U32
            | Element::I32
            | Element::U64
            | Element::I64 => DType::I32,
        }
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Element::Bool | Element::U8 | Element::I8 => 1,
            Element::U16 | Element::I16 | Element::F16 | Element::BF16 => 2,
            Element::U32 | Element::I32 | Element::F32 => 4,
            Element::U64 | Element::I64 | Element::F64 => 8,
        }
    }
}

/// The tensor `name` from bytes that lie row by row.
///
/// Every element keeps its value: [`Problem::Inexact`] for one that the type here does not have. A NaN stays
/// one.
pub fn tensor(
    name: &str,
    element: Element,
    shape: &[usize],
    bytes: &[u8],
    is_big_endian: bool,
) -> Result<Tensor, Problem> {
    check_size(name, element, shape, bytes)?;
    let bytes = &*ordered(bytes, element.size(), is_big_endian != cfg!(target_endian = "big"));
    let dtype = element.dtype();
    match element {
        Element::Bool | Element::U8 | Element::I32 | Element::F32 => {
            Ok(Tensor::from_bytes(dtype, shape, bytes).map_err(Error::from)?)
        }
        Element::I8 => collect(name, shape, words(bytes).map(|b| Ok(i32::from(i8::from_ne_bytes(b))))),
        Element::I16 => collect(name, shape, words(bytes).map(|b| Ok(i32::from(i16::from_ne_bytes(b))))),
        Element::U16 => collect(name, shape, words(bytes).map(|b| Ok(i32::from(u16::from_ne_bytes(b))))),
        Element::U32 => collect(name, shape, words(bytes).map(u32::from_ne_bytes).map(integer)),
        Element::I64 => collect(name, shape, words(bytes).map(i64::from_ne_bytes).map(integer)),
        Element::U64 => collect(name, shape, words(bytes).map(u64::from_ne_bytes).map(integer)),
        Element::F16 => collect(name, shape, words(bytes).map(|b| Ok(f16::from_ne_bytes(b).to_f32()))),
        Element::BF16 => collect(name, shape, words(bytes).map(|b| Ok(bf16::from_ne_bytes(b).to_f32()))),
        Element::F64 => collect(name, shape, words(bytes).map(f64::from_ne_bytes).map(float)),
    }
}

/// Whether the bytes are as many as the shape takes.
pub fn check_size(name: &str, element: Element, shape: &[usize], bytes: &[u8]) -> Result<(), Problem> {
    let expected = bytes_of(shape, element.size());
    if expected == Some(bytes.len()) {
        return Ok(());
    }
    Err(Problem::Size {
        name: name.into(),
        shape: shape.to_vec(),
        expected: expected.map_or("more than 2^64".into(), |bytes| bytes.to_string()),
        found: bytes.len() as u64,
    })
}

/// The bytes of a shape. A zero anywhere makes them none, whatever the other extents are.
fn bytes_of(shape: &[usize], size: usize) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(size, |bytes, &extent| bytes.checked_mul(extent))
}

/// Bytes, those of each element turned round where it is asked for.
pub fn ordered(bytes: &[u8], size: usize, turned: bool) -> Cow<'_, [u8]> {
    if !turned || size == 1 {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.chunks(size).flat_map(|element| element.iter().rev().copied()).collect())
}

/// The bytes of each element.
fn words<const SIZE: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; SIZE]> {
    bytes.as_chunks().0.iter().copied()
}

/// The number as an `i32`, or what it is in words.
fn integer<T: TryInto<i32> + Copy + ToString>(x: T) -> Result<i32, String> {
    x.try_into().map_err(|_| x.to_string())
}

/// The number as an `f32`, or what it is in words.
fn float(x: f64) -> Result<f32, String> {
    let near = x as f32;
    if f64::from(near) == x || x.is_nan() { Ok(near) } else { Err(format!("{x:?}")) }
}

fn collect<T: minutia_tensor::Element>(
    name: &str,
    shape: &[usize],
    elements: impl Iterator<Item = Result<T, String>>,
) -> Result<Tensor, Problem> {
    let inexact = |(index, element): (usize, Result<T, String>)| {
        element.map_err(|found| Problem::Inexact { name: name.into(), index, found, expected: T::DTYPE })
    };
    let elements = elements.enumerate().map(inexact).collect::<Result<Vec<T>, Problem>>()?;
    Ok(Tensor::from_vec(shape, elements).map_err(Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(element: Element, bytes: &[u8]) -> Result<Tensor, String> {
        tensor("x", element, &[], bytes, false).map_err(|problem| problem.to_string())
    }

    #[test]
    fn other_types_keep_their_values() {
        let cases: [(Element, Vec<u8>, Tensor); 12] = [
            (Element::I8, vec![0x80], Tensor::scalar(-128)),
            (Element::I16, (-300_i16).to_le_bytes().into(), Tensor::scalar(-300)),
            (Element::U16, 65535_u16.to_le_bytes().into(), Tensor::scalar(65535)),
            (Element::U32, 7_u32.to_le_bytes().into(), Tensor::scalar(7)),
            (Element::I64, i64::from(i32::MIN).to_le_bytes().into(), Tensor::scalar(i32::MIN)),
            (Element::U64, 9_u64.to_le_bytes().into(), Tensor::scalar(9)),
            (Element::F16, vec![0x01, 0x00], Tensor::scalar(1.0 / 16_777_216.0_f32)),
            (Element::F16, vec![0x00, 0xfc], Tensor::scalar(f32::NEG_INFINITY)),
            (Element::BF16, vec![0xc0, 0x3f], Tensor::scalar(1.5_f32)),
            (Element::F64, (-0.0_f64).to_le_bytes().into(), Tensor::scalar(-0.0_f32)),
            (Element::F64, f64::INFINITY.to_le_bytes().into(), Tensor::scalar(f32::INFINITY)),
            (Element::Bool, vec![2], Tensor::scalar(true)),
        ];
        for (element, bytes, expected) in cases {
            let found = one(element, &bytes).unwrap();
            assert_eq!(
                (found.dtype(), found.as_bytes()),
                (expected.dtype(), expected.as_bytes()),
                "{element:?}"
            );
            let turned: Vec<u8> = bytes.into_iter().rev().collect();
            let turned = tensor("x", element, &[], &turned, true).unwrap();
            assert_eq!(turned.as_bytes(), expected.as_bytes(), "{element:?}, the highest byte first");
        }
        let nan = one(Element::F64, &f64::NAN.to_le_bytes()).unwrap();
        assert!(nan.value::<f32>().unwrap().is_nan());
    }

    #[test]
    fn a_value_that_would_change_is_named() {
        let cases: [(Element, [u8; 8], &str); 4] = [
            (Element::I64, (1_i64 << 31).to_le_bytes(), "element 0 of 'x' is 2147483648, which is no i32"),
            (Element::U64, u64::MAX.to_le_bytes(), "is 18446744073709551615, which is no i32"),
            (Element::F64, 0.1_f64.to_le_bytes(), "is 0.1, which is no f32"),
            (Element::F64, 1e300_f64.to_le_bytes(), "is 1e300, which is no f32"),
        ];
        for (element, bytes, expected) in cases {
            let message = one(element, &bytes).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
