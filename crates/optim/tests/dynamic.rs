//! Optimizers behind pointers, and with lists of variables, are optimizers.

use minutia_graph::{Device, Graph, Operation, Output, Session};
use minutia_optim::{Adam, Error, GradientDescent, Momentum, Optimizer, clip_by_global_norm};

/// A helper that knows no optimizer.
fn clipped(optimizer: impl Optimizer, loss: &Output) -> Result<Operation, Error> {
    let graph = loss.graph();
    let listed = optimizer.var_list().map_or_else(|| graph.trainable_variables(), <[_]>::to_vec);
    let (gradients, variables): (Vec<_>, Vec<_>) =
        optimizer.compute_gradients(loss, listed)?.into_iter().unzip();
    let gradients = clip_by_global_norm(gradients, 1.0).into_iter();
    optimizer.apply_gradients(&gradients.zip(variables).collect::<Vec<_>>())
}

#[test]
fn an_optimizer_behind_a_pointer_makes_the_same_step() {
    let step = |build: fn(&Output) -> Result<Operation, Error>| {
        let graph = Graph::new();
        let (x, y) = (graph.variable("x", 3.0_f32), graph.variable("y", 4.0_f32));
        let train = build(&(x.square() + y.square())).unwrap();
        let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        session.run(graph.global_variables_initializer(), ()).unwrap();
        session.run(&train, ()).unwrap();
        session.run([&x, &y], ()).unwrap().map(|value| value.value::<f32>().unwrap())
    };
    let listed =
        step(|l| GradientDescent::new(0.5).with_var_list([&l.graph().global_variables()[0]]).minimize(l));
    assert_eq!(listed, [0.0, 4.0]);
    let cases: [(&str, [f32; 2], [f32; 2]); 5] = [
        (
            "a box",
            step(|l| Momentum::new(0.25, 0.9).minimize(l)),
            step(|l| (Box::new(Momentum::new(0.25, 0.9)) as Box<dyn Optimizer>).minimize(l)),
        ),
        (
            "a reference",
            step(|l| Adam::new(1).minimize(l)),
            step(|l| {
                let optimizer: &dyn Optimizer = &Adam::new(1.0);
                Optimizer::minimize(&optimizer, l)
            }),
        ),
        (
            "a box with a list",
            listed,
            step(|l| {
                let all: Box<dyn Optimizer> = Box::new(GradientDescent::new(0.5));
                let some: Box<dyn Optimizer> =
                    Box::new(all.with_var_list([&l.graph().global_variables()[0]]));
                some.minimize(l)
            }),
        ),
        (
            "a helper",
            step(|l| clipped(GradientDescent::new(1), l)),
            step(|l| clipped(Box::new(GradientDescent::new(1)) as Box<dyn Optimizer>, l)),
        ),
        (
            "a helper and a list",
            [2.0, 4.0],
            step(|l| clipped(GradientDescent::new(1).with_var_list([&l.graph().global_variables()[0]]), l)),
        ),
    ];
    for (what, expected, found) in cases {
        assert_eq!(found, expected, "{what}");
    }
}
