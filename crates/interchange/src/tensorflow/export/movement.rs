//! Changes of shape, and what moves elements as wholes.

use super::{
    Written, proto,
    site::{Site, list},
};
use minutia_graph::{DType, Tensor};
use std::slice::from_ref;

pub fn write(site: &mut Site) -> Option<Written> {
    Some(match site.node.op {
        "Shape" | "Size" => {
            let attributes = [proto::dtype("T", site.dtype()), proto::dtype("out_type", DType::I32)];
            site.finish(site.node.op, site.inputs(), &attributes)
        }
        "Reshape" => by_numbers(site, "Reshape", "dims", "shape"),
        "BroadcastTo" => by_numbers(site, "BroadcastTo", "dims", "shape"),
        "Transpose" => by_numbers(site, "Transpose", "order", "perm"),
        "Tile" => by_numbers(site, "Tile", "multiples", "multiples"),
        "ReshapeLike" => like(site, "Reshape"),
        "BroadcastLike" => like(site, "BroadcastTo"),
        "ExpandDims" => expand(site),
        "Squeeze" => squeeze(site),
        "Reverse" => reverse(site),
        "Roll" => roll(site),
        "Concat" => concat(site),
        "ConcatPart" => concat_part(site),
        "TileGrad" => tile_gradient(site),
        "Range" => range(site),
        _ => return None,
    })
}

/// An operation with a list of integers as its second operand.
fn by_numbers(site: &mut Site, op: &str, attribute: &str, operand: &str) -> Written {
    let numbers = site.ints(attribute)?;
    let numbers = site.numbers(operand, &numbers)?;
    site.finish(op, vec![site.input(0), numbers], &[proto::dtype("T", site.dtype())])
}

/// An operation with the shape of the second input as its second operand.
fn like(site: &mut Site, op: &str) -> Written {
    let shape = site.shape(1)?;
    site.finish(op, vec![site.input(0), shape], &[proto::dtype("T", site.dtype())])
}

fn expand(site: &mut Site) -> Written {
    let axis = site.int("axis")?;
    let axis = site.number("dim", axis)?;
    site.finish("ExpandDims", vec![site.input(0), axis], &[proto::dtype("T", site.dtype())])
}

fn squeeze(site: &mut Site) -> Written {
    let attributes = [proto::dtype("T", site.dtype()), proto::ints("squeeze_dims", &[site.int("axis")?])];
    site.finish("Squeeze", site.inputs(), &attributes)
}

fn reverse(site: &mut Site) -> Written {
    let axes = match site.node.attributes.contains_key("axes") {
        true => site.ints("axes")?,
        false => (0..site.rank(0) as i64).collect(),
    };
    let axes = site.numbers("axis", &axes)?;
    site.finish("ReverseV2", vec![site.input(0), axes], &[proto::dtype("T", site.dtype())])
}

fn roll(site: &mut Site) -> Written {
    let (shift, axis) = (site.int("shift")?, site.axis("axis", site.rank(0))?);
    let (shift, axis) = (site.number("shift", shift)?, site.number("axis", axis as i64)?);
    let attributes = [
        proto::dtype("T", site.dtype()),
        proto::dtype("Tshift", DType::I32),
        proto::dtype("Taxis", DType::I32),
    ];
    site.finish("Roll", vec![site.input(0), shift, axis], &attributes)
}

fn concat(site: &mut Site) -> Written {
    let (mut inputs, dtype) = (site.inputs(), proto::dtype("T", site.dtype()));
    if inputs.len() == 1 {
        return site.finish("Identity", inputs, &[dtype]);
    }
    let count = proto::int("N", inputs.len() as i64);
    let axis = site.int("axis")?;
    inputs.push(site.number("axis", axis)?);
    site.finish("ConcatV2", inputs, &[dtype, count])
}

/// The part of a whole that one of the others was joined into. Inputs: the whole, all parts.
fn concat_part(site: &mut Site) -> Written {
    let (index, count) = (site.int("index")?, site.node.inputs.len() - 1);
    let dtype = proto::dtype("T", site.dtype());
    if count == 1 {
        return site.finish("Identity", vec![site.input(0)], &[dtype]);
    }
    let axis = site.axis("axis", site.rank(0))?;
    let mut offsets = vec![site.number("concat_dim", axis as i64)?];
    for part in 1..=count {
        offsets.push(site.shape(part)?);
    }
    let own = offsets[index as usize + 1].clone();
    let offsets = site.helper("ConcatOffset", "ConcatOffset", offsets, &[proto::int("N", count as i64)]);
    let begin = if index == 0 { offsets } else { format!("{offsets}:{index}") };
    let attributes = [dtype, proto::dtype("Index", DType::I32)];
    site.finish("Slice", vec![site.input(0), begin, own], &attributes)
}

/// The sum over all copies. Inputs: the copies, what was copied.
fn tile_gradient(site: &mut Site) -> Written {
    let (multiples, dtype) = (site.ints("multiples")?, proto::dtype("T", site.dtype()));
    let extents = site.extents(1).ok_or("the extents of what was copied are not known")?;
    let apart: Vec<i64> =
        multiples.iter().zip(&extents).flat_map(|(&copies, &extent)| [copies, extent]).collect();
    let axes: Vec<i64> = (0..multiples.len() as i64).map(|axis| 2 * axis).collect();
    let apart = site.numbers("apart", &apart)?;
    let copies = site.helper("Reshape", "Reshape", vec![site.input(0), apart], from_ref(&dtype));
    let axes = site.numbers("reduction_indices", &axes)?;
    site.finish("Sum", vec![copies, axes], &[dtype])
}

fn range(site: &mut Site) -> Written {
    let (start, delta, count) = (site.int("start")?, site.int("delta")?, site.int("count")?);
    let end = delta.checked_mul(count).and_then(|way| start.checked_add(way));
    let bounds = end.map(|end| list("range", &[start, end, delta]));
    let Some(Ok(_)) = bounds else { return Err("its numbers exceed i32".to_string()) };
    let mut operands = Vec::new();
    for (name, value) in [("start", start), ("limit", start + delta * count), ("delta", delta)] {
        operands.push(site.constant(name, &Tensor::scalar(value as i32)));
    }
    site.finish("Range", operands, &[proto::dtype("Tidx", DType::I32)])
}
