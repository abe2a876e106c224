use super::*;
use serde::{Deserialize, Serialize};

/// A variable's value at the beginning of the run. Which variable it is stands in the graph's list of variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VariableOp {
    pub signature: Signature,
}

impl Op for VariableOp {
    fn name(&self) -> &'static str {
        "Variable"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [] = arity(inputs)?;
        if self.signature.shape.known().is_none() {
            return Err(Mismatch::new(format!(
                "the initial value's shape {} is not known",
                self.signature.shape
            ))
            .hint("start from a tensor whose extents are all known"));
        }
        expect_dtype(self.signature.dtype, &[DType::F32, DType::I32, DType::Bool])?;
        Ok(self.signature.clone())
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(Vec::new())
    }

    fn lower(&self, l: &mut Lowering, _: &[View]) -> View {
        let dims = self.signature.shape.known().expect("inference has checked the extents");
        let index = l.variable;
        l.source(Source::Variable(index), self.signature.dtype, &dims)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Variable", "Graph::variable Graph::untrainable_variable")]
    }

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new("read", Vec::new(), |g, _| (*g.variable("v", [1.0_f32, 2.0])).clone())
                .not_differentiable(),
        ]
    }
}
