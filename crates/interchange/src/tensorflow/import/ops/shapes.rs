//! Operations that move elements, or change their shape.

use super::{Row, constants::results, elementwise::filled, unary, windows::gradient};
use crate::tensorflow::import::{
    node::{Built, Node, Refusal, position},
    numbers::{Number, Numbers},
};
use minutia_graph::{Output, PadMode};

pub const ROWS: &[Row] = &[
    ("Reshape", reshape),
    ("Shape", |n| Ok(n.graph.shape(n.tensor(0)?).into())),
    ("Size", |n| unary(n, Output::size)),
    ("Rank", |n| unary(n, Output::rank)),
    ("Fill", |n| stretched(n, &n.tensor(1)?, n.expect_numbers(0)?)),
    ("BroadcastTo", |n| stretched(n, &n.tensor(0)?, n.expect_numbers(1)?)),
    ("Tile", tile),
    ("ExpandDims", |n| Ok(n.tensor(0)?.expand_dims(n.axis(1)?).into())),
    ("Squeeze", squeeze),
    ("Transpose", |n| Ok(n.tensor(0)?.transpose(n.extents(1)?).into())),
    ("Pack", |n| Ok(n.graph.stack(n.tensors()?, position(n.int("axis", 0))?).into())),
    ("Unpack", |n| {
        let number = usize::try_from(n.int("num", 0)).unwrap_or(0);
        Ok(results(n.tensor(0)?.unstack(number, position(n.int("axis", 0))?)))
    }),
    ("ConcatV2", |n| {
        let last = n.inputs.len().saturating_sub(1);
        concat(n, last, 0..last)
    }),
    ("Concat", |n| concat(n, 0, 1..n.inputs.len())),
    ("Split", |n| {
        let number = isize::try_from(n.int("num_split", 0)).unwrap_or(0);
        Ok(results(n.tensor(1)?.split(number, n.axis(0)?)))
    }),
    ("SplitV", |n| Ok(results(n.tensor(0)?.split(n.positions(1)?, n.axis(2)?)))),
    ("Slice", slice),
    ("StridedSlice", |n| Ok(strided_slice(n, &n.tensor(0)?)?.into())),
    ("StridedSliceGrad", strided_slice_gradient),
    ("Pad", |n| pad(n, PadMode::Constant(0.0))),
    ("PadV2", pad_with),
    ("MirrorPad", |n| pad(n, mirrored(n))),
    ("MirrorPadGrad", mirror_gradient),
    ("ReverseV2", |n| Ok(n.tensor(0)?.reverse(n.positions(1)?).into())),
    ("Roll", |n| {
        let shift =
            i32::try_from(n.known_one(1)?).map_err(|_| Refusal::new("rolls by more than i32 holds"))?;
        Ok(n.tensor(0)?.roll(shift, n.axis(2)?).into())
    }),
    ("Range", range),
    ("SpaceToDepth", |n| blocks(n, Output::space_to_depth)),
    ("DepthToSpace", |n| blocks(n, Output::depth_to_space)),
];

/// The same elements in a shape that may have extents which the feeds decide: one of them takes what is left,
/// several are those of other tensors.
fn reshape(node: &Node<'_>) -> Result<Built, Refusal> {
    let (x, target) = (node.tensor(0)?, node.expect_numbers(1)?);
    let target = without_open(node, &x, target)?;
    let open = |number: &&Number| !matches!(number, Number::Known(0..));
    if target.elements.iter().filter(open).count() > 1 {
        return Ok(x.reshape_like(&target.carrier(node.graph)?).into());
    }
    let extent = |number: &Number| match number {
        Number::Known(n) => position(*n),
        _ => Ok(-1),
    };
    let dims = target.elements.iter().map(extent).collect::<Result<Vec<isize>, Refusal>>()?;
    Ok(x.reshape(dims).into())
}

/// The target of a reshape, where it has a -1 beside extents that the feeds decide: these must be extents of
/// the tensor too, so that the others say what the -1 stands for.
fn without_open(node: &Node<'_>, x: &Output, target: &Numbers) -> Result<Numbers, Refusal> {
    let is_open = |number: &Number| *number == Number::Known(-1);
    let is_known = |number: &&Number| matches!(number, Number::Known(_));
    let mut target = target.clone();
    let (Some(open), false) =
        (target.elements.iter().position(is_open), target.elements.iter().all(|n| is_known(&n)))
    else {
        return Ok(target);
    };
    let mut own = node.shape(x);
    for number in target.elements.iter().filter(|number| !is_known(number)) {
        let same = own.iter().position(|other| other == number);
        let same =
            same.ok_or_else(|| Refusal::new("has a -1 beside an extent that is none of the tensor's"))?;
        own.remove(same);
    }
    let product = |numbers: &[Number]| {
        let known = |n: &Number| if let Number::Known(n @ 0..) = n { Some(*n) } else { None };
        numbers.iter().filter(|n| !is_open(n)).map(known).try_fold(1_i64, |p, n| p.checked_mul(n?))
    };
    let others: Vec<Number> = target.elements.iter().filter(is_known).cloned().collect();
    let left = product(&own).zip(product(&others)).filter(|(own, others)| *others > 0 && own % others == 0);
    let (own, others) =
        left.ok_or_else(|| Refusal::new("has a -1 beside an extent that the feeds decide"))?;
    target.elements[open] = Number::Known(own / others);
    Ok(target)
}

