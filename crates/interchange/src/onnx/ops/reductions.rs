//! Operations along axes.

use super::OnnxRow;
use crate::onnx::node::{
    OnnxNode, OnnxResults, Part, axis_of, count, expect_dtype, one, product, static_shape,
};
use minutia_graph::{Axes, DType, Output};

pub const ROWS: &[OnnxRow] = &[
    ("ArgMax", |node| extremum(node, Output::argmax)),
    ("ArgMin", |node| extremum(node, Output::argmin)),
    ("CumSum", cumsum),
    ("Hardmax", hardmax),
    ("LogSoftmax", |node| along(node, Output::log_softmax)),
    ("ReduceL1", |node| reduce(node, |x, axes| x.abs().reduce_sum_keep_dims(axes))),
    ("ReduceL2", |node| reduce(node, |x, axes| x.square().reduce_sum_keep_dims(axes).sqrt())),
    ("ReduceLogSum", |node| reduce(node, |x, axes| x.reduce_sum_keep_dims(axes).log())),
    ("ReduceLogSumExp", |node| reduce(node, logsumexp)),
    ("ReduceMax", |node| reduce(node, |x, axes| whole(x, axes, Output::reduce_max_keep_dims))),
    ("ReduceMean", |node| reduce(node, |x, axes| x.reduce_mean_keep_dims(axes))),
    ("ReduceMin", |node| reduce(node, |x, axes| whole(x, axes, Output::reduce_min_keep_dims))),
    ("ReduceProd", |node| reduce(node, |x, axes| x.reduce_prod_keep_dims(axes))),
    ("ReduceSum", |node| reduce(node, |x, axes| x.reduce_sum_keep_dims(axes))),
    ("ReduceSumSquare", |node| reduce(node, |x, axes| x.square().reduce_sum_keep_dims(axes))),
    ("Softmax", |node| along(node, Output::softmax)),
    ("TopK", top_k),
];

/// The largest or smallest element; of truth values, that of 0 and 1.
fn whole(x: &Output, axes: Axes, reduce: fn(&Output, Axes) -> Output) -> Output {
    match x.dtype() {
        DType::Bool => reduce(&x.cast(DType::I32), axes).not_equal(0),
        _ => reduce(x, axes),
    }
}

/// Of nothing, minus infinity.
fn logsumexp(x: &Output, axes: Axes) -> Output {
    let largest = x.reduce_max_keep_dims(axes.clone());
    let finite = largest.abs().less(f32::INFINITY).select(&largest, 0.0);
    (x - &finite).exp().reduce_sum_keep_dims(axes).log() + finite
}

/// Over axes that an attribute or an input names, or over all.
fn reduce(node: &OnnxNode, apply: fn(&Output, Axes) -> Output) -> OnnxResults {
    let x = node.input(0)?;
    let axes = node.axes("axes", 1)?.filter(|axes| !axes.is_empty());
    let (keep, nothing) = (node.flag("keepdims", true)?, node.flag("noop_with_empty_axes", false)?);
    let axes = match axes {
        None if nothing => Some(Vec::new()),
        axes => axes,
    };
    let rank = x.shape().len();
    let axes: Vec<usize> = match axes {
        Some(axes) => axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Part<_>>()?,
        None => (0..rank).collect(),
    };
    let reduced = apply(&x, axes.clone().into());
    one(if keep { reduced } else { without(reduced, axes) })
}

/// Without axes of extent 1.
fn without(x: Output, mut axes: Vec<usize>) -> Output {
    axes.sort_unstable();
    axes.iter().rev().fold(x, |x, &axis| x.squeeze(axis as isize))
}

fn extremum(node: &OnnxNode, apply: fn(&Output, isize) -> Output) -> OnnxResults {
    let x = node.input(0)?;
    let axis = axis_of(node.int("axis", 0)?, x.shape().len())?;
    let keep = node.flag("keepdims", true)?;
    let position = if node.flag("select_last_index", false)? {
        // The first one from behind.
        let last = i32::try_from(static_shape(&x)?[axis]).map_err(|error| error.to_string())? - 1;
        last - apply(&x.reverse(axis), axis as isize)
    } else {
        apply(&x, axis as isize)
    };
    one(if keep { position.expand_dims(axis as isize) } else { position })
}

/// Along one axis; before version 13, along all from one on as if they were one.
fn along(node: &OnnxNode, apply: fn(&Output) -> Output) -> OnnxResults {
    let x = node.input(0)?;
    let rank = x.shape().len();
    let axis = node.int("axis", if node.opset < 13 { 1 } else { -1 })?;
    if rank == 0 {
        // A number by itself is a row of one.
        return one(apply(&x.reshape([1])).reshape([0_usize; 0]));
    }
    let axis = axis_of(axis, rank)?;
    if node.opset < 13 {
        let dims =
            static_shape(&x).or_else(|why| if axis + 1 == rank { Ok(Vec::new()) } else { Err(why) })?;
        let behind = product(&dims[axis.min(dims.len())..])?;
        let result =
            if axis + 1 == rank { apply(&x) } else { apply(&x.reshape((-1, behind))).reshape_like(&x) };
        return one(result);
    }
    one(at_last(&x, axis, apply))
}

/// What works along the last axis, along another one.
fn at_last(x: &Output, axis: usize, apply: impl Fn(&Output) -> Output) -> Output {
    let rank = x.shape().len();
    if axis + 1 == rank {
        return apply(x);
    }
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(axis, rank - 1);
    apply(&x.transpose(order.clone())).transpose(order)
}

fn hardmax(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let rank = x.shape().len();
    let axis = axis_of(node.int("axis", if node.opset < 13 { 1 } else { -1 })?, rank)?;
    if node.opset < 13 && axis + 1 != rank {
        return Err("has several axes that count as one, expected the last one".into());
    }
    one(at_last(&x, axis, |x| x.argmax(-1).one_hot_like(x)))
}

fn cumsum(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let axis = node.integer_of(1)?.ok_or("has no axis")?;
    let axis = axis_of(axis, x.shape().len())?;
    one(x.cumsum(axis as isize, node.flag("exclusive", false)?, node.flag("reverse", false)?))
}

fn top_k(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let number = match node.raw("k") {
        Some(_) => node.int("k", 0)?,
        None => node.integer_of(1)?.ok_or("has no k")?,
    };
    let k = count(number, "k")?;
    let axis = axis_of(node.int("axis", -1)?, x.shape().len())?;
    let largest = node.flag("largest", true)?;
    // Sorted is what may be asked for; unsorted leaves the order open.
    node.int("sorted", 1)?;
    expect_dtype(&x, &[DType::F32, DType::I32])?;
    let rank = x.shape().len();
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(axis, rank - 1);
    let turned = x.transpose(order.clone());
    let (values, indices) = if largest {
        turned.top_k(k)
    } else {
        let indices = turned.argsort(-1);
        let mut begin = vec![0_usize; rank];
        begin[rank - 1] = 0;
        let mut size = vec![-1_i64; rank];
        size[rank - 1] = number;
        let indices = indices.slice(begin, size);
        (turned.take_along_axis(&indices, -1), indices)
    };
    Ok(vec![values.transpose(order.clone()).into(), indices.transpose(order).into()])
}
