//! Slices, parts and paddings, and their gradients.

use super::{
    Written,
    proto::{self, Named},
    site::Site,
};
use minutia_graph::{Attribute, DType, Tensor};
use std::slice::from_ref;

pub fn write(site: &mut Site) -> Option<Written> {
    Some(match site.node.op {
        "Slice" => slice(site),
        "SliceGrad" => slice_gradient(site),
        "SplitPart" => part(site),
        "SplitGrad" => parts_in_place(site),
        "StridedSlice" | "StridedSliceGrad" => strided(site),
        "Pad" => pad(site),
        "MirrorPad" | "MirrorPadGrad" => mirror(site),
        _ => return None,
    })
}

fn slice(site: &mut Site) -> Written {
    let (begin, size) = (site.ints("begin")?, site.ints("size")?);
    let (begin, size) = (site.numbers("begin", &begin)?, site.numbers("size", &size)?);
    let attributes = [proto::dtype("T", site.dtype()), proto::dtype("Index", DType::I32)];
    site.finish("Slice", vec![site.input(0), begin, size], &attributes)
}

/// A slice among zeros. Inputs: the slice, what it was cut from.
fn slice_gradient(site: &mut Site) -> Written {
    let (begin, dtype) = (site.ints("begin")?, proto::dtype("T", site.dtype()));
    let rank = begin.len() as i64;
    let before = site.numbers("begin", &begin)?;
    let int = proto::dtype("T", DType::I32);
    let (whole, own) = (site.shape(1)?, site.shape(0)?);
    let rest = site.helper("rest", "Sub", vec![whole, own], from_ref(&int));
    let behind = site.helper("behind", "Sub", vec![rest, before.clone()], from_ref(&int));
    let attributes = [int, proto::int("N", 2), proto::int("axis", 1)];
    let paddings = match rank {
        // A matrix without rows cannot be packed of lists without elements everywhere.
        0 => site.constant("paddings", &Tensor::zeros(DType::I32, [0, 2]).map_err(|e| e.to_string())?),
        _ => site.helper("paddings", "Pack", vec![before, behind], &attributes),
    };
    site.finish("Pad", vec![site.input(0), paddings], &[dtype])
}

/// Where a part lies along its axis, as far as it is known: before it, itself, behind it.
fn span(piece: &Attribute, share: bool, extent: Option<i64>) -> Result<[Option<i64>; 3], String> {
    let numbers: Vec<Option<i64>> =
        piece.as_list().unwrap_or_default().iter().map(Attribute::as_int).collect();
    match (&numbers[..], share, extent) {
        (&[Some(index), Some(of)], true, Some(extent)) if of > 0 => {
            let size = extent / of;
            Ok([Some(index * size), Some(size), Some(extent - (index + 1) * size)])
        }
        (&[_, _], true, None) => Err("the extent that is split is not known".to_string()),
        (&[before, size, behind], false, _) => Ok([before, size, behind]),
        _ => Err("it is no part".to_string()),
    }
}

/// One part of three: what lies before it, itself, what lies behind it.
fn part(site: &mut Site) -> Written {
    let axis = site.axis("axis", site.rank(0))?;
    let dtype = proto::dtype("T", site.dtype());
    let extent = site.signature(0).shape[axis].and_then(|extent| i64::try_from(extent).ok());
    let (name, share) = match site.node.attributes.contains_key("share") {
        true => ("share", true),
        false => ("span", false),
    };
    let piece = site.attribute(name)?;
    if let (true, None, Some([index, of])) = (share, extent, piece.as_ints().as_deref()) {
        let axis = site.number("split_dim", axis as i64)?;
        let attributes = [dtype.clone(), proto::int("num_split", *of)];
        let split = site.helper("split", "Split", vec![axis, site.input(0)], &attributes);
        return site.finish("Identity", vec![result(&split, *index)], &[dtype]);
    }
    let sizes: Vec<i64> = span(piece, share, extent)?.iter().map(|size| size.unwrap_or(-1)).collect();
    let (sizes, axis) = (site.numbers("size_splits", &sizes)?, site.number("split_dim", axis as i64)?);
    let attributes = [dtype.clone(), proto::int("num_split", 3), proto::dtype("Tlen", DType::I32)];
    let split = site.helper("split", "SplitV", vec![site.input(0), sizes, axis], &attributes);
    site.finish("Identity", vec![result(&split, 1)], &[dtype])
}

/// One of the results of a node.
fn result(node: &str, index: i64) -> String {
    if index == 0 { node.to_string() } else { format!("{node}:{index}") }
}

