//! Shapes that the run decides, and arguments that are none.

use minutia_graph::{DType, Device, Error, Graph, Output, PadMode, Session, Tensor, feeds};

fn session(graph: &Graph) -> Result<Session, Error> {
    Session::new(graph, &Device::cpu()?)
}

#[test]
fn a_graph_with_dropout_runs_with_another_batch_size_than_it_was_built_with() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None, Some(40)]);
    let rate = graph.placeholder("rate", DType::F32, ());
    let y = x.dropout(&rate);
    let [slope] = graph.gradients(y.reduce_sum(..), [&x])?.map(Option::unwrap);
    let mut session = session(&graph)?;
    for batch in [3, 1, 7] {
        let ones = Tensor::full([batch, 40], 1.0_f32)?;
        let (dropped, slope) = session.run((&y, &slope), feeds! { x => ones.clone(), rate => 0.75_f32 })?;
        let zeros = dropped.as_slice::<f32>()?.iter().filter(|y| **y == 0.0).count();
        assert!(zeros > batch * 20 && zeros < batch * 40, "{zeros} of {}", batch * 40);
        assert_eq!(dropped, slope, "each is 1 / (1 - rate), or 0");
        assert_eq!(session.run(&y, feeds! { x => ones.clone(), rate => 0.0_f32 })?, ones);
    }
    Ok(())
}

#[test]
fn random_numbers_of_a_run_time_shape_are_those_of_a_node_of_the_same_name() -> Result<(), Error> {
    let draw = |build: fn(&Graph, &Output) -> Output, seed: u64| {
        let graph = Graph::new();
        graph.set_random_seed(seed);
        let x = graph.placeholder("x", DType::I32, [None, None]);
        let noise = build(&graph, &x).with_name("noise");
        let mut session = session(&graph)?;
        let shape = Tensor::zeros(DType::I32, [4, 5])?;
        let first = session.run(&noise, feeds! { x => shape.clone() })?;
        let second = session.run(&noise, feeds! { x => shape })?;
        assert_ne!(first, second, "each run draws new numbers");
        Ok::<_, Error>((first, second))
    };
    type Build = fn(&Graph, &Output) -> Output;
    let pairs: [(Build, Build); 3] = [
        (|_, x| x.random_normal_like(1.0, 2.0), |g, _| g.random_normal([4, 5], 1.0, 2.0)),
        (|_, x| x.random_uniform_like(-1.0, 2.0), |g, _| g.random_uniform([4, 5], -1.0, 2.0)),
        (|_, x| x.truncated_normal_like(1.0, 2.0), |g, _| g.truncated_normal([4, 5], 1.0, 2.0)),
    ];
    for (like, fixed) in pairs {
        assert_eq!(draw(like, 3)?, draw(fixed, 3)?);
        assert_ne!(draw(like, 3)?, draw(like, 4)?);
    }
    Ok(())
}

#[test]
fn arguments_that_fit_no_shape_are_errors_of_the_node() {
    let graph = Graph::new();
    let x = graph.zeros([3, 4]);
    let ints = graph.constant([1, 2, 3]);
    let reflect = PadMode::Reflect;
    for (node, expected) in [
        (x.dropout(1.0), "rate is 1"),
        (x.dropout(-0.1), "rate is -0.1"),
        (x.dropout(f32::NAN), "rate is NaN"),
        (x.random_normal_like(f32::INFINITY, 1.0), "not finite"),
        (x.reverse(2), "axis 2 does not exist"),
        (x.reverse([0, -2]), "named twice"),
        (x.strided_slice([0, 0], [1, 1], [1, 0]), "stride of axis 1 is 0"),
        (x.strided_slice([0, 0, 0], [1, 1, 1], [1, 1, 1]), "tensor of rank 2"),
        (x.strided_slice([0], [1, 1], [1]), "begin has 1, end 2"),
        (x.pad([(1, 1)], PadMode::Constant(0.0)), "1 paddings for a tensor of rank 2"),
        (x.pad([(3, 0), (0, 0)], reflect), "exceeds the 2 elements"),
        (x.pad([(4, 0), (0, 0)], PadMode::Symmetric), "exceeds the 3 elements"),
        (x.pad([(usize::MAX, 1), (0, 0)], PadMode::Constant(0.0)), "grows too long"),
        (ints.pad([(1, 1)], PadMode::Constant(0.5)), "0.5 is no i32"),
        (ints.pad([(1, 1)], PadMode::Constant(2_147_483_648.0)), "is no i32"),
        (x.tile([2]), "1 multiples"),
        (x.tile([usize::MAX, 2]), "grows too long"),
        (x.roll(1, 2), "axis 2 does not exist"),
        (x.split(3, 1)[0].clone(), "4 elements, which 3 equal parts"),
        (x.split(0, 1)[0].clone(), "no parts"),
        (x.split([1, 2], 1)[1].clone(), "4 elements, the parts 3"),
        (x.split([5, -1], 1)[0].clone(), "the parts at least 5"),
        (x.split([-1, -1], 1)[0].clone(), "no parts"),
        (x.split([1, -2], 1)[0].clone(), "no parts"),
        (x.unstack(2, 0)[0].clone(), "3 elements, the parts 2"),
        (x.unstack(0, 0)[0].clone(), "no parts"),
        (graph.stack([&x, &graph.zeros([3, 5])], 0), "part 1 has extent 5"),
        (graph.stack(Vec::<Output>::new(), 0), "nothing to join"),
        (graph.range(0, 5, 0), "delta is 0"),
        (graph.range(0.0, f32::NAN, 1.0), "bound is NaN"),
        (graph.range(0.0, 1e30, 1.0), "more than i32 counts"),
        (graph.linspace(0.0, 1.0, 0), "count is 0"),
        (x.reduce_any(0), "bool"),
        (x.equal(0.0).cumsum(0, false, false), "bool"),
        (x.top_k(5).0, "5 of the 4 elements"),
        (x.argsort(2), "axis 2 does not exist"),
        (x.gather_nd(graph.constant([[0, 0, 0]])), "3 axes for a tensor of rank 2"),
        (x.gather_nd(graph.constant(1)), "a scalar is no list"),
        (x.gather_nd(graph.constant([0.5_f32])), "indices are i32"),
        (x.take_along_axis(graph.constant([[1, 2]]), 1), "other extents"),
        (graph.zeros([3]).multinomial(2), ""),
    ] {
        let text = node.check().expect_err(expected).to_string();
        assert!(text.contains(expected), "{expected:?} is not in {text}");
        assert!(text.contains("structure.rs"), "{text}");
    }
}

