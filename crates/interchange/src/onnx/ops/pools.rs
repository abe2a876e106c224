//! Pools over windows, and over all of each channel.

use super::{
    OnnxRow,
    shapes::valid,
    windows::{Frame, around},
};
use crate::onnx::node::{OnnxNode, OnnxResults, Part, expect_dtype, one};
use minutia_graph::{DType, Output};

pub const ROWS: &[OnnxRow] = &[
    ("AveragePool", average_pool),
    ("GlobalAveragePool", |node| global(node, |x, axes| x.reduce_mean_keep_dims(axes))),
    ("GlobalMaxPool", |node| global(node, |x, axes| x.reduce_max_keep_dims(axes))),
    ("MaxPool", max_pool),
];

fn global(node: &OnnxNode, apply: fn(&Output, Vec<usize>) -> Output) -> OnnxResults {
    let x = node.input(0)?;
    one(apply(&x, (2..x.shape().len()).collect()))
}

/// The frame of a pool.
fn frame(node: &OnnxNode) -> Part<Frame> {
    Frame::of(node, &node.ints("kernel_shape")?.ok_or("has no kernel_shape")?)
}

/// What lies behind the padding so that windows begun inside are whole, if the node asks for them.
fn beyond(node: &OnnxNode, frame: &Frame, images: &Output) -> Part<[usize; 2]> {
    if !node.flag("ceil_mode", false)? {
        return Ok([0; 2]);
    }
    let (shape, padding) = (images.shape(), frame.padding(images)?);
    let along = |axis: usize| {
        let extent = shape[axis + 1].ok_or("has ceil_mode over images whose extents only the run shows")?;
        let (before, behind) = padding[axis];
        let (reach, stride) = (frame.reach(axis)?, frame.strides[axis]);
        let inside = extent.checked_add(before).ok_or("has too many pads")?;
        let padded = inside.checked_add(behind).ok_or("has too many pads")?;
        let way = padded.checked_sub(reach).ok_or("has windows larger than the images")?;
        // A window that begins in what lies behind the images is none.
        let steps = way.div_ceil(stride);
        let steps = if steps.saturating_mul(stride) >= inside { steps.saturating_sub(1) } else { steps };
        Ok::<usize, String>(steps.saturating_mul(stride).saturating_add(reach).saturating_sub(padded))
    };
    Ok([along(0)?, along(1)?])
}

fn max_pool(node: &OnnxNode) -> OnnxResults {
    node.expect_int("storage_order", 0)?;
    node.expect_results(1)?;
    let frame = frame(node)?;
    let images = frame.images(&node.input(0)?)?;
    expect_dtype(&images, &[DType::F32])?;
    let (padding, beyond) = (frame.padding(&images)?, beyond(node, &frame, &images)?);
    let padding = [0, 1].map(|axis| (padding[axis].0, padding[axis].1 + beyond[axis]));
    let padded = around(&images, padding, f32::NEG_INFINITY);
    one(frame.back(&padded.max_pool(frame.size, valid(frame.strides, frame.dilations))))
}

fn average_pool(node: &OnnxNode) -> OnnxResults {
    let frame = frame(node)?;
    let counted = node.flag("count_include_pad", false)?;
    let images = frame.images(&node.input(0)?)?;
    expect_dtype(&images, &[DType::F32])?;
    let (padding, beyond) = (frame.padding(&images)?, beyond(node, &frame, &images)?);
    let window = valid(frame.strides, frame.dilations);
    let padded = around(&around(&images, padding, 0.0), [(0, beyond[0]), (0, beyond[1])], 0.0);
    let mean = padded.avg_pool(frame.size, window);
    let whole = padding == [(0, 0); 2] || counted;
    if whole && beyond == [0; 2] {
        return one(frame.back(&mean));
    }
    // The share of each window that counts.
    let ones = images.slice([0, 0, 0, 0], [1, -1, -1, 1]).ones_like();
    let ones = around(&ones, padding, if counted { 1.0 } else { 0.0 });
    let share = around(&ones, [(0, beyond[0]), (0, beyond[1])], 0.0).avg_pool(frame.size, window);
    one(frame.back(&(mean / share)))
}
