//! Arguments in the forms that programs have them in: a row for each.

use minutia_graph::{DType, Device, Error, Extents, Graph, Output, Session, Tensor, feeds};
use minutia_tensor::ndarray::arr2;
use std::collections::{BTreeMap, HashMap};

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    session
}

#[test]
fn a_shape_may_be_written_in_many_ways() {
    let (width, channels) = (28_usize, 3_i32);
    let cases: Vec<(Extents, &str)> = vec![
        ((None, 784).into(), "[?, 784]"),
        ([None, Some(784)].into(), "[?, 784]"),
        ([-1, 784].into(), "[?, 784]"),
        ((None, width, width, channels).into(), "[?, 28, 28, 3]"),
        ((-1, width).into(), "[?, 28]"),
        ((None,).into(), "[?]"),
        ([None].into(), "[?]"),
        (3.into(), "[3]"),
        (vec![3, 4].into(), "[3, 4]"),
        ((&vec![3_usize, 4]).into(), "[3, 4]"),
        ([2_usize, width].into(), "[2, 28]"),
        ((&[Some(2), None]).into(), "[2, ?]"),
        (().into(), "[]"),
        (Tensor::from([[1, 2]]).shape().into(), "[1, 2]"),
        (Graph::new().zeros([2, 3]).shape().into(), "[2, 3]"),
    ];
    for (extents, text) in cases {
        let x = Graph::new().placeholder("x", DType::F32, extents);
        assert_eq!(x.shape().to_string(), text);
    }
}

#[test]
fn shapes_and_blocks_mix_integers() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, (None, 12));
    let (unit, units) = (4_usize, 3_i64);
    let cases: [(&str, Output, &str); 8] = [
        ("reshape", x.reshape((-1, units, unit)), "[?, 3, 4]"),
        ("reshape with None", x.reshape((None, unit)), "[?, 4]"),
        ("reshape of a Vec", x.reshape(vec![-1, 6]), "[?, 6]"),
        ("slice", x.slice([0, unit], (-1, unit)), "[?, 4]"),
        ("slice of unsigned", x.slice([0, unit], [2, unit]), "[2, 4]"),
        ("slice from a Vec", x.slice(vec![0_usize, 3], vec![-1_isize, 3]), "[?, 3]"),
        ("axes of a Vec", x.reduce_sum(vec![1]), "[?]"),
        ("axes that are unsigned", x.reduce_sum([unit - 3]), "[?]"),
    ];
    for (what, y, shape) in cases {
        y.check().unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(y.shape().to_string(), shape, "{what}");
    }
}

#[test]
fn extents_and_beginnings_below_zero_are_errors_with_a_cure() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, (None, 12));
    let cases: [(Output, [&str; 2]); 3] = [
        (
            graph.placeholder("y", DType::F32, [-1, -2]),
            ["Placeholder 'y': extent -2 of axis 1 is negative", "hint: -1 or None"],
        ),
        (x.reshape([-2, 6]), ["[-2, 6] is not a shape", "one extent may be -1"]),
        (x.slice([-1, 0], [1, 1]), ["Slice 'Slice': begin -1 of axis 0 is negative", "hint: strided_slice"]),
    ];
    for (output, parts) in cases {
        let error = output.check().unwrap_err().to_string();
        for part in parts.into_iter().chain(["forms.rs:"]) {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

#[test]
fn whatever_becomes_a_tensor_may_be_fed_and_may_be_a_constant() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, (None, 2));
    let mut s = session(&graph);
    let (vec, rows) = (vec![[1.0_f32, 2.0], [3.0, 4.0]], vec![vec![1.0_f32, 2.0], vec![3.0, 4.0]]);
    let matrix = arr2(&[[1.0_f32, 2.0], [3.0, 4.0]]);
    let fed = [
        feeds! { x => [[1.0, 2.0], [3.0, 4.0]] },
        feeds! { x => &[[1.0, 2.0], [3.0, 4.0]] },
        feeds! { "x" => &vec },
        feeds! { x => &vec[..] },
        feeds! { x => rows.clone() },
        feeds! { x => &rows },
        feeds! { x => &matrix },
        feeds! { x => matrix.view() },
        feeds! { x => matrix.clone() },
        feeds! { x => Tensor::from(&matrix) },
    ];
    for (i, fed) in fed.into_iter().enumerate() {
        assert_eq!(s.run(&x, fed).unwrap().as_slice::<f32>().unwrap(), [1.0, 2.0, 3.0, 4.0], "feed {i}");
    }
    let constants = [graph.constant(&rows), graph.constant(&vec), graph.constant(matrix.view())];
    for value in s.run(constants, ()).unwrap() {
        assert_eq!(value.as_slice::<f32>().unwrap(), [1.0, 2.0, 3.0, 4.0]);
    }
    assert_eq!(graph.constant([[[[1, 2]]]]).shape().to_string(), "[1, 1, 1, 2]");
    assert_eq!(graph.variable("v", &rows).shape().to_string(), "[2, 2]");
}

