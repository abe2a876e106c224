use super::*;
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// The operand itself, with or without a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub stop_gradient: bool,
}

impl Output {
    /// The same tensor under another node. Gradient: `g`.
    #[track_caller]
    #[must_use]
    pub fn identity(&self) -> Output {
        self.apply(Identity { stop_gradient: false }, &[])
    }

    /// The same tensor, which differentiation takes for a constant.
    #[track_caller]
    #[must_use]
    pub fn stop_gradient(&self) -> Output {
        self.apply(Identity { stop_gradient: true }, &[])
    }
}

impl Op for Identity {
    fn name(&self) -> &'static str {
        if self.stop_gradient { "StopGradient" } else { "Identity" }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        Ok(x.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![(!self.stop_gradient).then(|| at.grad.clone())])
    }

    fn lower(&self, _: &mut Lowering, inputs: &[View]) -> View {
        inputs[0].clone()
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Identity", "Output::identity"), ("StopGradient", "Output::stop_gradient")]
    }

    fn samples() -> Vec<Sample> {
        let x = || vec![numbers([2, 3], -1.0, 1.0)];
        vec![
            Sample::new("identity", x(), |_, x| x[0].identity()).row_wise(),
            Sample::new("stop", x(), |_, x| x[0].stop_gradient()).not_differentiable().row_wise(),
        ]
    }
}
