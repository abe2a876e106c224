//! Losses, one number for each prediction, that do not overflow where their formulas would.

use super::*;
use crate::{Operand, conformance::numbers};
use minutia_tensor::Tensor;

impl Output {
    /// Cross-entropy, in nats, of the sigmoid of these logits against labels from 0 to 1, elementwise:
    /// `max(x, 0) - x z + ln(1 + e^-|x|)`, for classes that do not exclude each other. Gradients:
    /// `g (sigmoid x - z)`, and `-g x` for the labels.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let logits = graph.constant([0.0_f32, 1000.0, -1000.0]);
    /// let loss = logits.sigmoid_cross_entropy_with_logits(graph.constant([1.0_f32, 1.0, 1.0]));
    /// assert_eq!(session.run(loss, ())?.as_slice::<f32>()?, [std::f32::consts::LN_2, 0.0, 1000.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "bce_with_logits")]
    #[track_caller]
    #[must_use]
    pub fn sigmoid_cross_entropy_with_logits(&self, labels: impl Operand) -> Output {
        let labels = labels.operand(self);
        if let Some(refused) = refused(self, &labels, "sigmoid_cross_entropy_with_logits", FLOATS) {
            return refused;
        }
        let _scope = self.graph.name_scope("logistic_loss");
        self.softplus() - self * labels
    }

    /// As [`sigmoid_cross_entropy_with_logits`](Output::sigmoid_cross_entropy_with_logits), with the loss of
    /// labels of 1 multiplied by `pos_weight`: more than 1 misses fewer of them, less than 1 finds fewer
    /// that are none.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let logits = graph.constant([-1000.0_f32, 1000.0]);
    /// let loss = logits.weighted_cross_entropy_with_logits(graph.constant([1.0_f32, 0.0]), 3.0);
    /// assert_eq!(session.run(loss, ())?.as_slice::<f32>()?, [3000.0, 1000.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn weighted_cross_entropy_with_logits(&self, labels: impl Operand, pos_weight: f32) -> Output {
        let labels = labels.operand(self);
        if let Some(refused) = refused(self, &labels, "weighted_cross_entropy_with_logits", FLOATS) {
            return refused;
        }
        let _scope = self.graph.name_scope("weighted_logistic_loss");
        let weight = &labels * (pos_weight - 1.0) + 1.0;
        // ln(1 + e^-x) = softplus(-x).
        (1.0 - labels) * self + weight * (-self).softplus()
    }

    /// Cross-entropy, in nats, of the softmax of these logits `[.., classes]` against the index of the right
    /// class, `i32` of `[..]`. A label that is no class gives NaN, as on TensorFlow's GPUs. Gradient:
    /// `g (softmax - one_hot)`. See
    /// [`softmax_cross_entropy_with_logits`](Output::softmax_cross_entropy_with_logits).
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let logits = graph.constant([[0.0_f32, 0.0], [1000.0, 0.0], [0.0, 0.0]]);
    /// let loss = logits.sparse_softmax_cross_entropy_with_logits(graph.constant([1, 0, 2]));
    /// let loss = session.run(loss, ())?;
    /// assert_eq!(loss.as_slice::<f32>()?[..2], [std::f32::consts::LN_2, 0.0]);
    /// assert!(loss.as_slice::<f32>()?[2].is_nan());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "cross_entropy")]
    #[track_caller]
    #[must_use]
    pub fn sparse_softmax_cross_entropy_with_logits(&self, labels: impl AsRef<Output>) -> Output {
        let labels = labels.as_ref();
        if let Some(refused) = refused(self, labels, "sparse_softmax_cross_entropy_with_logits", CLASSES) {
            return refused;
        }
        let _scope = self.graph.name_scope("SparseSoftmaxCrossEntropyWithLogits");
        let hot = labels.one_hot_like(self);
        // One class a row, or none, of which nothing can be said: 0 / 0.
        let count = hot.reduce_sum(-1);
        -hot.multiply_no_nan(self.log_softmax()).reduce_sum(-1) / count
    }

    /// Half the sum of the squares of all elements. Gradient: `g x`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(graph.constant([3.0_f32, 4.0]).l2_loss(), ())?.value::<f32>()?, 12.5);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn l2_loss(&self) -> Output {
        let _scope = self.graph.name_scope("L2Loss");
        self.square().reduce_sum(..) * 0.5
    }

    /// Elementwise loss of these predictions, a parabola up to `delta` from the label and a line beyond
    /// (Huber, 1964): `e^2 / 2` where `|e| <= delta`, else `delta (|e| - delta / 2)`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let loss = graph.constant([0.5_f32, 3.0]).huber_loss(0.0, 1.0);
    /// assert_eq!(session.run(loss, ())?.as_slice::<f32>()?, [0.125, 2.5]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "smooth_l1_loss")]
    #[track_caller]
    #[must_use]
    pub fn huber_loss(&self, labels: impl Operand, delta: f32) -> Output {
        let labels = labels.operand(self);
        if let Some(refused) = refused(self, &labels, "huber_loss", FLOATS) {
            return refused;
        }
        let _scope = self.graph.name_scope("huber_loss");
        let error = (self - labels).abs();
        let quadratic = error.minimum(delta);
        let linear = &error - &quadratic;
        quadratic.square() * 0.5 + linear * delta
    }
}

