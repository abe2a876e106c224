//! Operations that move elements and change none.

use super::OnnxRow;
use crate::onnx::{
    fold,
    node::{OnnxNode, OnnxResults, Part, axis_of, count, counts, one, product, static_shape},
    value::ShapeEntry,
};
use minutia_graph::{Output, Window};

pub const ROWS: &[OnnxRow] = &[
    ("Concat", concat),
    ("DepthToSpace", depth_to_space),
    ("Expand", expand),
    ("Flatten", flatten),
    ("Reshape", reshape),
    ("SpaceToDepth", space_to_depth),
    ("Squeeze", squeeze),
    ("Tile", tile),
    ("Transpose", transpose),
    ("Unsqueeze", unsqueeze),
];

fn concat(node: &OnnxNode) -> OnnxResults {
    let parts = node.all()?;
    let rank = parts.first().ok_or("has no inputs")?.shape().len();
    let axis = axis_of(node.int("axis", if node.opset < 4 { 1 } else { 0 })?, rank)?;
    one(node.graph.concat(&parts, axis as isize))
}

/// As large as a shape says, or larger where the operand is.
fn expand(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let extents = node.extents_of(1)?;
    let shape = x.shape();
    // What the operand has where the shape has 1 or nothing.
    let rank = shape.len().max(extents.len());
    let mut dims = Vec::new();
    for axis in 0..rank {
        let own = (axis + shape.len()).checked_sub(rank).map_or(Some(1), |axis| shape[axis]);
        let wanted =
            (axis + extents.len()).checked_sub(rank).map_or(&ShapeEntry::Is(1), |axis| &extents[axis]);
        dims.push(match (own, wanted) {
            (Some(own), ShapeEntry::Is(1)) => own,
            (Some(_), ShapeEntry::Is(n)) => count(*n, "an extent")?,
            (None, ShapeEntry::Is(1)) | (_, ShapeEntry::Of(..)) => return stretched(node, &x, &extents),
            (None, ShapeEntry::Is(n)) => count(*n, "an extent")?,
        });
    }
    one(x.broadcast_to(dims))
}

/// To extents of which some are those of one tensor that has the same rank; or those that the operand has
/// itself.
fn stretched(node: &OnnxNode, x: &Output, extents: &[ShapeEntry]) -> OnnxResults {
    if extents.iter().all(|extent| *extent == ShapeEntry::Is(1)) && extents.len() <= x.shape().len() {
        return one(x.clone());
    }
    let other = extents.iter().find_map(|extent| match extent {
        ShapeEntry::Of(other, _) => Some(other),
        ShapeEntry::Is(_) => None,
    });
    let other = other.filter(|other| {
        let shape = other.shape();
        let same = |(axis, extent): (usize, &ShapeEntry)| match extent {
            ShapeEntry::Is(n) => shape[axis].and_then(|n| i64::try_from(n).ok()) == Some(*n),
            ShapeEntry::Of(of, at) => of == *other && *at == axis,
        };
        shape.len() == extents.len() && extents.iter().enumerate().all(same)
    });
    let other = other.ok_or("has a shape that only the run shows, expected that of one tensor")?;
    // Zeros of the other shape stretch the operand, also where that is longer along some axis.
    match x.dtype() {
        minutia_graph::DType::F32 => one(x + node.graph.constant(0.0_f32).broadcast_like(other)),
        _ => one(x.broadcast_like(other)),
    }
}

fn flatten(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let shape = x.shape();
    let axis = node.int("axis", 1)?;
    let axis = if axis == shape.len() as i64 { shape.len() } else { axis_of(axis, shape.len())? };
    let known = |extents: &[Option<usize>]| {
        extents.iter().try_fold(1_usize, |n, extent| extent.and_then(|extent| n.checked_mul(extent)))
    };
    let (rows, columns) = (known(&shape[..axis]), known(&shape[axis..]));
    if rows.is_none() && columns.is_none() {
        return Err(format!("has an input of shape {shape}, expected one side of axis {axis} to be known"));
    }
    one(x.reshape((rows, columns)))
}

fn reshape(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let mut extents = match node.ints("shape")? {
        Some(shape) => shape.into_iter().map(ShapeEntry::Is).collect(),
        None => node.extents_of(1)?,
    };
    if !node.flag("allowzero", false)? {
        // 0 stands for the extent that the operand has there.
        let shape = x.shape();
        for (axis, extent) in
            extents.iter_mut().enumerate().filter(|(_, extent)| **extent == ShapeEntry::Is(0))
        {
            let own = shape.get(axis).ok_or_else(|| format!("copies axis {axis} of shape {shape}"))?;
            *extent = own.map_or(ShapeEntry::Of(x.clone(), axis), |own| ShapeEntry::Is(own as i64));
        }
    }
    one(x.reshape(fold::target(&x, &extents)?))
}

fn squeeze(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let rank = x.shape().len();
    let axes = match node.axes("axes", 1)? {
        Some(axes) => axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Part<Vec<_>>>()?,
        None => {
            let dims = static_shape(&x)?;
            (0..rank).filter(|&axis| dims[axis] == 1).collect()
        }
    };
    let mut axes = axes;
    axes.sort_unstable();
    one(axes.iter().rev().fold(x, |x, &axis| x.squeeze(axis as isize)))
}

fn unsqueeze(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let axes = node.axes("axes", 1)?.ok_or("has no axes")?;
    let rank = x.shape().len() + axes.len();
    let mut axes = axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Part<Vec<_>>>()?;
    axes.sort_unstable();
    one(axes.iter().fold(x, |x, &axis| x.expand_dims(axis as isize)))
}

fn tile(node: &OnnxNode) -> OnnxResults {
    let multiples = counts(&node.integers_of(1)?.ok_or("has no repeats")?, "a number of copies")?;
    one(node.input(0)?.tile(multiples))
}

fn transpose(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let order = match node.ints("perm")? {
        Some(order) => counts(&order, "an axis")?,
        None => (0..x.shape().len()).rev().collect(),
    };
    one(x.transpose(order))
}

/// Channels last, where images have them second.
pub fn channels_last(x: &Output) -> Output {
    x.transpose([0, 2, 3, 1])
}

/// Channels second, where images have them last.
pub fn channels_second(x: &Output) -> Output {
    x.transpose([0, 3, 1, 2])
}

fn space_to_depth(node: &OnnxNode) -> OnnxResults {
    let size = count(node.int("blocksize", 0)?, "blocksize")?;
    one(channels_second(&channels_last(&node.input(0)?).space_to_depth(size)))
}

fn depth_to_space(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let size = count(node.int("blocksize", 0)?, "blocksize")?;
    let mode = node.text("mode", "DCR")?;
    if mode == "DCR" {
        return one(channels_second(&channels_last(&x).depth_to_space(size)));
    }
    if mode != "CRD" {
        return Err(format!("has the attribute mode={mode:?}, expected DCR or CRD"));
    }
    let dims = static_shape(&x)?;
    let [_, channels, height, width] = dims[..] else { return Err("takes images of rank 4".into()) };
    let pixels = size.checked_mul(size).filter(|&n| n > 0 && channels % n == 0);
    let depth = channels / pixels.ok_or("has a blocksize whose square does not divide the channels")?;
    let parts = x.reshape((-1, depth, size, size, height, width)).transpose([0, 1, 4, 2, 5, 3]);
    one(parts.reshape((-1, depth, product(&[height, size])?, product(&[width, size])?)))
}

/// Windows that lie inside the images.
pub fn valid(strides: [usize; 2], dilations: [usize; 2]) -> Window {
    Window::valid().strides(strides).dilations(dilations)
}
