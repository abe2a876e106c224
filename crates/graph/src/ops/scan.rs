//! Loops over the rows of tensors.

use super::*;
use crate::{Outputs, conformance::numbers};

impl Graph {
    /// TensorFlow's `scan`: goes through the rows of `elems` (slices along their first axis, of which all
    /// have as many), and makes the state's next value of the state and these rows with `step`. Gives all
    /// values that the state had after a step, one after the other along a new first axis. `step` is called
    /// once, to build the loop.
    ///
    /// It has gradients, which keep what they need of each step.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, [None]);
    /// let [smooth] = graph.scan(|[mean], [x]| [&mean + (x - &mean) * 0.5], [&x], [graph.constant(0.0_f32)]);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let smooth = session.run(&smooth, feeds! { x => [8.0_f32, 8.0, 8.0] })?;
    /// assert_eq!(smooth.as_slice::<f32>()?, [4.0, 6.0, 7.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// What cannot be built, such as a step that gives another number of tensors, is an error of the results.
    #[doc(alias = "map_fn")]
    #[doc(alias = "dynamic_rnn")]
    #[track_caller]
    pub fn scan<L: Outputs, E: Outputs, B: Outputs>(
        &self,
        step: impl FnOnce(L::Each<Output>, E::Each<Output>) -> B,
        elems: E,
        initializer: L,
    ) -> L::Each<Output> {
        let _scope = self.name_scope("scan");
        let (rows, state) = (elems.outputs(), initializer.outputs());
        let open = self.open_loop(&[&[self.constant(0)], &state[..]].concat());
        let place = &open.variables[0];
        let picked = rows.iter().map(|rows| rows.gather(place)).collect();
        let next = step(initializer.each(open.variables[1..].to_vec()), elems.each(picked)).outputs();
        let next = [&[place + 1], &next[..]].concat();
        // The longest and the shortest are found to differ when their rows are picked.
        let limit = rows.first().cloned().unwrap_or_else(|| self.invalid(nothing_to_scan()));
        let closed = open.close("scan", &next, None, (None, Some(&limit)));
        initializer.each(next[1..].iter().map(|state| closed.stack(state)).take(state.len()).collect())
    }
}

#[track_caller]
fn nothing_to_scan() -> Error {
    let reason = "there is nothing to go through; give it one tensor at least".to_string();
    Error::Build { function: "scan", reason, place: SourceLine::caller() }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[("scan", "Graph::scan")];

pub(crate) fn samples() -> Vec<Sample> {
    let recurrent = |g: &Graph, x: &[Output]| {
        let [h, c] = g.scan(
            |[h, c], [x_t]| {
                let gate = (x_t.expand_dims(0).matmul(&x[1]) + h.expand_dims(0).matmul(&x[2])).squeeze(0);
                let c = c * gate.sigmoid() + gate.tanh();
                [c.tanh() * gate.sigmoid(), c]
            },
            [&x[0]],
            [g.zeros([3]), g.zeros([3])],
        );
        h + c.reduce_sum(0)
    };
    let pairs = |g: &Graph, x: &[Output]| {
        let [y] = g.scan(|[y], [a, b]| [(y + a).relu() * b], [&x[0], &x[1]], [g.zeros([2])]);
        y
    };
    vec![
        Sample::new(
            "recurrent",
            vec![numbers([4, 2], -1.0, 1.0), numbers([2, 3], -1.0, 1.0), numbers([3, 3], -0.5, 0.5)],
            recurrent,
        ),
        Sample::new("two tensors", vec![numbers([3, 2], -1.0, 1.0), numbers([3, 2], 0.5, 1.5)], pairs),
    ]
}