#[test]
fn what_only_the_run_shows_to_be_wrong_is_an_error_of_the_run() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None]);
    let indices = graph.placeholder("indices", DType::I32, [None]);
    let mut session = session(&graph)?;
    for (node, expected) in [
        (x.pad([(3, 0)], PadMode::Reflect), "exceeds the 2 elements"),
        (x.split(2, 0)[1].clone(), "3 elements, which 2 equal parts"),
        (x.unstack(2, 0)[1].clone(), "3 elements, the parts 2"),
        (x.top_k(4).0, "4 of the 3 elements"),
        (x.take_along_axis(&indices, 0), "index 3"),
        (x.gather_nd(indices.expand_dims(1)), "index 3"),
    ] {
        node.check()?;
        let feeds = feeds! { x => [1.0_f32, 2.0, 3.0], indices => [0, 3] };
        let text = session.run(&node, feeds).expect_err(expected).to_string();
        assert!(text.contains(expected), "{expected:?} is not in {text}");
    }
    Ok(())
}

#[test]
fn slices_of_unknown_extents_are_those_of_the_run() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::I32, [None]);
    let mut session = session(&graph)?;
    let numbers = |n: i32| (0..n).collect::<Vec<i32>>();
    for (begin, end, stride) in [(-3, 100, 1), (-1, -100, -1), (1, -1, 2), (4, 1, -2), (2, 2, 1)] {
        let slice = x.strided_slice([begin], [end], [stride]);
        for n in [0, 1, 5, 6] {
            let all = numbers(n as i32);
            // As Python counts.
            let (low, high) = if stride < 0 { (-1, n - 1) } else { (0, n) };
            let bound = |b: isize| if b < 0 { b + n } else { b }.clamp(low, high);
            let (mut i, last) = (bound(begin), bound(end));
            let mut expected = Vec::new();
            while if stride > 0 { i < last } else { i > last } {
                expected.push(all[i as usize]);
                i += stride;
            }
            let found = session.run(&slice, feeds! { x => all })?;
            assert_eq!(found.as_slice::<i32>()?, expected, "{begin}:{end}:{stride} of {n}");
        }
    }
    Ok(())
}

#[test]
fn the_gradient_of_all_parts_is_one_node() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None, Some(3)]);
    let columns = x.unstack(3, 1);
    let weighted = columns.iter().zip(1..).map(|(column, weight)| (column * weight).reduce_sum(0));
    let loss = weighted.reduce(|a, b| a + b).expect("three columns");
    let [gradient] = graph.gradients(loss, [&x])?.map(Option::unwrap);
    let name = gradient.name();
    let node = graph.nodes().into_iter().find(|node| node.name == name).expect("it is there");
    assert_eq!((node.op, node.inputs.len()), ("SplitGrad", 4));
    let found = session(&graph)?.run(&gradient, feeds! { x => [[7.0_f32; 3]; 2] })?;
    assert_eq!(found.as_slice::<f32>()?, [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
    Ok(())
}
