//! Updates of one variable that meet in one run. The values are TensorFlow 1's, whose resource variables
//! these follow; where it leaves an order open, ours is the order of building.

use minutia_graph::{DType, Device, Graph, Operation, Output, Session, Tensor, Variable, feeds};
use minutia_optim::{Adagrad, Adam, Error, GradientDescent, Momentum, Optimizer, RmsProp, clip_by_norm};

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    session
}

fn descend(rate: f32, loss: &Output) -> Operation {
    GradientDescent::new(rate).minimize(loss).unwrap()
}

fn after<T>(operation: &Operation, build: impl FnOnce() -> T) -> T {
    let _after = operation.graph().control_dependencies([operation]);
    build()
}

type Build = fn(&Graph, &Variable) -> Operation;
type Composition = (&'static str, f32, Build, f32);

/// What it is, what the variable holds before, what is run, what the variable holds after.
const COMPOSITIONS: [Composition; 16] = [
    ("two steps", 0.0, |g, w| g.group([&descend(1.0, &(w * 1.0)), &descend(1.0, &(w * 2.0))]), -3.0),
    (
        "two steps with gradients of the run's beginning",
        1.0,
        |g, w| g.group([&descend(0.25, &w.square()), &descend(0.25, &w.square())]),
        0.0,
    ),
    (
        "one step twice in a group",
        0.0,
        |g, w| {
            let a = descend(1.0, &(w * 1.0));
            g.group([&a, &a])
        },
        -1.0,
    ),
    (
        "decay, then a step",
        1.0,
        |_, w| {
            let loss = w * 1.0;
            after(&w.assign(w * 0.75).operation(), || descend(0.5, &loss))
        },
        0.25,
    ),
    (
        "decay, then a step, fetched side by side",
        1.0,
        |g, w| g.group([&w.assign(w * 0.75).operation(), &descend(0.5, &(w * 1.0))]),
        0.25,
    ),
    (
        "decay, then a step of a loss that was computed before",
        1.0,
        |_, w| {
            let loss = w.square();
            after(&w.assign(w * 0.5).operation(), || descend(0.25, &loss))
        },
        0.0,
    ),
    (
        "decay, then a loss of what it left, and a step",
        1.0,
        |_, w| after(&w.assign(w * 0.5).operation(), || descend(0.25, &w.square())),
        0.25,
    ),
    (
        "a step, then clipping",
        0.75,
        |_, w| after(&descend(1.0, &(w * -0.5)), || w.assign(w.clip_by_value(0.0, 1.0))).operation(),
        1.0,
    ),
    (
        "a step, then projection to a ball",
        1.0,
        |_, w| after(&descend(1.0, &(w * -3.0)), || w.assign(clip_by_norm(w, 2.0))).operation(),
        2.0,
    ),
    (
        "a step in a group in a group, then halving",
        1.0,
        |g, w| {
            let step = g.group([&g.group([&descend(1.0, &(w * -3.0))])]);
            after(&step, || w.assign(w * 0.5)).operation()
        },
        2.0,
    ),
    (
        "a step, and in a scope inside another operation's, halving",
        1.0,
        |g, w| {
            let other = g.variable("other", 0.0_f32).assign_add(1.0).operation();
            let step = descend(1.0, &(w * -3.0));
            after(&step, || after(&other, || w.assign(w * 0.5))).operation()
        },
        2.0,
    ),
    (
        "a step, then halving of what was read before",
        1.0,
        |_, w| {
            let before = w.identity();
            after(&descend(1.0, &(w * -3.0)), || w.assign(&before * 0.5)).operation()
        },
        0.5,
    ),
    (
        "a step after another operation, which assigns something else",
        1.0,
        |g, w| {
            let other = g.variable("other", 0.0_f32).assign_add(1.0).operation();
            let first = descend(1.0, &(w * -3.0));
            g.group([&first, &after(&other, || w.assign(w * 0.5)).operation()])
        },
        0.5,
    ),
    (
        "adding between two steps",
        0.0,
        |g, w| {
            let (loss, first) = (w * 2.0, descend(1.0, &(w * 1.0)));
            let add = w.assign_add(w.read_value()).operation();
            g.group([&descend(1.0, &loss), &add, &first])
        },
        -4.0,
    ),
    (
        "a moving average after a step",
        0.0,
        |g, w| {
            let average = g.untrainable_variable("average", 0.0_f32);
            let step = descend(1.0, &(w * -4.0));
            let average = after(&step, || average.assign_sub((&*average - w) * 0.25));
            // What the variable is checked for is the average.
            after(&average.operation(), || w.assign(&average)).operation()
        },
        1.0,
    ),
    (
        "a step of an optimizer with slots, made under the control dependency of a decay",
        1.0,
        |_, w| {
            let loss = w * 1.0;
            after(&w.assign(w * 0.75).operation(), || Momentum::new(0.5, 0.5).minimize(&loss).unwrap())
        },
        0.25,
    ),
];

#[test]
fn updates_of_one_run_compose() {
    for (what, start, build, expected) in COMPOSITIONS {
        let graph = Graph::new();
        let w = graph.variable("w", start);
        let train = build(&graph, &w);
        let mut run = session(&graph);
        run.run(&train, feeds! {}).unwrap();
        assert_eq!(run.run(&w, feeds! {}).unwrap().value::<f32>().unwrap(), expected, "{what}");
        let run = session(&graph);
        let mut step = run.make_callable(&train, feeds! {}).unwrap();
        step.run().unwrap();
        let found = run.variable(&w).unwrap().unwrap();
        assert_eq!(found.value::<f32>().unwrap(), expected, "{what}, prepared");
        let mut checked = session(&graph);
        checked.set_check_numerics(true);
        checked.run(&train, feeds! {}).unwrap();
        let found = checked.variable(&w).unwrap().unwrap();
        assert_eq!(found.value::<f32>().unwrap(), expected, "{what}, checked");
    }
}

type Step = Box<dyn Fn(&Output) -> Result<Operation, Error>>;

fn optimizers() -> Vec<(&'static str, Step)> {
    fn build<O: Optimizer + 'static>(optimizer: O) -> Step {
        Box::new(move |loss| optimizer.minimize(loss))
    }
    vec![
        ("GradientDescent", build(GradientDescent::new(0.1))),
        ("Momentum", build(Momentum::new(0.1, 0.9))),
        ("Nesterov", build(Momentum::new(0.1, 0.9).nesterov())),
        ("Adagrad", build(Adagrad::new(0.1))),
        ("RMSProp", build(RmsProp::new(0.1).momentum(0.5))),
        ("Adam", build(Adam::new(0.1))),
        ("AdamW", build(Adam::new(0.1).weight_decay(0.1))),
    ]
}

