use super::*;
use crate::conformance::numbers;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The extents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShapeOf;

impl Graph {
    /// The extents that a tensor has when the graph runs, an `i32` vector: TensorFlow's `tf.shape`. What is
    /// known of them before the run is [`Output::shape`]. Nothing of the tensor is computed for this. Its
    /// gradient is 0.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, [None, Some(2)]);
    /// let shape = graph.shape(&x);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(&shape, feeds! { x => [[1.0_f32, 2.0]] })?.as_slice::<i32>()?, [1, 2]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "dynamic_shape")]
    #[doc(alias = "tf.shape")]
    #[track_caller]
    #[must_use]
    pub fn shape(&self, x: impl AsRef<Output>) -> Output {
        self.add(ShapeOf, &[x.as_ref()])
    }
}

impl Output {
    /// The number of axes, an `i32` scalar, which is known before the run, too: `x.shape().len()`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(graph.zeros([2, 3]).rank(), ())?.value::<i32>()?, 2);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "ndim")]
    #[track_caller]
    #[must_use]
    pub fn rank(&self) -> Output {
        self.graph.shape(self).size()
    }
}

impl Op for ShapeOf {
    fn name(&self) -> &'static str {
        "Shape"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        if let Some(extent) = x.shape.iter().flatten().find(|&&extent| i32::try_from(extent).is_err()) {
            return Err(Mismatch::new(format!(
                "{} has an extent, {extent}, that i32 does not hold",
                x.shape
            )));
        }
        Ok(Signature::new(DType::I32, [x.shape.len()]))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let extents: Vec<i32> = inputs[0].dims.iter().map(|&extent| extent as i32).collect();
        l.constant(&Tensor::from(extents))
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Shape", "Graph::shape")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |dims: &[usize]| {
            Sample::new(format!("{dims:?}"), vec![numbers(dims, 0.0, 1.0)], |g, x| g.shape(&x[0]))
                .not_differentiable()
        };
        vec![sample(&[2, 3]), sample(&[]), sample(&[0, 4])]
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[("Rank", "Output::rank")];

pub(crate) fn samples() -> Vec<Sample> {
    let rank = |_: &Graph, x: &[Output]| x[0].rank();
    vec![Sample::new("rank", vec![numbers([2, 3], 0.0, 1.0)], rank).not_differentiable()]
}
