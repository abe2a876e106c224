use super::{slice::Slice, *};
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// Tensors side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Concat {
    pub axis: isize,
}

impl Graph {
    /// Joins tensors along an axis; all other extents and the types must agree. A negative axis counts from the
    /// last. Gradient: the slice of `g` that each came from.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let (a, b) = (graph.zeros([2, 2]), graph.ones([2, 1]));
    /// let joined = graph.concat(&[a.clone(), b.clone()], 1);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(&joined, feeds! {})?.as_slice::<f32>()?, [0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    /// assert!(graph.concat(&[a, b], 0).check().is_err());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn concat(&self, parts: &[Output], axis: isize) -> Output {
        self.add(Concat { axis }, &parts.iter().collect::<Vec<_>>())
    }
}

impl Concat {
    /// The block of each part, where the extents along the axis are known before the run. Nodes that found theirs in the run
    /// would have all parts as inputs, so that there would be as many edges as pairs of parts.
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
        let part = |index| at.grad.apply(super::concat_part::ConcatPart { axis: self.axis, index }, &parts);
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
