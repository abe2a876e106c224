use super::*;
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// The first input at `begin` among zeros, in the shape of the second input: the gradient of
/// [`Slice`](super::slice::Slice).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SliceGradient {
    pub begin: Vec<usize>,
}

impl Op for SliceGradient {
    fn name(&self) -> &'static str {
        "SliceGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [part, whole] = arity(inputs)?;
        let fits = |axis: usize| match (part.shape[axis], whole.shape[axis]) {
            (Some(size), Some(extent)) => self.begin[axis].checked_add(size).is_some_and(|end| end <= extent),
            _ => true,
        };
        let rank = whole.shape.len();
        if part.shape.len() != rank || self.begin.len() != rank || !(0..rank).all(fits) {
            return Err(Mismatch::new(format!("{part} does not lie at {:?} of {whole}", self.begin)));
        }
        Ok(Signature::new(part.dtype, whole.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        // The gradient of the part is the slice of g where it lies. Its extents must be known.
        let size = at.inputs[0].shape().known().ok_or("the extents of the slice are not known")?;
        let size: Vec<isize> = size.iter().map(|&d| d as isize).collect();
        Ok(vec![Some(at.grad.slice(self.begin.clone(), size)), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        l.assemble(inputs[0].dtype(), &inputs[1].dims, Some(0), &[(self.begin.clone(), inputs[0].clone())])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("SliceGrad", "gradient of Slice")]
    }

    fn samples() -> Vec<Sample> {
        let inputs = vec![numbers([2, 3], -1.0, 1.0), numbers([4, 5], -1.0, 1.0)];
        vec![Sample::new("inside", inputs, |_, x| x[0].apply(SliceGradient { begin: vec![1, 2] }, &[&x[1]]))]
    }
}
