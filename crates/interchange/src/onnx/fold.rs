//! Arithmetic with shapes, which is done while the model is read: reshapes and slices need its results then.

use super::{
    literal::Literal,
    messages::NodeProto,
    node::{OnnxNode, OnnxResults, Part, axis_of},
    value::{OnnxValue, ShapeEntry},
};

/// The most elements of a result that is computed while a model is read.
const MOST: usize = 1 << 12;

/// What a node gives where its inputs are integers that are known, or lists of extents; `None` where the
/// graph has to compute it.
pub fn fold(proto: &NodeProto, node: &OnnxNode) -> Option<OnnxResults> {
    match proto.op_type.as_str() {
        "Shape" => Some(shape(node)),
        "Size" => size(node),
        "Gather" => gather(node),
        "Concat" => concat(node),
        "Slice" => slice(node),
        "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" => reshaped(proto, node),
        "Cast" => cast(node),
        "Add" => arithmetic(node, i64::checked_add),
        "Sub" => arithmetic(node, i64::checked_sub),
        "Mul" => arithmetic(node, i64::checked_mul),
        "Div" => arithmetic(node, |x, y| x.checked_div(y)),
        "Equal" => equal(node),
        "Where" => choice(node),
        _ => None,
    }
}

/// The extents of the input, as far as they are known, and the node that has them all.
fn shape(node: &OnnxNode) -> OnnxResults {
    let literal = node.value(0).and_then(|value| Some(value.as_literal()?.dims().to_vec()));
    let extents = match literal {
        Some(dims) => dims.into_iter().map(Some).collect(),
        None => node.input(0)?.shape().to_vec(),
    };
    let rank = extents.len() as i64;
    let cut =
        |bound: i64| (if bound < 0 { bound.saturating_add(rank) } else { bound }).clamp(0, rank) as usize;
    let (start, end) = (cut(node.int("start", 0)?), cut(node.int("end", i64::MAX)?));
    let span = start..end.max(start);
    let all = extents.iter().enumerate().map(|(axis, extent)| match extent {
        Some(extent) => Ok(ShapeEntry::Is(i64::try_from(*extent).unwrap_or(i64::MAX))),
        None => Ok(ShapeEntry::Of(node.input(0)?, axis)),
    });
    let all: Vec<ShapeEntry> = all.collect::<Part<Vec<_>>>()?[span.clone()].to_vec();
    Ok(vec![match numbers(&all) {
        Some(numbers) => OnnxValue::list(numbers),
        None => {
            let size = span.len() as i64;
            OnnxValue::extents(all, node.graph.shape(node.input(0)?).slice([span.start], [size]))
        }
    }])
}

/// Extents that are all known.
fn numbers(extents: &[ShapeEntry]) -> Option<Vec<i64>> {
    let number = |extent: &ShapeEntry| match extent {
        ShapeEntry::Is(number) => Some(*number),
        ShapeEntry::Of(..) => None,
    };
    extents.iter().map(number).collect()
}

fn size(node: &OnnxNode) -> Option<OnnxResults> {
    let dims = match node.value(0)?.as_literal() {
        Some(literal) => literal.dims().to_vec(),
        None => node.input(0).ok()?.shape().known()?.to_vec(),
    };
    let size = dims.iter().try_fold(1_i64, |n, &extent| n.checked_mul(i64::try_from(extent).ok()?))?;
    Some(Ok(vec![OnnxValue::literal(Literal::Long { dims: Vec::new(), values: vec![size] })]))
}

/// An input that is integers or extents, and its shape.
fn list(node: &OnnxNode, index: usize) -> Option<(Vec<usize>, Vec<ShapeEntry>)> {
    let value = node.value(index)?;
    let dims = match value.as_literal() {
        Some(literal) => literal.dims().to_vec(),
        None => vec![value.as_extents()?.len()],
    };
    let extents = match value.as_literal() {
        Some(literal) if dims.len() > 1 => literal.integers()?.into_iter().map(ShapeEntry::Is).collect(),
        _ => value.as_extents()?,
    };
    (extents.len() <= MOST).then_some((dims, extents))
}

