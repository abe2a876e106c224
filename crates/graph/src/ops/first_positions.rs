use super::*;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// For each index the position among all of them where it stands first: what rows of one index have in
/// common, and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FirstPositions;

impl Op for FirstPositions {
    fn name(&self) -> &'static str {
        "FirstPositions"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [indices] = arity(inputs)?;
        expect_dtype(indices.dtype, &[DType::I32])?;
        if indices.shape.len() != 1 {
            return Err(Mismatch::new(format!("takes a list of indices, not {indices}")));
        }
        Ok(indices.clone())
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        l.first_positions(&inputs[0])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("FirstPositions", "Output::indexed_slices")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, indices: Tensor| {
            Sample::new(label, vec![indices], |_, x| x[0].apply(FirstPositions, &[])).not_differentiable()
        };
        vec![
            sample("some", Tensor::from([7, -2, 7, 7, 0, -2, 1 << 30])),
            sample("none", Tensor::from(Vec::<i32>::new())),
        ]
    }
}