/// The types that labels of a loss may have, and what helps where they have another.
pub(super) type Labels = (&'static [DType], &'static str);

const FLOATS: Labels = (&[DType::F32], "cast(DType::F32) makes numbers of them");
const CLASSES: Labels = (
    &[DType::I32, DType::U8],
    "labels that are probabilities, a row of them for each row of logits, are for softmax_cross_entropy_with_logits",
);

/// A node that remembers that a loss does not take labels of this type, if so: the operations that it is made
/// of would say so of operands that the caller never named.
#[track_caller]
pub(super) fn refused(
    logits: &Output,
    labels: &Output,
    function: &'static str,
    (types, hint): Labels,
) -> Option<Output> {
    let found = labels.dtype();
    if types.contains(&found) || !labels.graph.same(&logits.graph) {
        return None;
    }
    let names: Vec<String> = types.iter().map(DType::to_string).collect();
    let mismatch = Mismatch::new(format!("labels are {found}, not {}", names.join(" or "))).hint(hint);
    Some(logits.refuse(function, &[labels], mismatch))
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[
    ("huber_loss", "Output::huber_loss"),
    ("L2Loss", "Output::l2_loss"),
    ("sigmoid_cross_entropy_with_logits", "Output::sigmoid_cross_entropy_with_logits"),
    ("SparseSoftmaxCrossEntropyWithLogits", "Output::sparse_softmax_cross_entropy_with_logits"),
    ("weighted_cross_entropy_with_logits", "Output::weighted_cross_entropy_with_logits"),
];

pub(crate) fn samples() -> Vec<Sample> {
    let two = |label: &str, apply: fn(&Output, &Output) -> Output| {
        let inputs = vec![numbers([3, 4], -3.0, 3.0), numbers([3, 4], 0.1, 0.9)];
        Sample::new(label, inputs, move |_, x| apply(&x[0], &x[1])).row_wise()
    };
    let sparse = |g: &Graph, x: &[Output]| {
        x[0].sparse_softmax_cross_entropy_with_logits(g.constant(Tensor::from([2, 0, 1])))
    };
    vec![
        two("sigmoid_cross_entropy", |x, z| x.sigmoid_cross_entropy_with_logits(z)),
        two("weighted_cross_entropy", |x, z| x.weighted_cross_entropy_with_logits(z, 2.5)),
        two("huber_loss", |x, z| x.huber_loss(z, 1.0)),
        Sample::new("sparse_softmax_cross_entropy", vec![numbers([3, 4], -3.0, 3.0)], sparse),
        Sample::new("l2_loss", vec![numbers([3, 4], -3.0, 3.0)], |_, x| x[0].l2_loss()),
    ]
}
