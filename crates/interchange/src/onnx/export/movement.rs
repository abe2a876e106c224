//! Operations that move elements.

use super::{
    Rule,
    along::narrowed,
    emission::{Origin, int, ints, text},
};
use minutia_graph::{DType, Tensor};

/// What writes an operation, if it is one of these.
pub fn rule(operation: &str) -> Option<Rule> {
    Some(match operation {
        "BroadcastLike" => |at| {
            let shape = at.node("Shape", &[at.input(1)], vec![]);
            at.last("Expand", &[at.input(0), &shape], vec![]);
            Ok(())
        },
        "BroadcastTo" => |at| listed(at, "Expand", "dims"),
        "Concat" => |at| {
            let parts: Vec<&str> = (0..at.inputs.len()).map(|index| at.input(index)).collect();
            let axis = int("axis", at.int("axis")?);
            at.last("Concat", &parts, vec![axis]);
            Ok(())
        },
        "ExpandDims" => |at| one_axis(at, "Unsqueeze"),
        "Gather" => |at| {
            at.last("Gather", &[at.input(0), at.input(1)], vec![int("axis", 0)]);
            Ok(())
        },
        "GatherNd" => |at| {
            let long = at.node("Cast", &[at.input(1)], vec![int("to", 7)]);
            at.last("GatherND", &[at.input(0), &long], vec![]);
            Ok(())
        },
        "MirrorPad" => mirror_pad,
        "OneHot" => one_hot,
        "Pad" => pad,
        "Range" => range,
        "Reshape" => reshape,
        "ReshapeLike" => |at| {
            let shape = at.node("Shape", &[at.input(1)], vec![]);
            at.last("Reshape", &[at.input(0), &shape], vec![int("allowzero", 1)]);
            Ok(())
        },
        "Reverse" => reverse,
        "Shape" => |at| {
            let long = at.node("Shape", &[at.input(0)], vec![]);
            narrowed(at, &long);
            Ok(())
        },
        "Size" => |at| {
            let long = at.node("Size", &[at.input(0)], vec![]);
            narrowed(at, &long);
            Ok(())
        },
        "Slice" => slice,
        "SplitPart" => split_part,
        "Squeeze" => |at| one_axis(at, "Squeeze"),
        "StridedSlice" => strided_slice,
        "TakeAlongAxis" => |at| {
            let axis = int("axis", at.int("axis")?);
            at.last("GatherElements", &[at.input(0), at.input(1)], vec![axis]);
            Ok(())
        },
        "Tile" => |at| listed(at, "Tile", "multiples"),
        "Transpose" => |at| {
            let order = ints("perm", &at.ints("order")?);
            at.last("Transpose", &[at.input(0)], vec![order]);
            Ok(())
        },
        _ => return None,
    })
}

/// An operation whose second input is a list that the node has as an attribute.
fn listed(at: &mut Origin, operation: &str, attribute: &str) -> Result<(), String> {
    let list = at.ints(attribute)?;
    let list = at.emission.list(&list);
    at.last(operation, &[at.input(0), &list], vec![]);
    Ok(())
}

fn one_axis(at: &mut Origin, operation: &str) -> Result<(), String> {
    let axis = at.int("axis")?;
    let axes = at.emission.list(&[axis]);
    at.last(operation, &[at.input(0), &axes], vec![]);
    Ok(())
}

fn reshape(at: &mut Origin) -> Result<(), String> {
    let dims = at.ints("dims")?;
    // A 0 is an extent, but beside a -1, where it stands for what the operand has.
    let with_zero = dims.contains(&0);
    if with_zero && dims.contains(&-1) {
        return Err("a shape of 0 and -1 has no equivalent".into());
    }
    let list = at.emission.list(&dims);
    let zero = if with_zero { vec![int("allowzero", 1)] } else { vec![] };
    at.last("Reshape", &[at.input(0), &list], zero);
    Ok(())
}

fn pad(at: &mut Origin) -> Result<(), String> {
    let value = at.float("value")?;
    let value = match at.inputs[0].dtype {
        DType::F32 => Tensor::scalar(value),
        DType::I32 => Tensor::scalar(value as i32),
        DType::Bool => Tensor::scalar(value != 0.0),
        DType::U8 => Tensor::scalar(value as u8),
    };
    let value = at.constant(&value);
    padded(at, "constant", Some(&value))
}

fn mirror_pad(at: &mut Origin) -> Result<(), String> {
    if at.flag("symmetric")? {
        return Err("ONNX has no mirror that stands behind the last element".into());
    }
    padded(at, "reflect", None)
}

fn padded(at: &mut Origin, mode: &str, value: Option<&str>) -> Result<(), String> {
    let pairs = at.list("paddings")?.iter().map(|pair| pair.as_ints().filter(|pair| pair.len() == 2));
    let pairs = pairs.collect::<Option<Vec<_>>>().ok_or("its paddings are no pairs")?;
    let before = pairs.iter().map(|pair| pair[0]);
    let all: Vec<i64> = before.chain(pairs.iter().map(|pair| pair[1])).collect();
    let pads = at.emission.list(&all);
    let inputs: Vec<&str> = [at.input(0), &pads].into_iter().chain(value).collect();
    at.last("Pad", &inputs, vec![text("mode", mode)]);
    Ok(())
}

