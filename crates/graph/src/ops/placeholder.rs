use super::*;
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// An input of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placeholder {
    pub signature: Signature,
}

impl Op for Placeholder {
    fn name(&self) -> &'static str {
        "Placeholder"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [] = arity(inputs)?;
        Ok(self.signature.clone())
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(Vec::new())
    }

    fn lower(&self, l: &mut Lowering, _: &[View]) -> View {
        let dims = l.fed.clone();
        l.source(Source::Feed(l.node), self.signature.dtype, &dims)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Placeholder", "Graph::placeholder")]
    }

    fn samples() -> Vec<Sample> {
        vec![Sample::new("fed", vec![numbers([2, 3], -1.0, 1.0)], |_, x| x[0].clone()).row_wise()]
    }
}
