//! The element types of files, and the tensors that they become: of a type that has the same values, or none.

use crate::Problem;
use half::{bf16, f16};
use minutia_graph::{Error, Tensor};
use std::{borrow::Cow, io::Read};

/// The types that are read, in errors.
pub const ELEMENTS: &str = "numbers of at most 64 bits or bool";

/// Bytes that are read at a time, a multiple of every element's.
const BLOCK: usize = 1 << 16;

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
#[cfg_attr(not(feature = "npz"), allow(dead_code, reason = "safetensors checks sizes by itself"))]
pub fn tensor(
    name: &str,
    element: Element,
    shape: &[usize],
    mut bytes: &[u8],
    is_big_endian: bool,
) -> Result<Tensor, Problem> {
    check_size(name, element, shape, bytes)?;
    read(name, element, shape, &mut bytes, is_big_endian)
}

/// As [`tensor`], from a file that is known to have as many bytes as the shape takes. They stand
/// nowhere else.
pub fn read(
    name: &str,
    element: Element,
    shape: &[usize],
    file: &mut impl Read,
    is_big_endian: bool,
) -> Result<Tensor, Problem> {
    let bytes = bytes_of(shape, element.size()).unwrap_or(usize::MAX);
    let mut words = Words { name, shape, file, bytes, turned: is_big_endian != cfg!(target_endian = "big") };
    match element {
        Element::Bool => words.exact(|[byte]| byte != 0),
        Element::U8 => words.exact(|[byte]| byte),
        Element::F32 => words.exact(f32::from_ne_bytes),
        Element::I32 => words.exact(i32::from_ne_bytes),
        Element::I8 => words.exact(|word| i32::from(i8::from_ne_bytes(word))),
        Element::I16 => words.exact(|word| i32::from(i16::from_ne_bytes(word))),
        Element::U16 => words.exact(|word| i32::from(u16::from_ne_bytes(word))),
        Element::F16 => words.exact(|word| f16::from_ne_bytes(word).to_f32()),
        Element::BF16 => words.exact(|word| bf16::from_ne_bytes(word).to_f32()),
        Element::U32 => words.checked(|word| integer(u32::from_ne_bytes(word))),
        Element::I64 => words.checked(|word| integer(i64::from_ne_bytes(word))),
        Element::U64 => words.checked(|word| integer(u64::from_ne_bytes(word))),
        Element::F64 => words.checked(|word| float(f64::from_ne_bytes(word))),
    }
}

/// Whether the bytes are as many as the shape takes.
#[cfg_attr(not(feature = "npz"), allow(dead_code, reason = "safetensors checks sizes by itself"))]
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

/// The number as an `i32`, or what it is in words.
fn integer<T: TryInto<i32> + Copy + ToString>(x: T) -> Result<i32, String> {
    x.try_into().map_err(|_| x.to_string())
}

/// The number as an `f32`, or what it is in words.
fn float(x: f64) -> Result<f32, String> {
    let near = x as f32;
    if f64::from(near) == x || x.is_nan() { Ok(near) } else { Err(format!("{x:?}")) }
}

/// The elements of a tensor on their way from a file.
struct Words<'a, R> {
    name: &'a str,
    shape: &'a [usize],
    file: &'a mut R,
    /// What the tensor takes of it.
    bytes: usize,
    /// Whether the bytes of each element stand in the other order than in this machine.
    turned: bool,
}

impl<R: Read> Words<'_, R> {
    /// The tensor of elements that all have their value in the type here.
    fn exact<const SIZE: usize, T: minutia_tensor::Element>(
        &mut self,
        convert: impl Fn([u8; SIZE]) -> T,
    ) -> Result<Tensor, Problem> {
        self.collect(|all, words| {
            all.extend(words.iter().map(|&word| convert(word)));
            Ok(())
        })
    }

    /// The tensor of elements of which some may have none: `convert` then has the element in words.
    fn checked<const SIZE: usize, T: minutia_tensor::Element>(
        &mut self,
        convert: impl Fn([u8; SIZE]) -> Result<T, String>,
    ) -> Result<Tensor, Problem> {
        let name = self.name;
        self.collect(|all, words| {
            for &word in words {
                match convert(word) {
                    Ok(element) => all.push(element),
                    Err(found) => {
                        let (name, index) = (name.into(), all.len());
                        return Err(Problem::Inexact { name, index, found, expected: T::DTYPE });
                    }
                }
            }
            Ok(())
        })
    }

    /// Takes the elements some at a time, so that they are still in a cache when they are converted.
    fn collect<const SIZE: usize, T: minutia_tensor::Element>(
        &mut self,
        mut take: impl FnMut(&mut Vec<T>, &[[u8; SIZE]]) -> Result<(), Problem>,
    ) -> Result<Tensor, Problem> {
        let mut left = self.bytes;
        let mut all = room(left / SIZE)?;
        let mut block = vec![0; BLOCK.min(left)];
        while left > 0 {
            let part = &mut block[..BLOCK.min(left)];
            self.file.read_exact(part)?;
            left -= part.len();
            let words = part.as_chunks_mut::<SIZE>().0;
            if self.turned {
                words.iter_mut().for_each(|word| word.reverse());
            }
            take(&mut all, words)?;
        }
        Ok(Tensor::from_vec(self.shape, all).map_err(Error::from)?)
    }
}

/// Room for elements, if there is memory for them.
fn room<T>(count: usize) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    let bytes = count.saturating_mul(size_of::<T>());
    all.try_reserve_exact(count).map_err(|_| minutia_tensor::Error::OutOfMemory { bytes })?;
    Ok(all)
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
        let late = [&[0; 8 * BLOCK][..], &0.1_f64.to_le_bytes()].concat();
        let message = tensor("x", Element::F64, &[BLOCK + 1], &late, false).unwrap_err().to_string();
        assert!(message.contains(&format!("element {BLOCK} of 'x' is 0.1")), "{message}");
    }
}
