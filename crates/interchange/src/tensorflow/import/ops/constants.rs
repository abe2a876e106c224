//! Where values come from: constants, feeds, variables, random numbers.

use super::{Row, elementwise::filled, unary};
use crate::tensorflow::import::{
    constant::constant,
    node::{Built, Node, NodeValue, Refusal},
};
use minutia_graph::{DType, Output};

pub const ROWS: &[Row] = &[
    ("Const", |n| Ok(constant(n.graph, n.constant("value")?)?.into())),
    ("Placeholder", placeholder),
    ("PlaceholderWithDefault", |n| unary(n, Output::identity)),
    ("PlaceholderV2", placeholder),
    ("Identity", |n| unary(n, Output::identity)),
    ("IdentityN", |n| Ok(results(n.tensors()?.iter().map(Output::identity)))),
    ("Snapshot", |n| unary(n, Output::identity)),
    ("StopGradient", |n| unary(n, Output::stop_gradient)),
    ("PreventGradient", |n| unary(n, Output::identity)),
    ("CheckNumerics", |n| unary(n, Output::identity)),
    ("NoOp", |n| Ok(Built::Effect(n.graph.group([] as [&minutia_graph::Operation; 0])))),
    ("Variable", variable),
    ("VariableV2", variable),
    ("VarHandleOp", variable),
    ("ReadVariableOp", |n| Ok(n.variable(0)?.identity().into())),
    ("RandomStandardNormal", |n| random(n, Draw::Normal)),
    ("TruncatedNormal", |n| random(n, Draw::TruncatedNormal)),
    ("RandomUniform", |n| random(n, Draw::Uniform)),
];

/// Several tensors as the results of a node.
pub fn results(outputs: impl IntoIterator<Item = Output>) -> Built {
    Built::Results(outputs.into_iter().map(NodeValue::Tensor).collect())
}

fn placeholder(node: &Node<'_>) -> Result<Built, Refusal> {
    let shape = node.shape_attribute("shape")?;
    Ok(node.graph.placeholder("placeholder", node.dtype("dtype")?, shape).into())
}

/// A variable, whose first value is that of its initializer. Where it cannot be had, it is one that is seen.
fn variable(node: &Node<'_>) -> Result<Built, Refusal> {
    let shape = node.shape_attribute("shape")?;
    let dtype = node.dtype("dtype")?;
    let dims: Option<Vec<usize>> = shape.into_iter().collect();
    let dims = dims.ok_or_else(|| Refusal::new("has a shape of which the feeds decide"))?;
    let initial = match &node.initial {
        Some(initial) => initial.clone(),
        None => nothing(node, dtype, &dims),
    };
    let found = initial.signature();
    if found.dtype != dtype || !found.shape.admits(&dims) {
        return Err(Refusal::new(format!("is {dtype} {dims:?}, and its first value is {found}")));
    }
    let variable = match dtype {
        DType::F32 => node.graph.variable("variable", initial),
        _ => node.graph.untrainable_variable("variable", initial),
    };
    Ok(Built::Results(vec![NodeValue::Variable(variable)]))
}

fn nothing(node: &Node<'_>, dtype: DType, dims: &[usize]) -> Output {
    let nothing = match dtype {
        DType::F32 => node.graph.constant(f32::NAN),
        DType::I32 => node.graph.constant(0),
        DType::U8 => node.graph.constant(0_u8),
        DType::Bool => node.graph.constant(false),
    };
    nothing.broadcast_to(dims)
}

#[derive(Clone, Copy)]
enum Draw {
    Normal,
    TruncatedNormal,
    Uniform,
}

/// Random numbers of the shape that the first input tells.
fn random(node: &Node<'_>, draw: Draw) -> Result<Built, Refusal> {
    let shape = node.expect_numbers(0)?;
    let graph = node.graph;
    if let Some(dims) = shape.extents() {
        return Ok(match draw {
            Draw::Normal => graph.random_normal(dims, 0.0, 1.0),
            Draw::TruncatedNormal => graph.truncated_normal(dims, 0.0, 1.0),
            Draw::Uniform => graph.random_uniform(dims, 0.0, 1.0),
        }
        .into());
    }
    let like = filled(&shape.carrier(graph)?, 0);
    Ok(match draw {
        Draw::Normal => like.random_normal_like(0.0, 1.0),
        Draw::TruncatedNormal => like.truncated_normal_like(0.0, 1.0),
        Draw::Uniform => like.random_uniform_like(0.0, 1.0),
    }
    .into())
}
