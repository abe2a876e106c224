use super::*;
use crate::conformance::numbers;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Running sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cumsum {
    pub axis: isize,
    pub exclusive: bool,
    pub reverse: bool,
}

impl Output {
    /// The sum (`f32` or `i32`, which wraps around) of the elements up to each along an axis. With
    /// `exclusive` that of the elements before it alone, with `reverse` from the last to the first. One
    /// element is added after the other. Gradient: the running sum of `g` the other way.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1, 2, 3]);
    /// let forwards = [(false, false, [1, 3, 6]), (true, false, [0, 1, 3])];
    /// let backwards = [(false, true, [6, 5, 3]), (true, true, [5, 3, 0])];
    /// for (exclusive, reverse, sums) in forwards.into_iter().chain(backwards) {
    ///     assert_eq!(session.run(x.cumsum(0, exclusive, reverse), ())?.as_slice::<i32>()?, sums);
    /// }
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "scan")]
    #[track_caller]
    #[must_use]
    pub fn cumsum(&self, axis: isize, exclusive: bool, reverse: bool) -> Output {
        self.apply(Cumsum { axis, exclusive, reverse }, &[])
    }
}

impl Op for Cumsum {
    fn name(&self) -> &'static str {
        "Cumsum"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        expect_dtype(x.dtype, &[DType::F32, DType::I32])?;
        axis_of(self.axis, x.shape.len())?;
        Ok(x.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.cumsum(self.axis, self.exclusive, !self.reverse))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let axis = axis_of(self.axis, inputs[0].dims.len()).expect("inference has checked the axis");
        l.scan(&inputs[0], axis, self.exclusive, self.reverse)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Cumsum", "Output::cumsum")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |axis: isize, exclusive: bool, reverse: bool, x: Tensor| {
            let label = format!("{axis} {exclusive} {reverse} {} {}", x.dtype(), x.shape());
            Sample::new(label, vec![x], move |_, x| x[0].cumsum(axis, exclusive, reverse))
        };
        vec![
            sample(1, false, false, numbers([3, 4], -1.0, 1.0)).row_wise(),
            sample(1, true, true, numbers([3, 2, 4], -1.0, 1.0)).row_wise(),
            sample(0, true, false, numbers([4, 2], -1.0, 1.0)),
            sample(-1, false, true, numbers([4], -1.0, 1.0)),
            sample(1, false, false, numbers([2, 0], -1.0, 1.0)).not_differentiable(),
            sample(-1, false, false, Tensor::from([[i32::MAX, 1, 5], [1, 2, 3]]))
                .not_differentiable()
                .row_wise(),
            sample(0, false, false, Tensor::from([-0.0_f32, f32::INFINITY, f32::NEG_INFINITY, 1.0]))
                .not_differentiable(),
        ]
    }
}
