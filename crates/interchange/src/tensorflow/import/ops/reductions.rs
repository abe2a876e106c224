//! Reductions over axes.

use super::Row;
use crate::tensorflow::import::node::{Built, Node, NodeValue, Refusal};
use minutia_graph::Output;

pub const ROWS: &[Row] = &[
    ("Sum", sum),
    ("Mean", |n| reduced(n, Output::reduce_mean, Output::reduce_mean_keep_dims)),
    ("Max", |n| reduced(n, Output::reduce_max, Output::reduce_max_keep_dims)),
    ("Min", |n| reduced(n, Output::reduce_min, Output::reduce_min_keep_dims)),
    ("Prod", |n| reduced(n, Output::reduce_prod, Output::reduce_prod_keep_dims)),
    ("All", |n| reduced(n, Output::reduce_all, Output::reduce_all_keep_dims)),
    ("Any", |n| reduced(n, Output::reduce_any, Output::reduce_any_keep_dims)),
    ("ArgMax", |n| Ok(n.tensor(0)?.argmax(axis(n)?).into())),
    ("ArgMin", |n| Ok(n.tensor(0)?.argmin(axis(n)?).into())),
    ("BiasAddGrad", |n| {
        super::matrices::channels_last(n)?;
        let g = n.tensor(0)?;
        let others: Vec<usize> = (0..g.shape().len().saturating_sub(1)).collect();
        Ok(g.reduce_sum(others).into())
    }),
    ("Cumsum", |n| Ok(n.tensor(0)?.cumsum(axis(n)?, n.flag("exclusive"), n.flag("reverse")).into())),
];

/// The axis of the second input; `ArgMax` has 0 where there is none.
fn axis(node: &Node<'_>) -> Result<isize, Refusal> {
    if node.inputs.len() < 2 { Ok(0) } else { node.axis(1) }
}

fn reduced(
    node: &Node<'_>,
    reduce: fn(&Output, Vec<isize>) -> Output,
    keeping: fn(&Output, Vec<isize>) -> Output,
) -> Result<Built, Refusal> {
    let (x, axes) = (node.tensor(0)?, node.positions(1)?);
    if axes.is_empty() {
        return Ok(x.identity().into());
    }
    let reduce = if node.flag("keep_dims") { keeping } else { reduce };
    Ok(reduce(&x, axes).into())
}

/// A sum over axes. The axes along which only the feeds decide whether a tensor was stretched are those over
/// which its gradient is summed up; they stay then, with extent 1, for the reshape that follows.
fn sum(node: &Node<'_>) -> Result<Built, Refusal> {
    if let NodeValue::Stretched(own) = node.value(1)? {
        return Ok(node.tensor(0)?.sum_like(&own.carrier(node.graph)?).into());
    }
    reduced(node, Output::reduce_sum, Output::reduce_sum_keep_dims)
}
