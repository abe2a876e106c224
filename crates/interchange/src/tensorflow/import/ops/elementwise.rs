//! Operations that give one element for each.

use super::{Row, binary, unary};
use crate::tensorflow::import::node::{Built, Node, Refusal};
use minutia_graph::{DType, Output};

pub const ROWS: &[Row] = &[
    ("Abs", |n| unary(n, Output::abs)),
    ("Ceil", |n| unary(n, Output::ceil)),
    ("Cos", |n| unary(n, Output::cos)),
    ("Elu", |n| unary(n, Output::elu)),
    ("Erf", |n| unary(n, Output::erf)),
    ("Exp", |n| unary(n, Output::exp)),
    ("Expm1", |n| unary(n, Output::expm1)),
    ("Floor", |n| unary(n, Output::floor)),
    ("Inv", |n| unary(n, Output::reciprocal)),
    ("IsFinite", |n| unary(n, |x| x.abs().less(f32::INFINITY))),
    ("IsInf", |n| unary(n, |x| x.abs().equal(f32::INFINITY))),
    ("IsNan", |n| unary(n, |x| x.not_equal(x))),
    ("Log", |n| unary(n, Output::log)),
    ("Log1p", |n| unary(n, Output::log1p)),
    ("LogicalNot", |n| unary(n, Output::logical_not)),
    ("Neg", |n| unary(n, |x| -x)),
    ("OnesLike", |n| unary(n, |x| filled(x, 1))),
    ("Reciprocal", |n| unary(n, Output::reciprocal)),
    ("Relu", |n| unary(n, Output::relu)),
    ("Relu6", |n| unary(n, Output::relu6)),
    ("Rint", |n| unary(n, Output::round)),
    ("Round", |n| unary(n, Output::round)),
    ("Rsqrt", |n| unary(n, Output::rsqrt)),
    ("Selu", |n| unary(n, Output::selu)),
    ("Sigmoid", |n| unary(n, Output::sigmoid)),
    ("Sign", |n| unary(n, Output::sign)),
    ("Sin", |n| unary(n, Output::sin)),
    ("Softplus", |n| unary(n, Output::softplus)),
    ("Softsign", |n| unary(n, Output::softsign)),
    ("Sqrt", |n| unary(n, Output::sqrt)),
    ("Square", |n| unary(n, Output::square)),
    ("Tanh", |n| unary(n, Output::tanh)),
    ("ZerosLike", |n| unary(n, |x| filled(x, 0))),
    ("LeakyRelu", |n| Ok(n.tensor(0)?.leaky_relu(n.float("alpha", 0.2)).into())),
    ("Cast", |n| Ok(n.tensor(0)?.cast(n.dtype("DstT")?).into())),
    ("Add", |n| binary(n, |x, y| x + y)),
    ("AddV2", |n| binary(n, |x, y| x + y)),
    ("Atan2", |n| binary(n, |y, x| y.atan2(x))),
    ("Div", |n| binary(n, divided)),
    ("DivNoNan", |n| binary(n, |x, y| y.equal(0.0).select(0.0, x / y))),
    ("Equal", |n| binary(n, |x, y| x.equal(y))),
    ("FloorDiv", |n| binary(n, |x, y| x.floor_div(y))),
    ("FloorMod", |n| binary(n, |x, y| x.floor_mod(y))),
    ("Greater", |n| binary(n, |x, y| x.greater(y))),
    ("GreaterEqual", |n| binary(n, |x, y| x.greater_equal(y))),
    ("Less", |n| binary(n, |x, y| x.less(y))),
    ("LessEqual", |n| binary(n, |x, y| x.less_equal(y))),
    ("LogicalAnd", |n| binary(n, |x, y| x.logical_and(y))),
    ("LogicalOr", |n| binary(n, |x, y| x.logical_or(y))),
    ("Maximum", |n| binary(n, |x, y| x.maximum(y))),
    ("Minimum", |n| binary(n, |x, y| x.minimum(y))),
    ("Mod", |n| binary(n, |x, y| x.truncate_mod(y))),
    ("Mul", |n| binary(n, |x, y| x * y)),
    ("MulNoNan", |n| binary(n, |x, y| y.equal(0.0).select(0.0, x * y))),
    ("NotEqual", |n| binary(n, |x, y| x.not_equal(y))),
    ("Pow", |n| binary(n, |x, y| x.pow(y))),
    ("RealDiv", |n| binary(n, |x, y| x / y)),
    ("SquaredDifference", |n| binary(n, |x, y| x.squared_difference(y))),
    ("Sub", |n| binary(n, |x, y| x - y)),
    ("TruncateDiv", |n| binary(n, |x, y| x.truncate_div(y))),
    ("TruncateMod", |n| binary(n, |x, y| x.truncate_mod(y))),
    ("Xdivy", |n| binary(n, |x, y| x.xdivy(y))),
    ("Xlogy", |n| binary(n, |x, y| x.equal(0.0).select(0.0, x * y.log()))),
    ("ClipByValue", |n| Ok(n.tensor(0)?.minimum(n.tensor(2)?).maximum(n.tensor(1)?).into())),
    ("Select", selected_rows),
    ("SelectV2", |n| Ok(n.tensor(0)?.select(n.tensor(1)?, n.tensor(2)?).into())),
    ("AddN", sum),
    ("AccumulateNV2", sum),
];

/// A tensor of this shape and type, of equal elements.
pub fn filled(x: &Output, number: i32) -> Output {
    let graph = x.graph();
    let one = match x.dtype() {
        DType::F32 => graph.constant(number as f32),
        DType::I32 => graph.constant(number),
        DType::U8 => graph.constant(u8::from(number != 0)),
        DType::Bool => graph.constant(number != 0),
    };
    one.broadcast_like(x)
}

/// TensorFlow's `Div`, which rounds quotients of integers towards 0.
fn divided(x: &Output, y: &Output) -> Output {
    if x.dtype() == DType::I32 { x.truncate_div(y) } else { x / y }
}

/// A vector of conditions chooses rows; more than a vector chooses elements.
fn selected_rows(node: &Node<'_>) -> Result<Built, Refusal> {
    let (condition, x, y) = (node.tensor(0)?, node.tensor(1)?, node.tensor(2)?);
    let is_rows = condition.shape().len() == 1;
    let axes = if is_rows { x.shape().len().saturating_sub(1) } else { 0 };
    let condition = (0..axes).fold(condition, |condition, _| condition.expand_dims(-1));
    Ok(condition.select(x, y).into())
}

fn sum(node: &Node<'_>) -> Result<Built, Refusal> {
    Ok(node.graph.add_n(node.tensors()?).into())
}
