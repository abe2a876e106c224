use super::{concat::Concat, *};
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// The part of its first input that [`Concat`](super::concat::Concat) put there from input `index`: the gradient
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
