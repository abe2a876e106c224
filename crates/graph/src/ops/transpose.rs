use super::*;
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// Axes in another order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transpose {
    pub order: Vec<usize>,
}

impl Output {
    /// The axes in this order: axis `i` of the result is axis `order[i]` of the operand. No copy is made.
    /// Gradient: `g` in the inverse order.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[1, 2, 3], [4, 5, 6]]);
    /// assert_eq!(session.run(x.transpose([1, 0]), ())?.as_slice::<i32>()?, [1, 4, 2, 5, 3, 6]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "permute")]
    #[doc(alias = "swapaxes")]
    #[track_caller]
    #[must_use]
    pub fn transpose(&self, order: impl Into<Vec<usize>>) -> Output {
        self.apply(Transpose { order: order.into() }, &[])
    }
}

impl Op for Transpose {
    fn name(&self) -> &'static str {
        "Transpose"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let mut sorted = self.order.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..x.shape.len()) {
            return Err(Mismatch::new(format!(
                "{:?} is not an order of the {} axes",
                self.order,
                x.shape.len()
            )));
        }
        let dims: Vec<_> = self.order.iter().map(|&a| x.shape[a]).collect();
        Ok(Signature::new(x.dtype, dims))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let mut inverse = vec![0; self.order.len()];
        for (i, &axis) in self.order.iter().enumerate() {
            inverse[axis] = i;
        }
        Ok(vec![Some(at.grad.transpose(inverse))])
    }

    fn lower(&self, _: &mut Lowering, inputs: &[View]) -> View {
        inputs[0].transpose(&self.order)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Transpose", "Output::transpose")]
    }

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new("matrix", vec![numbers([3, 4], -1.0, 1.0)], |_, x| x[0].transpose([1, 0])),
            Sample::new("rank 3", vec![numbers([2, 3, 4], -1.0, 1.0)], |_, x| x[0].transpose([2, 0, 1])),
        ]
    }
}
