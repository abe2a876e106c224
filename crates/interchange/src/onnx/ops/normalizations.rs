//! Normalizations.

use super::{
    OnnxRow,
    shapes::{channels_last, channels_second},
};
use crate::onnx::node::{OnnxNode, OnnxResults, Part, axis_of, count, one, product, static_shape};
use minutia_graph::Output;

pub const ROWS: &[OnnxRow] = &[
    ("BatchNormalization", batch_normalization),
    ("GroupNormalization", group_normalization),
    ("InstanceNormalization", instance_normalization),
    ("LRN", lrn),
    ("LayerNormalization", layer_normalization),
    ("LpNormalization", lp_normalization),
    ("MeanVarianceNormalization", mean_variance_normalization),
    ("RMSNormalization", rms_normalization),
];

/// A number for each channel, `[channels]`, beside images that have their channels second.
fn by_channel(vector: &Output, rank: usize) -> Output {
    (2..rank).fold(vector.clone(), |vector, _| vector.expand_dims(-1))
}

fn batch_normalization(node: &OnnxNode) -> OnnxResults {
    node.expect_int("training_mode", 0)?;
    node.expect_int("spatial", 1)?;
    // How much of older statistics stays while a network is trained.
    node.float("momentum", 0.9)?;
    node.int("is_test", 1)?;
    node.expect_results(1)?;
    let x = node.input(0)?;
    let rank = x.shape().len();
    let part = |index| node.input(index).map(|part| by_channel(&part, rank));
    let (scale, offset, mean, variance) = (part(1)?, part(2)?, part(3)?, part(4)?);
    let epsilon = node.float("epsilon", 1e-5)?;
    one(x.batch_normalization(&mean, &variance, &offset, &scale, epsilon))
}

/// Distances from the mean over some axes, over the standard deviation; and the mean and 1 over the
/// deviation, with these axes as extents of 1.
fn standardized(x: &Output, axes: &[usize], epsilon: f32) -> [Output; 3] {
    let mean = x.reduce_mean_keep_dims(axes.to_vec());
    let distance = x - &mean;
    let scale = (distance.square().reduce_mean_keep_dims(axes.to_vec()) + epsilon).rsqrt();
    [distance * &scale, mean, scale]
}

fn layer_normalization(node: &OnnxNode) -> OnnxResults {
    node.expect_int("stash_type", 1)?;
    let x = node.input(0)?;
    let rank = x.shape().len();
    let axis = axis_of(node.int("axis", -1)?, rank)?;
    let [y, mean, scale] = standardized(&x, &(axis..rank).collect::<Vec<_>>(), node.float("epsilon", 1e-5)?);
    let y = y * node.input(1)?;
    let y = node.optional(2)?.map_or_else(|| y.clone(), |offset| &y + offset);
    Ok([y, mean, scale].map(Into::into).into())
}

fn rms_normalization(node: &OnnxNode) -> OnnxResults {
    node.expect_int("stash_type", 1)?;
    let x = node.input(0)?;
    let rank = x.shape().len();
    let axis = axis_of(node.int("axis", -1)?, rank)?;
    let axes: Vec<usize> = (axis..rank).collect();
    let scale = (x.square().reduce_mean_keep_dims(axes) + node.float("epsilon", 1e-5)?).rsqrt();
    one(x * scale * node.input(1)?)
}

fn instance_normalization(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let rank = x.shape().len();
    let [y, ..] = standardized(&x, &(2..rank).collect::<Vec<_>>(), node.float("epsilon", 1e-5)?);
    one(y * by_channel(&node.input(1)?, rank) + by_channel(&node.input(2)?, rank))
}

/// The channels as groups, each of which is normalized by itself.
fn group_normalization(node: &OnnxNode) -> OnnxResults {
    node.expect_int("stash_type", 1)?;
    let groups = count(node.int("num_groups", 0)?, "num_groups")?;
    let x = node.input(0)?;
    let rank = x.shape().len();
    let (scale, offset) = (node.input(1)?, node.input(2)?);
    if node.opset < 21 {
        return Err("has numbers for each group, expected for each channel (version 21)".into());
    }
    let grouped = x.reshape((-1, groups, rest(&x, groups)?));
    let [y, ..] = standardized(&grouped, &[2], node.float("epsilon", 1e-5)?);
    one(y.reshape_like(&x) * by_channel(&scale, rank) + by_channel(&offset, rank))
}

/// How many elements of an image a group has.
fn rest(x: &Output, groups: usize) -> Part<usize> {
    let dims = static_shape(x)?;
    let elements = product(dims.get(1..).unwrap_or_default())?;
    match dims.get(1) {
        Some(channels) if groups > 0 && channels % groups == 0 => Ok(elements / groups),
        _ => Err(format!("has {groups} groups of the channels of {dims:?}")),
    }
}

fn mean_variance_normalization(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let axes = node.ints("axes")?.unwrap_or_else(|| vec![0, 2, 3]);
    let axes = axes.iter().map(|&axis| axis_of(axis, x.shape().len())).collect::<Part<Vec<_>>>()?;
    let mean = x.reduce_mean_keep_dims(axes.clone());
    let deviation = (x.square().reduce_mean_keep_dims(axes) - mean.square()).sqrt();
    // As in ONNX's definition of the function.
    one((x - mean) / (deviation + 1e-9))
}

fn lp_normalization(node: &OnnxNode) -> OnnxResults {
    let x = node.input(0)?;
    let axis = axis_of(node.int("axis", -1)?, x.shape().len())?;
    let length = match node.int("p", 2)? {
        1 => x.abs().reduce_sum_keep_dims(axis),
        2 => x.square().reduce_sum_keep_dims(axis).sqrt(),
        other => return Err(format!("has the attribute p={other}, expected 1 or 2")),
    };
    one(x / length)
}

/// Squares of the channels around each: `size` of them, of which one more lies behind where they are even.
fn lrn(node: &OnnxNode) -> OnnxResults {
    let size = count(node.int("size", 0)?, "size")?;
    let (alpha, beta) = (node.float("alpha", 1e-4)?, node.float("beta", 0.75)?);
    let bias = node.float("bias", 1.0)?;
    if size % 2 == 0 {
        return Err(format!("has the attribute size={size}, expected an odd number"));
    }
    let images = channels_last(&node.input(0)?);
    let normalized = images.local_response_normalization(size / 2, bias, alpha / size as f32, beta);
    one(channels_second(&normalized))
}
