use super::*;
use crate::{Extents, conformance::numbers};
use minutia_tensor::Shape;
use serde::{Deserialize, Serialize};

/// The same elements in another shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reshape {
    pub dims: Vec<isize>,
}

impl Output {
    /// The same elements, in row-major order, in another shape. One extent may be -1 or `None`: it takes what
    /// is left. A tuple mixes integers of several types. Gradient: `g` in the shape of the operand.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// let x = graph.zeros([2, 3, 4]);
    /// assert_eq!(x.reshape([6, -1]).shape().to_string(), "[6, 4]");
    /// let width: usize = 12;
    /// assert_eq!(x.reshape((-1, width)).shape().to_string(), "[2, 12]");
    /// assert_eq!(x.reshape([-1]).shape().to_string(), "[24]");
    /// assert!(x.reshape([5, 5]).check().is_err());
    /// ```
    #[doc(alias = "view")]
    #[doc(alias = "flatten")]
    #[track_caller]
    #[must_use]
    pub fn reshape(&self, dims: impl Into<Extents>) -> Output {
        self.apply(Reshape { dims: dims.into().numbers() }, &[])
    }
}

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "Reshape"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let mut dims: Vec<Option<usize>> = self.dims.iter().map(|&d| usize::try_from(d).ok()).collect();
        if self.dims.iter().any(|&d| d < -1) || dims.iter().filter(|d| d.is_none()).count() > 1 {
            return Err(Mismatch::new(format!(
                "{:?} is not a shape: one extent may be -1, no other negative",
                self.dims
            )));
        }
        if let Some(from) = x.shape.known() {
            // Extents whose product overflows hold no tensor; one of them may be 0 all the same.
            let known = Shape::from(dims.iter().flatten().copied().collect::<Vec<_>>()).elements();
            let open = dims.iter_mut().find(|d| d.is_none());
            let left = from.elements().checked_div(known).unwrap_or(0);
            let filled = if open.is_some() { known.checked_mul(left) } else { Some(known) };
            if filled != Some(from.elements()) {
                return Err(Mismatch::new(format!(
                    "{} elements do not fit into {:?}",
                    from.elements(),
                    self.dims
                )));
            }
            if let Some(open) = open {
                *open = Some(left);
            }
        }
        Ok(Signature::new(x.dtype, dims))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.reshape_like(&at.inputs[0]))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let x = &inputs[0];
        let known =
            Shape::from(self.dims.iter().filter_map(|&d| usize::try_from(d).ok()).collect::<Vec<_>>());
        let known = known.elements();
        let left = x.elements().checked_div(known).unwrap_or(0);
        let dims: Vec<usize> = self.dims.iter().map(|&d| usize::try_from(d).unwrap_or(left)).collect();
        l.reshape(x, &dims)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Reshape", "Output::reshape")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |from: &[usize], dims: &[isize]| {
            let dims = dims.to_vec();
            let label = format!("{from:?} {dims:?}");
            Sample::new(label, vec![numbers(from, -1.0, 1.0)], move |_, x| x[0].reshape(dims.clone()))
        };
        vec![
            sample(&[2, 6], &[3, 4]),
            sample(&[2, 6], &[-1]),
            sample(&[4, 3, 2], &[-1, 6]).row_wise(),
            sample(&[1], &[]),
            Sample::new("transposed", vec![numbers([2, 3], -1.0, 1.0)], |_, x| {
                x[0].transpose([1, 0]).reshape([-1])
            }),
        ]
    }
}
