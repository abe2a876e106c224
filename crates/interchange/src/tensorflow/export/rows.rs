//! What picks, changes and adds up rows.

use super::{
    Written, proto,
    site::{Site, gather},
};
use minutia_graph::{DType, Tensor};
use std::slice::from_ref;

pub fn write(site: &mut Site) -> Option<Written> {
    Some(match site.node.op {
        "Gather" => pick(site),
        "GatherGrad" => pick_gradient(site),
        "GatherNd" => {
            let attributes = [proto::dtype("Tparams", site.dtype()), proto::dtype("Tindices", DType::I32)];
            site.finish("GatherNd", site.inputs(), &attributes)
        }
        "GatherNdGrad" => scatter(site),
        "TakeAlongAxis" => take_along(site),
        "TakeAlongAxisGrad" => take_along_gradient(site),
        "OneHot" | "OneHotLike" => one_hot(site),
        "TensorScatterUpdate" | "TensorScatterAdd" | "TensorScatterSub" => change_rows(site),
        "UnsortedSegmentSum" | "UnsortedSegmentMax" | "UnsortedSegmentMin" => {
            let segments = site.int("segments");
            segments.and_then(|segments| {
                let segments = site.number("num_segments", segments)?;
                let operands = vec![site.input(0), site.input(1), segments];
                site.finish(site.node.op, operands, &segment(site.dtype()))
            })
        }
        "FirstPositions" => first_positions(site),
        _ => return None,
    })
}

/// The types of an unsorted segment operation.
fn segment(dtype: DType) -> [proto::Named; 3] {
    [proto::dtype("T", dtype), proto::dtype("Tindices", DType::I32), proto::dtype("Tnumsegments", DType::I32)]
}

fn pick(site: &mut Site) -> Written {
    let axis = site.number("axis", 0)?;
    site.finish("GatherV2", vec![site.input(0), site.input(1), axis], &gather(site.dtype()))
}

/// The sum of rows by their index. Inputs: the rows, the indices, the table.
fn pick_gradient(site: &mut Site) -> Written {
    let count = site.extent(2, 0)?;
    site.finish("UnsortedSegmentSum", vec![site.input(0), site.input(1), count], &segment(DType::F32))
}

/// The sum of slices by their indices. Inputs: the slices, the indices, the tensor.
fn scatter(site: &mut Site) -> Written {
    let shape = site.shape(2)?;
    let attributes = [proto::dtype("T", DType::F32), proto::dtype("Tindices", DType::I32)];
    site.finish("ScatterNd", vec![site.input(1), site.input(0), shape], &attributes)
}

/// The order of axes in which this one is the last, which is its own inverse; none where it is the last.
fn to_last(site: &mut Site, axis: usize, rank: usize) -> Result<Option<String>, String> {
    if axis + 1 == rank {
        return Ok(None);
    }
    let mut order: Vec<i64> = (0..rank as i64).collect();
    order.swap(axis, rank - 1);
    site.numbers("perm", &order).map(Some)
}

/// An input with its axes in this order.
fn turned(site: &mut Site, index: usize, order: Option<&String>) -> String {
    let (input, dtype) = (site.input(index), site.signature(index).dtype);
    match order {
        None => input,
        Some(order) => {
            let operands = vec![input, order.clone()];
            site.helper("Transpose", "Transpose", operands, &[proto::dtype("T", dtype)])
        }
    }
}

fn take_along(site: &mut Site) -> Written {
    let (rank, dtype) = (site.rank(0), site.dtype());
    let axis = site.axis("axis", rank)?;
    let order = to_last(site, axis, rank)?;
    let mut operands = vec![turned(site, 0, order.as_ref()), turned(site, 1, order.as_ref())];
    let last = rank as i64 - 1;
    operands.push(site.number("axis", last)?);
    let mut attributes = gather(dtype).to_vec();
    attributes.push(proto::int("batch_dims", last));
    match order {
        None => site.finish("GatherV2", operands, &attributes),
        Some(order) => {
            let taken = site.helper("GatherV2", "GatherV2", operands, &attributes);
            site.finish("Transpose", vec![taken, order], &[proto::dtype("T", dtype)])
        }
    }
}