/// A tensor, stretched to a shape.
fn stretched(node: &Node<'_>, x: &Output, shape: &Numbers) -> Result<Built, Refusal> {
    if let Some(dims) = shape.extents() {
        return Ok(x.broadcast_to(dims).into());
    }
    Ok(x.broadcast_like(&shape.carrier(node.graph)?).into())
}

/// Copies side by side. Copies of one element along an axis are a stretch.
fn tile(node: &Node<'_>) -> Result<Built, Refusal> {
    let (x, multiples) = (node.tensor(0)?, node.expect_numbers(1)?);
    let shape = x.shape();
    if shape.len() == multiples.elements.len() {
        let is_one = |multiple: &Number| *multiple == Number::Known(1);
        let axes = || shape.iter().zip(&multiples.elements);
        if axes().all(|(extent, multiple)| *extent == Some(1) || is_one(multiple)) {
            let own = node.shape(&x);
            let pick =
                |(own, multiple): (&Number, &Number)| if is_one(multiple) { own } else { multiple }.clone();
            let target = own.iter().zip(&multiples.elements).map(pick).collect();
            return stretched(node, &x, &Numbers::vector(target));
        }
    }
    Ok(x.tile(node.extents(1)?).into())
}

/// Without the axes that are named, or else without all that have an extent of 1.
fn squeeze(node: &Node<'_>) -> Result<Built, Refusal> {
    let x = node.tensor(0)?;
    let shape = x.shape();
    let rank = shape.len();
    let named = [node.ints("squeeze_dims"), node.ints("axis")].concat();
    let mut axes = Vec::new();
    for axis in named {
        let counted = if axis < 0 { axis + i64::try_from(rank).unwrap_or(0) } else { axis };
        axes.push(position(counted)?);
    }
    if axes.is_empty() {
        if shape.iter().any(Option::is_none) {
            return Err(Refusal::new("takes out all axes of extent 1, of which the feeds decide"));
        }
        let ones = (0_isize..).zip(shape.iter()).filter(|(_, extent)| **extent == Some(1));
        axes = ones.map(|(axis, _)| axis).collect();
    }
    axes.sort_unstable();
    Ok(axes.iter().rev().fold(x, |x, &axis| x.squeeze(axis)).into())
}

fn concat(node: &Node<'_>, axis: usize, parts: std::ops::Range<usize>) -> Result<Built, Refusal> {
    let parts = parts.map(|part| node.tensor(part)).collect::<Result<Vec<Output>, Refusal>>()?;
    Ok(node.graph.concat(parts, node.axis(axis)?).into())
}

/// A block. An extent that the feeds decide must be the whole one of the axis.
fn slice(node: &Node<'_>) -> Result<Built, Refusal> {
    let (x, begin, size) = (node.tensor(0)?, node.extents(1)?, node.expect_numbers(2)?);
    let own = node.shape(&x);
    let extent = |(axis, number): (usize, &Number)| match number {
        Number::Known(n) => position(*n),
        open if begin.get(axis) == Some(&0) && own.get(axis) == Some(open) => Ok(-1),
        _ => Err(Refusal::new("takes a part of an axis of which the feeds decide")),
    };
    let size = size.elements.iter().enumerate().map(extent).collect::<Result<Vec<isize>, Refusal>>()?;
    Ok(x.slice(begin, size).into())
}