#[test]
fn ragged_lists_are_errors_with_the_name_of_what_they_were_for() {
    let ragged = vec![vec![1.0_f32, 2.0], vec![3.0]];
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, (None, 2));
    let errors: [(&str, Error); 3] = [
        ("feed of 'x': nested lists", session(&graph).run(&x, feeds! { x => &ragged }).unwrap_err()),
        ("constant at", graph.constant(&ragged).check().unwrap_err()),
        ("variable 'w' at", graph.variable("w", &ragged).check().unwrap_err()),
    ];
    for (start, error) in errors {
        let error = error.to_string();
        assert!(error.starts_with(start) && error.contains("the list at [1] has 1"), "{start}: {error}");
    }
}

#[test]
fn whatever_is_fetched_comes_back_in_its_form() {
    let graph = Graph::new();
    let x = graph.constant(2.0_f32).with_name("x");
    let v = graph.variable("v", 3.0_f32);
    let step = v.assign_add(1.0).operation().with_name("step");
    let mut s = session(&graph);
    let value = |t: &Tensor| t.value::<f32>().unwrap();
    assert_eq!(value(&s.run("x", ()).unwrap()), 2.0);
    assert_eq!(value(&s.run(String::from("x"), ()).unwrap()), 2.0);
    let list: Vec<Tensor> = s.run(&vec!["x", "v"], ()).unwrap();
    assert_eq!(list.iter().map(value).collect::<Vec<_>>(), [2.0, 3.0]);
    let slice: Vec<Tensor> = s.run(&[&x, &v][..1], ()).unwrap();
    assert_eq!(slice.iter().map(value).collect::<Vec<_>>(), [2.0]);
    let ordered: BTreeMap<&str, Tensor> = s.run(BTreeMap::from([("b", &x), ("a", &*v)]), ()).unwrap();
    assert_eq!((value(&ordered["a"]), value(&ordered["b"])), (3.0, 2.0));
    let hashed: HashMap<String, Tensor> =
        s.run(&HashMap::from([("b".to_string(), "x"), ("a".to_string(), "v")]), ()).unwrap();
    assert_eq!((value(&hashed["a"]), value(&hashed["b"])), (3.0, 2.0));
    let twelve = s.run((&x, &x, &x, &x, &x, &x, &x, &x, &x, &x, "v", &step), ()).unwrap();
    assert_eq!((value(&twelve.0), value(&twelve.10), twelve.11), (2.0, 3.0, ()));
    let names = [("X", "did you mean 'x'?"), ("x:0", "did you mean 'x'?"), ("Step", "did you mean 'step'?")];
    for (name, near) in names {
        let error = s.run(name, ()).unwrap_err().to_string();
        assert!(error.contains(near), "{name}: {error}");
    }
}

