//! How much planning does, counted rather than timed.

#[cfg(test)]
thread_local! {
    static SPENT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Notes so many looks at a primitive, an edge or a range of bytes.
#[inline(always)]
pub(super) fn spend(_looks: usize) {
    #[cfg(test)]
    SPENT.set(SPENT.get() + _looks);
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a reference within a tolerance, no result")]
mod tests {
    use super::SPENT;
    use crate::{Device, Graph, Output, Session, Variable, feeds};

    type Kind = (&'static str, fn(&[Variable], usize) -> Output);

    /// Graphs with the gradients of two vectors, of about so many nodes.
    const KINDS: [Kind; 4] = [
        ("a chain", |v, nodes| (0..nodes / 5).fold((*v[0]).clone(), |y, _| y.tanh()) * &*v[1]),
        ("branches of one tensor", |v, nodes| {
            let branches = (0..nodes / 8).map(|i| (&*v[0] * i as f32 + &*v[1]).square());
            branches.reduce(|sum, branch| sum + branch).expect("some")
        }),
        ("parts side by side", |v, nodes| {
            let parts: Vec<Output> = (0..nodes / 8).map(|i| &*v[i % 2] * i as f32).collect();
            v[0].graph().concat(&parts, 0).square()
        }),
        // Prey and predators, by the method of Runge and Kutta.
        ("steps of a differential equation", |v, nodes| {
            let graph = v[0].graph();
            let (mut x, mut y) = (graph.constant([1.0_f32; 4]), graph.constant([0.5_f32; 4]));
            for _ in 0..nodes / 170 {
                let slope = |x: &Output, y: &Output| {
                    let met = x * y;
                    (x * &*v[0] - &met, &met - y * &*v[1])
                };
                let ahead = |k: &(Output, Output), h: f32| slope(&(&x + &k.0 * h), &(&y + &k.1 * h));
                let a = slope(&x, &y);
                let b = ahead(&a, 0.005);
                let c = ahead(&b, 0.005);
                let d = ahead(&c, 0.01);
                (x, y) = (x + (a.0 + b.0 * 2.0 + c.0 * 2.0 + d.0), y + (a.1 + b.1 * 2.0 + c.1 * 2.0 + d.1));
            }
            x * y
        }),
    ];

    /// The looks that planning such a graph takes, and its nodes.
    fn spent(build: fn(&[Variable], usize) -> Output, nodes: usize) -> (f64, f64) {
        let graph = Graph::new();
        let variables = [0.5_f32, 0.25].map(|x| graph.variable("v", vec![x; 4]));
        let y = build(&variables, nodes).reduce_sum(..);
        let gradients = graph.gradients(&y, &[&variables[0], &variables[1]]).expect("gradients");
        let session = Session::new(&graph, &Device::cpu().expect("a CPU")).expect("a session");
        SPENT.set(0);
        session
            .make_callable(gradients.into_iter().flatten().collect::<Vec<_>>(), feeds! {})
            .expect("a plan");
        (SPENT.get() as f64, graph.len() as f64)
    }

    #[test]
    fn planning_grows_with_the_graph() {
        for (name, build) in KINDS {
            let [(few, small), (many, large)] = [3_000, 12_000].map(|nodes| spent(build, nodes));
            let slope = (many / few).ln() / (large / small).ln();
            assert!(
                slope <= 1.2,
                "{name}: {few} looks for {small} nodes, {many} for {large}: slope {slope:.2}"
            );
        }
    }
}
