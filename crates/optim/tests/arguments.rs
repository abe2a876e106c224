//! Numbers that no optimizer, schedule or clipping takes are errors of `minimize` that say which, and what it
//! takes.

use minutia_graph::{Error as GraphError, Graph, Operation, Output};
use minutia_optim::{
    Adagrad, Adam, Error, GradientDescent, Momentum, Optimizer, RmsProp, clip_by_global_norm, clip_by_norm,
    schedule,
};

type Build = fn(&Output, f32) -> Result<Operation, Error>;

const NEVER: [f32; 4] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0];

fn clipped(loss: &Output, clip: impl Fn(&Output) -> Output) -> Result<Operation, Error> {
    let optimizer = GradientDescent::new(0.1);
    let gradients = optimizer.compute_gradients(loss, loss.graph().trainable_variables())?;
    let clip = |(gradient, variable)| (clip(&gradient), variable);
    optimizer.apply_gradients(&gradients.into_iter().map(clip).collect::<Vec<_>>())
}

/// Who takes the number, its name, what builds with it, what it must not be besides `NEVER`, what it may be.
type Row = (&'static str, &'static str, Build, &'static [f32], &'static [f32]);

const ARGUMENTS: [Row; 17] = [
    ("GradientDescent", "rate", |l, x| GradientDescent::new(x).minimize(l), &[], &[0.0, 10.0]),
    ("Momentum", "rate", |l, x| Momentum::new(x, 0.9).minimize(l), &[], &[0.0]),
    ("Momentum", "momentum", |l, x| Momentum::new(0.1, x).minimize(l), &[1.5], &[0.0, 1.0]),
    ("Momentum", "momentum", |l, x| Momentum::new(0.1, x).nesterov().minimize(l), &[1.5], &[0.0, 1.0]),
    ("Adagrad", "rate", |l, x| Adagrad::new(x).minimize(l), &[], &[0.0]),
    (
        "Adagrad",
        "initial_accumulator",
        |l, x| Adagrad::new(0.1).initial_accumulator(x).minimize(l),
        &[0.0, -0.0],
        &[f32::MIN_POSITIVE, 2.0],
    ),
    ("RMSProp", "rate", |l, x| RmsProp::new(x).minimize(l), &[], &[0.0]),
    ("RMSProp", "decay", |l, x| RmsProp::new(0.1).decay(x).minimize(l), &[1.5], &[0.0, 1.0]),
    ("RMSProp", "momentum", |l, x| RmsProp::new(0.1).momentum(x).minimize(l), &[1.5], &[0.0, 1.0]),
    ("RMSProp", "epsilon", |l, x| RmsProp::new(0.1).epsilon(x).minimize(l), &[], &[0.0]),
    ("Adam", "rate", |l, x| Adam::new(x).minimize(l), &[], &[0.0]),
    ("Adam", "beta1", |l, x| Adam::new(0.1).betas(x, 0.999).minimize(l), &[1.0], &[0.0, 0.99]),
    ("Adam", "beta2", |l, x| Adam::new(0.1).betas(0.9, x).minimize(l), &[1.0], &[0.0, 0.99]),
    ("Adam", "epsilon", |l, x| Adam::new(0.1).epsilon(x).minimize(l), &[], &[0.0]),
    ("Adam", "weight_decay", |l, x| Adam::new(0.1).weight_decay(x).minimize(l), &[], &[0.0]),
    ("clip_by_norm", "norm", |l, x| clipped(l, |g| clip_by_norm(g, x)), &[0.0], &[2.0]),
    (
        "clip_by_global_norm",
        "norm",
        |l, x| clipped(l, |g| clip_by_global_norm(std::slice::from_ref(g), x).remove(0)),
        &[0.0],
        &[2.0],
    ),
];

#[test]
fn numbers_outside_their_domains_are_refused_by_name() {
    let build = |build: Build, x: f32| {
        let graph = Graph::new();
        let w = graph.variable("w", 1.0_f32);
        build(&w.square(), x)
    };
    for (who, what, minimize, also, good) in ARGUMENTS {
        for &x in NEVER.iter().chain(also) {
            let error = build(minimize, x).expect_err(&format!("{who}: {what} = {x}"));
            let Error::Graph(GraphError::Argument { function, argument, value, .. }) = &error else {
                panic!("{who}, {what} = {x}: {error}")
            };
            assert_eq!((*function, *argument, value.to_bits()), (who, what, x.to_bits()), "{error}");
            assert!(error.to_string().contains(&format!("{who}: {what} is {x} at ")), "{error}");
            assert!(error.to_string().contains("it must be "), "{error}");
        }
        for &x in good {
            build(minimize, x).unwrap_or_else(|error| panic!("{who}, {what} = {x}: {error}"));
        }
    }
}

type Schedule = (&'static str, &'static [&'static str], fn(&Output, [f32; 4]) -> Output);

/// What it is, the names of its numbers, what calls it.
const SCHEDULES: [Schedule; 6] = [
    ("exponential_decay", &["rate", "steps", "factor"], |t, [a, b, c, _]| {
        schedule::exponential_decay(t, a, b, c)
    }),
    ("exponential_decay_staircase", &["rate", "steps", "factor"], |t, [a, b, c, _]| {
        schedule::exponential_decay_staircase(t, a, b, c)
    }),
    ("inverse_time_decay", &["rate", "steps", "factor"], |t, [a, b, c, _]| {
        schedule::inverse_time_decay(t, a, b, c)
    }),
    ("inverse_time_decay_staircase", &["rate", "steps", "factor"], |t, [a, b, c, _]| {
        schedule::inverse_time_decay_staircase(t, a, b, c)
    }),
    ("polynomial_decay", &["rate", "steps", "end", "power"], |t, [a, b, c, d]| {
        schedule::polynomial_decay(t, a, b, c, d)
    }),
    ("piecewise_constant", &["boundary", "value", "value"], |t, [a, b, c, _]| {
        schedule::piecewise_constant(t, &[a], &[b, c]).unwrap()
    }),
];

#[test]
fn numbers_that_no_schedule_takes_are_refused_by_name() {
    let train = |schedule: fn(&Output, [f32; 4]) -> Output, numbers| {
        let graph = Graph::new();
        let (w, step) = (graph.variable("w", 1.0_f32), graph.untrainable_variable("step", 1.0_f32));
        GradientDescent::new(schedule(&step, numbers)).minimize(w.square())
    };
    for (who, names, schedule) in SCHEDULES {
        train(schedule, [0.5; 4]).unwrap();
        for (i, &what) in names.iter().enumerate() {
            let steps = if what == "steps" { 0.0 } else { f32::NAN };
            // A negative boundary is one that was passed before the start.
            let negative = if what == "boundary" { f32::NAN } else { -1.0 };
            for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, steps, negative] {
                let mut numbers = [0.5; 4];
                numbers[i] = x;
                let error = train(schedule, numbers).expect_err(&format!("{who}: {what} = {x}")).to_string();
                assert!(error.contains(&format!("{who}: {what} is {x} at ")), "{error}");
            }
        }
    }
}

#[test]
fn a_refused_optimizer_builds_no_slots() {
    let graph = Graph::new();
    let w = graph.variable("w", 1.0_f32);
    assert!(Adagrad::new(0.1).initial_accumulator(0.0).minimize(w.square()).is_err());
    assert_eq!(graph.global_variables().len(), 1);
    assert!(graph.check().is_ok());
}
