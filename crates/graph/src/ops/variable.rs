use super::*;
use serde::{Deserialize, Serialize};

/// A variable's value at the beginning of the run. Which variable it is stands in the graph's list of
/// variables.
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
        l.variable_writes.get(&self.variable).unwrap_or(&inputs[0]).clone()
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
