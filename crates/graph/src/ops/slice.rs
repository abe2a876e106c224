use super::{strided_slice::Bounds, *};
use crate::{Extents, conformance::numbers};
use serde::{Deserialize, Serialize};

/// A block of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slice {
    pub begin: Vec<usize>,
    /// -1 for all that is left.
    pub size: Vec<isize>,
}

impl Output {
    /// The block that starts at `begin` and has `size` elements along each axis (-1: all that is left); no
    /// copy is made. Both are integers of any type, which a tuple mixes. Gradient: `g` in its place among
    /// zeros.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// let x = graph.zeros([5, 8]);
    /// assert_eq!(x.slice([1, 2], [3, -1]).shape().to_string(), "[3, 6]");
    /// let (unit, width): (usize, usize) = (1, 2);
    /// assert_eq!(x.slice([0, unit * width], (-1, width)).shape().to_string(), "[5, 2]");
    /// ```
    #[doc(alias = "narrow")]
    #[track_caller]
    #[must_use]
    pub fn slice(&self, begin: impl Into<Bounds>, size: impl Into<Extents>) -> Output {
        match begin.into().beginnings() {
            Ok(begin) => self.apply(Slice { begin, size: size.into().numbers() }, &[]),
            Err(mismatch) => self.refuse("Slice", &[], mismatch),
        }
    }
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "Slice"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let rank = x.shape.len();
        if (self.begin.len(), self.size.len()) != (rank, rank) {
            let (b, s) = (self.begin.len(), self.size.len());
            return Err(Mismatch::new(format!(
                "begin has {b} and size {s} entries for a tensor of rank {rank}"
            )));
        }
        let mut dims = Vec::new();
        for (axis, (&begin, &size)) in self.begin.iter().zip(&self.size).enumerate() {
            let left = x.shape[axis].map(|extent| extent.checked_sub(begin));
            dims.push(match (left, usize::try_from(size)) {
                (Some(None), _) => {
                    return Err(Mismatch::new(format!("begin {begin} lies behind the end of axis {axis}")));
                }
                (Some(Some(left)), Ok(size)) if size > left => {
                    return Err(Mismatch::new(format!(
                        "{size} elements from {begin} reach over the end of axis {axis}"
                    )));
                }
                (_, Ok(size)) => Some(size),
                (left, Err(_)) if size == -1 => left.flatten(),
                _ => return Err(Mismatch::new(format!("size {size} of axis {axis} is negative"))),
            });
        }
        Ok(Signature::new(x.dtype, dims))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let op = SliceGradient { begin: self.begin.clone() };
        Ok(vec![Some(at.grad.apply(op, &[&at.inputs[0]]))])
    }

    fn lower(&self, _: &mut Lowering, inputs: &[View]) -> View {
        let extents = inputs[0].dims.iter().zip(&self.begin);
        let size = |(&size, (&extent, &begin)): (&isize, (&usize, &usize))| {
            usize::try_from(size).unwrap_or(extent - begin)
        };
        let size: Vec<usize> = self.size.iter().zip(extents).map(size).collect();
        inputs[0].slice(&self.begin, &size)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Slice", "Output::slice")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |begin: [usize; 2], size: [isize; 2]| {
            Sample::new(format!("{begin:?} {size:?}"), vec![numbers([4, 5], -1.0, 1.0)], move |_, x| {
                x[0].slice(begin, size)
            })
        };
        vec![
            sample([1, 2], [2, 3]),
            sample([0, 1], [-1, 2]).row_wise(),
            sample([3, 0], [-1, -1]),
            sample([4, 0], [-1, 5]).not_differentiable(),
        ]
    }
}

/// The first input at `begin` among zeros, in the shape of the second input: the gradient of
/// [`Slice`](Slice).
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
