//! Steps that are counted, and schedules that read the count.

use minutia_graph::{DType, Device, Graph, Operation, Output, Session, Variable, feeds};
use minutia_optim::{Adam, Error, GradientDescent, Momentum, Optimizer, clip_by_global_norm, schedule};

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    session
}

type Count = fn(&Output, &Variable) -> Result<Operation, Error>;

/// All ways to count, each of a step that subtracts 1 from `w`.
const WAYS: [(&str, Count); 4] = [
    ("minimize", |loss, step| GradientDescent::new(1.0).minimize_counting(loss, step)),
    ("a list of variables", |loss, step| {
        let variables = loss.graph().trainable_variables();
        GradientDescent::new(1.0).with_var_list(&variables).minimize_counting(loss, step)
    }),
    ("gradients that are changed on the way", |loss, step| {
        let optimizer = GradientDescent::new(1.0);
        let gradients = optimizer.compute_gradients(loss, loss.graph().trainable_variables())?;
        let (gradients, variables): (Vec<_>, Vec<_>) = gradients.into_iter().unzip();
        let clipped = clip_by_global_norm(&gradients, 5.0).into_iter().zip(variables).collect::<Vec<_>>();
        optimizer.apply_gradients_counting(&clipped, step)
    }),
    ("an optimizer with slots", |loss, step| Momentum::new(1.0, 0.0).minimize_counting(loss, step)),
];

#[test]
fn each_step_is_counted_once_and_after_its_update() {
    for (what, count) in WAYS {
        for dtype in [DType::I32, DType::F32] {
            let graph = Graph::new();
            let w = graph.variable("w", 10.0_f32);
            let step = match dtype {
                DType::I32 => graph.untrainable_variable("global_step", 0),
                _ => graph.untrainable_variable("global_step", 0.0_f32),
            };
            let train = count(&(&w * 1.0), &step).unwrap();
            let mut session = session(&graph);
            for t in 1..4_i16 {
                session.run(&train, ()).unwrap();
                let (w, step) = session.run((&w, step.cast(DType::F32)), ()).unwrap();
                let found = (w.value::<f32>().unwrap(), step.value::<f32>().unwrap());
                assert_eq!(found, (f32::from(10 - t), f32::from(t)), "{what}, {dtype}");
            }
        }
    }
}

/// The rate of a step is that of the steps before it, as in TensorFlow 1.
#[test]
fn a_schedule_reads_the_count_of_the_beginning_of_the_run() {
    let graph = Graph::new();
    let w = graph.variable("w", 0.0_f32);
    let step = graph.untrainable_variable("global_step", 0);
    let rate = schedule::exponential_decay(&step, 1.0, 1.0, 0.5);
    let train = GradientDescent::new(&rate).minimize_counting(&w * -1.0, &step).unwrap();
    let mut session = session(&graph);
    let mut rates = Vec::new();
    for _ in 0..4 {
        let (_, rate) = session.run((&train, &rate), ()).unwrap();
        rates.push(rate.value::<f32>().unwrap());
    }
    assert_eq!(rates, [1.0, 0.5, 0.25, 0.125]);
    assert_eq!(session.run(&w, ()).unwrap().value::<f32>().unwrap(), 1.875);
}

#[test]
fn schedules_of_an_i32_step_have_the_bits_of_those_of_an_f32_step() {
    let graph = Graph::new();
    let counted = graph.placeholder("counted", DType::I32, ());
    let number = graph.placeholder("number", DType::F32, ());
    let rates = |step: &Output| {
        [
            schedule::exponential_decay(step, 0.1, 10.0, 0.5),
            schedule::exponential_decay_staircase(step, 0.1, 10.0, 0.5),
            schedule::inverse_time_decay(step, 0.1, 10.0, 0.5),
            schedule::inverse_time_decay_staircase(step, 0.1, 10.0, 0.5),
            schedule::polynomial_decay(step, 0.1, 20.0, 0.01, 2.0),
            schedule::piecewise_constant(step, &[5.0, 15.0], &[1.0, 0.5, 0.1]).unwrap(),
        ]
    };
    let (of_counted, of_number) = (rates(&counted), rates(&number));
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    for step in [0_u16, 1, 5, 7, 10, 15, 16, 40] {
        let fed = feeds! { counted => i32::from(step), number => f32::from(step) };
        let (found, expected) = session.run((&of_counted, &of_number), fed).unwrap();
        assert_eq!(found, expected, "step {step}");
    }
}

#[test]
fn what_counts_no_steps_is_refused_by_name() {
    let (graph, other) = (Graph::new(), Graph::new());
    let w = graph.variable("w", 1.0_f32);
    for (step, expected) in [
        (graph.untrainable_variable("flag", true), "Adam: the global step 'flag' is bool []"),
        (graph.untrainable_variable("steps", [0, 0]), "Adam: the global step 'steps' is i32 [2]"),
        (other.untrainable_variable("strange", 0), "global step 'strange' belongs to another graph"),
    ] {
        let before = graph.global_variables().len();
        let error = Adam::new(0.1).minimize_counting(w.square(), &step).expect_err(expected);
        assert!(error.to_string().contains(expected), "{expected:?} is not in {error}");
        assert_eq!(graph.global_variables().len(), before, "no slots for a step that is refused");
    }
}
