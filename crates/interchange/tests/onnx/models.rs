//! Models for the tests, and what becomes of them.

use crate::messages::{
    AttributeProto, Extent, GraphProto, ModelProto, NodeProto, OnnxDim, OnnxShape, OnnxTensor, OperatorSet,
    TensorType, ValueInfo, ValueType,
};
use minutia_graph::{Device, Feeds, Session, Tensor};
use minutia_interchange::{Error, onnx};
use prost::Message;
use std::{fs, path::Path};

/// A value that may be an input or an output: its name, ONNX's number of its type, and its extents, of which
/// -1 is open.
pub fn value(name: &str, elem_type: i32, dims: &[i64]) -> ValueInfo {
    let extent = |&n: &i64| if n < 0 { Extent::Param("n".into()) } else { Extent::Value(n) };
    let dim = dims.iter().map(|n| OnnxDim { value: Some(extent(n)) }).collect();
    let tensor_type = Some(TensorType { elem_type, shape: Some(OnnxShape { dim }) });
    ValueInfo { name: name.into(), r#type: Some(ValueType { tensor_type }) }
}

/// A node with this operation, from and to values separated by spaces.
pub fn node(operation: &str, from: &str, to: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    let names = |list: &str| list.split(' ').filter(|name| !name.is_empty()).map(String::from).collect();
    let (input, output) = (names(from), names(to));
    NodeProto { input, output, op_type: operation.into(), attribute, ..NodeProto::default() }
}

/// An integer as an attribute.
pub fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.into(), i: Some(i), r#type: 2, ..AttributeProto::default() }
}

/// `f32` as an initialiser.
pub fn floats(name: &str, dims: &[i64], values: &[f32]) -> OnnxTensor {
    let (dims, float_data) = (dims.to_vec(), values.to_vec());
    OnnxTensor { name: name.into(), dims, float_data, data_type: 1, ..OnnxTensor::default() }
}

/// `int64` as an initialiser.
pub fn longs(name: &str, values: &[i64]) -> OnnxTensor {
    let (dims, int64_data) = (vec![values.len() as i64], values.to_vec());
    OnnxTensor { name: name.into(), dims, int64_data, data_type: 7, ..OnnxTensor::default() }
}

/// A model of version 18 with these nodes, from `x` to `y`.
pub fn model(x: ValueInfo, initializer: Vec<OnnxTensor>, node: Vec<NodeProto>) -> ModelProto {
    let (input, output) = (vec![x], vec![value("y", 1, &[])]);
    ModelProto {
        ir_version: Some(8),
        graph: Some(GraphProto { input, output, initializer, node, ..GraphProto::default() }),
        opset_import: vec![OperatorSet { domain: None, version: Some(18) }],
        ..ModelProto::default()
    }
}

/// The multilayer perceptron of the tests, which has what most models have: products, a reshape whose shape
/// is computed from the batch, and integers as inputs.
pub fn perceptron() -> ModelProto {
    let weights = vec![
        floats("w", &[4, 3], &[0.5, -1.0, 0.25, 1.0, 2.0, -0.5, 0.75, 0.1, -0.3, 0.2, 0.4, -0.6]),
        floats("b", &[3], &[0.1, -0.2, 0.3]),
        longs("zero", &[0]),
        longs("rest", &[-1]),
    ];
    let nodes = vec![
        node("Shape", "x", "shape", vec![]),
        node("Gather", "shape zero", "batch", vec![]),
        node("Concat", "batch rest", "flat", vec![int("axis", 0)]),
        node("Reshape", "x flat", "rows", vec![]),
        node("Gemm", "rows w b", "scores", vec![]),
        node("Relu", "scores", "hidden", vec![]),
        node("Softmax", "hidden", "y", vec![int("axis", -1)]),
    ];
    model(value("x", 1, &[-1, 2, 2]), weights, nodes)
}

/// Writes a model.
pub fn write(path: &Path, model: &ModelProto) {
    fs::write(path, model.encode_to_vec()).expect("a model");
}

/// Reads a model from a folder of its own.
pub fn read(model: &ModelProto) -> Result<onnx::Model, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.onnx");
    write(&path, model);
    onnx::read(path)
}

/// What a model says is wrong with it.
pub fn complaint(model: &ModelProto) -> String {
    read(model).expect_err("a model that is refused").to_string()
}

/// The output `y` of a model for this `x`.
pub fn run(model: &onnx::Model, x: impl Into<Tensor>) -> Tensor {
    let mut session = Session::new(&model.graph, &Device::cpu().expect("a CPU")).expect("a session");
    session.run(model.graph.global_variables_initializer(), ()).expect("variables");
    let feeds = Feeds::new().with(model.input("x").expect("x"), x.into());
    session.run(model.output("y").expect("y"), feeds).expect("a run")
}
