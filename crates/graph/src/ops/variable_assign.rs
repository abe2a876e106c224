use super::*;
use serde::{Deserialize, Serialize};

/// A new value for a variable. Inputs: the variable's node, the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Assign {
    pub variable: usize,
}

impl Op for Assign {
    fn name(&self) -> &'static str {
        "Assign"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [variable, value] = arity(inputs)?;
        let dims = variable.shape.known();
        let admits = dims.is_none_or(|d| {
            value.shape.len() == d.len()
                && value.shape.iter().zip(d.iter()).all(|(v, d)| v.is_none_or(|v| v == *d))
        });
        if variable.dtype != value.dtype || !admits {
            return Err(Mismatch::new(format!("a variable that is {variable} cannot become {value}")));
        }
        Ok(variable.clone())
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Err("an assignment changes state; differentiate with respect to the variable".into())
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        l.assign(self.variable, &inputs[1])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Assign", "Variable::assign Variable::assign_add Variable::assign_sub")]
    }

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new("value", Vec::new(), |g, _| g.variable("v", 1.0_f32).assign(g.constant(2.0_f32)))
                .not_differentiable(),
        ]
    }
}
