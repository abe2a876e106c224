//! What a graph is in TensorFlow's messages.

use super::messages::{AttrValue, Attribute, Dim, GraphDef, ListValue, NodeDef, TensorShape, VersionDef};
use minutia_graph::{DType, Graph, NodeInfo, PartialShape};

/// The version of graphs that TensorFlow 1.12 writes.
const PRODUCER: i32 = 27;

impl GraphDef {
    /// The nodes of a graph in the order of building, all on one device.
    pub fn of(graph: &Graph, device: &str) -> GraphDef {
        let node = graph.nodes().into_iter().map(|node| NodeDef::of(node, device)).collect();
        GraphDef { node, versions: Some(VersionDef { producer: PRODUCER }) }
    }
}

impl NodeDef {
    fn of(node: NodeInfo, device: &str) -> NodeDef {
        let shape = TensorShape::of(&node.signature.shape);
        let mut attributes = Vec::new();
        if node.op != "NoOp" {
            let of_its_own = ["Const", "Placeholder", "Variable"].contains(&node.op);
            let dtype = Attribute::Type(code(node.signature.dtype));
            attributes.push((if of_its_own { "dtype" } else { "T" }, dtype));
            if ["Placeholder", "Variable"].contains(&node.op) {
                attributes.push(("shape", Attribute::Shape(shape.clone())));
            }
            attributes.push((
                "_output_shapes",
                Attribute::List(ListValue { shape: vec![shape], ..ListValue::default() }),
            ));
        }
        let attribute = |(name, value): (&str, _)| (name.to_string(), AttrValue { value: Some(value) });
        // A name that begins with `^` is one of a node that only has to run before.
        let control = node.control.iter().map(|name| format!("^{name}"));
        NodeDef {
            input: node.inputs.into_iter().chain(control).collect(),
            name: node.name,
            op: node.op.to_string(),
            device: device.to_string(),
            attr: attributes.into_iter().map(attribute).collect(),
        }
    }
}

impl TensorShape {
    fn of(shape: &PartialShape) -> TensorShape {
        let size = |extent: &Option<usize>| extent.and_then(|extent| i64::try_from(extent).ok());
        let dim = shape.iter().map(|extent| Dim { size: size(extent).unwrap_or(-1) }).collect();
        TensorShape { dim, unknown_rank: false }
    }
}

/// TensorFlow's number of a type.
fn code(dtype: DType) -> i32 {
    match dtype {
        DType::F32 => 1,
        DType::I32 => 3,
        DType::U8 => 4,
        DType::Bool => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[test]
    fn nodes_have_scopes_inputs_shapes_and_a_device() {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, (None, 2));
        let w = graph.variable("w", [[1.0_f32], [2.0]]);
        let scope = graph.name_scope("hidden");
        let y = x.matmul(&w);
        drop(scope);
        let _after = graph.control_dependencies([&y.operation()]);
        let z = graph.constant(1_u8).with_name("z");
        let sent = GraphDef::of(&graph, "/device:GPU:0");
        let read = GraphDef::decode(&sent.encode_to_vec()[..]).unwrap();
        assert_eq!(read, sent);
        assert!(read.node.iter().all(|node| node.device == "/device:GPU:0"));

        let node = |name: &str| read.node.iter().find(|node| node.name == name).unwrap();
        let shapes = |name: &str| match &node(name).attr["_output_shapes"].value {
            Some(Attribute::List(list)) => list.shape[0].dim.iter().map(|dim| dim.size).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let product = node("hidden/MatMul");
        assert_eq!((&product.op[..], &product.input[..]), ("MatMul", &["x".to_string(), w.name()][..]));
        assert_eq!((shapes("x"), shapes("hidden/MatMul")), (vec![-1, 2], vec![-1, 1]));
        assert_eq!(node(&z.name()).input, ["^hidden/MatMul"]);
        for (name, attribute, expected) in [("x", "dtype", 1), ("z", "dtype", 4), ("hidden/MatMul", "T", 1)] {
            assert_eq!(node(name).attr[attribute].value, Some(Attribute::Type(expected)), "{name}");
        }
        assert!(node(&w.name()).attr.contains_key("shape"), "{:?}", node(&w.name()));
    }
}
