//! Parts of tensors, and what stands around them.

use super::OnnxRow;
use crate::onnx::node::{OnnxNode, OnnxResults, Part, axis_of, count, counts, one, static_shape};
use minutia_graph::{DType, Output, PadMode};

pub const ROWS: &[OnnxRow] = &[("Pad", pad), ("Slice", slice), ("Split", split), ("Trilu", trilu)];

/// A bound as this machine counts.
fn bound(bound: i64) -> isize {
    isize::try_from(bound).unwrap_or(if bound < 0 { isize::MIN } else { isize::MAX })
}

fn slice(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let list = |name, input| node.axes(name, input).map(|list| list.ok_or(format!("has no {name}")));
    let (starts, ends) = (list("starts", 1)??, list("ends", 2)??);
    let axes = node.axes("axes", 3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = node.integers_of(4)?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err("has starts, ends, axes and steps of several lengths".into());
    }
    let rank = x.shape().len();
    let (mut begin, mut end, mut strides) = (vec![None; rank], vec![None; rank], vec![1_isize; rank]);
    for (index, &axis) in axes.iter().enumerate() {
        let axis = axis_of(axis, rank)?;
        (begin[axis], end[axis]) = (Some(bound(starts[index])), Some(bound(ends[index])));
        strides[axis] = bound(steps[index]);
    }
    one(x.strided_slice(begin, end, strides))
}

fn split(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let axis = axis_of(node.int("axis", 0)?, x.shape().len())?;
    let results = node.results();
    let sizes = node.axes("split", 1)?;
    let number = count(node.int("num_outputs", results as i64)?, "num_outputs")?;
    let parts = match sizes {
        Some(sizes) => {
            counts(&sizes, "an extent")?;
            x.split(sizes.iter().map(|&size| bound(size)).collect::<Vec<_>>(), axis as isize)
        }
        None => {
            let extent = static_shape(&x)?[axis];
            // The last part is smaller where they are not equal.
            let each = extent.div_ceil(number.max(1));
            let begin = |index: usize| index.saturating_mul(each).min(extent);
            if number != results {
                return Err(format!("has num_outputs={number} and {results} results"));
            }
            x.split((0..number).map(|i| begin(i + 1) - begin(i)).collect::<Vec<_>>(), axis as isize)
        }
    };
    Ok(parts.into_iter().map(Into::into).collect())
}

/// What is behind the elements before and behind each axis.
fn pad(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let rank = x.shape().len();
    let pads = match node.ints(if node.opset < 2 { "paddings" } else { "pads" })? {
        Some(pads) => pads,
        None => node.integers_of(1)?.ok_or("has no pads")?,
    };
    let value = match node.raw("value") {
        Some(_) => node.float("value", 0.0)?,
        None => padding_value(node, &x)?,
    };
    let axes = node.integers_of(3)?.unwrap_or_else(|| (0..rank as i64).collect());
    if Some(pads.len()) != axes.len().checked_mul(2) {
        return Err(format!("has {} pads for {} axes", pads.len(), axes.len()));
    }
    let mut before_behind = vec![(0_i64, 0_i64); rank];
    for (index, &axis) in axes.iter().enumerate() {
        before_behind[axis_of(axis, rank)?] = (pads[index], pads[index + axes.len()]);
    }
    let mode = match node.text("mode", "constant")? {
        "constant" => PadMode::Constant(value),
        "reflect" => PadMode::Reflect,
        other => return Err(format!("has the attribute mode={other:?}, expected constant or reflect")),
    };
    // Negative pads cut away.
    let cut = |pad: i64| (pad < 0).then_some(pad);
    let begin: Vec<_> =
        before_behind.iter().map(|(before, _)| cut(*before).map(|n| bound(n.saturating_neg()))).collect();
    let end: Vec<_> = before_behind.iter().map(|(_, behind)| cut(*behind).map(bound)).collect();
    let added = |pad: i64| usize::try_from(pad).unwrap_or(0);
    let paddings: Vec<_> = before_behind.iter().map(|(a, b)| (added(*a), added(*b))).collect();
    let x = match begin.iter().chain(&end).any(Option::is_some) {
        true => x.strided_slice(begin, end, vec![1; rank]),
        false => x,
    };
    one(x.pad(paddings, mode))
}

/// The third input, which is 0 where it is left out.
fn padding_value(node: &OnnxNode, x: &Output) -> Part<f32> {
    let truth = |dtype: DType| dtype == DType::Bool;
    match node.known(2)? {
        None => Ok(0.0),
        Some(literal) if truth(x.dtype()) => {
            let tensor = literal.tensor()?;
            let value = tensor.as_slice::<bool>().map_err(|error| error.to_string())?;
            Ok(if value.first() == Some(&true) { 1.0 } else { 0.0 })
        }
        Some(_) => Ok(node.float_of(2)?.unwrap_or(0.0)),
    }
}

/// Zeros above or below a diagonal.
fn trilu(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let shift = i32::try_from(node.integer_of(1)?.unwrap_or(0)).map_err(|error| error.to_string())?;
    let upper = node.flag("upper", true)?;
    let dims = static_shape(&x)?;
    let [.., rows, columns] = dims[..] else {
        return Err(format!("has the shape {dims:?}, expected a matrix"));
    };
    let size = |extent: usize| i32::try_from(extent).map_err(|error| error.to_string());
    let row = node.graph.range(0, size(rows)?, 1).expand_dims(1);
    let distance = node.graph.range(0, size(columns)?, 1) - row;
    let kept = if upper { distance.greater_equal(shift) } else { distance.less_equal(shift) };
    one(match x.dtype() {
        DType::Bool => kept.logical_and(x),
        DType::I32 => kept.select(x, 0),
        _ => kept.select(x, 0.0),
    })
}
