//! Means, variances and what is made even by them.

use super::{
    pool::{Pool, PoolKind},
    *,
};
use crate::{Axes, Operand, Window, conformance::numbers};

impl Output {
    /// Mean and variance (the mean squared distance from the mean, not corrected for its degree of freedom)
    /// over some axes, which vanish. Gradients are those of the formulas.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (mean, variance) = graph.constant([[1.0_f32, 0.0], [3.0, 0.0]]).moments(0);
    /// let (mean, variance) = session.run((&mean, &variance), ())?;
    /// assert_eq!(mean.as_slice::<f32>()?, [2.0, 0.0]);
    /// assert_eq!(variance.as_slice::<f32>()?, [1.0, 0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "variance")]
    #[track_caller]
    #[must_use]
    pub fn moments(&self, axes: impl Into<Axes>) -> (Output, Output) {
        let _scope = self.graph.name_scope("moments");
        let axes = axes.into();
        let mean = self.reduce_mean_keep_dims(axes.clone());
        let variance = self.squared_difference(&mean).reduce_mean(axes.clone());
        (self.reduce_mean(axes), variance)
    }

    /// `(x - mean) scale / sqrt(variance + epsilon) + offset`, where all but `x` broadcast to it (Ioffe and
    /// Szegedy, 2015). TensorFlow adds 0.001 unless it is told another `epsilon`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[1.0_f32], [3.0]]);
    /// let (mean, variance) = x.moments(0);
    /// let y = x.batch_normalization(&mean, &variance, 10.0, 2.0, 0.0);
    /// assert_eq!(session.run(y, ())?.as_slice::<f32>()?, [8.0, 12.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn batch_normalization(
        &self,
        mean: impl Operand,
        variance: impl Operand,
        offset: impl Operand,
        scale: impl Operand,
        epsilon: f32,
    ) -> Output {
        let _scope = self.graph.name_scope("batchnorm");
        // As TensorFlow has it: x (scale / deviation) + (offset - mean (scale / deviation)).
        let factor = (variance.operand(self) + epsilon).rsqrt() * scale.operand(self);
        self * &factor + (offset.operand(self) - mean.operand(self) * &factor)
    }

    /// Each vector along some axes, divided by its Euclidean length; the square of the length counts as
    /// `epsilon` at least, for which TensorFlow takes 1e-12.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[3.0_f32, 4.0], [0.0, 0.0]]);
    /// assert_eq!(session.run(x.l2_normalize(1, 1e-12), ())?.as_slice::<f32>()?, [0.6, 0.8, 0.0, 0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "normalize")]
    #[track_caller]
    #[must_use]
    pub fn l2_normalize(&self, axes: impl Into<Axes>, epsilon: f32) -> Output {
        let _scope = self.graph.name_scope("l2_normalize");
        let squares = self.square().reduce_sum_keep_dims(axes);
        self * squares.maximum(epsilon).rsqrt()
    }

    /// Each element of images `[batch, height, width, channels]` by a power of the squares around it in its
    /// pixel (Krizhevsky et al., 2012): `x / (bias + alpha s)^beta`, where `s` is the sum of the squares of
    /// the channels up to `depth_radius` before it and behind it. The channels are known. TensorFlow takes
    /// 5, 1, 1 and 0.5.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let pixel = graph.constant([1.0_f32, 1.0, 2.0]).reshape([1, 1, 1, 3]);
    /// let y = pixel.local_response_normalization(1, 2.0, 1.0, 1.0);
    /// assert_eq!(session.run(y, ())?.as_slice::<f32>()?, [0.25, 0.125, 2.0 / 7.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "lrn")]
    #[track_caller]
    #[must_use]
    pub fn local_response_normalization(
        &self,
        depth_radius: usize,
        bias: f32,
        alpha: f32,
        beta: f32,
    ) -> Output {
        let _scope = self.graph.name_scope("lrn");
        let channels = match self.shape()[..] {
            [_, _, _, Some(channels)] => channels,
            _ => {
                let shape = self.shape();
                let reason =
                    format!("takes images [batch, height, width, channels] of known channels, not {shape}");
                let (function, place) = ("local_response_normalization", SourceLine::caller());
                return self.graph.invalid(Error::Build { function, reason, place });
            }
        };
        // The channels of a pixel are an image of one row, over which windows move.
        let size = [1, depth_radius.min(channels).saturating_mul(2).saturating_add(1)];
        let pool = Pool { kind: PoolKind::Sum, size, window: Window::same() };
        let row = isize::try_from(channels).unwrap_or(isize::MAX);
        let sums = self.square().reshape([-1, 1, row, 1]).apply(pool, &[]).reshape_like(self);
        self * (sums * alpha + bias).pow(-beta)
    }

    /// The logarithm of the sum of exponentials over some axes, which vanish; none overflows. Gradient: `g`
    /// times the softmax.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1000.0_f32, 1000.0]);
    /// let sum = session.run(x.reduce_logsumexp(..), ())?.value::<f32>()?;
    /// assert_eq!(sum, 1000.0 + std::f32::consts::LN_2);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "logsumexp")]
    #[track_caller]
    #[must_use]
    pub fn reduce_logsumexp(&self, axes: impl Into<Axes>) -> Output {
        let _scope = self.graph.name_scope("ReduceLogSumExp");
        let axes = axes.into();
        // An infinite maximum is not subtracted: what would be left is no number.
        let greatest = self.reduce_max_keep_dims(axes.clone());
        let finite = (&greatest * 0.0).equal(0.0);
        let shift = finite.select(&greatest, greatest.number(0.0)).stop_gradient();
        let sum = (self - &shift).exp().reduce_sum(axes).log();
        &sum + shift.reshape_like(&sum)
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[
    ("batch_normalization", "Output::batch_normalization"),
    ("l2_normalize", "Output::l2_normalize"),
    ("lrn", "Output::local_response_normalization"),
    ("moments", "Output::moments"),
    ("reduce_logsumexp", "Output::reduce_logsumexp"),
];

pub(crate) fn samples() -> Vec<Sample> {
    let sample = |label: &str, apply: fn(&Output) -> Output| {
        Sample::new(label, vec![numbers([4, 3], -2.0, 2.0)], move |_, x| apply(&x[0]))
    };
    let normalised = |_: &Graph, x: &[Output]| x[0].batch_normalization(&x[1], &x[2], &x[3], &x[4], 1e-3);
    let vector = |low, high| numbers([3], low, high);
    let inputs = vec![
        numbers([4, 3], -2.0, 2.0),
        vector(-1.0, 1.0),
        vector(0.5, 2.0),
        vector(-1.0, 1.0),
        vector(0.5, 2.0),
    ];
    vec![
        sample("mean", |x| x.moments(0).0),
        sample("variance", |x| x.moments(0).1),
        sample("l2_normalize", |x| x.l2_normalize(1, 1e-12)).row_wise(),
        sample("reduce_logsumexp", |x| x.reduce_logsumexp(1)).row_wise(),
        sample("reduce_logsumexp of all", |x| x.reduce_logsumexp(..)),
        Sample::new("batch_normalization", inputs, normalised),
        Sample::new("local_response_normalization", vec![numbers([2, 1, 2, 5], -1.0, 1.0)], |g, x| {
            x[0].reshape_like(&g.zeros([2, 1, 2, 5])).local_response_normalization(1, 1.0, 0.5, 0.75)
        }),
    ]
}
