//! Each optimizer against its published formula, written out in f64, over a table of gradients.
#![expect(clippy::disallowed_methods, reason = "a reference within a tolerance, no result")]

use minutia_graph::{Device, Graph, Operation, Output, Session, Variable, feeds};
use minutia_optim::{Adagrad, Adam, Error, GradientDescent, Momentum, Optimizer, RmsProp, schedule};

const GRADIENTS: [f32; 6] = [0.5, -1.25, 2.0, 0.0, 3.5, -0.125];

/// The variable's values after each step, for a loss whose gradient is fed.
fn trace(build: impl Fn(&Output) -> Result<Operation, Error>) -> Vec<f32> {
    let graph = Graph::new();
    let slope = graph.placeholder("slope", minutia_graph::DType::F32, ());
    let x = graph.variable("x", 1.0_f32);
    let train = build(&(&x * &slope)).unwrap();
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    let mut values = Vec::new();
    for g in GRADIENTS {
        session.run(&train, feeds! { slope => g }).unwrap();
        values.push(session.run(&x, feeds! {}).unwrap().value().unwrap());
    }
    values
}

#[track_caller]
fn check(name: &str, found: Vec<f32>, mut step: impl FnMut(f64, f64) -> f64) {
    let mut x = 1.0;
    for (i, (&g, &found)) in GRADIENTS.iter().zip(&found).enumerate() {
        x = step(x, f64::from(g));
        assert!((x - f64::from(found)).abs() < 1e-6, "{name}, step {i}: {found}, expected {x}");
    }
}

#[test]
fn gradient_descent() {
    check("GradientDescent", trace(|l| GradientDescent::new(0.1).minimize(l)), |x, g| x - 0.1 * g);
}

#[test]
fn momentum() {
    let mut a = 0.0;
    check("Momentum", trace(|l| Momentum::new(0.1, 0.9).minimize(l)), |x, g| {
        a = 0.9 * a + g;
        x - 0.1 * a
    });
    let mut a = 0.0;
    check("Nesterov", trace(|l| Momentum::new(0.1, 0.9).nesterov().minimize(l)), |x, g| {
        a = 0.9 * a + g;
        x - 0.1 * g - 0.1 * 0.9 * a
    });
}

#[test]
fn adagrad_starts_at_a_tenth_and_has_no_epsilon() {
    let mut a = 0.1;
    check("Adagrad", trace(|l| Adagrad::new(0.1).minimize(l)), |x, g| {
        a += g * g;
        x - 0.1 * g / a.sqrt()
    });
}

#[test]
fn rms_prop() {
    let (mut s, mut m) = (1.0, 0.0);
    check("RMSProp", trace(|l| RmsProp::new(0.1).momentum(0.5).minimize(l)), |x, g| {
        s = 0.9 * s + 0.1 * g * g;
        m = 0.5 * m + 0.1 * g / (s + 1e-10_f64).sqrt();
        x - m
    });
}

#[test]
fn adam_and_adam_w() {
    for decay in [0.0, 0.01] {
        let (mut t, mut m, mut s) = (0, 0.0, 0.0);
        let found = trace(|l| Adam::new(0.1).weight_decay(decay as f32).minimize(l));
        check("Adam", found, |x, g| {
            t += 1;
            m = 0.9 * m + 0.1 * g;
            s = 0.999 * s + 0.001 * g * g;
            let rate = 0.1 * (1.0 - 0.999_f64.powi(t)).sqrt() / (1.0 - 0.9_f64.powi(t));
            x - rate * m / (s.sqrt() + 1e-8) - 0.1 * decay * x
        });
    }
}

#[test]
fn schedules_follow_their_formulas() {
    let graph = Graph::new();
    let step = graph.placeholder("step", minutia_graph::DType::F32, ());
    let rates = [
        schedule::exponential_decay(&step, 0.1, 10.0, 0.5),
        schedule::inverse_time_decay(&step, 0.1, 10.0, 0.5),
        schedule::polynomial_decay(&step, 0.1, 20.0, 0.01, 2.0),
        schedule::piecewise_constant(&step, &[5.0, 15.0], &[1.0, 0.5, 0.1]).unwrap(),
        schedule::exponential_decay_staircase(&step, 0.1, 10.0, 0.5),
        schedule::inverse_time_decay_staircase(&step, 0.1, 10.0, 0.5),
    ];
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    for t in [0.0_f64, 5.0, 10.0, 15.0, 40.0] {
        let left = 1.0 - t.min(20.0) / 20.0;
        let expected = [
            0.1 * 0.5_f64.powf(t / 10.0),
            0.1 / (1.0 + 0.5 * t / 10.0),
            (0.1 - 0.01) * left * left + 0.01,
            if t <= 5.0 {
                1.0
            } else if t <= 15.0 {
                0.5
            } else {
                0.1
            },
            0.1 * 0.5_f64.powf((t / 10.0).floor()),
            0.1 / (1.0 + 0.5 * (t / 10.0).floor()),
        ];
        let found = session.run(&rates, feeds! { step => t as f32 }).unwrap();
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            let found = f64::from(found.value::<f32>().unwrap());
            assert!(
                (found - expected).abs() < 1e-6,
                "schedule {i} at step {t}: {found}, expected {expected}"
            );
        }
    }
    assert!(schedule::piecewise_constant(&step, &[5.0], &[1.0]).is_none());
}

