//! Moving averages are TensorFlow 1's: where they begin, how they move, what they are called.
#![expect(clippy::disallowed_methods, reason = "a reference within a tolerance, no result")]

use minutia_graph::{DType, Device, Graph, Operation, Output, Saver, Session, Variable, feeds};
use minutia_optim::{Error, ExponentialMovingAverage, GradientDescent, Optimizer};

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    session
}

fn values(session: &mut Session, of: &Variable) -> Vec<f32> {
    session.run(of, ()).unwrap().as_slice::<f32>().unwrap().to_vec()
}

#[track_caller]
fn near(what: &str, found: &[f32], expected: &[f64]) {
    let near = |(f, e): (&f32, &f64)| (f64::from(*f) - e).abs() <= 1e-5 * e.abs().max(1.0);
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(near),
        "{what}: {found:?}, expected {expected:?}"
    );
}

/// The numbers of TensorFlow's own test, `moving_averages_test.py`: a decay of 1/4, values of 10 and 30 and
/// their sum, of which the second update sees 20, 15 and 35.
#[test]
fn variables_begin_with_their_value_and_other_tensors_with_0() {
    let graph = Graph::new();
    let (a, b) = (graph.variable("v0", [10.0_f32, 11.0]), graph.variable("v1", [30.0_f32, 31.0]));
    let sum = (&a + &b).with_name("sum");
    let mut averages = ExponentialMovingAverage::new(0.25);
    let list: [&Output; 3] = [&a, &b, &sum];
    let update = averages.apply(list).unwrap();
    let [of_a, of_b, of_sum] = list.map(|of| averages.average(of).unwrap());
    let change = graph.group([&a.assign_add(10.0).operation(), &b.assign_sub(15.0).operation()]);

    let mut session = session(&graph);
    assert_eq!(values(&mut session, &of_a), [10.0, 11.0]);
    assert_eq!(values(&mut session, &of_b), [30.0, 31.0]);
    assert_eq!(values(&mut session, &of_sum), [0.0, 0.0]);
    session.run(&update, ()).unwrap();
    assert_eq!(values(&mut session, &of_a), [10.0, 11.0]);
    assert_eq!(values(&mut session, &of_sum), [40.0 * 0.75, 42.0 * 0.75]);
    session.run(&change, ()).unwrap();
    session.run(&update, ()).unwrap();
    assert_eq!(values(&mut session, &of_a), [10.0 * 0.25 + 20.0 * 0.75, 11.0 * 0.25 + 21.0 * 0.75]);
    assert_eq!(values(&mut session, &of_b), [30.0 * 0.25 + 15.0 * 0.75, 31.0 * 0.25 + 16.0 * 0.75]);
    assert_eq!(values(&mut session, &of_sum), [30.0 * 0.25 + 35.0 * 0.75, 31.5 * 0.25 + 37.0 * 0.75]);
}

#[test]
fn the_decay_grows_with_the_number_of_updates_up_to_its_bound() {
    for count in [0, 1, 5, 100] {
        for (what, dtype) in [("i32", DType::I32), ("f32", DType::F32)] {
            let graph = Graph::new();
            let w = graph.variable("w", 2.0_f32);
            let number = graph.placeholder("number", dtype, ());
            let mut averages = ExponentialMovingAverage::new(0.5).num_updates(&number);
            let update = averages.apply([&w]).unwrap();
            let average = averages.average(&w).unwrap();
            let mut session = session(&graph);
            session.run(w.assign(6.0).operation(), ()).unwrap();
            let fed = match dtype {
                DType::I32 => feeds! { number => count },
                _ => feeds! { number => count as f32 },
            };
            session.run(&update, fed).unwrap();
            let decay = f64::from(1 + count) / f64::from(10 + count);
            let decay = decay.min(0.5);
            near(
                &format!("{what} {count}"),
                &values(&mut session, &average),
                &[2.0 * decay + 6.0 * (1.0 - decay)],
            );
        }
    }
}

/// The bias is taken out of averages of tensors, and not of those of variables, which have none.
#[test]
fn zero_debias_is_for_tensors_that_are_no_variables() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [2]);
    let w = graph.variable("w", 1.0_f32);
    let mut averages = ExponentialMovingAverage::new(0.9).zero_debias();
    let list: [&Output; 2] = [&x, &w];
    let update = averages.apply(list).unwrap();
    let [of_x, of_w] = list.map(|of| averages.average(of).unwrap());
    let mut session = session(&graph);
    session.run(w.assign(3.0).operation(), ()).unwrap();
    let (mut biased, mut of_variable) = ([0.0_f64; 2], 1.0_f64);
    for (t, fed) in [[5.0_f32, -1.0], [7.0, 0.5], [6.0, 2.0]].into_iter().enumerate() {
        session.run(&update, feeds! { x => fed }).unwrap();
        for (biased, fed) in biased.iter_mut().zip(fed) {
            *biased = 0.9 * *biased + 0.1 * f64::from(fed);
        }
        of_variable = 0.9 * of_variable + 0.1 * 3.0;
        let seen = 1.0 - 0.9_f64.powi(t as i32 + 1);
        near("tensor", &values(&mut session, &of_x), &biased.map(|biased| biased / seen));
        near("variable", &values(&mut session, &of_w), &[of_variable]);
    }
}

