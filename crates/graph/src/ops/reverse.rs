use super::*;
use crate::{Axes, conformance::numbers};
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Last things first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reverse {
    pub axes: Axes,
}

impl Output {
    /// The elements in the opposite order along some axes: `..` for all, a number, or an array of numbers.
    /// Gradient: `g` reversed.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[1, 2, 3], [4, 5, 6]]);
    /// assert_eq!(session.run(x.reverse(1), ())?.as_slice::<i32>()?, [3, 2, 1, 6, 5, 4]);
    /// assert_eq!(session.run(x.reverse(..), ())?.as_slice::<i32>()?, [6, 5, 4, 3, 2, 1]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "flip")]
    #[track_caller]
    #[must_use]
    pub fn reverse(&self, axes: impl Into<Axes>) -> Output {
        self.apply(Reverse { axes: axes.into() }, &[])
    }
}

/// Refuses an axis whose elements are too many for the indices that move them.
pub(crate) fn expect_countable(axis: usize, extent: Option<usize>) -> Result<(), Mismatch> {
    match extent.filter(|&extent| extent > i32::MAX as usize / 2) {
        Some(extent) => Err(Mismatch::new(format!(
            "axis {axis} has {extent} elements, more than the {} that can be moved by index",
            i32::MAX / 2
        ))),
        None => Ok(()),
    }
}

impl Op for Reverse {
    fn name(&self) -> &'static str {
        "Reverse"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let axes = self.axes.resolve(x.shape.len())?;
        axes.iter().try_for_each(|&axis| expect_countable(axis, x.shape[axis]))?;
        Ok(x.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.reverse(self.axes.clone()))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let axes = self.axes.resolve(inputs[0].dims.len()).expect("inference has checked the axes");
        axes.iter().fold(inputs[0].clone(), |view, &axis| l.reverse(&view, axis))
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Reverse", "Output::reverse")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |axes: Axes, x: Tensor| {
            let label = format!("{axes:?} of {} {}", x.dtype(), x.shape());
            Sample::new(label, vec![x], move |_, x| x[0].reverse(axes.clone()))
        };
        vec![
            sample(0.into(), numbers([4, 3], -1.0, 1.0)),
            sample(1.into(), numbers([2, 3, 2], -1.0, 1.0)).row_wise(),
            sample((..).into(), numbers([2, 3], -1.0, 1.0)),
            sample(1.into(), numbers([2, 0], -1.0, 1.0)).not_differentiable(),
            sample((-1).into(), Tensor::from([[true, false, false]; 2])).not_differentiable().row_wise(),
            sample((-1).into(), Tensor::from([[f32::NAN, -0.0, f32::INFINITY]; 2]))
                .not_differentiable()
                .row_wise(),
        ]
    }
}
