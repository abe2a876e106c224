//! Building never panics: what does not fit becomes a node that remembers why.

use minutia_graph::{DType, Device, Error, Graph, Session, feeds};

#[test]
fn a_misfit_names_shapes_place_and_cure() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None, Some(784)]);
    let w = graph.variable("W1", graph.zeros([300, 784]));
    let product = x.matmul(&w).with_name("product");
    let sum = product.relu() + 1.0;
    let error = sum.check().unwrap_err().to_string();
    for part in
        ["MatMul", "784 (lhs axis 1)", "300 (rhs axis 0)", "'x' f32 [?, 784]", "building.rs", "matmul_nt"]
    {
        assert!(error.contains(part), "{part} is missing in: {error}");
    }
    assert!(Session::new(&graph, &Device::cpu().unwrap()).is_err());
}

#[test]
fn two_graphs_do_not_mix() {
    let (one, two) = (Graph::new(), Graph::new());
    let (a, b) = (one.constant(1.0_f32), two.constant(1.0_f32));
    assert!(matches!((&a + &b).check(), Err(Error::OtherGraph { .. })));
    let mut s = Session::new(&Graph::new(), &Device::cpu().unwrap()).unwrap();
    assert!(matches!(s.run(&b, feeds! {}), Err(Error::OtherGraph { .. })));
}

/// A graph whose last node has an index that a smaller graph does not have.
fn large() -> Graph {
    let graph = Graph::new();
    (0..50).for_each(|i| drop(graph.constant(i)));
    graph
}

#[track_caller]
fn stranger(checked: Result<(), Error>, expected: &str) {
    match checked {
        Err(Error::OtherGraph { role, name }) => {
            assert_eq!((role, name.as_str()), (expected, "v/Assign"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_operation_of_another_graph_poisons_what_is_to_run_after_it() {
    let other = large();
    let foreign = other.variable("v", 1.0_f32).initializer();

    let graph = Graph::new();
    let group = graph.group([&foreign]);
    stranger(graph.get(&group.name()).unwrap().check(), "operation of a group");
    stranger(Session::new(&graph, &Device::cpu().unwrap()).map(drop), "operation of a group");

    let graph = Graph::new();
    let own = graph.variable("own", 1.0_f32).initializer();
    let (inside, deeper) = {
        let _after = graph.control_dependencies([&own, &foreign]);
        let inside = graph.constant(1.0_f32);
        let _more = graph.control_dependencies([&own]);
        (inside, graph.constant(2.0_f32))
    };
    let outside = graph.constant(3.0_f32);
    stranger(inside.check(), "control dependency");
    stranger(deeper.check(), "control dependency");
    stranger((&outside + &inside).check(), "control dependency");
    assert!(outside.check().is_ok());
}

#[test]
fn an_initial_value_of_another_graph_poisons_the_variable() {
    let other = large();
    let foreign = other.constant(1.0_f32).with_name("foreign");
    let graph = Graph::new();
    let v = graph.variable("v", &foreign);
    assert!(matches!(v.check(), Err(Error::OtherGraph { role: "initial value", .. })));
}

#[test]
fn a_scope_of_an_invalid_name_poisons_what_is_built_inside() {
    let graph = Graph::new();
    let (inside, deeper) = {
        let _outer = graph.name_scope("outer");
        let _bad = graph.name_scope("not a name");
        let inside = graph.placeholder("x", DType::F32, ());
        let _inner = graph.name_scope("inner");
        (inside, graph.placeholder("y", DType::F32, ()))
    };
    let outside = graph.placeholder("z", DType::F32, ());
    for node in [&inside, &deeper] {
        let error = node.check().unwrap_err();
        assert!(matches!(&error, Error::Name { name, .. } if name == "not a name"), "{error}");
        assert!(error.to_string().contains("building.rs"), "{error}");
    }
    assert!(outside.check().is_ok());
    assert_eq!((inside.name(), outside.name()), ("outer/x".to_string(), "z".to_string()));
    assert!(matches!(Session::new(&graph, &Device::cpu().unwrap()), Err(Error::Name { .. })));
}
