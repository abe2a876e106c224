//! Classes drawn by their probabilities.

use super::*;
use crate::conformance::numbers;

impl Output {
    /// `count` classes (`i32`, `[rows, count]`) for each row of these logits `[rows, classes]`, drawn
    /// independently with the probabilities of their softmax: those whose logit plus a number of Gumbel's
    /// distribution is the largest (Gumbel, 1954). New ones are drawn in each run; see
    /// [`Graph::random_normal`]. It has no gradient.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let logits = graph.constant([[0.0_f32, f32::NEG_INFINITY, 0.0]]);
    /// let classes = session.run(logits.multinomial(100), ())?;
    /// let mut found = classes.as_slice::<i32>()?.to_vec();
    /// found.sort_unstable();
    /// found.dedup();
    /// assert_eq!(found, [0, 2]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "categorical")]
    #[track_caller]
    #[must_use]
    pub fn multinomial(&self, count: usize) -> Output {
        let _scope = self.graph.name_scope("multinomial");
        let logits = self.expand_dims(1);
        let uniform = logits.tile([1, count, 1]).random_uniform_like(0.0, 1.0);
        let gumbel = -(-uniform.log()).log();
        (logits + gumbel).argmax(-1)
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[("multinomial", "Output::multinomial")];

pub(crate) fn samples() -> Vec<Sample> {
    let draw = |_: &Graph, x: &[Output]| x[0].multinomial(5);
    vec![Sample::new("multinomial", vec![numbers([3, 4], -1.0, 1.0)], draw).not_differentiable()]
}
