use super::{slice::Slice, *};
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// Tensors side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Concat {
    pub axis: isize,
}

impl Graph {
    /// Joins tensors along an axis; all other extents and the types must agree. A negative axis counts from
    /// the last. Gradient: the slice of `g` that each came from.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let (a, b) = (graph.zeros([2, 2]), graph.ones([2, 1]));
    /// let joined = graph.concat([&a, &b], 1);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(&joined, feeds! {})?.as_slice::<f32>()?, [0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    /// assert!(graph.concat([a, b], 0).check().is_err());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    #[doc(alias = "cat")]
    #[doc(alias = "concatenate")]
    pub fn concat(&self, parts: impl IntoIterator<Item = impl AsRef<Output>>, axis: isize) -> Output {
        let parts: Vec<Output> = parts.into_iter().map(|part| part.as_ref().clone()).collect();
        self.add(Concat { axis }, &parts.iter().collect::<Vec<_>>())
    }
}

impl Concat {
    /// The block of each part, where the extents along the axis are known before the run. Nodes that found
    /// theirs in the run would have all parts as inputs, so that there would be as many edges as pairs of
    /// parts.
    fn blocks(self, parts: &[Output]) -> Option<Vec<Slice>> {
        let rank = parts.first()?.shape().len();
        let axis = axis_of(self.axis, rank).ok()?;
        let (mut begin, mut size) = (vec![0; rank], vec![-1; rank]);
        let block = |part: &Output| {
            let extent = part.shape()[axis]?;
            size[axis] = extent.try_into().ok()?;
            let block = Slice { begin: begin.clone(), size: size.clone() };
            begin[axis] += extent;
            Some(block)
        };
        parts.iter().map(block).collect()
    }
}

impl Op for Concat {
    fn name(&self) -> &'static str {
        "Concat"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let first = inputs.first().ok_or_else(|| Mismatch::new("nothing to join"))?;
        let axis = axis_of(self.axis, first.shape.len())?;
        let mut dims = first.shape.to_vec();
        for (i, input) in inputs.iter().enumerate().skip(1) {
            if input.dtype != first.dtype || input.shape.len() != dims.len() {
                return Err(Mismatch::new(format!("part {i} is {input}, part 0 is {first}")));
            }
            for (a, (dim, &own)) in dims.iter_mut().zip(input.shape.iter()).enumerate() {
                match (*dim, own) {
                    (Some(x), Some(y)) if a == axis => {
                        let sum = x.checked_add(y);
                        *dim = Some(sum.ok_or_else(|| Mismatch::new(format!("axis {axis} grows too long")))?);
                    }
                    _ if a == axis => *dim = None,
                    (Some(x), Some(y)) if x != y => {
                        return Err(Mismatch::new(format!(
                            "part {i} has extent {y} along axis {a}, part 0 has {x}"
                        )));
                    }
                    (None, y) => *dim = y,
                    _ => {}
                }
            }
        }
        Ok(Signature::new(first.dtype, dims))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        if let Some(blocks) = self.blocks(&at.inputs) {
            return Ok(blocks.into_iter().map(|block| Some(at.grad.apply(block, &[]))).collect());
        }
        let parts: Vec<&Output> = at.inputs.iter().collect();
        let part = |index| at.grad.apply(ConcatPart { axis: self.axis, index }, &parts);
        Ok((0..parts.len()).map(|i| Some(part(i))).collect())
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let rank = inputs[0].dims.len();
        let axis = axis_of(self.axis, rank).expect("inference has checked the axis");
        let mut begin = vec![0; rank];
        let mut parts = Vec::new();
        for input in inputs {
            parts.push((begin.clone(), input.clone()));
            begin[axis] += input.dims[axis];
        }
        let mut dims = inputs[0].dims.clone();
        dims[axis] = begin[axis];
        l.assemble(inputs[0].dtype(), &dims, None, &parts)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Concat", "Graph::concat")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |axis: isize, shapes: [[usize; 2]; 3]| {
            let inputs = shapes.iter().map(|&s| numbers(s, -1.0, 1.0)).collect();
            Sample::new(format!("axis {axis}"), inputs, move |g, x| g.concat(x, axis))
        };
        vec![
            sample(0, [[2, 3], [1, 3], [4, 3]]),
            sample(1, [[2, 3], [2, 1], [2, 2]]).row_wise(),
            sample(-1, [[3, 1], [3, 1], [3, 5]]).row_wise(),
        ]
    }
}

/// The part of its first input that [`Concat`](Concat) put there from input `index`: the gradient
/// of joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConcatPart {
    pub axis: isize,
    pub index: usize,
}

impl Op for ConcatPart {
    fn name(&self) -> &'static str {
        "ConcatPart"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [whole, parts @ ..] = inputs else { return Err(Mismatch::new("takes a whole and its parts")) };
        let part =
            parts.get(self.index).ok_or_else(|| Mismatch::new(format!("has no part {}", self.index)))?;
        let joined = Concat { axis: self.axis }.infer(parts)?;
        let fits = joined.shape.len() == whole.shape.len()
            && joined.shape.iter().zip(whole.shape.iter()).all(|(a, b)| a.is_none() || b.is_none() || a == b);
        if !fits || joined.dtype != whole.dtype {
            return Err(Mismatch::new(format!("the whole is {whole}, the parts joined are {joined}")));
        }
        Ok(part.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        // The gradient of a part is the part's, and zeros for the other parts, joined.
        let parts: Vec<Output> = (1..at.inputs.len())
            .map(|i| if i == self.index + 1 { at.grad.clone() } else { at.inputs[i].zeros_like() })
            .collect();
        let mut gradients = vec![None; at.inputs.len()];
        gradients[0] = Some(at.grad.graph().concat(&parts, self.axis));
        Ok(gradients)
    }

    fn lower(&self, _: &mut Lowering, inputs: &[View]) -> View {
        let (whole, parts) = (&inputs[0], &inputs[1..]);
        let axis = axis_of(self.axis, whole.dims.len()).expect("inference has checked the axis");
        let mut begin = vec![0; whole.dims.len()];
        begin[axis] = parts[..self.index].iter().map(|p| p.dims[axis]).sum();
        whole.slice(&begin, &parts[self.index].dims)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("ConcatPart", "gradient of Concat")]
    }

    fn samples() -> Vec<Sample> {
        let parts = [[2, 3], [2, 1], [2, 2]].map(|s| numbers(s, -1.0, 1.0));
        (0..3)
            .map(|index| {
                let inputs = [&[numbers([2, 6], -1.0, 1.0)], &parts[..]].concat();
                Sample::new(format!("part {index}"), inputs, move |_, x| {
                    x[0].apply(ConcatPart { axis: 1, index }, &x[1..].iter().collect::<Vec<_>>())
                })
                .row_wise()
            })
            .collect()
    }
}