/// The sum of elements by their place along an axis. Inputs: the elements, the places, the tensor. All rows
/// of the axis are walked as one, in which each begins where the one before ends.
fn take_along_gradient(site: &mut Site) -> Written {
    let rank = site.rank(2);
    let (float, int) = (proto::dtype("T", DType::F32), proto::dtype("T", DType::I32));
    let axis = site.axis("axis", rank)?;
    let order = to_last(site, axis, rank)?;
    let (updates, places) = (turned(site, 0, order.as_ref()), turned(site, 1, order.as_ref()));
    let x = site.input(2);
    let size_of = [proto::dtype("T", site.signature(2).dtype), proto::dtype("out_type", DType::I32)];
    let size = site.helper("Size", "Size", vec![x], &size_of);
    let (first, step) = (site.number("first", 0)?, site.extent(2, axis)?);
    let begins = vec![first, size.clone(), step];
    let begins = site.helper("Range", "Range", begins, &[proto::dtype("Tidx", DType::I32)]);
    let taken = site.extent(0, axis)?;
    let all = site.number("all", -1)?;
    let pair = [int.clone(), proto::int("N", 2)];
    let rows = site.helper("rows", "Pack", vec![all, taken], &pair);
    let places = site.helper("places", "Reshape", vec![places, rows.clone()], from_ref(&int));
    let updates = site.helper("updates", "Reshape", vec![updates, rows], from_ref(&float));
    let last = site.number("dim", 1)?;
    let begins = site.helper("ExpandDims", "ExpandDims", vec![begins, last], from_ref(&int));
    let places = site.helper("Add", "Add", vec![begins, places], from_ref(&int));
    let sums = vec![updates, places, size];
    let sums = site.helper("UnsortedSegmentSum", "UnsortedSegmentSum", sums, &segment(DType::F32));
    let shape = site.shape(2)?;
    let Some(order) = order else { return site.finish("Reshape", vec![sums, shape], &[float]) };
    let front = site.number("axis", 0)?;
    let operands = vec![shape, order.clone(), front];
    let shape = site.helper("turned", "GatherV2", operands, &gather(DType::I32));
    let sums = site.helper("Reshape", "Reshape", vec![sums, shape], from_ref(&float));
    site.finish("Transpose", vec![sums, order], &[float])
}

fn one_hot(site: &mut Site) -> Written {
    let depth = match site.int("depth") {
        Ok(depth) => site.number("depth", depth)?,
        Err(_) => site.extent(1, site.rank(1) - 1)?,
    };
    let on = site.constant("on_value", &Tensor::scalar(1.0_f32));
    let off = site.constant("off_value", &Tensor::scalar(0.0_f32));
    let attributes = [proto::dtype("T", DType::F32), proto::dtype("TI", site.dtype())];
    site.finish("OneHot", vec![site.input(0), depth, on, off], &attributes)
}

/// TensorFlow's indices are lists of one place each.
fn change_rows(site: &mut Site) -> Written {
    let op = site.node.op;
    let (axis, int) = (site.number("dim", -1)?, proto::dtype("T", DType::I32));
    let indices = site.helper("indices", "ExpandDims", vec![site.input(1), axis], &[int]);
    let attributes = [proto::dtype("T", site.dtype()), proto::dtype("Tindices", DType::I32)];
    site.finish(op, vec![site.input(0), indices, site.input(2)], &attributes)
}

/// The position at which each number stands first: the least of those of its kind.
fn first_positions(site: &mut Site) -> Written {
    let int = proto::dtype("T", DType::I32);
    let numbers = site.input(0);
    let types = [int.clone(), proto::dtype("out_idx", DType::I32)];
    let unique = site.helper("Unique", "Unique", vec![numbers], &types);
    let (first, step) = (site.number("first", 0)?, site.number("step", 1)?);
    let count = site.extent(0, 0)?;
    let positions = vec![first, count, step];
    let positions = site.helper("Range", "Range", positions, &[proto::dtype("Tidx", DType::I32)]);
    let sized = [int, proto::dtype("out_type", DType::I32)];
    let kinds = site.helper("Size", "Size", vec![unique.clone()], &sized);
    let kind = format!("{unique}:1");
    let operands = vec![positions, kind.clone(), kinds];
    let least = site.helper("UnsortedSegmentMin", "UnsortedSegmentMin", operands, &segment(DType::I32));
    let axis = site.number("axis", 0)?;
    site.finish("GatherV2", vec![least, kind, axis], &gather(DType::I32))
}
