//! Operations on each element by itself.

use super::OnnxRow;
use crate::onnx::{
    literal::{data_type, dtype, type_name},
    node::{OnnxNode, OnnxResults, Part, one},
};
use minutia_graph::{DType, Output};

/// Rows of operations without attributes.
macro_rules! plain {
    ($($name:literal: $apply:expr;)*) => {
        &[$(($name, |node| {
            let apply: fn(Output) -> Output = $apply;
            one(apply(node.input(0)?))
        })),*]
    };
}

const PLAIN: &[OnnxRow] = plain! {
    "Abs": |x| x.abs();
    "Acos": |x| (1.0 - x.square()).sqrt().atan2(&x);
    "Acosh": |x| (&x + (x.square() - 1.0).sqrt()).log();
    "Asin": |x| x.atan2((1.0 - x.square()).sqrt());
    "Asinh": |x| x.sign() * (x.abs() + (x.square() + 1.0).sqrt()).log();
    "Atan": |x| x.atan2(1.0);
    "Atanh": |x| (x.log1p() - (-x).log1p()) * 0.5;
    "Ceil": |x| x.ceil();
    "Cos": |x| x.cos();
    "Cosh": |x| (x.exp() + (-x).exp()) * 0.5;
    "Erf": |x| x.erf();
    "Exp": |x| x.exp();
    "Floor": |x| x.floor();
    "HardSwish": |x| &x * (&x * (1.0 / 6.0) + 0.5).clip_by_value(0.0, 1.0);
    "IsNaN": |x| x.not_equal(&x);
    "Log": |x| x.log();
    "Mish": |x| &x * x.softplus().tanh();
    "Neg": |x| -x;
    "Not": |x| x.logical_not();
    "Reciprocal": |x| x.reciprocal();
    "Round": |x| x.round();
    "Sigmoid": |x| x.sigmoid();
    "Sign": |x| x.sign();
    "Sin": |x| x.sin();
    "Sinh": |x| (x.expm1() - (-x).expm1()) * 0.5;
    "Softplus": |x| x.softplus();
    "Softsign": |x| x.softsign();
    "Sqrt": |x| x.sqrt();
    "Tan": |x| x.sin() / x.cos();
    "Tanh": |x| x.tanh();
};

pub const ROWS: &[OnnxRow] = &{
    const MORE: [OnnxRow; 15] = [
        ("Cast", cast),
        ("CastLike", cast_like),
        ("Celu", |node| {
            let alpha = node.float("alpha", 1.0)?;
            let x = node.input(0)?;
            one(x.relu() + ((x / alpha).expm1() * alpha).minimum(0.0))
        }),
        ("Clip", clip),
        ("Elu", |node| {
            let (x, alpha) = (node.input(0)?, node.float("alpha", 1.0)?);
            one(below_zero(&x, 1.0, alpha))
        }),
        ("Gelu", |node| {
            let x = node.input(0)?;
            match node.text("approximate", "none")? {
                "none" => one(x.gelu()),
                "tanh" => one(x.gelu_tanh()),
                other => Err(format!("has the attribute approximate={other:?}, expected none or tanh")),
            }
        }),
        ("HardSigmoid", |node| {
            let (alpha, beta) = (node.float("alpha", 0.2)?, node.float("beta", 0.5)?);
            one((node.input(0)? * alpha + beta).clip_by_value(0.0, 1.0))
        }),
        ("IsInf", infinite),
        ("LeakyRelu", |node| one(node.input(0)?.leaky_relu(node.float("alpha", 0.01)?))),
        ("PRelu", |node| {
            let (x, slope) = (node.input(0)?, node.input(1)?);
            // Version 6 has a number for each channel.
            let behind = x.shape().len().saturating_sub(2);
            let by_channel = node.opset < 7 && slope.shape().len() == 1 && slope.shape()[0] != Some(1);
            let slope =
                if by_channel { (0..behind).fold(slope, |slope, _| slope.expand_dims(-1)) } else { slope };
            one(x.less(0.0).select(slope * &x, &x))
        }),
        ("Relu", |node| {
            let x = node.input(0)?;
            one(if x.dtype() == DType::I32 { x.maximum(0) } else { x.relu() })
        }),
        ("Selu", |node| {
            let (alpha, gamma) = (node.float("alpha", 1.673_263_2)?, node.float("gamma", 1.050_701)?);
            one(below_zero(&node.input(0)?, gamma, gamma * alpha))
        }),
        ("Shrink", |node| {
            let (bias, lambda) = (node.float("bias", 0.0)?, node.float("lambd", 0.5)?);
            let x = node.input(0)?;
            let above = x.greater(lambda).select(&x - bias, 0.0);
            one(x.less(-lambda).select(&x + bias, above))
        }),
        ("Swish", |node| {
            let (x, alpha) = (node.input(0)?, node.float("alpha", 1.0)?);
            one(&x * (&x * alpha).sigmoid())
        }),
        ("ThresholdedRelu", |node| {
            let (x, alpha) = (node.input(0)?, node.float("alpha", 1.0)?);
            one(x.greater(alpha).select(&x, 0.0))
        }),
    ];
    let mut rows = [MORE[0]; PLAIN.len() + MORE.len()];
    let mut index = 0;
    while index < rows.len() {
        rows[index] = if index < PLAIN.len() { PLAIN[index] } else { MORE[index - PLAIN.len()] };
        index += 1;
    }
    rows
};

/// `scale x`, but `below (e^x - 1)` below 0.
fn below_zero(x: &Output, scale: f32, below: f32) -> Output {
    // The exponential of what is above 0 may overflow, and is not used.
    x.less(0.0).select(x.minimum(0.0).expm1() * below, x * scale)
}

/// One bound of a clip: an input, or an attribute of older versions.
fn bound(node: &OnnxNode, input: usize, name: &'static str) -> Part<Option<Output>> {
    let attribute = node.raw(name).is_some();
    if !attribute {
        return node.optional(input);
    }
    Ok(Some(node.graph.constant(node.float(name, 0.0)?)))
}

fn clip(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let (low, high) = (bound(node, 1, "min")?, bound(node, 2, "max")?);
    let x = low.map_or_else(|| x.clone(), |low| x.maximum(low));
    one(high.map_or_else(|| x.clone(), |high| x.minimum(high)))
}

fn infinite(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let (below, above) = (node.flag("detect_negative", true)?, node.flag("detect_positive", true)?);
    one(match (below, above) {
        (true, true) => x.abs().equal(f32::INFINITY),
        (true, false) => x.equal(f32::NEG_INFINITY),
        (false, true) => x.equal(f32::INFINITY),
        (false, false) => x.not_equal(&x).logical_and(x.equal(&x)),
    })
}

/// To another type, whose values it has already where both are `i32` here.
fn cast(node: &OnnxNode) -> OnnxResults {
    let to = i32::try_from(node.int("to", 0)?).unwrap_or(0);
    node.expect_int("saturate", 1)?;
    node.text("round_mode", "up")?;
    let to_type = dtype(to).ok_or_else(|| format!("casts to {}", type_name(to)))?;
    let x = node.input(0)?;
    one(if x.dtype() == to_type && to != data_type::UINT8 { x } else { x.cast(to_type) })
}

fn cast_like(node: &OnnxNode) -> OnnxResults {
    let (x, like) = (node.input(0)?, node.input(1)?);
    node.expect_int("saturate", 1)?;
    node.text("round_mode", "up")?;
    one(if x.dtype() == like.dtype() { x } else { x.cast(like.dtype()) })
}
