use super::*;
use crate::Number;
use minutia_tensor::{Shape, Tensor};
use serde::{Deserialize, Serialize};

/// A value that is part of the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Constant {
    pub value: Tensor,
}

impl Graph {
    /// A constant: a number, an array, a slice, a `Vec`, nested ones too, a tensor, an array of `ndarray`.
    /// What is made of lists that are not equally long remembers that.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// assert_eq!(graph.constant([[1, 2, 3]]).signature().to_string(), "i32 [1, 3]");
    /// let rows = vec![vec![1.0_f32, 2.0], vec![3.0, 4.0]];
    /// assert_eq!(graph.constant(&rows).signature().to_string(), "f32 [2, 2]");
    /// assert!(graph.constant(vec![vec![1, 2], vec![3]]).check().is_err());
    /// ```
    #[doc(alias = "tensor")]
    #[doc(alias = "array")]
    #[track_caller]
    pub fn constant(&self, value: impl TryInto<Tensor, Error: Into<minutia_tensor::Error>>) -> Output {
        match value.try_into() {
            Ok(value) => self.add(Constant { value }, &[]),
            Err(source) => self.without_value("constant", source.into()),
        }
    }

    /// A node in the place of one that has no value.
    #[track_caller]
    pub(crate) fn without_value(&self, what: &str, source: minutia_tensor::Error) -> Output {
        let context = Some(format!("{what} at {}", SourceLine::caller()));
        self.invalid(Error::Tensor { context, source })
    }

    /// Zeros of type `f32`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (zeros, ones, sevens) = (graph.zeros([2]), graph.ones([2]), graph.fill([2], 7.0));
    /// let sum = session.run(zeros + ones + sevens, ())?;
    /// assert_eq!(sum.as_slice::<f32>()?, [8.0, 8.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn zeros(&self, shape: impl Into<Shape>) -> Output {
        self.fill(shape, 0.0)
    }

    /// Ones of type `f32`; see [`zeros`](Graph::zeros).
    #[track_caller]
    pub fn ones(&self, shape: impl Into<Shape>) -> Output {
        self.fill(shape, 1.0)
    }

    /// A tensor of equal elements; it takes the room of one. See [`zeros`](Graph::zeros).
    #[doc(alias = "full")]
    #[track_caller]
    pub fn fill(&self, shape: impl Into<Shape>, value: impl Number) -> Output {
        self.constant(value.number()).broadcast_to(shape)
    }
}

impl Op for Constant {
    fn name(&self) -> &'static str {
        "Const"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [] = arity(inputs)?;
        Ok(Signature::new(self.value.dtype(), self.value.shape()))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(Vec::new())
    }

    fn lower(&self, l: &mut Lowering, _: &[View]) -> View {
        l.constant(&self.value)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Const", "Graph::constant")]
    }

    fn samples() -> Vec<Sample> {
        [
            Tensor::from([[1.0_f32, 2.0]]),
            Tensor::from([1, 2]),
            Tensor::from([true, true]),
            Tensor::scalar(7.0_f32),
        ]
        .into_iter()
        .enumerate()
        .map(|(i, value)| {
            Sample::new(format!("{i}"), Vec::new(), move |g, _| g.constant(&value)).not_differentiable()
        })
        .collect()
    }
}
