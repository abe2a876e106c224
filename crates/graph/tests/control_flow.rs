//! Loops and branches: what they compute, their gradients, and what is refused.

use minutia_graph::{DType, Device, Error, Graph, Operation, Output, Session, Tensor, feeds};
use minutia_tensor::cpu::Options;

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    session
}

/// Steps of Euler's method for `y' = -k y`, in a loop and one after the other.
fn euler(graph: &Graph, steps: i32) -> [Output; 2] {
    let (y, k) = (graph.variable("y", [1.0_f32, 2.0]), graph.variable("k", 0.5_f32));
    let step = |y: &Output| y - y * &k * 0.1;
    let body = |[i, y]: [Output; 2]| [i + 1, step(&y)];
    let most = usize::try_from(steps).unwrap();
    let [_, looped] = graph.while_loop(|[i, _]| i.less(steps), body, [&graph.constant(0), &y], most);
    let unrolled = (0..steps).fold(y.identity(), |y, _| step(&y));
    [looped, unrolled]
}

#[test]
fn a_loop_gives_the_bits_of_its_iterations_one_after_the_other() -> Result<(), Error> {
    let graph = Graph::new();
    let [looped, unrolled] = euler(&graph, 30);
    let variables = graph.trainable_variables();
    let gradients = |y: &Output| graph.gradients(y.reduce_sum(..), &variables);
    let (a, b) = (gradients(&looped)?, gradients(&unrolled)?);
    let mut session = session(&graph);
    let mut bits = |x: &Output| session.run(x, ()).map(|t| t.as_bytes().to_vec());
    assert_eq!(bits(&looped)?, bits(&unrolled)?);
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        assert_eq!(bits(a)?, bits(b)?, "{}", b.name());
    }
    Ok(())
}

/// A recurrent network of wide rows, whose weights are trained, in a loop and one step after the other.
fn recurrent(graph: &Graph, looped: bool) -> (Output, Operation) {
    let (steps, batch, units) = (5, 3, 300);
    let x = graph.random_normal([steps, batch, 20], 0.0, 1.0).with_name("x");
    let w = graph.variable("w", graph.random_normal([20, units], 0.0, 0.3).with_name("w0"));
    let u = graph.variable("u", graph.random_normal([units, units], 0.0, 0.1).with_name("u0"));
    let step = |h: &Output, x: &Output| (x.matmul(&w) + h.matmul(&u)).tanh();
    let first = graph.zeros([batch, units]);
    let last = if looped {
        let [all] = graph.scan(|[h], [x]| [step(&h, &x)], [&x], [&first]);
        all.gather(graph.constant(i32::try_from(steps - 1).unwrap()))
    } else {
        x.unstack(steps, 0).iter().fold(first, |h, x| step(&h, x))
    };
    let loss = last.square().reduce_mean(..);
    let [by_w, by_u] = graph.gradients(&loss, [&w, &u]).unwrap().map(Option::unwrap);
    let updates = [w.assign_sub(by_w * 0.1).operation(), u.assign_sub(by_u * 0.1).operation()];
    (loss, graph.group(&updates))
}

#[test]
fn training_through_a_loop_gives_the_bits_of_training_without() -> Result<(), Error> {
    let trained = |looped: bool, device: &Device| {
        let graph = Graph::new();
        let (loss, train) = recurrent(&graph, looped);
        let mut session = Session::new(&graph, device)?;
        session.run(graph.global_variables_initializer(), ())?;
        let mut bits = Vec::new();
        for _ in 0..3 {
            let (_, loss) = session.run((&train, &loss), ())?;
            bits.push(loss.value::<f32>()?.to_bits());
        }
        Ok::<_, Error>(bits)
    };
    let unrolled = trained(false, &Device::cpu()?)?;
    for threads in [1, 2, 3] {
        let device = Device::cpu_with(Options { threads: Some(threads), ..Options::default() })?;
        assert_eq!(trained(true, &device)?, unrolled, "{threads} threads");
    }
    Ok(())
}

