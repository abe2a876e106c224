//! The sum of a list.

use super::*;
use crate::conformance::numbers;

impl Graph {
    /// The sum of tensors, added in this order; they broadcast as in `x + y`. Gradient: `g` for each. An
    /// empty list has no sum, and is an error that the node remembers.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let weights = [graph.constant([3.0_f32, 4.0]), graph.constant([1.0_f32, 2.0])];
    /// let penalty = graph.add_n(weights.iter().map(|w| w.l2_loss()));
    /// assert_eq!(session.run(&penalty, ())?.value::<f32>()?, 15.0);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "accumulate_n")]
    #[doc(alias = "sum")]
    #[track_caller]
    #[must_use]
    pub fn add_n(&self, terms: impl IntoIterator<Item = impl AsRef<Output>>) -> Output {
        let mut terms = terms.into_iter();
        let Some(first) = terms.next() else {
            let name = self.lock().scoped("AddN");
            let mismatch = Mismatch::new("has nothing to add").hint("give at least one tensor");
            return self.invalid(mismatch.at("AddN", name, Vec::new(), SourceLine::caller()));
        };
        let _scope = self.name_scope("AddN");
        let mut sum = first.as_ref().clone();
        for term in terms {
            sum += term.as_ref();
        }
        sum
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[("AddN", "Graph::add_n")];

pub(crate) fn samples() -> Vec<Sample> {
    let inputs = vec![numbers([2, 3], -1.0, 1.0), numbers([2, 3], 1.0, 2.0), numbers([2, 3], 2.0, 3.0)];
    vec![Sample::new("three", inputs, |g, x| g.add_n(x)).row_wise()]
}
