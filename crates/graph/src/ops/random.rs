use super::*;
use crate::{Number, conformance::numbers};
use minutia_kernels::map::Code;
use minutia_tensor::{Shape, Tensor, program::Distribution};
use serde::{Deserialize, Serialize};

/// Random numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Random {
    pub kind: RandomKind,
    pub dims: Vec<usize>,
    /// The numbers are `offset + scale * z`.
    #[serde(with = "minutia_tensor::exact")]
    pub offset: f32,
    #[serde(with = "minutia_tensor::exact")]
    pub scale: f32,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RandomKind {
    Normal,
    TruncatedNormal,
    Uniform,
}

by_name::names! { RandomKind { Normal, TruncatedNormal, Uniform } }

impl Graph {
    /// Normally distributed `f32`, not truncated. Each run draws new numbers; they depend on the graph's
    /// seed, on this node's name and on how often it ran in the session.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// graph.set_random_seed(7);
    /// let x = graph.random_normal([10_000], 5.0, 2.0);
    /// let (first, second) = (session.run(&x, ())?, session.run(&x, ())?);
    /// assert_ne!(first, second);
    /// let mean = first.as_slice::<f32>()?.iter().sum::<f32>() / 10_000.0;
    /// assert!((mean - 5.0).abs() < 0.1);
    /// // Another session draws the same numbers again.
    /// assert_eq!(Session::new(&graph, &Device::cpu()?)?.run(&x, ())?, first);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "randn")]
    #[doc(alias = "normal")]
    #[track_caller]
    pub fn random_normal(&self, shape: impl Into<Shape>, mean: impl Number, stddev: impl Number) -> Output {
        self.random(RandomKind::Normal, shape.into(), mean.number(), stddev.number())
    }

    /// Normally distributed `f32`; what lies more than two standard deviations from the mean is drawn again.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = session.run(graph.truncated_normal([1000], 0.0, 0.5), ())?;
    /// assert!(x.as_slice::<f32>()?.iter().all(|x| x.abs() <= 1.0));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "trunc_normal_")]
    #[track_caller]
    pub fn truncated_normal(
        &self,
        shape: impl Into<Shape>,
        mean: impl Number,
        stddev: impl Number,
    ) -> Output {
        self.random(RandomKind::TruncatedNormal, shape.into(), mean.number(), stddev.number())
    }

    /// Uniformly distributed `f32` from `low` (included) to `high` (excluded, but for rounding).
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = session.run(graph.random_uniform([1000], -1.0, 1.0), ())?;
    /// assert!(x.as_slice::<f32>()?.iter().all(|x| (-1.0..=1.0).contains(x)));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "rand")]
    #[doc(alias = "uniform")]
    #[track_caller]
    pub fn random_uniform(&self, shape: impl Into<Shape>, low: impl Number, high: impl Number) -> Output {
        let low = low.number();
        self.random(RandomKind::Uniform, shape.into(), low, high.number() - low)
    }

    #[track_caller]
    fn random(&self, kind: RandomKind, shape: Shape, offset: f32, scale: f32) -> Output {
        self.add(Random { kind, dims: shape.to_vec(), offset, scale }, &[])
    }
}

impl RandomKind {
    /// The numbers `offset + scale * z` of the node that is being lowered.
    fn lower(self, l: &mut Lowering, dims: &[usize], offset: f32, scale: f32) -> View {
        let distribution = match self {
            RandomKind::Normal => Distribution::Normal,
            RandomKind::TruncatedNormal => Distribution::TruncatedNormal,
            RandomKind::Uniform => Distribution::Uniform,
        };
        let z = l.random(distribution, dims);
        let (scale, offset) = (l.scalar(scale), l.scalar(offset));
        l.map(DType::F32, &[z, scale, offset], |m, v| {
            let scaled = m.apply(Code::Mul, &v[..2]);
            m.apply(Code::Add, &[scaled, v[2]])
        })
    }
}

/// Refuses parameters that are not finite.
fn finite(offset: f32, scale: f32) -> Result<(), Mismatch> {
    if offset.is_finite() && scale.is_finite() {
        return Ok(());
    }
    Err(Mismatch::new(format!("parameters are not finite: {offset} and {scale}")))
}