/// Two optimizers change one variable, each after its slots are set to their initial values. Gradients are
/// constant here, so that one run of all may not differ in a bit from one run of each, in the order of
/// building.
#[test]
fn updates_in_one_run_are_those_of_a_run_for_each() {
    for (name, minimize) in optimizers() {
        let found = [false, true].map(|together| {
            let graph = Graph::new();
            let w = graph.variable("w", [1.0_f32, -0.5]);
            let mut operations = Vec::new();
            for slope in [[1.0_f32, 0.3], [2.0, -0.7]] {
                let variables = graph.global_variables().len();
                let step = minimize(&(&w * graph.constant(slope))).unwrap();
                operations.extend(graph.global_variables()[variables..].iter().map(Variable::initializer));
                operations.push(step);
            }
            let mut session = session(&graph);
            for _ in 0..3 {
                if together {
                    session.run(&operations, feeds! {}).unwrap();
                } else {
                    operations.iter().for_each(|operation| session.run(operation, feeds! {}).unwrap());
                }
            }
            session.run(graph.global_variables(), feeds! {}).unwrap()
        });
        assert_eq!(found[0], found[1], "{name}");
    }
}

/// Reading late costs nothing: the primitives are those of the gradients, and variables are changed where
/// they lie.
#[test]
fn updates_are_fused_and_in_place() {
    for ((name, minimize), primitives) in optimizers().into_iter().zip([4, 4, 4, 4, 4, 7, 7]) {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, [4, 8]);
        let w = graph.variable("w", graph.random_normal([8, 5], 0.0, 0.1));
        let b = graph.variable("b", graph.zeros([5]));
        let loss = (x.matmul(&w) + &b).relu().square().reduce_sum(..);
        let train = minimize(&loss).unwrap();
        let fed = feeds! { x => Tensor::zeros(DType::F32, [4, 8]).unwrap() };
        let plan = session(&graph).explain((&train, &loss), fed).unwrap();
        assert_eq!(plan.primitives.len(), primitives, "{name}:\n{}", plan.explain());
        assert!(plan.primitives.iter().all(|k| !k.nodes.is_empty()), "{name}: no copies\n{}", plan.explain());
    }
}
