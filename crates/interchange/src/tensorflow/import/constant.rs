//! Constants: TensorFlow's messages of tensors, whose elements stand in bytes or in the list of their type.

use super::{
    node::{Refusal, type_name},
    numbers::{MOST, Number, Numbers},
};
use crate::{
    element::{self, Element},
    tensorflow::messages::TensorProto,
};
use minutia_graph::{Graph, Output, Tensor};

/// The attribute that has a constant's tensor, in errors.
const NAME: &str = "value";

/// A constant of the graph. What is equal from some element to the end takes the room of one element, as in
/// the file.
pub fn constant(graph: &Graph, proto: &TensorProto) -> Result<Output, Refusal> {
    let dims = dims(proto)?;
    let elements = count(&dims)?;
    let given = elements_of(proto, elements)?;
    if given.elements() == elements {
        return Ok(graph.constant(given.reshape(dims).map_err(Refusal::of)?));
    }
    let last = graph.constant(last(&given)?);
    if given.elements() <= 1 {
        return Ok(last.broadcast_to(dims));
    }
    let rest = last.broadcast_to([elements - given.elements()]);
    Ok(graph.concat([graph.constant(given), rest], 0).reshape(dims))
}

/// The same as numbers, where it may be those of a shape.
pub fn numbers(proto: &TensorProto) -> Option<Numbers> {
    let dims = dims(proto).ok()?;
    let elements = count(&dims).ok().filter(|&elements| elements <= MOST)?;
    let given: Vec<i64> = match (proto.dtype, &proto.tensor_content[..]) {
        (I32, []) => proto.int_val.iter().map(|&x| x.into()).collect(),
        (I64, []) => proto.int64_val.clone(),
        (I32, bytes) => bytes.as_chunks().0.iter().map(|&bytes| i32::from_le_bytes(bytes).into()).collect(),
        (I64, bytes) => bytes.as_chunks().0.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect(),
        _ => return None,
    };
    let last = given.last().copied().unwrap_or(0);
    let size = if proto.dtype == I32 { 4 } else { 8 };
    let bytes = proto.tensor_content.len();
    let is_whole = given.len() <= elements && (bytes == 0 || bytes == elements * size);
    let all = given.into_iter().chain(std::iter::repeat(last)).take(elements);
    is_whole.then(|| Numbers { dims, elements: all.map(Number::Known).collect() })
}

/// TensorFlow's numbers of types.
const I32: i32 = 3;
const I64: i32 = 9;

/// The type of elements of a number of TensorFlow's.
pub fn element(dtype: i32) -> Option<Element> {
    Some(match dtype {
        1 => Element::F32,
        2 => Element::F64,
        I32 => Element::I32,
        4 => Element::U8,
        5 => Element::I16,
        6 => Element::I8,
        I64 => Element::I64,
        10 => Element::Bool,
        14 => Element::BF16,
        17 => Element::U16,
        19 => Element::F16,
        22 => Element::U32,
        23 => Element::U64,
        _ => return None,
    })
}

fn dims(proto: &TensorProto) -> Result<Vec<usize>, Refusal> {
    let Some(shape) = &proto.tensor_shape else { return Ok(Vec::new()) };
    let extent =
        |size: i64| usize::try_from(size).map_err(|_| Refusal::new(format!("has an extent of {size}")));
    shape.dim.iter().map(|dim| extent(dim.size)).collect()
}

fn count(dims: &[usize]) -> Result<usize, Refusal> {
    let product = dims.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent));
    product.ok_or_else(|| Refusal::new(format!("has the shape {dims:?}, which no memory holds")))
}

/// The elements that are given, as a vector: all, or some of which the last goes on.
fn elements_of(proto: &TensorProto, elements: usize) -> Result<Tensor, Refusal> {
    let of = element(proto.dtype);
    let of = of.ok_or_else(|| Refusal::new(format!("is of type {}", type_name(proto.dtype))))?;
    if !proto.tensor_content.is_empty() {
        return Ok(element::tensor(NAME, of, &[elements], &proto.tensor_content, false)?);
    }
    let bytes = listed(proto, of)?;
    let given = bytes.len() / of.size();
    if given > elements {
        return Err(Refusal::new(format!("has {given} elements in a shape of {elements}")));
    }
    Ok(element::tensor(NAME, of, &[given], &bytes, false)?)
}

/// The elements of a list as bytes, the lowest of each first.
fn listed(proto: &TensorProto, of: Element) -> Result<Vec<u8>, Refusal> {
    let ints = &proto.int_val;
    Ok(match of {
        Element::F32 => proto.float_val.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Element::F64 => proto.double_val.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Element::I32 => ints.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Element::I64 => proto.int64_val.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Element::Bool => proto.bool_val.iter().map(|&x| x.into()).collect(),
        Element::F16 | Element::BF16 => narrow(&proto.half_val, |x| u16::try_from(x).map(u16::to_le_bytes))?,
        Element::U16 => narrow(ints, |x| u16::try_from(x).map(u16::to_le_bytes))?,
        Element::I16 => narrow(ints, |x| i16::try_from(x).map(i16::to_le_bytes))?,
        Element::U8 => narrow(ints, |x| u8::try_from(x).map(u8::to_le_bytes))?,
        Element::I8 => narrow(ints, |x| i8::try_from(x).map(i8::to_le_bytes))?,
        // TensorFlow has lists of these; they stand in no graph of numbers that are computed with here.
        Element::U32 | Element::U64 => return Err(Refusal::new("has a list of unsigned integers")),
    })
}

fn narrow<const SIZE: usize, E>(
    list: &[i32],
    convert: impl Fn(i32) -> Result<[u8; SIZE], E>,
) -> Result<Vec<u8>, Refusal> {
    let one = |&x: &i32| {
        convert(x).map_err(|_| Refusal::new(format!("holds {x}, which has more bits than its type")))
    };
    let all = list.iter().map(one).collect::<Result<Vec<[u8; SIZE]>, Refusal>>()?;
    Ok(all.into_flattened())
}

/// The last element as a scalar, 0 if there is none.
fn last(given: &Tensor) -> Result<Tensor, Refusal> {
    let size = given.dtype().size();
    let bytes = given.as_bytes();
    let last = if bytes.is_empty() { &[0; 4][..size] } else { &bytes[bytes.len() - size..] };
    Tensor::from_bytes(given.dtype(), (), last).map_err(Refusal::of)
}
