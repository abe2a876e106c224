//! What TensorFlow's operations are here: a row for each, by kind.

mod constants;
mod elementwise;
mod gradients;
mod matrices;
mod normalizations;
mod reductions;
mod rows;
mod shapes;
mod training;
mod windows;

use super::{
    fold,
    node::{Built, Node, Refusal},
};
use minutia_graph::Output;

/// An operation and how it is built.
pub type Row = (&'static str, fn(&Node<'_>) -> Result<Built, Refusal>);

/// Why a node cannot be built whose operation has no row.
pub const UNKNOWN: &str = "there is no such operation here";

const TABLES: [&[Row]; 10] = [
    constants::ROWS,
    elementwise::ROWS,
    gradients::ROWS,
    matrices::ROWS,
    normalizations::ROWS,
    reductions::ROWS,
    rows::ROWS,
    shapes::ROWS,
    training::ROWS,
    windows::ROWS,
];

fn row(op: &str) -> Option<&'static Row> {
    TABLES.iter().copied().flatten().find(|row| row.0 == op)
}

/// Whether there is such an operation here.
pub fn is_known(op: &str) -> bool {
    row(op).is_some() || fold::find(op).is_some()
}

/// Whether each element of the result comes from one element of each input.
pub fn is_elementwise(op: &str) -> bool {
    elementwise::ROWS.iter().any(|row| row.0 == op) || ["Identity", "BiasAdd", "ReluGrad"].contains(&op)
}

/// Operations that take elements of any type, which become one of those that there are here.
const OF_ANY_TYPE: [&str; 3] = ["Const", "Identity", "Cast"];

/// Builds a node.
pub fn build(node: &Node<'_>) -> Result<Built, Refusal> {
    let op = &node.def.op[..];
    if let Some(fold) = fold::find(op)
        && let Some(values) = fold(node)?
    {
        return Ok(Built::Results(values));
    }
    let Some((_, build)) = row(op) else { return Err(Refusal::new(UNKNOWN)) };
    if !OF_ANY_TYPE.contains(&op)
        && let Some(name) = node.foreign_type()
    {
        return Err(Refusal::new(format!("is of type {name}")));
    }
    build(node)
}

fn unary(node: &Node<'_>, f: fn(&Output) -> Output) -> Result<Built, Refusal> {
    Ok(f(&node.tensor(0)?).into())
}

fn binary(node: &Node<'_>, f: fn(&Output, &Output) -> Output) -> Result<Built, Refusal> {
    Ok(f(&node.tensor(0)?, &node.tensor(1)?).into())
}
