//! Where extents come from that the feeds decide.
//!
//! What TensorFlow's gradients do with shapes can only be understood where it is known that two extents are
//! the same one: that the rows of a product are those of its first factor, for example.

use super::{
    node::{Built, Node, NodeValue},
    numbers::{self, Number, Numbers},
    ops,
};
use minutia_graph::Output;
use std::collections::BTreeMap;

/// For each tensor that has an extent of another one: its extents.
#[derive(Debug, Default)]
pub struct Origins(BTreeMap<String, Vec<Number>>);

impl Origins {
    /// The extents of a tensor, those of other tensors where they come from these.
    pub fn shape(&self, of: &Output) -> Vec<Number> {
        self.0.get(&of.name()).cloned().unwrap_or_else(|| numbers::shape(of))
    }

    /// Keeps what is known of a tensor's extents.
    pub fn insert(&mut self, of: &Output, shape: Vec<Number>) {
        self.0.insert(of.name(), shape);
    }
}

/// What follows of the extents of a node's first result.
pub fn of(node: &Node<'_>, built: &Built) -> Option<Vec<Number>> {
    let Built::Results(results) = built else { return None };
    let Some(NodeValue::Tensor(result) | NodeValue::Assigned(_, result)) = results.first() else {
        return None;
    };
    let mut shape = numbers::shape(result);
    if shape.iter().all(|number| matches!(number, Number::Known(_))) {
        return None;
    }
    let inputs: Vec<Vec<Number>> =
        node.inputs.iter().flat_map(|input| &input.output).map(|input| node.shape(input)).collect();
    let op = &node.def.op[..];
    let rank = shape.len();
    let open = |number: &Number| !matches!(number, Number::Known(_));
    for (axis, number) in shape.iter_mut().enumerate().filter(|(_, number)| open(number)) {
        let found = match op {
            _ if ops::is_elementwise(op) => stretched(&inputs, rank, axis),
            "MatMul" if axis == 0 && !node.flag("transpose_a") => {
                inputs.first().and_then(|x| x.first().cloned())
            }
            "Conv2D" | "DepthwiseConv2dNative" | "MaxPool" | "AvgPool" if axis == 0 => {
                inputs.first().and_then(|x| x.first().cloned())
            }
            "FusedBatchNorm" | "FusedBatchNormV2" | "FusedBatchNormV3" => {
                inputs.first().and_then(|x| x.get(axis).cloned())
            }
            "Cumsum" => inputs.first().and_then(|x| x.get(axis).cloned()),
            // All parts are equally long along the other axes.
            "ConcatV2" => inputs.first().and_then(|x| x.get(axis).cloned()),
            "GatherV2" => before(node, inputs.first()?, axis),
            "Transpose" => node
                .numbers(1)
                .and_then(Numbers::extents)
                .and_then(|order| inputs.first()?.get(*order.get(axis)?).cloned()),
            "Reshape" => reshaped(node, axis),
            "Fill" => node.numbers(0).and_then(|dims| dims.elements.get(axis).cloned()),
            "BroadcastTo" => node.numbers(1).and_then(|dims| dims.elements.get(axis).cloned()),
            "Sum" | "Mean" | "Max" | "Min" | "Prod" => left(node, inputs.first()?, axis),
            _ => None,
        };
        if let Some(found) = found.filter(|found| matches!(found, Number::Extent(..))) {
            *number = found;
        }
    }
    Some(shape)
}

/// The extent of what is as long as all inputs that are not stretched along the axis, if they agree.
fn stretched(inputs: &[Vec<Number>], rank: usize, axis: usize) -> Option<Number> {
    let at = |shape: &Vec<Number>| Some(shape.get((axis + shape.len()).checked_sub(rank)?)?.clone());
    let mut candidates = inputs.iter().filter_map(at).filter(|number| *number != Number::Known(1));
    let first = candidates.next()?;
    candidates.all(|other| other == first).then_some(first)
}

/// The extent of an axis before that of which rows are picked.
fn before(node: &Node<'_>, shape: &[Number], axis: usize) -> Option<Number> {
    let along = node.numbers(2)?.extents()?;
    if axis < *along.first()? { shape.get(axis).cloned() } else { None }
}

fn reshaped(node: &Node<'_>, axis: usize) -> Option<Number> {
    node.numbers(1)?.elements.get(axis).cloned()
}

/// The extent of an axis that a reduction leaves.
fn left(node: &Node<'_>, shape: &[Number], axis: usize) -> Option<Number> {
    if node.flag("keep_dims") {
        return shape.get(axis).cloned();
    }
    let rank = i64::try_from(shape.len()).ok()?;
    let gone: Vec<i64> =
        node.numbers(1)?.all_known()?.into_iter().map(|a| if a < 0 { a + rank } else { a }).collect();
    let kept = |axis: &usize| i64::try_from(*axis).is_ok_and(|axis| !gone.contains(&axis));
    let from = (0..shape.len()).filter(kept).nth(axis)?;
    shape.get(from).cloned()
}
