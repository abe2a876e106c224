//! Losses of classes, which lie along axis 1.

use super::OnnxRow;
use crate::onnx::node::{OnnxNode, Part, expect_dtype};
use minutia_graph::{DType, Output};

pub const ROWS: &[OnnxRow] = &[
    ("NegativeLogLikelihoodLoss", |node| {
        let logs = classes_last(&node.input(0)?)?;
        Ok(vec![loss(node, &logs)?.into()])
    }),
    ("SoftmaxCrossEntropyLoss", |node| {
        let scores = classes_last(&node.input(0)?)?;
        let (rank, logs) = (scores.shape().len(), scores.log_softmax());
        let back: Vec<usize> = [0, rank - 1].into_iter().chain(1..rank - 1).collect();
        Ok(vec![loss(node, &logs)?.into(), logs.transpose(back).into()])
    }),
];

/// The classes as the last axis.
fn classes_last(x: &Output) -> Part<Output> {
    let rank = x.shape().len();
    if rank < 2 {
        return Err(format!("has scores of shape {}, expected at least [batch, classes]", x.shape()));
    }
    Ok(x.transpose([0].into_iter().chain(2..rank).chain([1]).collect::<Vec<_>>()))
}

/// Minus the weighted logarithm of the labels' probabilities; a label that is to be ignored weighs nothing.
fn loss(node: &OnnxNode, logs: &Output) -> Part<Output> {
    let labels = node.input(1)?;
    expect_dtype(&labels, &[DType::I32])?;
    let classes =
        logs.shape().last().copied().flatten().ok_or("has a number of classes that only the run shows")?;
    let hot = labels.one_hot(classes);
    let weights = match node.optional(2)? {
        Some(weights) => (&hot * weights).reduce_sum(-1),
        None => hot.reduce_sum(-1),
    };
    let weights = match node.raw("ignore_index") {
        None => weights,
        Some(_) => {
            let ignored = i32::try_from(node.int("ignore_index", 0)?).map_err(|error| error.to_string())?;
            labels.equal(ignored).select(0.0, weights)
        }
    };
    let each = -(hot.multiply_no_nan(logs).reduce_sum(-1) * &weights);
    match node.text("reduction", "mean")? {
        "none" => Ok(each),
        "sum" => Ok(each.reduce_sum(..)),
        "mean" => Ok(each.reduce_sum(..) / weights.reduce_sum(..)),
        other => Err(format!("has the attribute reduction={other:?}, expected none, sum or mean")),
    }
}
