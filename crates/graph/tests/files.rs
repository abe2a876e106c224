//! Graphs from files and to pictures: what is hostile is an error, never a panic.

use minutia_graph::{DType, Device, Graph, Session, Tensor, feeds};
use serde_json::{Value, json};

/// x · w + 1, an assignment of it, and a joined copy.
fn graph() -> Graph {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [2, 2]);
    let w = graph.variable("w", [[1.0_f32, 2.0], [3.0, 4.0]]);
    let y = (x.matmul(&w) + 1.0).with_name("y");
    let assigned = w.assign(&y).operation();
    let _after = graph.control_dependencies([&assigned]);
    let read = w.read_value();
    let _joined =
        graph.concat(&[y.reshape([4]), read.slice([0, 0], [1, -1]).reshape([2])], 0).with_name("joined");
    graph
}

fn position(file: &Value, name: &str) -> usize {
    file["nodes"].as_array().unwrap().iter().position(|n| n["name"] == name).unwrap()
}

/// Reading the changed file, and running all that it holds, is an error that says this.
#[track_caller]
fn refused(expected: &str, change: impl FnOnce(&mut Value)) {
    let mut file = serde_json::to_value(graph()).unwrap();
    change(&mut file);
    let error = serde_json::from_value::<Graph>(file).expect_err(expected).to_string();
    assert!(error.contains(expected), "expected {expected:?}: {error}");
}

#[test]
fn a_graph_comes_back_as_it_was() {
    let first = graph();
    let copy: Graph = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
    assert_eq!(copy.nodes(), first.nodes());
    let value = |g: &Graph| {
        let mut session = Session::new(g, &Device::cpu().unwrap()).unwrap();
        session.run(g.global_variables_initializer(), feeds! {}).unwrap();
        session.run(g.get("joined").unwrap(), feeds! { "x" => [[1.0_f32, 2.0], [3.0, 4.0]] }).unwrap()
    };
    assert_eq!(value(&copy), value(&first));
    // It can be built on.
    assert_eq!(copy.placeholder("x", DType::F32, ()).name(), "x_1");
    let broken = graph();
    let _misfit = broken.get("x").unwrap().matmul(broken.constant([[1.0_f32]]));
    assert!(serde_json::to_string(&broken).unwrap_err().to_string().contains("inner dimensions differ"));
}

/// Zeros, subnormals, the edges of the normal numbers, halves of the last place, infinities, NaNs of both
/// kinds and signs with payloads, and a walk over all patterns.
fn patterns() -> Vec<f32> {
    let edges = [0, 1, 0x7f_ffff, 0x80_0000, 0x3f80_0001, 0x3eaa_aaab, 0x7f7f_ffff, 0x7f80_0000, 0x7f80_0001];
    let nans = [0x7fbf_ffff, 0x7fc0_0000, 0x7fc0_0001, 0x7fff_ffff];
    let walk = (0..20_000_u32).map(|i| i.wrapping_mul(0x9e37_79b1));
    let bits = edges.into_iter().chain(nans).flat_map(|b| [b, b | 0x8000_0000]).chain(walk);
    bits.map(f32::from_bits).collect()
}

#[test]
fn text_and_binary_formats_keep_every_bit() {
    let bits = |t: &Tensor| t.as_slice::<f32>().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let tensor = Tensor::from(patterns());
    let text: Tensor = serde_json::from_str(&serde_json::to_string(&tensor).unwrap()).unwrap();
    assert_eq!(bits(&text), bits(&tensor));
    let value: Tensor = serde_json::from_value(serde_json::to_value(&tensor).unwrap()).unwrap();
    assert_eq!(bits(&value), bits(&tensor));
    let standard = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&tensor, standard).unwrap();
    // A shape, the type and the number of elements, and each element's four bytes.
    assert!(bytes.ends_with(
        &tensor.as_slice::<f32>().unwrap().iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>()
    ));
    let (binary, _): (Tensor, usize) = bincode::serde::decode_from_slice(&bytes, standard).unwrap();
    assert_eq!(bits(&binary), bits(&tensor));
}

#[test]
fn a_graph_with_any_numbers_comes_back() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [3]);
    let y =
        x.clip_by_value(f32::NEG_INFINITY, 1.0) + graph.fill([3], f32::INFINITY) + graph.constant(f32::NAN);
    let _y = y.with_name("y");
    let _noise = graph.random_normal([2], -0.0, f32::from_bits(1));
    let text = serde_json::to_string(&graph).unwrap();
    let copy: Graph = serde_json::from_str(&text).unwrap();
    assert_eq!(copy.nodes(), graph.nodes());
    assert_eq!(serde_json::to_string(&copy).unwrap(), text);
}