#[test]
fn a_number_that_is_not_finite_is_found_in_the_results_of_a_loop() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, ());
    let body = |[i, y]: [Output; 2]| [i + 1, &y * &y];
    let [_, y] = graph.while_loop(|[i, _]| i.less(9), body, [&graph.constant(0), &x], 9);
    let mut session = session(&graph);
    session.set_check_numerics(true);
    assert_eq!(session.run(&y, feeds! { x => 1.0_f32 })?.value::<f32>()?, 1.0);
    let error = session.run(&y, feeds! { x => 1e5_f32 }).unwrap_err().to_string();
    assert!(error.contains("while/LoopResult") && error.contains("an infinity"), "{error}");
    Ok(())
}

#[test]
fn a_tensor_of_a_body_that_is_fed_is_what_was_fed_in_every_iteration() -> Result<(), Error> {
    let graph = Graph::new();
    let body = |[i, y]: [Output; 2]| [i + 1, y + graph.random_uniform([], 0.0, 1.0).with_name("noise")];
    let initial = [graph.constant(0), graph.constant(0.0_f32)];
    let [_, y] = graph.while_loop(|[i, _]| i.less(4), body, initial, 4);
    let y = session(&graph).run(&y, feeds! { "while/noise" => 0.25_f32 })?;
    assert_eq!(y.value::<f32>()?, 1.0);
    Ok(())
}

#[test]
fn a_loop_has_the_iterations_that_its_condition_asks_for_and_no_more_than_its_maximum() -> Result<(), Error> {
    for (maximum, want) in [(None, 7), (Some(100), 7), (Some(7), 7), (Some(3), 3), (Some(0), 0)] {
        let graph = Graph::new();
        let n = graph.placeholder("n", DType::I32, ());
        let [count] = graph.while_loop(|[i]| i.less(&n), |[i]| [i + 1], [graph.constant(0)], maximum);
        assert_eq!(session(&graph).run(&count, feeds! { n => 7 })?.value::<i32>()?, want, "{maximum:?}");
    }
    Ok(())
}

#[test]
fn one_plan_serves_any_number_of_iterations() -> Result<(), Error> {
    let graph = Graph::new();
    let n = graph.placeholder("n", DType::I32, ());
    let x = graph.placeholder("x", DType::F32, [None]);
    let body = |[i, y]: [Output; 2]| [i + 1, y * &x];
    let [_, power] = graph.while_loop(|[i, _]| i.less(&n), body, [graph.constant(0), x.ones_like()], 10);
    let [slope] = graph.gradients(power.reduce_sum(..), [&x])?.map(Option::unwrap);
    let mut session = session(&graph);
    for (count, powers, slopes) in
        [(0, [1.0_f32, 1.0], [0.0_f32, 0.0]), (1, [2.0, 3.0], [1.0, 1.0]), (3, [8.0, 27.0], [12.0, 27.0])]
    {
        let fed = feeds! { n => count, x => [2.0_f32, 3.0] };
        let (power, slope) = session.run((&power, &slope), fed)?;
        assert_eq!(power.as_slice::<f32>()?, powers, "{count} iterations");
        assert_eq!(slope.as_slice::<f32>()?, slopes, "{count} iterations");
    }
    Ok(())
}

#[test]
fn a_branch_that_is_not_taken_is_not_computed() -> Result<(), Error> {
    let graph = Graph::new();
    let table = graph.constant([1.0_f32, 2.0]);
    let index = graph.placeholder("index", DType::I32, ());
    let [found] = graph.cond(index.less(2), || [table.gather(&index)], || [graph.constant(-1.0_f32)]);
    let mut session = session(&graph);
    for (at, want) in [(0, 1.0), (1, 2.0), (2, -1.0), (i32::MAX, -1.0)] {
        // An index outside the table would be an error.
        assert_eq!(session.run(&found, feeds! { index => at })?.value::<f32>()?, want, "{at}");
    }
    Ok(())
}

#[test]
fn what_a_branch_does_not_use_gets_a_gradient_of_zeros() -> Result<(), Error> {
    let graph = Graph::new();
    let (a, b) = (graph.variable("a", [1.0_f32, 2.0]), graph.variable("b", [3.0_f32, 4.0]));
    let first = graph.placeholder("first", DType::Bool, ());
    let [y] = graph.cond(&first, || [a.square()], || [&b * 5.0]);
    let [by_a, by_b] = graph.gradients(y.reduce_sum(..), [&a, &b])?.map(Option::unwrap);
    let mut session = session(&graph);
    for (flag, want) in [(true, [[2.0, 4.0], [0.0, 0.0]]), (false, [[0.0, 0.0], [5.0, 5.0]])] {
        let (by_a, by_b) = session.run((&by_a, &by_b), feeds! { first => flag })?;
        assert_eq!([by_a.as_slice::<f32>()?, by_b.as_slice::<f32>()?], want, "{flag}");
    }
    Ok(())
}