/// A result of integers, if all are known, or else of extents in a list or alone, which the graph computes
/// too.
fn result(node: &OnnxNode, dims: Vec<usize>, extents: Vec<ShapeEntry>) -> Option<OnnxResults> {
    if let Some(values) = numbers(&extents) {
        return Some(Ok(vec![OnnxValue::literal(Literal::Long { dims, values })]));
    }
    if dims.len() > 1 {
        return None;
    }
    let part = |extent: &ShapeEntry| match extent {
        ShapeEntry::Is(number) => i32::try_from(*number).ok().map(|number| node.graph.constant([number])),
        ShapeEntry::Of(x, axis) => Some(node.graph.shape(x).slice([*axis], [1])),
    };
    let parts = extents.iter().map(part).collect::<Option<Vec<_>>>()?;
    let output = node.graph.concat(&parts, 0);
    let output = if dims.is_empty() { output.squeeze(0) } else { output };
    Some(Ok(vec![OnnxValue::extents(extents, output)]))
}

fn gather(node: &OnnxNode) -> Option<OnnxResults> {
    let (dims, extents) = list(node, 0)?;
    let (picked, indices) = list(node, 1)?;
    let axis = node.int("axis", 0).ok()?;
    let [length] = dims[..] else { return None };
    axis_of(axis, 1).ok()?;
    let pick = |index: i64| Some(extents[axis_of(index, length).ok()?].clone());
    let picks = numbers(&indices)?.into_iter().map(pick).collect::<Option<Vec<_>>>()?;
    result(node, picked, picks)
}

fn concat(node: &OnnxNode) -> Option<OnnxResults> {
    let parts = (0..node.inputs()).map(|index| list(node, index)).collect::<Option<Vec<_>>>()?;
    axis_of(node.int("axis", 0).ok()?, 1).ok()?;
    if parts.iter().any(|(dims, _)| dims.len() != 1) {
        return None;
    }
    let all: Vec<ShapeEntry> = parts.into_iter().flat_map(|(_, extents)| extents).collect();
    (all.len() <= MOST).then(|| result(node, vec![all.len()], all))?
}

fn slice(node: &OnnxNode) -> Option<OnnxResults> {
    let (dims, extents) = list(node, 0)?;
    let [length] = dims[..] else { return None };
    let bound = |name, input| match node.ints(name).ok()? {
        Some(bounds) => bounds.first().copied(),
        None => node.integer_of(input).ok()?,
    };
    let (start, end) = (bound("starts", 1)?, bound("ends", 2)?);
    let step = node.integer_of(4).ok()?.unwrap_or(1);
    node.ints("axes").ok()?;
    let length = length as i64;
    let cut = |bound: i64| (if bound < 0 { bound.saturating_add(length) } else { bound }).clamp(0, length);
    if step != 1 {
        return None;
    }
    let (start, end) = (cut(start) as usize, cut(end) as usize);
    let part = extents[start..end.max(start)].to_vec();
    result(node, vec![part.len()], part)
}

/// The same elements as a list or alone.
fn reshaped(proto: &NodeProto, node: &OnnxNode) -> Option<OnnxResults> {
    let (dims, extents) = list(node, 0)?;
    let axes = || node.axes("axes", 1).ok();
    let to = match (proto.op_type.as_str(), &dims[..]) {
        ("Unsqueeze", []) if matches!(axes()??[..], [0 | -1]) => vec![1],
        ("Squeeze", [1]) if axes()?.is_none_or(|axes| matches!(axes[..], [0 | -1])) => vec![],
        ("Reshape", [_] | []) => {
            let shape = node.integers_of(1).ok()??;
            node.int("allowzero", 0).ok()?;
            match shape[..] {
                [] if extents.len() == 1 => vec![],
                [-1] => vec![extents.len()],
                [size] if size == extents.len() as i64 => vec![extents.len()],
                _ => return None,
            }
        }
        _ => return None,
    };
    result(node, to, extents)
}

/// To one integer type from another.
fn cast(node: &OnnxNode) -> Option<OnnxResults> {
    let (dims, extents) = list(node, 0)?;
    let to = node.int("to", 0).ok()?;
    node.int("saturate", 1).ok()?;
    node.text("round_mode", "up").ok()?;
    (to == 6 || to == 7).then(|| result(node, dims, extents))?
}

