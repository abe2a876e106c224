//! Operations that pick by index.

use super::OnnxRow;
use crate::onnx::node::{OnnxNode, OnnxResults, Part, axis_of, count, one};
use minutia_graph::{DType, Output};

pub const ROWS: &[OnnxRow] = &[
    ("Gather", gather),
    ("GatherElements", gather_elements),
    ("GatherND", gather_nd),
    ("OneHot", one_hot),
    ("ScatterND", scatter_nd),
];

/// The extent of an axis, as an `i32` scalar.
fn extent(x: &Output, axis: usize) -> Part<Output> {
    let shape = x.shape();
    match *shape
        .get(axis)
        .ok_or_else(|| format!("counts along axis {axis} of a tensor of rank {}", shape.len()))?
    {
        Some(extent) => {
            let extent = i32::try_from(extent).map_err(|error| error.to_string())?;
            Ok(x.graph().constant(extent))
        }
        None => Ok(x.graph().shape(x).slice([axis], [1]).squeeze(0)),
    }
}

/// Indices that count from the front, where negative ones count from behind the last element.
fn counted(node: &OnnxNode, input: usize, x: &Output, axis: usize) -> Part<Output> {
    let indices = node.input(input)?;
    let literal = node.value(input).and_then(|value| value.as_literal()?.integers());
    if literal.is_some_and(|numbers| numbers.iter().all(|&number| number >= 0)) {
        return Ok(indices);
    }
    Ok(indices.less(0).select(&indices + extent(x, axis)?, &indices))
}

fn gather(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let rank = x.shape().len();
    let axis = axis_of(node.int("axis", 0)?, rank)?;
    let indices = counted(node, 1, &x, axis)?;
    if axis == 0 {
        return one(x.gather(indices));
    }
    // The axis goes first, and what is picked comes back in its place.
    let order: Vec<usize> = std::iter::once(axis).chain((0..rank).filter(|&other| other != axis)).collect();
    let picked = indices.shape().len();
    let back = (picked..picked + axis).chain(0..picked).chain(picked + axis..picked + rank - 1);
    one(x.transpose(order).gather(indices).transpose(back.collect::<Vec<_>>()))
}

fn gather_elements(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let axis = axis_of(node.int("axis", 0)?, x.shape().len())?;
    let indices = counted(node, 1, &x, axis)?;
    // Other axes of the indices may be shorter.
    let (shape, taken) = (x.shape(), indices.shape());
    if shape.len() != taken.len() {
        return Err(format!("has indices {taken} for a tensor {shape}"));
    }
    let size: Vec<i64> = (0..shape.len())
        .map(|other| match taken[other] {
            Some(extent) if other != axis => i64::try_from(extent).unwrap_or(i64::MAX),
            _ => -1,
        })
        .collect();
    one(x.slice(vec![0_usize; shape.len()], size).take_along_axis(indices, axis as isize))
}

fn gather_nd(node: &OnnxNode) -> OnnxResults {
    node.expect_int("batch_dims", 0)?;
    let x = node.input(0)?;
    let indices = node.input(1)?;
    let literal = node.value(1).and_then(|value| value.as_literal()?.integers());
    if literal.is_some_and(|numbers| numbers.iter().all(|&number| number >= 0)) {
        return one(x.gather_nd(indices));
    }
    let depth = indices.shape().last().copied().flatten().ok_or("has indices of no known depth")?;
    let named = depth.min(x.shape().len());
    let extents = node.graph.shape(&x).slice([0], [named as i64]);
    one(x.gather_nd(indices.less(0).select(&indices + extents, &indices)))
}

fn one_hot(node: &OnnxNode) -> OnnxResults {
    let indices = node.input(0)?;
    let depth = match node.integer_of(1) {
        Ok(depth) => depth.ok_or("has no depth")?,
        Err(_) => node.float_of(1)?.ok_or("has no depth")? as i64,
    };
    let indices = if indices.dtype() == DType::F32 { indices.cast(DType::I32) } else { indices };
    let values = node.input(2)?;
    let rank = indices.shape().len();
    let axis = axis_of(node.int("axis", -1)?, rank + 1)?;
    let size = i32::try_from(depth).map_err(|error| error.to_string())?;
    let counted = indices.less(0).select(&indices + size, &indices);
    let hot = counted.one_hot(count(depth, "depth")?);
    let mut order: Vec<usize> = (0..rank).collect();
    order.insert(axis, rank);
    let hot = hot.transpose(order).greater(0.5);
    let [off, on] = [0_usize, 1].map(|index| values.slice([index], [1]).squeeze(0));
    one(hot.select(on, off))
}

/// Slices that are added, or put in the place of others, where the indices name one axis.
fn scatter_nd(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    if node.input(1)?.shape().last() != Some(&Some(1)) {
        return Err("has indices of more than one axis, expected 1".into());
    }
    let (indices, updates) = (counted(node, 1, &x, 0)?.squeeze(-1), node.input(2)?);
    match node.text("reduction", "none")? {
        "none" => one(x.tensor_scatter_update(indices, updates)),
        "add" => one(x.tensor_scatter_add(indices, updates)),
        other => Err(format!("has the attribute reduction={other:?}, expected none or add")),
    }
}
