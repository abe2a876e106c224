use super::*;
use crate::conformance::numbers;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Position of the extremum along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArgReduce {
    pub largest: bool,
    pub axis: isize,
}

impl Output {
    /// Lowest index (`i32`) of the largest element along an axis, which vanishes. A NaN is larger than every
    /// number. A negative axis counts from the last.
    ///
    /// ```
    /// use minutia_graph::{Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let t = graph.constant([[1.0_f32, 3.0, 3.0], [5.0, 0.0, 2.0]]);
    /// let mut session = Session::new(&graph, &minutia_tensor::Device::cpu()?)?;
    /// assert_eq!(session.run(t.argmax(1), feeds! {})?.as_slice::<i32>()?, [1, 0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn argmax(&self, axis: isize) -> Output {
        self.apply(ArgReduce { largest: true, axis }, &[])
    }

    /// Lowest index (`i32`) of the smallest element along an axis, which vanishes. A NaN is smaller than
    /// every number. A negative axis counts from the last.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let t = graph.constant([[1.0_f32, 3.0], [5.0, 0.0]]);
    /// assert_eq!(session.run(t.argmin(0), ())?.as_slice::<i32>()?, [0, 1]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn argmin(&self, axis: isize) -> Output {
        self.apply(ArgReduce { largest: false, axis }, &[])
    }
}

impl Op for ArgReduce {
    fn name(&self) -> &'static str {
        if self.largest { "ArgMax" } else { "ArgMin" }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        expect_dtype(x.dtype, &[DType::F32, DType::I32])?;
        let axis = axis_of(self.axis, x.shape.len())?;
        let mut dims = x.shape.to_vec();
        if dims.remove(axis) == Some(0) {
            return Err(Mismatch::new(format!("axis {axis} has no elements to choose from")));
        }
        Ok(Signature::new(DType::I32, dims))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let axis = if self.axis < 0 { self.axis + inputs[0].dims.len() as isize } else { self.axis };
        l.arg_reduce(self.largest, &inputs[0], axis as usize)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("ArgMax", "Output::argmax"), ("ArgMin", "Output::argmin")]
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for largest in [true, false] {
            for axis in [0, 1, -1] {
                let apply = move |_: &Graph, x: &[Output]| x[0].apply(ArgReduce { largest, axis }, &[]);
                let sample = |label: String, x| {
                    let sample = Sample::new(label, vec![x], apply).not_differentiable();
                    if axis == 0 { sample } else { sample.row_wise() }
                };
                samples.push(sample(format!("{largest} {axis}"), numbers([4, 6], -1.0, 1.0)));
                samples.push(sample(format!("{largest} {axis} i32"), Tensor::from([[3, 3, 1], [1, 1, 3]])));
            }
        }
        samples
    }
}