impl Op for Random {
    fn name(&self) -> &'static str {
        match self.kind {
            RandomKind::Normal => "RandomNormal",
            RandomKind::TruncatedNormal => "TruncatedNormal",
            RandomKind::Uniform => "RandomUniform",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [] = arity(inputs)?;
        finite(self.offset, self.scale)?;
        Ok(Signature::new(DType::F32, &self.dims[..]))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(Vec::new())
    }

    fn lower(&self, l: &mut Lowering, _: &[View]) -> View {
        self.kind.lower(l, &self.dims, self.offset, self.scale)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("RandomNormal", "Graph::random_normal"),
            ("TruncatedNormal", "Graph::truncated_normal"),
            ("RandomUniform", "Graph::random_uniform"),
        ]
    }

    fn samples() -> Vec<Sample> {
        [RandomKind::Normal, RandomKind::TruncatedNormal, RandomKind::Uniform]
            .map(|kind| {
                Sample::new(format!("{kind:?}"), Vec::new(), move |g, _| {
                    g.random(kind, [7, 5].into(), 1.0, 0.5)
                })
                .not_differentiable()
            })
            .into()
    }
}

/// Random numbers in the shape of an input, which the run may decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RandomLike {
    pub kind: RandomKind,
    #[serde(with = "minutia_tensor::exact")]
    pub offset: f32,
    #[serde(with = "minutia_tensor::exact")]
    pub scale: f32,
}

impl Output {
    /// Normally distributed `f32` of this tensor's shape, which the run may decide: TensorFlow's
    /// `random_normal(shape(x))`. The numbers are those of [`Graph::random_normal`] for a node of this name.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, Tensor, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, [None, Some(2)]);
    /// let noisy = &x + x.random_normal_like(0.0, 0.1);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// for batch in [3, 5] {
    ///     let zeros = Tensor::zeros(DType::F32, [batch, 2])?;
    ///     assert_eq!(session.run(&noisy, feeds! { x => zeros })?.dims(), [batch, 2]);
    /// }
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "randn_like")]
    #[track_caller]
    #[must_use]
    pub fn random_normal_like(&self, mean: impl Number, stddev: impl Number) -> Output {
        self.random_like(RandomKind::Normal, mean.number(), stddev.number())
    }

    /// As [`random_normal_like`](Output::random_normal_like), but what lies more than two standard deviations
    /// from the mean is drawn again.
    #[track_caller]
    #[must_use]
    pub fn truncated_normal_like(&self, mean: impl Number, stddev: impl Number) -> Output {
        self.random_like(RandomKind::TruncatedNormal, mean.number(), stddev.number())
    }

    /// Uniformly distributed `f32` from `low` (included) to `high` (excluded, but for rounding), of this
    /// tensor's shape; see [`random_normal_like`](Output::random_normal_like).
    #[doc(alias = "rand_like")]
    #[track_caller]
    #[must_use]
    pub fn random_uniform_like(&self, low: impl Number, high: impl Number) -> Output {
        let low = low.number();
        self.random_like(RandomKind::Uniform, low, high.number() - low)
    }

    #[track_caller]
    fn random_like(&self, kind: RandomKind, offset: f32, scale: f32) -> Output {
        self.apply(RandomLike { kind, offset, scale }, &[])
    }
}

impl Op for RandomLike {
    fn name(&self) -> &'static str {
        match self.kind {
            RandomKind::Normal => "RandomNormalLike",
            RandomKind::TruncatedNormal => "TruncatedNormalLike",
            RandomKind::Uniform => "RandomUniformLike",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [like] = arity(inputs)?;
        finite(self.offset, self.scale)?;
        Ok(Signature::new(DType::F32, like.shape.clone()))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        self.kind.lower(l, &inputs[0].dims, self.offset, self.scale)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("RandomNormalLike", "Output::random_normal_like"),
            ("TruncatedNormalLike", "Output::truncated_normal_like"),
            ("RandomUniformLike", "Output::random_uniform_like"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let sample = |kind: RandomKind, x: Tensor| {
            let op = RandomLike { kind, offset: 1.0, scale: 0.5 };
            let label = format!("{kind:?} {}", x.shape());
            Sample::new(label, vec![x], move |_, x| x[0].apply(op.clone(), &[])).not_differentiable()
        };
        vec![
            sample(RandomKind::Normal, Tensor::from([[1, 2, 3], [4, 5, 6]])),
            sample(RandomKind::TruncatedNormal, Tensor::from([true, false])),
            sample(RandomKind::Uniform, numbers([0, 3], 0.0, 1.0)),
        ]
    }
}