/// Whether an index is each of the numbers: one that is none of them has no 1.
fn one_hot(at: &mut Origin) -> Result<(), String> {
    let depth = i32::try_from(at.int("depth")?).map_err(|error| error.to_string())?;
    let numbers = at.constant(&Tensor::from((0..depth).collect::<Vec<i32>>()));
    let index = match at.inputs[0].dtype {
        DType::I32 => at.input(0).to_string(),
        _ => at.node("Cast", &[at.input(0)], vec![int("to", 6)]),
    };
    let last = at.emission.list(&[-1]);
    let column = at.node("Unsqueeze", &[&index, &last], vec![]);
    let hit = at.node("Equal", &[&column, &numbers], vec![]);
    at.last("Cast", &[&hit], vec![int("to", 1)]);
    Ok(())
}

fn range(at: &mut Origin) -> Result<(), String> {
    let number = |name: &str| at.int(name).and_then(|n| i32::try_from(n).map_err(|error| error.to_string()));
    let (start, delta) = (number("start")?, number("delta")?);
    let count = at.int("count")?;
    if count > 1 << 20 {
        return Err(format!("{count} numbers are more than are written out"));
    }
    let numbers = (0..count as i32).map(|index| start.wrapping_add(index.wrapping_mul(delta)));
    let numbers = at.constant(&Tensor::from(numbers.collect::<Vec<i32>>()));
    at.last("Identity", &[&numbers], vec![]);
    Ok(())
}

/// What no axis has as many elements as.
const FAR: i64 = i64::MAX;

/// Slices of all axes in this order.
fn sliced(at: &mut Origin, spans: &[(i64, i64, i64, i64)]) {
    let list = |at: &mut Origin, pick: fn(&(i64, i64, i64, i64)) -> i64| {
        let numbers: Vec<i64> = spans.iter().map(pick).collect();
        at.emission.list(&numbers)
    };
    if spans.is_empty() {
        return at.last("Identity", &[at.input(0)], vec![]);
    }
    let (axes, starts) = (list(at, |span| span.0), list(at, |span| span.1));
    let (ends, steps) = (list(at, |span| span.2), list(at, |span| span.3));
    at.last("Slice", &[at.input(0), &starts, &ends, &axes, &steps], vec![]);
}

fn reverse(at: &mut Origin) -> Result<(), String> {
    let axes = at.ints("axes").unwrap_or_else(|_| (0..at.rank(0) as i64).collect());
    // Nothing is its own reverse; the shape inference of onnx 1.19 finds an element in it.
    let is_empty = at.dims(0).is_ok_and(|dims| dims.contains(&0));
    let axes = if is_empty { Vec::new() } else { axes };
    sliced(at, &axes.into_iter().map(|axis| (axis, -1, -FAR, -1)).collect::<Vec<_>>());
    Ok(())
}

fn slice(at: &mut Origin) -> Result<(), String> {
    let (begin, size) = (at.ints("begin")?, at.ints("size")?);
    let span = |(axis, (&begin, &size)): (usize, (&i64, &i64))| {
        (axis as i64, begin, if size < 0 { FAR } else { begin.saturating_add(size) }, 1)
    };
    sliced(at, &begin.iter().zip(&size).enumerate().map(span).collect::<Vec<_>>());
    Ok(())
}

fn strided_slice(at: &mut Origin) -> Result<(), String> {
    let (begin, end, strides) = (at.options("begin")?, at.options("end")?, at.ints("strides")?);
    let mut spans = Vec::new();
    for (axis, &stride) in strides.iter().enumerate() {
        let (first, behind) = if stride < 0 { (FAR, -FAR) } else { (0, FAR) };
        let bound = |bounds: &[Option<i64>], open: i64| bounds.get(axis).copied().flatten().unwrap_or(open);
        spans.push((axis as i64, bound(&begin, first), bound(&end, behind), stride));
    }
    sliced(at, &spans);
    Ok(())
}

fn split_part(at: &mut Origin) -> Result<(), String> {
    let axis = at.int("axis")?;
    if let Ok(share) = at.ints("share") {
        let [index, of] = share[..] else { return Err("its share is no pair".into()) };
        let rank = at.rank(0) as i64;
        let counted = if axis < 0 { axis + rank } else { axis };
        let extent = at.inputs[0].shape[counted as usize];
        let extent = extent.ok_or("its axis has an extent that only the run shows")? as i64;
        let size = extent / of;
        sliced(at, &[(axis, index * size, (index + 1) * size, 1)]);
        return Ok(());
    }
    let (begin, end) = match at.options("span")?[..] {
        // Behind what is open lies what is counted from the end.
        [None, Some(size), Some(behind)] => (from_end(size + behind), from_end(behind)),
        [Some(before), None, Some(behind)] => (before, from_end(behind)),
        [Some(before), Some(size), _] => (before, before + size),
        _ => return Err("its span is none".into()),
    };
    sliced(at, &[(axis, begin, end, 1)]);
    Ok(())
}

/// The bound before so many last elements.
fn from_end(elements: i64) -> i64 {
    if elements == 0 { FAR } else { -elements }
}