#[test]
fn equal_maps_share_a_plan() {
    let graph = Graph::new();
    let names: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
    let nodes: Vec<Output> = names.iter().map(|name| (graph.ones([3]) + 1.0).with_name(name)).collect();
    let mut s = session(&graph);
    let mut bytes = || {
        // Each map has an order of its own.
        let map: HashMap<&String, &Output> = names.iter().zip(&nodes).collect();
        s.run(map, ()).unwrap();
        s.plan_cache_bytes()
    };
    let first = bytes();
    assert_eq!([bytes(), bytes(), bytes()], [first; 3]);
}

#[test]
fn numbers_stand_where_tensors_do() {
    let graph = Graph::new();
    let x = graph.constant([-1.0_f32, 2.0]);
    let n = graph.constant([-1, 2]);
    let positive = x.greater(0);
    let cases: [(&str, Output, &str); 9] = [
        ("two floats", positive.select(1.5, 0.0), "[0.  1.5]"),
        ("two integers", positive.select(1, 0), "[0 1]"),
        ("a tensor and a float", positive.select(&x, 0.5), "[0.5 2. ]"),
        ("a float and a tensor", positive.select(0.5, &x), "[-1.   0.5]"),
        ("an integer beside floats", positive.select(7, &x), "[-1.  7.]"),
        ("an integer beside integers", positive.select(&n, 7), "[7 2]"),
        ("clip", x.clip_by_value(0, 1.5), "[0.  1.5]"),
        ("fill", graph.fill([2], 3), "[3. 3.]"),
        ("random", graph.random_normal([1], 4, 0), "[4.]"),
    ];
    let mut s = session(&graph);
    for (what, output, text) in cases {
        assert_eq!(s.run(&output, ()).unwrap().to_string(), text, "{what}");
    }
}

#[test]
fn assignment_operators_leave_the_handle_at_the_new_node() {
    let graph = Graph::new();
    let x = graph.constant([1.0_f32, 2.0]);
    let mut y = x.clone();
    y += 3;
    y *= &x;
    y -= &x;
    y /= 2.0;
    let (x, y) = session(&graph).run((&x, &y), ()).unwrap();
    assert_eq!(
        (x.as_slice::<f32>().unwrap(), y.as_slice::<f32>().unwrap()),
        (&[1.0, 2.0][..], &[1.5, 4.0][..])
    );
}

#[test]
fn lists_of_tensors_are_anything_that_can_be_walked_over() {
    let graph = Graph::new();
    let (a, v) = (graph.constant([1.0_f32]), graph.variable("v", [2.0_f32]));
    let list = vec![a.clone(), Output::clone(&v)];
    let cases: [(&str, Output, &str); 8] = [
        ("an array", graph.concat([&a, &v], 0), "[1. 2.]"),
        ("a reference to a Vec", graph.concat(&list, 0), "[1. 2.]"),
        ("a slice", graph.concat(&list[..1], 0), "[1.]"),
        ("an iterator", graph.concat(list.iter().rev(), 0), "[2. 1.]"),
        ("an iterator of new tensors", graph.concat((0..2).map(|i| &a + i), 0), "[1. 2.]"),
        ("a stack", graph.stack(list.iter().map(|x| x * 2.0), 0), "[[2.]\n [4.]]"),
        ("a sum", graph.add_n(&list), "[3.]"),
        ("a sum of variables", graph.add_n(graph.global_variables()), "[2.]"),
    ];
    let mut s = session(&graph);
    for (what, output, text) in cases {
        assert_eq!(s.run(&output, ()).unwrap().to_string(), text, "{what}");
    }
    let error = graph.add_n([] as [&Output; 0]).check().unwrap_err().to_string();
    assert!(error.contains("AddN 'AddN': has nothing to add"), "{error}");
}

#[test]
fn a_plan_prints_as_it_is_explained() {
    let graph = Graph::new();
    let y = graph.placeholder("x", DType::F32, [3]).exp();
    let plan = session(&graph).explain(&y, feeds! { "x" => [1.0, 2.0, 3.0] }).unwrap();
    assert_eq!(plan.to_string(), plan.explain());
    assert!(plan.to_string().starts_with("1 primitives a run"), "{plan}");
}
