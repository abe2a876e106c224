//! Operations on elements of several tensors that broadcast.

use super::OnnxRow;
use crate::onnx::node::{OnnxNode, OnnxResults, Part, one};
use minutia_graph::{DType, Output};

pub const ROWS: &[OnnxRow] = &[
    ("Add", |node| pair(node, |x, y| x + y)),
    ("And", |node| pair(node, |x, y| x.logical_and(y))),
    ("Div", |node| pair(node, |x, y| if x.dtype() == DType::I32 { x.truncate_div(y) } else { x / y })),
    ("Equal", |node| pair(node, equal)),
    ("Greater", |node| pair(node, |x, y| x.greater(y))),
    ("GreaterOrEqual", |node| pair(node, |x, y| x.greater_equal(y))),
    ("Less", |node| pair(node, |x, y| x.less(y))),
    ("LessOrEqual", |node| pair(node, |x, y| x.less_equal(y))),
    ("Max", |node| all(node, |x, y| x.maximum(y))),
    ("Mean", |node| {
        let count = node.inputs() as f32;
        one(folded(node, |x, y| x + y)? / count)
    }),
    ("Min", |node| all(node, |x, y| x.minimum(y))),
    ("Mod", |node| {
        let fmod = node.flag("fmod", false)?;
        pair(node, if fmod { |x, y| x.truncate_mod(y) } else { |x, y| x.floor_mod(y) })
    }),
    ("Mul", |node| pair(node, |x, y| x * y)),
    ("Or", |node| pair(node, |x, y| x.logical_or(y))),
    ("Pow", power),
    ("Sub", |node| pair(node, |x, y| x - y)),
    ("Sum", |node| all(node, |x, y| x + y)),
    ("Where", |node| one(node.input(0)?.select(node.input(1)?, node.input(2)?))),
    ("Xor", |node| pair(node, |x, y| x.not_equal(y))),
];

/// Two operands. Version 6 and older may say where the second one lies.
fn pair(node: &OnnxNode, apply: fn(&Output, &Output) -> Output) -> OnnxResults {
    let (x, y) = (node.input(0)?, node.input(1)?);
    let y = if node.opset < 7 && node.flag("broadcast", false)? { beside(node, &x, y)? } else { y };
    one(apply(&x, &y))
}

/// The second operand of version 6, with axes behind it so that it lies at an axis of the first.
fn beside(node: &OnnxNode, x: &Output, y: Output) -> Part<Output> {
    let (ranks, rank) = (x.shape().len(), y.shape().len());
    let last = ranks as i64 - rank as i64;
    let axis = node.int("axis", last)?;
    let behind = last.saturating_sub(axis);
    if !(0..=ranks as i64).contains(&behind) {
        return Err(format!("has its second operand at axis {axis}"));
    }
    Ok((0..behind).fold(y, |y, _| y.expand_dims(-1)))
}

fn equal(x: &Output, y: &Output) -> Output {
    match x.dtype() {
        DType::U8 => x.cast(DType::I32).equal(y.cast(DType::I32)),
        _ => x.equal(y),
    }
}

/// Any number of operands, one after the other.
fn folded(node: &OnnxNode, apply: fn(&Output, &Output) -> Output) -> Part<Output> {
    let inputs = node.all()?;
    let (first, others) = inputs.split_first().ok_or("has no inputs")?;
    Ok(others.iter().fold(first.clone(), |sum, x| apply(&sum, x)))
}

fn all(node: &OnnxNode, apply: fn(&Output, &Output) -> Output) -> OnnxResults {
    one(folded(node, apply)?)
}

/// A power, whose operands may be of several types; the result has that of the first.
fn power(node: &OnnxNode) -> OnnxResults {
    let (x, y) = (node.input(0)?, node.input(1)?);
    if x.dtype() != DType::F32 {
        return Err(format!("raises {} to a power, expected f32", x.dtype()));
    }
    let y = if y.dtype() == DType::I32 { y.cast(DType::F32) } else { y };
    one(x.pow(y))
}
