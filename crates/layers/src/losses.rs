//! Losses as one number: TensorFlow 1's `tf.losses`, with its names and order of arguments.
//!
//! Each computes a loss for every prediction and takes the weighted mean: the sum of losses times weights,
//! divided by the number of weights that are not 0 (TensorFlow's `SUM_BY_NONZERO_WEIGHTS`), or 0 where there
//! are none. Weights are a number, 1.0 for an ordinary mean, or a tensor that broadcasts to the losses: with
//! 0 in the place of what is only padding, it has no part in the mean.
//!
//! ```
//! use minutia_graph::{Device, Graph, Session};
//! use minutia_layers::losses;
//!
//! let graph = Graph::new();
//! let predictions = graph.constant([1.0_f32, 2.0, 9.0]);
//! let labels = graph.constant([0.0_f32, 4.0, 0.0]);
//! let mean = losses::mean_squared_error(&labels, &predictions, 1.0);
//! let of_two = losses::mean_squared_error(&labels, &predictions, graph.constant([1.0_f32, 1.0, 0.0]));
//! let mut session = Session::new(&graph, &Device::cpu()?)?;
//! let (mean, of_two) = session.run((&mean, &of_two), ())?;
//! assert_eq!(mean.value::<f32>()?, (1.0 + 4.0 + 81.0) / 3.0);
//! assert_eq!(of_two.value::<f32>()?, (1.0 + 4.0) / 2.0);
//! # Ok::<(), minutia_graph::Error>(())
//! ```
//!
//! Labels and predictions have one shape; TensorFlow's slip of `[n]` beside `[n, 1]`, whose difference has `n
//! * n` numbers, is an error of the loss.

use minutia_graph::{DType, Error, OpError, Operand, Output, SourceLine};
use std::sync::Arc;

/// The weighted mean of losses, one for each prediction: TensorFlow's `compute_weighted_loss`. See the
/// [module](self).
#[track_caller]
#[must_use]
pub fn compute_weighted_loss(losses: impl AsRef<Output>, weights: impl Operand) -> Output {
    let losses = losses.as_ref();
    let _scope = losses.graph().name_scope("weighted_loss");
    let weights = weights.operand(losses);
    let sum = (losses * &weights).reduce_sum(..);
    let count = if weights.shape().is_empty() {
        // Where the one weight is 0, so is the sum.
        losses.size().cast(DType::F32)
    } else {
        weights.not_equal(0.0).cast(DType::F32).broadcast_like(losses).reduce_sum(..)
    };
    sum / count.maximum(1.0)
}

/// The mean of `|prediction - label|`.
#[doc(alias = "mean_absolute_error")]
#[doc(alias = "l1_loss")]
#[track_caller]
#[must_use]
pub fn absolute_difference(
    labels: impl AsRef<Output>,
    predictions: impl AsRef<Output>,
    weights: impl Operand,
) -> Output {
    let (labels, predictions) = (labels.as_ref(), predictions.as_ref());
    let _scope = predictions.graph().name_scope("absolute_difference");
    if let Some(refused) = refuse("absolute_difference", labels, predictions) {
        return refused;
    }
    compute_weighted_loss((predictions - labels).abs(), weights)
}

/// The mean of `(prediction - label)^2`.
#[doc(alias = "mse_loss")]
#[track_caller]
#[must_use]
pub fn mean_squared_error(
    labels: impl AsRef<Output>,
    predictions: impl AsRef<Output>,
    weights: impl Operand,
) -> Output {
    let (labels, predictions) = (labels.as_ref(), predictions.as_ref());
    let _scope = predictions.graph().name_scope("mean_squared_error");
    if let Some(refused) = refuse("mean_squared_error", labels, predictions) {
        return refused;
    }
    compute_weighted_loss(predictions.squared_difference(labels), weights)
}

/// The mean of Huber's loss ([`Output::huber_loss`]): half the square up to a distance of `delta` from the
/// label, and a line beyond. TensorFlow's `delta` is 1 unless it is told another.
#[doc(alias = "smooth_l1_loss")]
#[track_caller]
#[must_use]
pub fn huber_loss(
    labels: impl AsRef<Output>,
    predictions: impl AsRef<Output>,
    weights: impl Operand,
    delta: f32,
) -> Output {
    let (labels, predictions) = (labels.as_ref(), predictions.as_ref());
    let _scope = predictions.graph().name_scope("huber");
    if let Some(refused) = refuse("huber_loss", labels, predictions) {
        return refused;
    }
    compute_weighted_loss(predictions.huber_loss(labels, delta), weights)
}

/// The mean of `max(0, 1 - s logit)`, where the sign `s` is 1 for a label of 1 and -1 for one of 0.
#[track_caller]
#[must_use]
pub fn hinge_loss(labels: impl AsRef<Output>, logits: impl AsRef<Output>, weights: impl Operand) -> Output {
    let (labels, logits) = (labels.as_ref(), logits.as_ref());
    let _scope = logits.graph().name_scope("hinge_loss");
    if let Some(refused) = refuse("hinge_loss", labels, logits) {
        return refused;
    }
    let signs = labels * 2.0 - 1.0;
    compute_weighted_loss((1.0 - signs * logits).relu(), weights)
}

