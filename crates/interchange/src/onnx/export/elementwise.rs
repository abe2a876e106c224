//! Elementwise operations.

use super::{
    Rule,
    emission::{Origin, code, float, int},
};
use minutia_graph::{DType, Tensor};

/// Operations that ONNX has, by the names of both.
const SAME: [(&str, &str); 38] = [
    ("Abs", "Abs"),
    ("Add", "Add"),
    ("Ceil", "Ceil"),
    ("Cos", "Cos"),
    ("Elu", "Elu"),
    ("Equal", "Equal"),
    ("Erf", "Erf"),
    ("Exp", "Exp"),
    ("Floor", "Floor"),
    ("Greater", "Greater"),
    ("GreaterEqual", "GreaterOrEqual"),
    ("Identity", "Identity"),
    ("Less", "Less"),
    ("LessEqual", "LessOrEqual"),
    ("Log", "Log"),
    ("LogicalAnd", "And"),
    ("LogicalNot", "Not"),
    ("LogicalOr", "Or"),
    ("Maximum", "Max"),
    ("Minimum", "Min"),
    ("Mul", "Mul"),
    ("Neg", "Neg"),
    ("Pow", "Pow"),
    ("RealDiv", "Div"),
    ("Reciprocal", "Reciprocal"),
    ("Relu", "Relu"),
    ("Round", "Round"),
    ("Select", "Where"),
    ("Selu", "Selu"),
    ("Sigmoid", "Sigmoid"),
    ("Sign", "Sign"),
    ("Sin", "Sin"),
    ("Softplus", "Softplus"),
    ("Softsign", "Softsign"),
    ("Sqrt", "Sqrt"),
    ("StopGradient", "Identity"),
    ("Sub", "Sub"),
    ("Tanh", "Tanh"),
];

/// What writes an operation, if it is one of these.
pub fn rule(operation: &str) -> Option<Rule> {
    if SAME.iter().any(|(name, _)| *name == operation) {
        return Some(same);
    }
    Some(match operation {
        "Cast" => |at| {
            let to = code(at.dtype("to")?);
            at.last("Cast", &[at.input(0)], vec![int("to", to.into())]);
            Ok(())
        },
        "Expm1" => expm1,
        "FloorDiv" => floor_div,
        "FloorMod" => floor_mod,
        "Log1p" => log1p,
        "MulNoNan" => product_no_nan,
        "NotEqual" => |at| {
            let equal = at.node("Equal", &[at.input(0), at.input(1)], vec![]);
            at.last("Not", &[&equal], vec![]);
            Ok(())
        },
        "Relu6" => |at| {
            let (low, high) = (at.constant(&Tensor::scalar(0.0_f32)), at.constant(&Tensor::scalar(6.0_f32)));
            at.last("Clip", &[at.input(0), &low, &high], vec![]);
            Ok(())
        },
        "Rsqrt" => |at| {
            let root = at.node("Sqrt", &[at.input(0)], vec![]);
            at.last("Reciprocal", &[&root], vec![]);
            Ok(())
        },
        "Square" => |at| {
            at.last("Mul", &[at.input(0), at.input(0)], vec![]);
            Ok(())
        },
        "SquaredDifference" => |at| {
            let difference = at.node("Sub", &[at.input(0), at.input(1)], vec![]);
            at.last("Mul", &[&difference, &difference], vec![]);
            Ok(())
        },
        "TruncateDiv" => truncate_div,
        "TruncateMod" => |at| {
            at.last("Mod", &[at.input(0), at.input(1)], vec![int("fmod", 1)]);
            Ok(())
        },
        "Xdivy" => quotient_no_nan,
        _ => return None,
    })
}

fn same(at: &mut Origin) -> Result<(), String> {
    let (_, name) = SAME.iter().find(|(name, _)| *name == at.info.op).ok_or("no operation of this name")?;
    let inputs: Vec<&str> = (0..at.inputs.len()).map(|index| at.input(index)).collect();
    let attributes = match *name {
        "Elu" => vec![float("alpha", 1.0)],
        _ => Vec::new(),
    };
    at.last(name, &inputs, attributes);
    Ok(())
}

