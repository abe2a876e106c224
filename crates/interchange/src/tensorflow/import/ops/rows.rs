//! What picks, changes and adds up rows.

use super::{Row, constants::results};
use crate::tensorflow::import::{
    node::{Built, Node, Refusal, position},
    numbers,
};
use minutia_graph::Output;

pub const ROWS: &[Row] = &[
    ("Gather", |n| Ok(n.tensor(0)?.gather(n.tensor(1)?).into())),
    ("ResourceGather", |n| Ok(n.variable(0)?.gather(n.tensor(1)?).into())),
    ("GatherV2", gather),
    ("GatherNd", |n| Ok(n.tensor(0)?.gather_nd(n.tensor(1)?).into())),
    ("OneHot", one_hot),
    ("ScatterNd", scatter),
    ("TensorScatterAdd", |n| changed(n, |x, indices, rows| x.tensor_scatter_add(indices, rows))),
    ("TensorScatterSub", |n| changed(n, |x, indices, rows| x.tensor_scatter_sub(indices, rows))),
    ("TensorScatterUpdate", |n| changed(n, |x, indices, rows| x.tensor_scatter_update(indices, rows))),
    ("TopK", |n| {
        let k = usize::try_from(n.int("k", 0)).map_err(|_| Refusal::new("has a negative k"))?;
        top_k(n, k)
    }),
    ("TopKV2", |n| top_k(n, numbers::extent(n.known_one(1)?)?)),
    ("UnsortedSegmentMax", |n| segments(n, |x, ids, count| x.unsorted_segment_max(ids, count))),
    ("UnsortedSegmentMin", |n| segments(n, |x, ids, count| x.unsorted_segment_min(ids, count))),
    ("UnsortedSegmentSum", |n| segments(n, |x, ids, count| x.unsorted_segment_sum(ids, count))),
];

fn segments(node: &Node<'_>, f: fn(&Output, Output, usize) -> Output) -> Result<Built, Refusal> {
    Ok(f(&node.tensor(0)?, node.tensor(1)?, numbers::extent(node.known_one(2)?)?).into())
}

/// Of equal elements the first comes first, as in TensorFlow.
fn top_k(node: &Node<'_>, k: usize) -> Result<Built, Refusal> {
    let (values, indices) = node.tensor(0)?.top_k(k);
    Ok(results([values, indices]))
}

/// Rows along an axis, which is moved to the front and back.
fn gather(node: &Node<'_>) -> Result<Built, Refusal> {
    let (x, indices) = (node.tensor(0)?, node.tensor(1)?);
    let (rank, new) = (x.shape().len(), indices.shape().len());
    let axis = node.axis(2)?;
    let axis = if axis < 0 { axis + position(rank as i64)? } else { axis };
    let axis = usize::try_from(axis).ok().filter(|&axis| axis < rank);
    let axis =
        axis.ok_or_else(|| Refusal::new(format!("gathers along an axis that {:?} has not", x.shape())))?;
    let batch = node.int("batch_dims", 0);
    if batch != 0 {
        // Each row of the batch picks along the axis behind it.
        let counted = if batch < 0 { batch.saturating_add(new as i64) } else { batch };
        return match usize::try_from(counted) {
            Ok(batch) if batch == axis && axis + 1 == rank && new == rank => {
                Ok(x.take_along_axis(indices, position(axis as i64)?).into())
            }
            _ => Err(Refusal::new("gathers with axes of batches, not those before the last axis")),
        };
    }
    if axis == 0 {
        return Ok(x.gather(indices).into());
    }
    let front: Vec<usize> = std::iter::once(axis).chain((0..rank).filter(|&other| other != axis)).collect();
    let gathered = x.transpose(front).gather(indices);
    let before = new..new + axis;
    let order: Vec<usize> = before.chain(0..new).chain(new + axis..new + rank - 1).collect();
    Ok(gathered.transpose(order).into())
}

/// Rows with a single one, of the last axis alone; other values than 1 and 0 are computed from these.
fn one_hot(node: &Node<'_>) -> Result<Built, Refusal> {
    if node.int("axis", -1) != -1 {
        return Err(Refusal::new("puts its axis elsewhere than last"));
    }
    let depth = usize::try_from(node.known_one(1)?).map_err(|_| Refusal::new("has a negative depth"))?;
    let hot = node.tensor(0)?.one_hot(depth);
    let (on, off) = (node.tensor(2)?, node.tensor(3)?);
    Ok(hot.greater(0.5).select(on, off).into())
}

/// Places of which each is an index of the first axis alone.
fn places(node: &Node<'_>, input: usize) -> Result<Output, Refusal> {
    let indices = node.tensor(input)?;
    match indices.shape().last() {
        Some(Some(1)) => Ok(indices.squeeze(-1)),
        _ => Err(Refusal::new("has indices of more than the first axis")),
    }
}

fn changed(node: &Node<'_>, f: fn(&Output, Output, Output) -> Output) -> Result<Built, Refusal> {
    Ok(f(&node.tensor(0)?, places(node, 1)?, node.tensor(2)?).into())
}

/// Slices, added up by their index among zeros: the gradient of picking them.
fn scatter(node: &Node<'_>) -> Result<Built, Refusal> {
    let (indices, slices) = (node.tensor(0)?, node.tensor(1)?);
    let zeros = super::elementwise::filled(&node.expect_numbers(2)?.carrier(node.graph)?, 0);
    super::windows::gradient(&zeros.gather_nd(indices), &zeros, &slices)
}