#[test]
fn numbers_in_text_are_those_of_an_f32() {
    let read = |text: &str| {
        let file = format!("{{\"shape\": [1], \"values\": {{\"F32\": [{text}]}}}}");
        serde_json::from_str::<Tensor>(&file).map(|t| t.value::<f32>().unwrap().to_bits())
    };
    // Files of earlier versions, and by hand.
    for (text, x) in
        [("1", 1.0), ("-3", -3.0), ("0.1", 0.1), ("1e-46", 0.0), ("-0.0", -0.0), ("3.4028235e38", f32::MAX)]
    {
        assert_eq!(read(text).unwrap(), f32::to_bits(x), "{text}");
    }
    for text in [
        "null",
        "1e39",
        "-1e300",
        "\"infinity\"",
        "\"nan\"",
        "\"nan:0x3f800000\"",
        "\"nan:0x1ffffffff\"",
        "true",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn bad_indices_and_cycles_are_refused() {
    for (field, id) in [("inputs", 1_000_000), ("inputs", usize::MAX), ("control", 1_000_000)] {
        refused("comes later", |file| {
            let y = position(file, "y");
            file["nodes"][y][field] = json!([id, id]);
        });
    }
    refused("comes later", |file| {
        let y = position(file, "y");
        file["nodes"][y]["inputs"] = json!([y, 0]);
    });
    refused("comes later", |file| {
        let (x, y) = (position(file, "x"), position(file, "y"));
        file["nodes"][x]["control"] = json!([y]);
    });
    refused("invalid value", |file| file["nodes"][0]["inputs"] = json!([-1]));
}

#[test]
fn unknown_operations_and_wrong_numbers_of_inputs_are_refused() {
    refused("unknown variant `Explode`", |file| file["nodes"][0]["op"] = json!({"Explode": {}}));
    refused("invalid type", |file| file["nodes"][0]["op"] = json!(7));
    refused("missing field", |file| drop(file["nodes"][0].as_object_mut().unwrap().remove("op")));
    for name in ["y", "w/Assign", "joined", "x"] {
        let inputs = if name == "x" { json!([0]) } else { json!([]) };
        let expected = if name == "joined" { "nothing to join" } else { "inputs, not" };
        refused(expected, |file| {
            let node = position(file, name);
            // The first node may not depend on itself: let it depend on nothing, or another on it.
            let node = if name == "x" { position(file, "w") } else { node };
            file["nodes"][node]["inputs"] = inputs;
        });
    }
}

#[test]
fn wrong_types_shapes_and_names_are_refused() {
    refused("claims to be i32", |file| {
        let y = position(file, "y");
        file["nodes"][y]["signature"]["dtype"] = json!("I32");
    });
    refused("claims to be", |file| {
        let y = position(file, "y");
        file["nodes"][y]["signature"]["shape"] = json!([2, null]);
    });
    refused("unknown variant `F64`", |file| file["nodes"][0]["signature"]["dtype"] = json!("F64"));
    refused("takes f32", |file| {
        let x = position(file, "x");
        file["nodes"][x]["signature"]["dtype"] = json!("I32");
        file["nodes"][x]["op"]["Placeholder"]["signature"]["dtype"] = json!("I32");
    });
    refused("inner dimensions differ", |file| {
        let x = position(file, "x");
        for at in ["/signature/shape", "/op/Placeholder/signature/shape"] {
            *file["nodes"][x].pointer_mut(at).unwrap() = json!([2, 3]);
        }
    });
    refused("two nodes are named 'x'", |file| {
        let y = position(file, "y");
        file["nodes"][y]["name"] = json!("x");
    });
    refused("named 'not a name'", |file| file["nodes"][0]["name"] = json!("not a name"));
    refused("shape [2, 3] holds 6 values, but 4 were given", |file| {
        let value = position(file, "w/initial_value");
        file["nodes"][value]["op"]["Constant"]["value"]["shape"] = json!([2, 3]);
    });
    refused("format version 1", |file| file["version"] = json!(1));
}

#[test]
fn attributes_that_no_tensor_has_are_refused() {
    for dims in [
        json!([i64::MAX, 4]),
        json!([4_294_967_296_i64, 4_294_967_296_i64, -1]),
        json!([-2]),
        json!([-1, -1]),
    ] {
        refused("Reshape", |file| {
            let node = position(file, "Reshape");
            file["nodes"][node]["op"]["Reshape"]["dims"] = dims;
        });
    }
    for (begin, size) in [([usize::MAX, 0], [1, -1]), ([0, 0], [isize::MAX, 1]), ([0, 0], [isize::MIN, 1])] {
        refused("Slice", |file| {
            let node = position(file, "Slice");
            file["nodes"][node]["op"]["Slice"] = json!({"begin": begin, "size": size});
        });
    }
    for axis in [1, isize::MAX, isize::MIN] {
        refused("does not exist", |file| {
            let node = position(file, "joined");
            file["nodes"][node]["op"]["Concat"]["axis"] = json!(axis);
        });
    }
}

#[test]
fn variables_that_are_not_there_are_refused() {
    let unknown = "refers to a variable that does not exist";
    refused(unknown, |file| {
        let node = position(file, "ReadVariable");
        file["nodes"][node]["op"]["ReadVariable"]["variable"] = json!(7);
    });
    refused("does not name a variable's node", |file| file["variables"][0]["node"] = json!(1_000_000));
    refused("does not name a variable's node", |file| file["variables"][0]["initializer"] = json!(1_000_000));
    refused("does not name a variable's node", |file| file["variables"][0]["initializer"] = json!(0));
    refused(unknown, |file| file["variables"] = json!([]));
    refused("are one node", |file| {
        let first = file["variables"][0].clone();
        file["variables"].as_array_mut().unwrap().push(first);
    });
}

/// Every number of a file changed in turn to values at the edges: an error or a graph, never a panic, and
/// where it is a graph, what can be run runs or is an error.
#[test]
fn no_number_in_a_file_panics() {
    let text = serde_json::to_value(graph()).unwrap();
    let mut paths = Vec::new();
    collect(&text, String::new(), &mut paths);
    assert!(paths.len() > 50);
    let device = Device::cpu().unwrap();
    let mut read = 0;
    for path in &paths {
        for number in
            [json!(0), json!(1), json!(-1), json!(3), json!(usize::MAX), json!(i64::MIN), json!(i32::MAX)]
        {
            let mut file = text.clone();
            *file.pointer_mut(path).unwrap() = number;
            let Ok(graph) = serde_json::from_value::<Graph>(file) else { continue };
            read += 1;
            let Ok(mut session) = Session::new(&graph, &device) else { continue };
            let _ = session.run(graph.global_variables_initializer(), feeds! {});
            let target = graph.get("joined").unwrap();
            let _ = session.run(target, feeds! { "x" => Tensor::from([[1.0_f32, 2.0], [3.0, 4.0]]) });
        }
    }
    assert!(read > 0);
}

fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Number(_) => paths.push(path),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| collect(item, format!("{path}/{i}"), paths));
        }
        Value::Object(items) => {
            items.iter().for_each(|(key, item)| collect(item, format!("{path}/{key}"), paths));
        }
        _ => {}
    }
}

