//! Products of matrices, softmax and losses.

use super::{Row, constants::results, unary};
use crate::tensorflow::import::node::{Built, Node, Refusal};
use minutia_graph::Output;

pub const ROWS: &[Row] = &[
    ("MatMul", |n| product(n, ["transpose_a", "transpose_b"])),
    ("BatchMatMul", |n| product(n, ["adj_x", "adj_y"])),
    ("BatchMatMulV2", |n| product(n, ["adj_x", "adj_y"])),
    ("Einsum", |n| {
        let operands = n.tensors()?;
        Ok(n.graph.einsum(n.text("equation"), &operands.iter().collect::<Vec<_>>()).into())
    }),
    ("BiasAdd", |n| {
        channels_last(n)?;
        Ok((n.tensor(0)? + n.tensor(1)?).into())
    }),
    ("L2Loss", |n| unary(n, Output::l2_loss)),
    ("Softmax", |n| unary(n, Output::softmax)),
    ("LogSoftmax", |n| unary(n, Output::log_softmax)),
    ("SoftmaxCrossEntropyWithLogits", cross_entropy),
    ("SparseSoftmaxCrossEntropyWithLogits", sparse_cross_entropy),
];

fn product(node: &Node<'_>, transposes: [&str; 2]) -> Result<Built, Refusal> {
    let (a, b) = (node.tensor(0)?, node.tensor(1)?);
    Ok(match transposes.map(|transpose| node.flag(transpose)) {
        [false, false] => a.matmul(b),
        [false, true] => a.matmul_nt(b),
        [true, false] => a.matmul_tn(b),
        [true, true] => a.matmul_tt(b),
    }
    .into())
}

/// Images whose last axis are channels are the only ones that there are here.
pub fn channels_last(node: &Node<'_>) -> Result<(), Refusal> {
    match node.text("data_format") {
        "" | "NHWC" => Ok(()),
        other => Err(Refusal::new(format!("has the data format {other}, expected NHWC"))),
    }
}

/// The losses, and their gradient by the logits: `softmax - labels`.
fn cross_entropy(node: &Node<'_>) -> Result<Built, Refusal> {
    let (logits, labels) = (node.tensor(0)?, node.tensor(1)?);
    let gradient = logits.softmax() - &labels;
    Ok(results([logits.softmax_cross_entropy_with_logits(labels), gradient]))
}

fn sparse_cross_entropy(node: &Node<'_>) -> Result<Built, Refusal> {
    let (logits, labels) = (node.tensor(0)?, node.tensor(1)?);
    let gradient = logits.softmax() - labels.one_hot_like(&logits);
    Ok(results([logits.sparse_softmax_cross_entropy_with_logits(labels), gradient]))
}