/// An operation on each pair of integers, of which either side may be one for all.
fn arithmetic(node: &OnnxNode, apply: fn(i64, i64) -> Option<i64>) -> Option<OnnxResults> {
    let (dims, pairs) = pairs(node, 0, 1)?;
    let apply = |pair: (ShapeEntry, ShapeEntry)| match pair {
        (ShapeEntry::Is(x), ShapeEntry::Is(y)) => apply(x, y).map(ShapeEntry::Is),
        _ => None,
    };
    result(node, dims, pairs.into_iter().map(apply).collect::<Option<Vec<_>>>()?)
}

/// An element of each of two inputs.
type Pair = (ShapeEntry, ShapeEntry);

/// The elements of two inputs side by side, and their shape.
fn pairs(node: &OnnxNode, left: usize, right: usize) -> Option<(Vec<usize>, Vec<Pair>)> {
    let ((a, x), (b, y)) = (list(node, left)?, list(node, right)?);
    let dims = match (x.len(), y.len()) {
        _ if a == b => a,
        (1, _) if a.len() <= b.len() => b,
        (_, 1) if b.len() <= a.len() => a,
        _ => return None,
    };
    let length = x.len().max(y.len()) * usize::from(!x.is_empty() && !y.is_empty());
    let at = |list: &[ShapeEntry], index: usize| list[index % list.len()].clone();
    Some((dims, (0..length).map(|index| (at(&x, index), at(&y, index))).collect()))
}

/// Whether integers are equal, as 0 and 1: only shapes are compared here, for a choice that follows.
fn equal(node: &OnnxNode) -> Option<OnnxResults> {
    let (dims, pairs) = pairs(node, 0, 1)?;
    let equal = |pair: &(ShapeEntry, ShapeEntry)| match pair {
        (ShapeEntry::Is(x), ShapeEntry::Is(y)) => Some(x == y),
        _ => None,
    };
    let equal = pairs.iter().map(equal).collect::<Option<Vec<bool>>>()?;
    let tensor = minutia_graph::Tensor::from_vec(&dims[..], equal).ok()?;
    Some(Ok(vec![OnnxValue::literal(Literal::Tensor(tensor))]))
}

fn choice(node: &OnnxNode) -> Option<OnnxResults> {
    let Some(Literal::Tensor(condition)) = node.value(0)?.as_literal() else { return None };
    let condition = condition.as_slice::<bool>().ok()?;
    let (dims, pairs) = pairs(node, 1, 2)?;
    if condition.len() != pairs.len() {
        return None;
    }
    let choose = |(&first, (x, y)): (&bool, (ShapeEntry, ShapeEntry))| if first { x } else { y };
    result(node, dims, condition.iter().zip(pairs).map(choose).collect())
}

/// The shape that a list of extents asks for, of which one may be left to the elements: -1. An extent that
/// only the run shows can be that one; where another one is left, too, it must be an axis of what is
/// reshaped, so that the other is what all other axes have together.
pub fn target(x: &minutia_graph::Output, extents: &[ShapeEntry]) -> Part<Vec<i64>> {
    let open =
        extents.iter().filter(|extent| matches!(extent, ShapeEntry::Of(..) | ShapeEntry::Is(-1))).count();
    let mut shape: Vec<i64> =
        extents.iter().map(|extent| if let ShapeEntry::Is(n) = extent { *n } else { -1 }).collect();
    let own = |extent: &ShapeEntry| {
        matches!(extent, ShapeEntry::Of(of, axis) if of == x && x.shape().iter().enumerate()
        .all(|(other, extent)| other == *axis || extent.is_some()))
    };
    if open == 2
        && let (Some(left), true) =
            (extents.iter().position(|e| *e == ShapeEntry::Is(-1)), extents.iter().any(own))
    {
        let product = |numbers: Vec<i64>| numbers.into_iter().try_fold(1_i64, i64::checked_mul);
        let known = x.shape().iter().flatten().map(|&n| i64::try_from(n).unwrap_or(i64::MAX)).collect();
        let (there, named) = (product(known), product(shape.iter().copied().filter(|&n| n != -1).collect()));
        let size = there.zip(named).and_then(|(there, named)| there.checked_div(named));
        shape[left] = size.ok_or("has a shape that no tensor has")?;
        return Ok(shape);
    }
    if open > 1 {
        return Err(format!("has a shape of which only the run shows {open} extents, expected 1 at most"));
    }
    Ok(shape)
}
