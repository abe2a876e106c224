//! Elementwise operations.

use super::{Written, proto, site::Site};
use minutia_graph::{DType, Tensor};
use std::slice::from_ref;

/// Operations that are the same there, under the same name, with one type.
const SAME: [&str; 46] = [
    "Abs",
    "Add",
    "Atan2",
    "Ceil",
    "Cos",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expm1",
    "Floor",
    "FloorDiv",
    "FloorMod",
    "Greater",
    "GreaterEqual",
    "Less",
    "LessEqual",
    "Log",
    "Log1p",
    "LogSoftmax",
    "Maximum",
    "Minimum",
    "Neg",
    "NotEqual",
    "Pow",
    "RealDiv",
    "Reciprocal",
    "Relu",
    "Relu6",
    "Round",
    "Rsqrt",
    "Selu",
    "Sigmoid",
    "Sign",
    "Sin",
    "Softmax",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Square",
    "SquaredDifference",
    "Sub",
    "Tanh",
    "TruncateDiv",
    "TruncateMod",
    "Xdivy",
];

pub fn write(site: &mut Site) -> Option<Written> {
    let dtype = proto::dtype("T", site.dtype());
    let inputs = site.inputs();
    Some(match site.node.op {
        "Mul" | "Identity" | "StopGradient" => site.finish(site.node.op, inputs, &[dtype]),
        op if SAME.contains(&op) => site.finish(op, inputs, &[dtype]),
        op @ ("LogicalAnd" | "LogicalOr" | "LogicalNot") => site.finish(op, inputs, &[]),
        "MulNoNan" => product_no_nan(site, inputs),
        "Select" => {
            let dtype = proto::dtype("T", site.signature(1).dtype);
            site.finish("SelectV2", inputs, &[dtype])
        }
        "Cast" => {
            let (from, to) = (site.dtype(), site.node.signature.dtype);
            site.finish("Cast", inputs, &[proto::dtype("SrcT", from), proto::dtype("DstT", to)])
        }
        _ => return None,
    })
}

/// TensorFlow's product is 0 where the second factor is, ours where either is.
fn product_no_nan(site: &mut Site, inputs: Vec<String>) -> Written {
    let dtype = proto::dtype("T", DType::F32);
    let zero = site.constant("zero", &Tensor::scalar(0.0_f32));
    let there = site.helper("NotEqual", "NotEqual", vec![inputs[0].clone(), zero], from_ref(&dtype));
    let types = [proto::dtype("SrcT", DType::Bool), proto::dtype("DstT", DType::F32)];
    let there = site.helper("Cast", "Cast", vec![there], &types);
    let product = site.helper("MulNoNan", "MulNoNan", inputs, from_ref(&dtype));
    site.finish("MulNoNan", vec![product, there], &[dtype])
}
