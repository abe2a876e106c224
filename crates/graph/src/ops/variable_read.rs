use super::*;
use serde::{Deserialize, Serialize};

/// A variable's value after the assignments of the run that were built before. Input: the variable's node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadVariable {
    pub variable: usize,
}

impl Op for ReadVariable {
    fn name(&self) -> &'static str {
        "ReadVariable"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [variable] = arity(inputs)?;
        Ok(variable.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.clone())])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        l.commits.get(&self.variable).unwrap_or(&inputs[0]).clone()
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("ReadVariable", "Variable::read_value")]
    }

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new("after", Vec::new(), |g, _| {
                let v = g.variable("v", [1.0_f32, 2.0]);
                let assigned = v.assign(g.constant([3.0_f32, 4.0])).operation();
                let _after = g.control_dependencies([&assigned]);
                v.read_value()
            })
            .not_differentiable(),
        ]
    }
}
