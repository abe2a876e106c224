use super::*;
use minutia_kernels::map::Code;
use minutia_tensor::{Shape, program::Distribution};
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
    pub fn random_normal(&self, shape: impl Into<Shape>, mean: f32, stddev: f32) -> Output {
        self.random(RandomKind::Normal, shape.into(), mean, stddev)
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
    pub fn truncated_normal(&self, shape: impl Into<Shape>, mean: f32, stddev: f32) -> Output {
        self.random(RandomKind::TruncatedNormal, shape.into(), mean, stddev)
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
    pub fn random_uniform(&self, shape: impl Into<Shape>, low: f32, high: f32) -> Output {
        self.random(RandomKind::Uniform, shape.into(), low, high - low)
    }

    #[track_caller]
    fn random(&self, kind: RandomKind, shape: Shape, offset: f32, scale: f32) -> Output {
        self.add(Random { kind, dims: shape.to_vec(), offset, scale }, &[])
    }
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
        if !(self.offset.is_finite() && self.scale.is_finite()) {
            return Err(Mismatch::new(format!(
                "parameters are not finite: {} and {}",
                self.offset, self.scale
            )));
        }
        Ok(Signature::new(DType::F32, &self.dims[..]))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(Vec::new())
    }

    fn lower(&self, l: &mut Lowering, _: &[View]) -> View {
        let distribution = match self.kind {
            RandomKind::Normal => Distribution::Normal,
            RandomKind::TruncatedNormal => Distribution::TruncatedNormal,
            RandomKind::Uniform => Distribution::Uniform,
        };
        let z = l.random(distribution, &self.dims);
        let (scale, offset) = (l.scalar(self.scale), l.scalar(self.offset));
        l.map(DType::F32, &[z, scale, offset], |m, v| {
            let scaled = m.apply(Code::Mul, &v[..2]);
            m.apply(Code::Add, &[scaled, v[2]])
        })
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