#[test]
fn random_numbers_are_drawn_anew_in_each_iteration_and_gradients_see_the_same_ones() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.variable("x", 3.0_f32);
    let rows = graph.zeros([8]);
    // The state is not used: each row is a number that was drawn, times x.
    let [drawn] =
        graph.scan(|[_], [_]| [graph.random_uniform([], 0.0, 1.0) * &x], [&rows], [graph.constant(0.0_f32)]);
    let [slope] = graph.gradients(drawn.reduce_sum(..), [&x])?.map(Option::unwrap);
    let mut session = session(&graph);
    let (drawn, slope) = session.run((&drawn, &slope), ())?;
    let drawn = drawn.as_slice::<f32>()?;
    assert!(drawn.windows(2).all(|pair| pair[0] != pair[1]), "{drawn:?}");
    let sum: f32 = drawn.iter().sum();
    assert!((slope.value::<f32>()? * 3.0 - sum).abs() < 1e-5, "{slope:?} for {drawn:?}");
    Ok(())
}

#[test]
fn a_table_of_which_a_loop_picks_rows_has_the_gradient_of_these_rows() -> Result<(), Error> {
    let graph = Graph::new();
    let table = graph.variable("table", graph.ones([5, 2]));
    let picked = graph.placeholder("picked", DType::I32, [None]);
    let [sums] = graph.scan(|[sum], [i]| [sum + table.gather(i)], [&picked], [graph.zeros([2])]);
    let [gradient] = graph.gradients(sums.reduce_sum(..), [&table])?.map(Option::unwrap);
    let gradient = session(&graph).run(&gradient, feeds! { picked => [3, 0, 3] })?;
    assert_eq!(gradient.as_slice::<f32>()?, [2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 4.0, 4.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn loops_survive_serialisation_with_their_gradients() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None]);
    let [y] = graph.scan(|[y], [x]| [(y + x).tanh()], [&x], [graph.constant(0.5_f32)]);
    let [slope] = graph.gradients(y.reduce_sum(..), [&x])?.map(Option::unwrap);
    let slope = slope.identity().with_name("slope");
    let text = serde_json::to_string(&graph).unwrap();
    let again: Graph = serde_json::from_str(&text).unwrap();
    let run = |graph: &Graph, slope: &Output| {
        let fed = Tensor::from([0.1_f32, -0.4, 0.2]);
        session(graph).run(slope, feeds! { "x" => fed }).map(|t| t.as_bytes().to_vec())
    };
    assert_eq!(run(&graph, &slope)?, run(&again, &again.get("slope")?)?);
    // A file may claim anything.
    for (from, to) in [(r#""variables":2"#, r#""variables":9"#), (r#""LoopStack""#, r#""LoopResult""#)] {
        assert!(text.contains(from), "{from} is in {text}");
        assert!(serde_json::from_str::<Graph>(&text.replace(from, to)).is_err(), "{from} became {to}");
    }
    Ok(())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_cannot_be_a_loop_or_a_branch_is_an_error_that_says_why() {
    type Build = fn(&Graph, &Output) -> Output;
    let cases: [(&str, Build, &[&str]); 11] = [
        (
            "another number of tensors",
            |g, x| {
                let [y] = g.while_loop(|_| g.constant(true), |[y]| vec![y.clone(), y], [x], 3);
                y
            },
            &["while_loop", "the body gives 2 tensors for 1 loop variables"],
        ),
        (
            "another type",
            |_, x| {
                let [y] = x.graph().while_loop(
                    |[y]| y.reduce_sum(..).less(1.0),
                    |[y]| [y.cast(DType::I32)],
                    [x],
                    3,
                );
                y
            },
            &["While", "loop variable 0 is f32 [2], and becomes i32 [2]"],
        ),
        (
            "another shape",
            |_, x| {
                let body = |[y]: [Output; 1]| [x.graph().concat([y.clone(), y], 0)];
                let [y] = x.graph().while_loop(|[y]| y.reduce_sum(..).less(1.0), body, [x], 3);
                y
            },
            &["loop variable 0 is f32 [2], and becomes f32 [4]", "keeps its type and its shape"],
        ),
        (
            "a condition that is no truth value",
            |_, x| {
                let [y] = x.graph().while_loop(|[y]| y.reduce_sum(..), |[y]| [y], [x], 3);
                y
            },
            &["the condition is f32 [], not a bool scalar"],
        ),
        (
            "several truth values",
            |_, x| {
                let [y] = x.graph().while_loop(|[y]| y.less(1.0), |[y]| [y], [x], 3);
                y
            },
            &["the condition is bool [2], not a bool scalar", "reduce_all"],
        ),
        (
            "no loop variable",
            |g, _| {
                let none =
                    g.while_loop(|_| g.constant(false), |_| Vec::<Output>::new(), Vec::<Output>::new(), 3);
                assert!(none.is_empty());
                g.get("while/While").unwrap()
            },
            &["a loop without loop variables"],
        ),
        (
            "an assignment in the body",
            |g, x| {
                let v = g.variable("v", [0.0_f32; 2]);
                let [y] = g.while_loop(|[y]| y.reduce_sum(..).less(1.0), |[y]| [v.assign(&y) + 1.0], [x], 3);
                y
            },
            &["assigns a variable in the body", "assign it after the loop"],
        ),
        (
            "a tensor of the body outside",
            |g, x| {
                let mut leaked = None;
                let body = |[y]: [Output; 1]| {
                    let next = y * 2.0;
                    leaked = Some(next.clone());
                    [next]
                };
                let [y] = g.while_loop(|[y]| y.reduce_sum(..).less(1.0), body, [x], 3);
                y + leaked.unwrap()
            },
            &["is built in the body of a loop or a branch", "return it from the body"],
        ),
        (
            "branches of different types",
            |g, x| {
                let [y] = g.cond(g.constant(true), || [x.clone()], || [x.cast(DType::I32)]);
                y
            },
            &["Select"],
        ),
        (
            "branches of different numbers",
            |g, x| g.cond(g.constant(true), || vec![x.clone()], || vec![x.clone(), x.clone()]).remove(0),
            &["cond", "true_fn gives 1 tensors, and false_fn 2"],
        ),
        (
            "nothing to go through",
            |g, x| {
                let [y] = g.scan(|[y], _: [Output; 0]| [y], [x; 0], [x]);
                y
            },
            &["scan", "there is nothing to go through"],
        ),
    ];
    for (name, build, says) in cases {
        let graph = Graph::new();
        let x = graph.constant([0.25_f32, 0.25]);
        let y = build(&graph, &x);
        let run = || {
            let mut session = Session::new(&graph, &Device::cpu()?)?;
            session.run(graph.global_variables_initializer(), ())?;
            session.run(&y, ())
        };
        let error = run().map(|_| ()).expect_err(name).to_string();
        for part in says {
            assert!(error.contains(part), "{name}: {error}");
        }
    }
}

#[test]
fn gradients_of_a_loop_that_may_have_any_number_of_iterations_are_refused() {
    let graph = Graph::new();
    let x = graph.variable("x", 1.5_f32);
    let [y] = graph.while_loop(|[y]| y.less(100.0), |[y]| [&y * &y], [&x], None);
    assert_eq!(session(&graph).run(&y, ()).unwrap().value::<f32>().unwrap(), 656.8408);
    let error = graph.gradients(&y, [&x]).unwrap_err().to_string();
    assert!(error.contains("While") && error.contains("maximum_iterations"), "{error}");
}

#[test]
fn rows_that_tensors_of_a_scan_lack_are_an_error_that_names_the_node() {
    let graph = Graph::new();
    let (a, b) = (graph.placeholder("a", DType::F32, [None]), graph.placeholder("b", DType::F32, [None]));
    let [y] = graph.scan(|[y], [a, b]| [y + a * b], [&a, &b], [graph.constant(0.0_f32)]);
    let error = session(&graph).run(&y, feeds! { a => [1.0_f32, 2.0, 3.0], b => [1.0_f32] }).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("scan/Gather") && text.contains("outside the table's 1 rows"), "{text}");
}