/// The mean of `-label ln(p + epsilon) - (1 - label) ln(1 - p + epsilon)`, where `p`, a probability, is the
/// prediction. TensorFlow's `epsilon` is 1e-7 unless it is told another. Where there are logits,
/// [`sigmoid_cross_entropy`] is exact.
#[doc(alias = "binary_cross_entropy")]
#[track_caller]
#[must_use]
pub fn log_loss(
    labels: impl AsRef<Output>,
    predictions: impl AsRef<Output>,
    weights: impl Operand,
    epsilon: f32,
) -> Output {
    let (labels, predictions) = (labels.as_ref(), predictions.as_ref());
    let _scope = predictions.graph().name_scope("log_loss");
    if let Some(refused) = refuse("log_loss", labels, predictions) {
        return refused;
    }
    let losses = -(labels * (predictions + epsilon).log());
    compute_weighted_loss(losses - (1.0 - labels) * (1.0 - predictions + epsilon).log(), weights)
}

/// The mean cross-entropy, in nats, of the sigmoid of logits against labels from 0 to 1, for classes that do
/// not exclude each other.
#[doc(alias = "BCEWithLogitsLoss")]
#[track_caller]
#[must_use]
pub fn sigmoid_cross_entropy(
    multi_class_labels: impl AsRef<Output>,
    logits: impl AsRef<Output>,
    weights: impl Operand,
) -> Output {
    let (labels, logits) = (multi_class_labels.as_ref(), logits.as_ref());
    let _scope = logits.graph().name_scope("sigmoid_cross_entropy_loss");
    if let Some(refused) = refuse("sigmoid_cross_entropy", labels, logits) {
        return refused;
    }
    compute_weighted_loss(logits.sigmoid_cross_entropy_with_logits(labels), weights)
}

/// The mean cross-entropy, in nats, of the softmax of logits `[.., classes]` against probabilities of the
/// same shape, such as rows with a single 1; as in TensorFlow no gradient goes to these. Weights are one for
/// each row, or a number.
#[doc(alias = "categorical_crossentropy")]
#[track_caller]
#[must_use]
pub fn softmax_cross_entropy(
    onehot_labels: impl AsRef<Output>,
    logits: impl AsRef<Output>,
    weights: impl Operand,
) -> Output {
    let (labels, logits) = (onehot_labels.as_ref(), logits.as_ref());
    let _scope = logits.graph().name_scope("softmax_cross_entropy_loss");
    if let Some(refused) = refuse("softmax_cross_entropy", labels, logits) {
        return refused;
    }
    compute_weighted_loss(logits.softmax_cross_entropy_with_logits(labels.stop_gradient()), weights)
}

/// The mean cross-entropy, in nats, of the softmax of logits `[.., classes]` against the number of the right
/// class, `i32` of `[..]`. Weights are one for each label, or a number.
#[doc(alias = "sparse_categorical_crossentropy")]
#[track_caller]
#[must_use]
pub fn sparse_softmax_cross_entropy(
    labels: impl AsRef<Output>,
    logits: impl AsRef<Output>,
    weights: impl Operand,
) -> Output {
    let (labels, logits) = (labels.as_ref(), logits.as_ref());
    let _scope = logits.graph().name_scope("sparse_softmax_cross_entropy_loss");
    compute_weighted_loss(logits.sparse_softmax_cross_entropy_with_logits(labels), weights)
}

/// A node that remembers why there is no loss of these, if there is none.
#[track_caller]
fn refuse(op: &'static str, labels: &Output, predictions: &Output) -> Option<Output> {
    if let Some(broken) = [labels, predictions].into_iter().find(|x| x.check().is_err()) {
        return Some(broken.clone());
    }
    let (of_labels, of_predictions) = (labels.signature(), predictions.signature());
    let (a, b) = (&of_labels.shape, &of_predictions.shape);
    let alike = |(a, b): (&Option<usize>, &Option<usize>)| a.is_none() || b.is_none() || a == b;
    let (detail, hint) = if of_labels.dtype != DType::F32 || of_predictions.dtype != DType::F32 {
        let detail = format!(
            "takes labels and predictions of f32, not {} and {}",
            of_labels.dtype, of_predictions.dtype
        );
        (
            detail,
            "cast them first; labels that are numbers of classes are for sparse_softmax_cross_entropy, or one_hot",
        )
    } else if a.len() != b.len() || !a.iter().zip(b.iter()).all(alike) {
        let detail = format!("takes labels and predictions of one shape, not {a} and {b}");
        (detail, "reshape_like, squeeze or expand_dims makes them one")
    } else {
        return None;
    };
    let graph = predictions.graph();
    let inputs = [labels, predictions].map(|x| (x.name(), x.signature())).to_vec();
    let (name, place, hint) = (op.to_string(), SourceLine::caller(), Some(hint.to_string()));
    Some(graph.invalid(Error::Op(Arc::new(OpError { op, name, detail, inputs, place, hint }))))
}
