//! Normalizations of batches of images, as TensorFlow fuses them.

use super::{Row, constants::results, matrices::channels_last};
use crate::tensorflow::import::node::{Built, Node, Refusal};
use minutia_graph::{DType, Output};

pub const ROWS: &[Row] = &[
    ("FusedBatchNorm", batch_norm),
    ("FusedBatchNormV2", batch_norm),
    ("FusedBatchNormV3", batch_norm),
    ("FusedBatchNormGrad", batch_norm_gradient),
    ("FusedBatchNormGradV2", batch_norm_gradient),
    ("FusedBatchNormGradV3", batch_norm_gradient),
];

/// All axes but that of the channels.
const OTHERS: [usize; 3] = [0, 1, 2];

fn images(node: &Node<'_>, input: usize) -> Result<Output, Refusal> {
    channels_last(node)?;
    let x = node.tensor(input)?;
    if x.shape().len() != 4 {
        return Err(Refusal::new(format!("normalizes a tensor {}, expected images of four axes", x.shape())));
    }
    Ok(x)
}

/// Whether the statistics are those of the batch, which they are unless an attribute says otherwise.
fn is_training(node: &Node<'_>) -> bool {
    node.attribute("is_training").is_none() || node.flag("is_training")
}

/// Inputs: images, scale, offset, mean and variance, of which the last two count where nothing is trained.
/// Results: the images, the statistics for a moving average, and twice what the gradient takes.
fn batch_norm(node: &Node<'_>) -> Result<Built, Refusal> {
    let (x, scale, offset) = (images(node, 0)?, node.tensor(1)?, node.tensor(2)?);
    let epsilon = node.float("epsilon", 1e-4);
    if !is_training(node) {
        let (mean, variance) = (node.tensor(3)?, node.tensor(4)?);
        let y = x.batch_normalization(&mean, &variance, offset, scale, epsilon);
        return Ok(results([y, mean.clone(), variance.clone(), mean, variance.clone(), variance]));
    }
    if node.float("exponential_avg_factor", 1.0) != 1.0 {
        return Err(Refusal::new("moves its averages by itself"));
    }
    let (mean, variance) = x.moments(OTHERS);
    let y = x.batch_normalization(&mean, &variance, offset, scale, epsilon);
    // The variance that is handed on is that of the population of which the batch is a sample.
    let count = x.size().cast(DType::F32) / mean.size().cast(DType::F32);
    let sample = &variance * (&count / (&count - 1.0).maximum(1.0));
    Ok(results([y, mean.clone(), sample, mean, variance.clone(), variance]))
}

/// Inputs: the gradient, the images, the scale, mean and variance. Results: the gradients of images, scale
/// and offset.
fn batch_norm_gradient(node: &Node<'_>) -> Result<Built, Refusal> {
    let (g, x, scale) = (node.tensor(0)?, images(node, 1)?, node.tensor(2)?);
    let (mean, variance) =
        if is_training(node) { x.moments(OTHERS) } else { (node.tensor(3)?, node.tensor(4)?) };
    let y = x.batch_normalization(&mean, &variance, 0.0, &scale, node.float("epsilon", 1e-4));
    let by = |gradient: Option<Output>| gradient.ok_or_else(|| Refusal::new("has no gradient here"));
    let [of_x, of_scale] = node.graph.gradients(y * g.stop_gradient(), [&x, &scale])?;
    let nothing = scale.zeros_like();
    Ok(results([by(of_x)?, by(of_scale)?, g.reduce_sum(OTHERS), nothing.clone(), nothing]))
}