#[test]
fn a_dot_file_has_a_box_for_each_scope() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None, Some(3)]);
    let hidden = {
        let _outer = graph.name_scope("outer");
        let y = x.relu();
        let _inner = graph.name_scope("inner");
        y.exp()
    };
    let first = graph.variable("outer", 1.0_f32).assign(graph.constant(2.0_f32)).operation();
    let _after = graph.control_dependencies([&first]);
    let _last = hidden.identity().with_name("last");
    let dot = graph.to_dot();
    for part in [
        "digraph {",
        "subgraph \"cluster_outer\" {\n  label=\"outer\";",
        "subgraph \"cluster_outer/inner\" {\n  label=\"inner\";",
        "\"x\" [label=\"x\\nPlaceholder f32 [?, 3]\"];",
        "\"outer/inner/Exp\" [label=\"Exp\\nExp f32 [?, 3]\"];",
        "\"x\" -> \"outer/Relu\";",
        "\"outer/Relu\" -> \"outer/inner/Exp\";",
        "\"outer/inner/Exp\" -> \"last\";",
        "\"Assign\" -> \"last\" [style=dashed];",
    ] {
        assert!(dot.contains(part), "{part} is missing in:\n{dot}");
    }
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
    assert_eq!(dot.matches("subgraph").count(), 3, "each scope is opened once:\n{dot}");
    // A node is declared inside the box of its scope.
    let inner = dot.split("cluster_outer/inner").nth(1).unwrap().split('}').next().unwrap();
    assert!(inner.contains("outer/inner/Exp") && !inner.contains("Relu"));
    assert_eq!(dot, graph.to_dot());
}