/// The sum of parts, each among zeros. Inputs: the parts, what they were cut from.
fn parts_in_place(site: &mut Site) -> Written {
    let (count, dtype) = (site.node.inputs.len() - 1, proto::dtype("T", site.dtype()));
    let rank = site.rank(count);
    let axis = site.axis("axis", rank)?;
    let extent = site.signature(count).shape[axis].and_then(|extent| i64::try_from(extent).ok());
    let pieces = site.attribute("parts")?.as_list().unwrap_or_default();
    let mut padded = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let share = piece.as_list().is_some_and(|numbers| numbers.len() == 2);
        let [before, size, behind] = span(piece, share, extent)?;
        let rest = |a: Option<i64>, b: Option<i64>| Some(extent? - a? - b?);
        let (Some(before), Some(behind)) =
            (before.or_else(|| rest(size, behind)), behind.or_else(|| rest(before, size)))
        else {
            return Err("the extent that was split is not known".to_string());
        };
        let mut paddings = vec![0; 2 * rank];
        (paddings[2 * axis], paddings[2 * axis + 1]) = (before, behind);
        let paddings = pairs(site, &paddings)?;
        padded.push(site.helper("Pad", "Pad", vec![site.input(index), paddings], from_ref(&dtype)));
    }
    match padded.len() {
        1 => site.finish("Identity", padded, &[dtype]),
        parts => site.finish("AddN", padded, &[dtype, proto::int("N", parts as i64)]),
    }
}

/// Paddings as a matrix of two columns.
fn pairs(site: &mut Site, flat: &[i64]) -> Result<String, String> {
    let numbers = super::site::list("paddings", flat)?;
    let numbers = numbers.as_slice::<i32>().map(<[i32]>::to_vec).map_err(|error| error.to_string())?;
    let pairs = Tensor::from_vec([flat.len() / 2, 2], numbers).map_err(|error| error.to_string())?;
    Ok(site.constant("paddings", &pairs))
}

fn strided(site: &mut Site) -> Written {
    let (mut operands, mut masks) = (Vec::new(), Vec::new());
    for (name, mask) in [("begin", "begin_mask"), ("end", "end_mask")] {
        let bounds = site.attribute(name)?.as_list().unwrap_or_default();
        let open = bounds.iter().enumerate().filter(|(_, bound)| **bound == Attribute::Open);
        masks.push(proto::int(mask, open.map(|(axis, _)| 1 << axis).sum()));
        // What lies outside is cut there as well.
        let within = |bound: &Attribute| bound.as_int().unwrap_or(0).clamp(-(1 << 31) + 1, (1 << 31) - 1);
        let numbers: Vec<i64> = bounds.iter().map(within).collect();
        operands.push(site.numbers(name, &numbers)?);
    }
    let strides = site.ints("strides")?;
    operands.push(site.numbers("strides", &strides)?);
    let mut attributes: Vec<Named> = vec![proto::dtype("T", site.dtype()), proto::dtype("Index", DType::I32)];
    attributes.extend(masks);
    if site.node.op == "StridedSlice" {
        operands.insert(0, site.input(0));
        return site.finish("StridedSlice", operands, &attributes);
    }
    operands.insert(0, site.shape(1)?);
    operands.push(site.input(0));
    site.finish("StridedSliceGrad", operands, &attributes)
}

/// The paddings of an operation, as an operand.
fn paddings(site: &mut Site) -> Result<String, String> {
    let all = site.attribute("paddings")?.as_list().unwrap_or_default();
    let flat: Vec<i64> = all.iter().filter_map(Attribute::as_ints).flatten().collect();
    pairs(site, &flat)
}

fn pad(site: &mut Site) -> Written {
    let (value, dtype) = (site.float("value")?, site.dtype());
    let (paddings, attribute) = (paddings(site)?, proto::dtype("T", dtype));
    if value == 0.0 {
        return site.finish("Pad", vec![site.input(0), paddings], &[attribute]);
    }
    let value = match dtype {
        DType::F32 => Tensor::scalar(value),
        DType::I32 => Tensor::scalar(value as i32),
        DType::U8 => Tensor::scalar(value as u8),
        DType::Bool => Tensor::scalar(value != 0.0),
    };
    let value = site.constant("constant_values", &value);
    site.finish("PadV2", vec![site.input(0), paddings, value], &[attribute])
}

fn mirror(site: &mut Site) -> Written {
    let mode = if site.flag("symmetric") { "SYMMETRIC" } else { "REFLECT" };
    let paddings = paddings(site)?;
    let attributes = [proto::dtype("T", site.dtype()), proto::word("mode", mode)];
    site.finish(site.node.op, vec![site.input(0), paddings], &attributes)
}
