use super::{
    losses::{Labels, refused},
    *,
};
use crate::conformance::numbers;
use minutia_kernels::map::Code;
use minutia_tensor::{Tensor, program::ReduceOp};
use serde::{Deserialize, Serialize};

/// Normalised exponentials along the last axis, or their logarithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Softmax {
    pub log: bool,
}

const PROBABILITIES: Labels = (
    &[DType::F32],
    "labels.one_hot(classes) makes rows of class numbers; sparse_softmax_cross_entropy_with_logits takes them as they are",
);

impl Output {
    /// `e^(x_i - max x) / sum_j e^(x_j - max x)` along the last axis; no exponential overflows.
    /// Gradient: `y (g - sum_j g_j y_j)`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[0.0_f32, 0.0], [1000.0, 0.0]]);
    /// assert_eq!(session.run(x.softmax(), ())?.as_slice::<f32>()?, [0.5, 0.5, 1.0, 0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn softmax(&self) -> Output {
        self.apply(Softmax { log: false }, &[])
    }

    /// Logarithm of [`softmax`](Output::softmax), `x_i - max x - ln sum_j e^(x_j - max x)`, which loses
    /// nothing where the probabilities underflow. Gradient: `g - e^y sum_j g_j`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1000.0_f32, 0.0]);
    /// assert_eq!(session.run(x.log_softmax(), ())?.as_slice::<f32>()?, [0.0, -1000.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn log_softmax(&self) -> Output {
        self.apply(Softmax { log: true }, &[])
    }

    /// Cross-entropy, in nats, of the softmax of these logits against labels (probabilities that sum to 1):
    /// logits and labels of shape `[.., classes]` give one number for each row,
    /// `-sum_j labels_j log_softmax_j`, where a label of 0 takes away what is infinite too: a logit of `-inf`
    /// leaves its class out. As TensorFlow 1's, it gives no gradient to the labels; the logits' is
    /// `g (softmax - labels)`. Shapes that do not broadcast are an error.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let logits = graph.constant([[0.0_f32, 0.0], [100.0, -100.0]]);
    /// let labels = graph.constant([0, 0]).one_hot(2);
    /// let loss = logits.softmax_cross_entropy_with_logits(&labels);
    /// let gradient = graph.gradients(&loss, &[&logits])?[0].clone().expect("a gradient");
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (loss, gradient) = session.run((&loss, &gradient), feeds! {})?;
    /// assert_eq!(loss.as_slice::<f32>()?, [std::f32::consts::LN_2, 0.0]);
    /// assert_eq!(gradient.as_slice::<f32>()?, [-0.5, 0.5, 0.0, 0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "cross_entropy")]
    #[track_caller]
    #[must_use]
    pub fn softmax_cross_entropy_with_logits(&self, labels: impl AsRef<Output>) -> Output {
        let labels = labels.as_ref();
        if let Some(refused) = refused(self, labels, "softmax_cross_entropy_with_logits", PROBABILITIES) {
            return refused;
        }
        let _scope = self.graph.name_scope("softmax_cross_entropy_with_logits");
        -labels.stop_gradient().multiply_no_nan(self.log_softmax()).reduce_sum(-1)
    }
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        if self.log { "LogSoftmax" } else { "Softmax" }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        expect_dtype(x.dtype, &[DType::F32])?;
        axis_of(-1, x.shape.len())?;
        Ok(x.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (y, g) = (&at.output, &at.grad);
        Ok(vec![Some(if self.log {
            g - y.exp() * g.reduce_sum_keep_dims(-1)
        } else {
            y * (g - (g * y).reduce_sum_keep_dims(-1))
        })])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let x = &inputs[0];
        let last = x.dims.len() - 1;
        let max = l.reduce(ReduceOp::Max, x, &[last]).expand(last);
        let shifted = l.code(Code::Sub, DType::F32, &[x.clone(), max]);
        let exp = l.code(Code::Exp, DType::F32, std::slice::from_ref(&shifted));
        let sum = l.reduce(ReduceOp::Sum, &exp, &[last]).expand(last);
        if self.log {
            let log = l.code(Code::Ln, DType::F32, &[sum]);
            return l.code(Code::Sub, DType::F32, &[shifted, log]);
        }
        l.code(Code::Div, DType::F32, &[exp, sum])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("Softmax", "Output::softmax"),
            ("LogSoftmax", "Output::log_softmax Output::softmax_cross_entropy_with_logits"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for log in [false, true] {
            let apply = move |_: &Graph, x: &[Output]| x[0].apply(Softmax { log }, &[]);
            samples.push(
                Sample::new(format!("{log} rows"), vec![numbers([4, 10], -3.0, 3.0)], apply).row_wise(),
            );
            samples.push(Sample::new(format!("{log} vector"), vec![numbers([5], -3.0, 3.0)], apply));
            let extreme = Tensor::from([[1e30_f32, -1e30, 0.0], [-200.0, 200.0, 200.0]]);
            samples.push(Sample::new(format!("{log} extreme"), vec![extreme], apply).not_differentiable());
        }
        let labels = [0.1_f32, 0.0, 0.2, 0.7];
        let loss = move |g: &Graph, x: &[Output]| x[0].softmax_cross_entropy_with_logits(g.constant(labels));
        samples.push(Sample::new("cross-entropy", vec![numbers([3, 4], -3.0, 3.0)], loss).row_wise());
        samples
    }
}
