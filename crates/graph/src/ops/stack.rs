//! Tensors behind each other along an axis of their own.

use super::*;
use crate::conformance::numbers;

impl Graph {
    /// Tensors of one type and shape along a new axis; a negative axis counts from behind the last.
    /// [`Output::unstack`] is the way back. Gradient: the slice of `g` that each came from.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (a, b) = (graph.constant([1, 2]), graph.constant([3, 4]));
    /// assert_eq!(session.run(graph.stack([&a, &b], 0), ())?.as_slice::<i32>()?, [1, 2, 3, 4]);
    /// assert_eq!(session.run(graph.stack([&a, &b], -1), ())?.as_slice::<i32>()?, [1, 3, 2, 4]);
    /// assert!(graph.stack([a, graph.constant([5, 6, 7])], 0).check().is_err());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "pack")]
    #[track_caller]
    #[must_use]
    pub fn stack(&self, parts: impl IntoIterator<Item = impl AsRef<Output>>, axis: isize) -> Output {
        let _scope = self.name_scope("stack");
        let parts: Vec<Output> = parts.into_iter().map(|part| part.as_ref().expand_dims(axis)).collect();
        self.concat(parts, axis)
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[("stack", "Graph::stack")];

pub(crate) fn samples() -> Vec<Sample> {
    let sample = |axis: isize| {
        let inputs = vec![numbers([2, 3], -1.0, 1.0), numbers([2, 3], 1.0, 2.0), numbers([2, 3], 2.0, 3.0)];
        Sample::new(format!("axis {axis}"), inputs, move |g, x| g.stack(x, axis))
    };
    vec![sample(0), sample(1).row_wise(), sample(-1).row_wise()]
}