#[test]
fn averages_are_named_beside_what_they_are_of_and_are_not_trained() {
    let graph = Graph::new();
    let (w, mean) = {
        let _scope = graph.name_scope("layer");
        let w = graph.variable("w", [1.0_f32, 2.0]);
        let mean = w.reduce_mean(..).with_name("mean");
        (w, mean)
    };
    let mut averages = ExponentialMovingAverage::new(0.9).zero_debias();
    let list: [&Output; 2] = [&w, &mean];
    averages.apply(list).unwrap();
    averages.apply(list).unwrap();
    let names: Vec<String> = graph.global_variables().iter().map(|v| v.name()).collect();
    assert_eq!(
        names,
        [
            "layer/w",
            "layer/w/ExponentialMovingAverage",
            "layer/mean/ExponentialMovingAverage",
            "layer/mean/ExponentialMovingAverage/biased",
            "layer/mean/ExponentialMovingAverage/local_step",
        ],
        "the second update makes none"
    );
    assert_eq!(graph.trainable_variables(), [w]);
    assert_eq!(averages.average(graph.constant(1.0_f32)), None);
}

/// Under control dependencies of a step that counts, an update sees the variable and the number after it.
#[test]
fn an_update_after_a_step_sees_what_the_step_has_left() {
    let graph = Graph::new();
    let w = graph.variable("w", 0.0_f32);
    let global_step = graph.untrainable_variable("global_step", 0);
    let step = GradientDescent::new(1.0).minimize_counting(&w * -4.0, &global_step).unwrap();
    let mut averages = ExponentialMovingAverage::new(0.99).num_updates(&global_step);
    let train = {
        let _after = graph.control_dependencies([&step]);
        averages.apply([&w]).unwrap()
    };
    let average = averages.average(&w).unwrap();
    let mut session = session(&graph);
    let mut expected = 0.0_f64;
    for t in 1..4 {
        session.run(&train, ()).unwrap();
        let decay = f64::from(1 + t) / f64::from(10 + t);
        expected = decay * expected + (1.0 - decay) * 4.0 * f64::from(t);
        near(&format!("step {t}"), &values(&mut session, &average), &[expected]);
    }
}

#[test]
fn averages_resume_to_the_same_bits() {
    struct Run {
        session: Session,
        x: Output,
        update: Operation,
    }
    let build = || {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, [3]);
        let mut averages = ExponentialMovingAverage::new(0.9).zero_debias();
        let update = averages.apply([&x]).unwrap();
        Run { session: Session::new(&graph, &Device::cpu().unwrap()).unwrap(), x, update }
    };
    let steps = |run: &mut Run, range: std::ops::Range<i32>| {
        for t in range {
            let fed = [0.1, 0.7, 1.3].map(|x: f32| x * t as f32);
            run.session.run(&run.update, feeds! { run.x => fed }).unwrap();
        }
        let graph = run.session.graph().clone();
        run.session.run(graph.global_variables(), ()).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut whole = build();
    let graph = whole.session.graph().clone();
    whole.session.run(graph.global_variables_initializer(), ()).unwrap();
    steps(&mut whole, 0..4);
    Saver::new(&graph).save(&whole.session, &path).unwrap();
    let expected = steps(&mut whole, 4..9);
    let mut resumed = build();
    let graph = resumed.session.graph().clone();
    Saver::new(&graph).restore(&mut resumed.session, &path).unwrap();
    assert_eq!(steps(&mut resumed, 4..9), expected);
}

#[test]
fn what_has_no_average_is_refused_by_name() {
    let graph = Graph::new();
    let w = graph.variable("w", 1.0_f32);
    let open = graph.placeholder("open", DType::F32, [None]);
    let wrong = w.matmul(&w);
    let average = |decay: f32, of: &Output| ExponentialMovingAverage::new(decay).apply([of]);
    let none: [&Output; 0] = [];
    for (found, expected) in [
        (ExponentialMovingAverage::new(0.9).apply(none), "no tensors"),
        (average(0.9, &graph.constant(1).with_name("ints")), "'ints' is i32 []"),
        (average(0.9, &open), "'open' is f32 [?]"),
        (average(0.9, &wrong), "MatMul"),
        (average(1.5, &w), "decay is 1.5"),
        (average(f32::NAN, &w), "decay is NaN"),
        (ExponentialMovingAverage::new(1.0).zero_debias().apply([&w]), "decay is 1 "),
    ] {
        let error: Error = found.expect_err(expected);
        assert!(error.to_string().contains(expected), "{expected:?} is not in {error}");
    }
    assert_eq!(graph.global_variables(), [w], "nothing was made for what is refused");
}