/// `2 sinh(x / 2) e^(x / 2)`, which loses nothing near 0.
fn expm1(at: &mut Origin) -> Result<(), String> {
    let (half, two) = (at.constant(&Tensor::scalar(0.5_f32)), at.constant(&Tensor::scalar(2.0_f32)));
    let halved = at.node("Mul", &[at.input(0), &half], vec![]);
    let (sinh, exp) = (at.node("Sinh", &[&halved], vec![]), at.node("Exp", &[&halved], vec![]));
    let product = at.node("Mul", &[&sinh, &exp], vec![]);
    at.last("Mul", &[&product, &two], vec![]);
    Ok(())
}

/// `2 atanh(x / (x + 2))` near 0, where the logarithm of the sum would lose most.
fn log1p(at: &mut Origin) -> Result<(), String> {
    let x = at.input(0);
    let numbers = [0.5_f32, 1.0, 2.0].map(|number| at.constant(&Tensor::scalar(number)));
    let [limit, one, two] = &numbers;
    let sum = at.node("Add", &[x, two], vec![]);
    let ratio = at.node("Div", &[x, &sum], vec![]);
    let area = at.node("Atanh", &[&ratio], vec![]);
    let near = at.node("Mul", &[&area, two], vec![]);
    let more = at.node("Add", &[x, one], vec![]);
    let far = at.node("Log", &[&more], vec![]);
    let size = at.node("Abs", &[x], vec![]);
    let is_near = at.node("Less", &[&size, limit], vec![]);
    at.last("Where", &[&is_near, &near, &far], vec![]);
    Ok(())
}

/// Where an input is 0.
fn is_zero(at: &mut Origin, index: usize) -> String {
    let zero = at.constant(&Tensor::scalar(0.0_f32));
    at.node("Equal", &[at.input(index), &zero], vec![])
}

fn product_no_nan(at: &mut Origin) -> Result<(), String> {
    let (x, y) = (is_zero(at, 0), is_zero(at, 1));
    let either = at.node("Or", &[&x, &y], vec![]);
    let product = at.node("Mul", &[at.input(0), at.input(1)], vec![]);
    let zero = at.constant(&Tensor::scalar(0.0_f32));
    at.last("Where", &[&either, &zero, &product], vec![]);
    Ok(())
}

fn quotient_no_nan(at: &mut Origin) -> Result<(), String> {
    let zero = is_zero(at, 0);
    let quotient = at.node("Div", &[at.input(0), at.input(1)], vec![]);
    at.last("Where", &[&zero, at.input(0), &quotient], vec![]);
    Ok(())
}

fn is_float(at: &Origin) -> bool {
    at.info.signature.dtype == DType::F32
}

fn floor_div(at: &mut Origin) -> Result<(), String> {
    if !is_float(at) {
        return Err("ONNX rounds quotients of integers towards 0".into());
    }
    let quotient = at.node("Div", &[at.input(0), at.input(1)], vec![]);
    at.last("Floor", &[&quotient], vec![]);
    Ok(())
}

fn floor_mod(at: &mut Origin) -> Result<(), String> {
    if is_float(at) {
        return Err("ONNX has the remainder with the sign of the divisor for integers alone".into());
    }
    at.last("Mod", &[at.input(0), at.input(1)], vec![]);
    Ok(())
}

/// Rounded towards 0: integers are so, and of floats the size is rounded down.
fn truncate_div(at: &mut Origin) -> Result<(), String> {
    if !is_float(at) {
        at.last("Div", &[at.input(0), at.input(1)], vec![]);
        return Ok(());
    }
    let quotient = at.node("Div", &[at.input(0), at.input(1)], vec![]);
    let size = at.node("Abs", &[&quotient], vec![]);
    let (floor, sign) = (at.node("Floor", &[&size], vec![]), at.node("Sign", &[&quotient], vec![]));
    at.last("Mul", &[&floor, &sign], vec![]);
    Ok(())
}
