//! One of two branches.

use super::*;
use crate::{Outputs, conformance::numbers};

impl Graph {
    /// TensorFlow's `cond`: what `true_fn` builds if `pred`, a `bool` scalar, is true, else what `false_fn`
    /// builds. Both are called once, to build the branches; of a run, only the chosen branch is computed, but
    /// for what was built before. Both give as many tensors, of the same types and shapes. A branch cannot
    /// assign variables of the graph.
    ///
    /// Gradient: that of the chosen branch; what the other one alone depends on gets zeros.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, ());
    /// let [y] = graph.cond(x.greater(1.0), || [x.log()], || [&x - 1.0]);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(&y, feeds! { x => 1.0_f32 })?.value::<f32>()?, 0.0);
    /// assert_eq!(session.run(&y, feeds! { x => 0.5_f32 })?.value::<f32>()?, -0.5);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// What cannot be built, such as branches that give different numbers of tensors, is an error of the
    /// results.
    #[track_caller]
    pub fn cond<L: Outputs>(
        &self,
        pred: impl AsRef<Output>,
        true_fn: impl FnOnce() -> L,
        false_fn: impl FnOnce() -> L,
    ) -> L::Each<Output> {
        let _scope = self.name_scope("cond");
        let pred = pred.as_ref();
        let (taken, when_true) = self.branch(pred, true_fn);
        let (_, when_false) = self.branch(pred.logical_not(), false_fn);
        if when_true.len() != when_false.len() {
            let reason = format!(
                "true_fn gives {} tensors, and false_fn {}; give as many in both",
                when_true.len(),
                when_false.len()
            );
            let place = SourceLine::caller();
            let error = self.invalid(Error::Build { function: "cond", reason, place });
            return taken.each(vec![error; when_true.len()]);
        }
        let pairs = when_true.iter().zip(&when_false);
        taken.each(pairs.map(|(a, b)| pred.select(a, b)).collect())
    }

    /// What a branch gives, zeros where it is not taken: a loop of one iteration, or of none.
    #[track_caller]
    fn branch<L: Outputs>(&self, taken: impl AsRef<Output>, build: impl FnOnce() -> L) -> (L, Vec<Output>) {
        let _scope = self.name_scope("branch");
        let open = self.open_loop(&[self.constant(0)]);
        let built = build();
        let outputs: Vec<Output> = built.outputs().iter().map(Output::identity).collect();
        let next = [&open.variables[0] + 1];
        let closed = open.close("cond", &next, Some(taken.as_ref()), (Some(1), None));
        let values = outputs.iter().map(|output| closed.last(output)).collect();
        (built, values)
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[("cond", "Graph::cond")];

pub(crate) fn samples() -> Vec<Sample> {
    let chosen = |taken: bool| {
        move |g: &Graph, x: &[Output]| {
            let [y, z] =
                g.cond(g.constant(taken), || [x[0].exp(), &x[0] * &x[1]], || [&x[1] * 2.0, x[1].sin()]);
            y + z
        }
    };
    let in_loop = |g: &Graph, x: &[Output]| {
        let body = |[i, y]: [Output; 2]| {
            let [z] = g.cond(i.equal(1), || [y.square()], || [&y * &x[0]]);
            [i + 1, z]
        };
        let [_, y] = g.while_loop(|[i, _]| i.less(3), body, [&g.constant(0), &x[0]], 3);
        y
    };
    let x = || vec![numbers([3], 0.5, 1.5), numbers([3], 0.5, 1.5)];
    vec![
        Sample::new("true", x(), chosen(true)),
        Sample::new("false", x(), chosen(false)),
        Sample::new("in a loop", vec![numbers([2], 0.5, 1.5)], in_loop),
    ]
}
