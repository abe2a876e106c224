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
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1.0_f32, 2.0]);
    /// assert_eq!(session.run(x.identity(), ())?, session.run(&x, ())?);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn identity(&self) -> Output {
        self.apply(Identity { stop_gradient: false }, &[])
    }

    /// The same tensor, which differentiation takes for a constant.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant(3.0_f32);
    /// let [gradient] = graph.gradients(&x * x.stop_gradient(), [&x])?;
    /// assert_eq!(session.run(&gradient, ())?.expect("a path").value::<f32>()?, 3.0);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "detach")]
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
