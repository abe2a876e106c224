use super::{gather::Gather, *};
use crate::conformance::numbers;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Zeros in the shape of the third input, to whose rows those of the first are added where the second, `i32`,
/// says: the gradient of [`Gather`]. What one row gets is added in the order of the indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatherGradient;

impl Op for GatherGradient {
    fn name(&self) -> &'static str {
        "GatherGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [updates, indices, table] = arity(inputs)?;
        expect_dtype(updates.dtype, &[DType::F32])?;
        let picked = Gather.infer(&[table.clone(), indices.clone()])?.shape;
        let fits = picked.len() == updates.shape.len()
            && picked.iter().zip(updates.shape.iter()).all(|(a, b)| a.is_none() || b.is_none() || a == b);
        if !fits {
            return Err(Mismatch::new(format!("the rows are {updates}, and the indices pick {picked}")));
        }
        Ok(Signature::new(DType::F32, table.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.gather(&at.inputs[1])), None, None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        l.scatter_add(&inputs[0], &inputs[1], &inputs[2].dims)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("GatherGrad", "gradient of Gather")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, updates: &[usize], table: &[usize]| {
            let inputs = vec![numbers(updates, -1.0, 1.0), numbers(table, -1.0, 1.0)];
            Sample::new(label, inputs, |g, x| {
                let indices = g.constant(Tensor::from([[2, 0], [2, 4]]));
                x[0].apply(GatherGradient, &[&indices, &x[1]])
            })
        };
        vec![
            sample("vector", &[2, 2], &[5]),
            sample("matrix", &[2, 2, 3], &[5, 3]),
            sample("rank 3", &[2, 2, 2, 2], &[5, 2, 2]),
        ]
    }
}