#[test]
fn variables_that_the_loss_does_not_reach_are_all_named() {
    let graph = Graph::new();
    let x = graph.variable("x", 1.0_f32);
    let (other, third) = (graph.variable("other", 1.0_f32), graph.variable("third", 1.0_f32));
    let loss = x.square().with_name("loss");
    let optimizer = || GradientDescent::new(0.1);
    let error = optimizer().with_var_list([&x, &other, &third]).minimize(&loss).unwrap_err().to_string();
    assert!(error.contains("'loss'") && error.contains("variables 'other', 'third'"), "{error}");
    assert!(optimizer().minimize(&loss).is_ok(), "without a list, only what is reached is trained");
    let constant = graph.constant(1.0_f32).with_name("constant");
    let error = optimizer().minimize(&constant).unwrap_err();
    assert!(matches!(error, Error::NoVariables { .. }));
    assert!(error.to_string().contains("'constant'") && error.to_string().contains("'x', 'other', 'third'"));
    let empty = Graph::new();
    let error = optimizer().minimize(empty.constant(1.0_f32).with_name("alone")).unwrap_err().to_string();
    assert!(error.contains("loss 'alone' has no variable to train\n"), "{error}");
}

#[test]
fn bad_lists_are_errors() {
    let graph = Graph::new();
    let x = graph.variable("x", 1.0_f32);
    let loss = x.square();
    let optimizer = || GradientDescent::new(0.1);
    let error = optimizer().apply_gradients(&[]).unwrap_err();
    assert!(matches!(error, Error::NoGradients { optimizer: "GradientDescent" }), "{error}");
    let error = optimizer().with_var_list([&x, &x]).minimize(&loss).unwrap_err();
    assert!(matches!(&error, Error::Duplicate { variable, .. } if variable == "x"), "{error}");
    assert!(matches!(
        optimizer().with_var_list([] as [&Variable; 0]).minimize(&loss),
        Err(Error::NoVariables { .. })
    ));
    let gradients = optimizer().compute_gradients(&loss, std::slice::from_ref(&x)).unwrap();
    let twice = [gradients.clone(), gradients].concat();
    assert!(matches!(optimizer().apply_gradients(&twice), Err(Error::Duplicate { .. })));
}

#[test]
fn clipping_bounds_norms_and_nothing_else() {
    let graph = Graph::new();
    let (a, b) = (graph.constant([3.0_f32, 0.0]), graph.constant([0.0_f32, 4.0]));
    let clipped = minutia_optim::clip_by_global_norm(&[a.clone(), b.clone()], 2.5);
    let kept = minutia_optim::clip_by_global_norm(&[a.clone(), b], 100.0);
    let small = minutia_optim::clip_by_norm(&a, 100.0);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let (clipped, kept, small) = session.run((clipped, kept, small), feeds! {}).unwrap();
    assert_eq!(clipped[0].as_slice::<f32>().unwrap(), [1.5, 0.0]);
    assert_eq!(clipped[1].as_slice::<f32>().unwrap(), [0.0, 2.0]);
    assert_eq!(kept[0].as_slice::<f32>().unwrap(), [3.0, 0.0]);
    assert_eq!(small.as_slice::<f32>().unwrap(), [3.0, 0.0]);
}

#[test]
fn gradients_may_be_clipped_on_the_way() {
    let found = |clip: &dyn Fn(&[Output]) -> Vec<Output>, listed: bool| {
        let graph = Graph::new();
        let (x, y) = (graph.variable("x", 0.0_f32), graph.variable("y", 0.0_f32));
        let loss = &x * 3.0 - &y * 4.0;
        let optimizer = GradientDescent::new(1.0);
        let clipped = |gradients: Vec<(Output, Variable)>| -> Vec<(Output, Variable)> {
            let (gradients, variables): (Vec<Output>, Vec<Variable>) = gradients.into_iter().unzip();
            clip(&gradients).into_iter().zip(variables).collect()
        };
        let train = if listed {
            let optimizer = optimizer.with_var_list([&x, &y]);
            optimizer.apply_gradients(&clipped(optimizer.compute_gradients(&loss).unwrap()))
        } else {
            let gradients = optimizer.compute_gradients(&loss, &[x.clone(), y.clone()]).unwrap();
            optimizer.apply_gradients(&clipped(gradients))
        };
        let train = train.unwrap();
        let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
        session.run(&train, feeds! {}).unwrap();
        session.run([&x, &y], feeds! {}).unwrap().map(|t| t.value::<f32>().unwrap())
    };
    let by_value = |g: &[Output]| g.iter().map(|g| g.clip_by_value(-3.5, 1.0)).collect::<Vec<_>>();
    let by_norm = |g: &[Output]| minutia_optim::clip_by_global_norm(g, 2.5);
    for listed in [false, true] {
        assert_eq!(found(&by_value, listed), [-1.0, 3.5]);
        assert_eq!(found(&by_norm, listed), [-1.5, 2.0]);
    }
}

#[test]
fn adam_starts_from_the_rate_of_tensorflow_1() {
    assert_eq!(trace(|l| Adam::default().minimize(l)), trace(|l| Adam::new(0.001).minimize(l)));
}
