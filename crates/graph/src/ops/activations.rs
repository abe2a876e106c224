//! Activations that are made of several operations.

use super::*;
use crate::conformance::numbers;
use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

impl Output {
    /// Elementwise `x`, but `alpha x` at and below 0; TensorFlow's `alpha` is 0.2 unless it is told another.
    /// Gradient: `g` above 0, else `alpha g`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([-2.0_f32, 0.0, 3.0]);
    /// assert_eq!(session.run(x.leaky_relu(0.5), ())?.as_slice::<f32>()?, [-1.0, 0.0, 3.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn leaky_relu(&self, alpha: f32) -> Output {
        let _scope = self.graph.name_scope("LeakyRelu");
        self.greater(0.0).select(self, self * alpha)
    }

    /// Elementwise `ln(sigmoid x)`, which loses nothing where the sigmoid underflows. Gradient: `g / (1 +
    /// e^x)`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([-200.0_f32, 200.0]);
    /// assert_eq!(session.run(x.log_sigmoid(), ())?.as_slice::<f32>()?, [-200.0, 0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn log_sigmoid(&self) -> Output {
        let _scope = self.graph.name_scope("LogSigmoid");
        -(-self).softplus()
    }

    /// Elementwise Gaussian error linear unit (Hendrycks and Gimpel, 2016): `x` times the probability that a
    /// normally distributed number is below it, `x (1 + erf(x / sqrt 2)) / 2`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([-9.0_f32, 0.0, 9.0]);
    /// assert_eq!(session.run(x.gelu(), ())?.as_slice::<f32>()?, [0.0, 0.0, 9.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn gelu(&self) -> Output {
        let _scope = self.graph.name_scope("Gelu");
        self * 0.5 * ((self * FRAC_1_SQRT_2).erf() + 1.0)
    }

    /// The approximation of [`gelu`](Output::gelu) by a hyperbolic tangent, `x (1 + tanh(sqrt(2 / pi) (x +
    /// 0.044715 x^3))) / 2`: what TensorFlow's `gelu` gives by default, and many trained networks expect.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([-9.0_f32, 0.0, 9.0]);
    /// assert_eq!(session.run(x.gelu_tanh(), ())?.as_slice::<f32>()?, [0.0, 0.0, 9.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn gelu_tanh(&self) -> Output {
        let _scope = self.graph.name_scope("Gelu");
        let inner = (self + self.square() * self * 0.044_715) * (FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
        self * 0.5 * (inner.tanh() + 1.0)
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[
    ("Gelu", "Output::gelu Output::gelu_tanh"),
    ("LeakyRelu", "Output::leaky_relu"),
    ("LogSigmoid", "Output::log_sigmoid"),
];

pub(crate) fn samples() -> Vec<Sample> {
    let sample = |label: &str, apply: fn(&Output) -> Output| {
        Sample::new(label, vec![numbers([3, 5], -3.0, 3.0)], move |_, x| apply(&x[0])).row_wise()
    };
    vec![
        sample("leaky_relu", |x| x.leaky_relu(0.2)),
        sample("log_sigmoid", Output::log_sigmoid),
        sample("gelu", Output::gelu),
        sample("gelu_tanh", Output::gelu_tanh),
    ]
}
