use super::*;
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// The number of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Size;

impl Output {
    /// The number of elements, an `i32` scalar. Its gradient is 0.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(graph.zeros([2, 3]).size(), ())?.value::<i32>()?, 6);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "numel")]
    #[track_caller]
    #[must_use]
    pub fn size(&self) -> Output {
        self.apply(Size, &[])
    }
}

impl Op for Size {
    fn name(&self) -> &'static str {
        "Size"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        if x.shape.known().is_some_and(|s| i32::try_from(s.elements()).is_err()) {
            return Err(Mismatch::new(format!("{} has more elements than i32 counts", x.shape)));
        }
        Ok(Signature::new(DType::I32, PartialShape::scalar()))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        l.splat(inputs[0].elements() as u32, DType::I32, &[])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Size", "Output::size")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |dims: &[usize]| {
            Sample::new(format!("{dims:?}"), vec![numbers(dims, 0.0, 1.0)], |_, x| x[0].size())
                .not_differentiable()
        };
        vec![sample(&[2, 3]), sample(&[]), sample(&[0, 4])]
    }
}