/// Along each axis an index, a range or a new axis, as the bits of the masks tell.
fn strided_slice(node: &Node<'_>, x: &Output) -> Result<Output, Refusal> {
    let (begin, end, strides) = (node.positions(1)?, node.positions(2)?, node.positions(3)?);
    let bit = |mask: &str, at: usize| at < 64 && node.int(mask, 0) >> at & 1 == 1;
    if begin.len() != end.len() || begin.len() != strides.len() {
        return Err(Refusal::new("has begins, ends and strides of several lengths"));
    }
    let count = begin.len();
    let is_new = |at: usize| bit("new_axis_mask", at) && !bit("ellipsis_mask", at);
    let ellipsis = (0..count).find(|&at| bit("ellipsis_mask", at));
    let named = (0..count).filter(|&at| Some(at) != ellipsis && !is_new(at)).count();
    let skipped = x.shape().len().checked_sub(named);
    let skipped =
        skipped.ok_or_else(|| Refusal::new(format!("slices {named} axes of a tensor {:?}", x.shape())))?;
    let (mut begins, mut ends, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    // What becomes of the sliced axes: kept, taken out, or a new one put in.
    let (mut kept, mut dropped, mut added) = (0_isize, Vec::new(), Vec::new());
    for at in 0..count {
        if Some(at) == ellipsis {
            begins.extend(vec![None; skipped]);
            ends.extend(vec![None; skipped]);
            steps.extend(vec![1; skipped]);
            kept += position(skipped as i64)?;
        } else if is_new(at) {
            added.push(kept);
            kept += 1;
        } else if bit("shrink_axis_mask", at) {
            dropped.push(position(begins.len() as i64)?);
            begins.push(Some(begin[at]));
            ends.push((begin[at] != -1).then_some(begin[at].saturating_add(1)));
            steps.push(1);
        } else {
            begins.push((!bit("begin_mask", at)).then_some(begin[at]));
            ends.push((!bit("end_mask", at)).then_some(end[at]));
            steps.push(strides[at]);
            kept += 1;
        }
    }
    let sliced = x.strided_slice(begins, ends, steps);
    let sliced = dropped.iter().rev().fold(sliced, |x, &axis| x.squeeze(axis));
    Ok(added.iter().fold(sliced, |x, &axis| x.expand_dims(axis)))
}

/// Inputs: the sliced tensor's shape, begins, ends, strides, the gradient of the slice.
fn strided_slice_gradient(node: &Node<'_>) -> Result<Built, Refusal> {
    let x = filled(&node.expect_numbers(0)?.carrier(node.graph)?, 0);
    gradient(&strided_slice(node, &x)?, &x, &node.tensor(4)?)
}

/// How many elements lie before and behind along each axis.
fn paddings(node: &Node<'_>) -> Result<Vec<(usize, usize)>, Refusal> {
    Ok(node.extents(1)?.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
}

fn pad(node: &Node<'_>, mode: PadMode) -> Result<Built, Refusal> {
    Ok(node.tensor(0)?.pad(paddings(node)?, mode).into())
}

fn mirrored(node: &Node<'_>) -> PadMode {
    if node.text("mode") == "SYMMETRIC" { PadMode::Symmetric } else { PadMode::Reflect }
}

/// With a number around that may be computed in the run.
fn pad_with(node: &Node<'_>) -> Result<Built, Refusal> {
    let (x, paddings, around) = (node.tensor(0)?, paddings(node)?, PadMode::Constant(0.0));
    let ones = node.graph.constant(1).broadcast_like(&x);
    let is_inside = ones.pad(paddings.clone(), around).equal(1);
    Ok(is_inside.select(x.pad(paddings, around), node.tensor(2)?).into())
}

/// The gradient of a mirrored tensor by what was mirrored.
fn mirror_gradient(node: &Node<'_>) -> Result<Built, Refusal> {
    let (g, paddings) = (node.tensor(0)?, paddings(node)?);
    let own = |(extent, (before, behind)): (&Number, &(usize, usize))| match extent {
        Number::Known(n) => Ok(Number::Known(n - *before as i64 - *behind as i64)),
        _ => Err(Refusal::new("mirrors a tensor of which the feeds decide")),
    };
    let shape = node.shape(&g).iter().zip(&paddings).map(own).collect::<Result<Vec<_>, Refusal>>()?;
    let x = filled(&Numbers::vector(shape).carrier(node.graph)?, 0);
    gradient(&x.pad(paddings, mirrored(node)), &x, &g)
}

/// Numbers at equal distances.
fn range(node: &Node<'_>) -> Result<Built, Refusal> {
    let number = |input| -> Result<i32, Refusal> {
        i32::try_from(node.known_one(input)?).map_err(|_| Refusal::new("has a bound that no i32 holds"))
    };
    Ok(node.graph.range(number(0)?, number(1)?, number(2)?).into())
}

fn blocks(node: &Node<'_>, f: fn(&Output, usize) -> Output) -> Result<Built, Refusal> {
    super::matrices::channels_last(node)?;
    let size = usize::try_from(node.int("block_size", 0)).unwrap_or(0);
    Ok(f(&node.tensor(0)?, size).into())
}
