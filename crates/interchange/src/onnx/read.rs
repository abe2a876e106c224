//! A message becomes a graph, node by node.

use super::{
    error::{OnnxProblem, Unsupported},
    external::Externals,
    fold::fold,
    literal::{Literal, dtype, type_name},
    messages::{Extent, ModelProto, NodeProto, ValueInfo},
    model::Model,
    node::{OnnxNode, OnnxResults},
    ops,
    value::OnnxValue,
};
use crate::Problem;
use minutia_graph::{DType, Graph, Output, Tensor};
use std::collections::{BTreeMap, BTreeSet};

/// The versions of ONNX's operations that are read.
pub const OPSETS: std::ops::RangeInclusive<i64> = 6..=24;

/// The same in words.
const EXPECTED: &str = "6 to 24";

/// The values of a model by name; nothing for one that an unsupported node was to give.
struct Values {
    by_name: BTreeMap<String, Option<OnnxValue>>,
}

impl Values {
    fn insert(&mut self, name: &str, value: Option<OnnxValue>, by: &str) -> Result<(), OnnxProblem> {
        match self.by_name.insert(name.to_string(), value) {
            None => Ok(()),
            Some(_) => Err(OnnxProblem::Twice { name: name.into(), by: by.into() }),
        }
    }

    fn get(&self, name: &str, by: &str) -> Result<Option<OnnxValue>, OnnxProblem> {
        let missing = || OnnxProblem::Undefined { name: name.into(), by: by.into() };
        self.by_name.get(name).cloned().ok_or_else(missing)
    }
}

/// The graph of a message. What is trainable becomes variables: initialisers of `f32` that have axes. Inputs
/// that are known become constants.
pub fn model(
    proto: &ModelProto,
    externals: &mut Externals,
    trainable: bool,
    known: &BTreeMap<String, Tensor>,
) -> Result<Model, Problem> {
    let opset = opset(proto)?;
    let message = proto.graph.as_ref().ok_or_else(|| OnnxProblem::Message("it has no graph".into()))?;
    let graph = Graph::new();
    let mut values = Values { by_name: BTreeMap::new() };
    let mut unsupported = Vec::new();
    if !message.sparse_initializer.is_empty() {
        let reason = "sparse tensors are not read, write them as dense ones".into();
        unsupported.push(Unsupported { node: String::new(), operation: "initializer".into(), reason });
    }
    for tensor in &message.initializer {
        let literal = Literal::of(tensor, externals)?;
        let value = match &literal {
            Literal::Tensor(start)
                if trainable && start.dtype() == DType::F32 && !start.dims().is_empty() =>
            {
                let variable = graph.variable(&legal(&tensor.name), start);
                OnnxValue::variable(Output::clone(&variable), literal)
            }
            _ => OnnxValue::literal(literal),
        };
        values.insert(&tensor.name, Some(value), "an initialiser")?;
    }
    let all = message.input.iter().map(|info| &info.name);
    let given = |name: &&String| known.contains_key(*name) || values.by_name.contains_key(*name);
    let given: BTreeSet<&String> = all.clone().filter(given).collect();
    if let Some(stranger) = known.keys().find(|name| !all.clone().any(|other| other == *name)) {
        let expected = all.map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
        return Err(OnnxProblem::Name { name: stranger.clone(), expected }.into());
    }
    for (name, tensor) in known {
        values.by_name.insert(name.clone(), Some(OnnxValue::literal(Literal::Tensor(tensor.clone()))));
    }
    let left = message.input.iter().filter(|info| !given.contains(&info.name));
    let inputs = placeholders(&graph, left, &mut values, &mut unsupported)?;
    for node in &message.node {
        let results = build(&graph, node, &values, opset, &mut unsupported)?;
        let names = node.output.iter().enumerate().filter(|(_, name)| !name.is_empty());
        for (index, name) in names {
            let value = results.as_ref().and_then(|results| results.get(index).cloned());
            if results.is_some() && value.is_none() {
                let reason = format!("result {index}, '{name}', has no equivalent");
                unsupported.push(refusal(node, reason));
            }
            values.insert(name, value, node.label())?;
        }
    }
    let mut outputs = Vec::new();
    for info in &message.output {
        let Some(value) = values.get(&info.name, "the outputs")? else { continue };
        match value.output(&graph) {
            Ok(output) => outputs.push((info.name.clone(), output)),
            Err(reason) => {
                let (node, operation) = (info.name.clone(), "output".to_string());
                unsupported.push(Unsupported { node, operation, reason });
            }
        }
    }
    match unsupported.is_empty() {
        true => Ok(Model { graph, inputs, outputs, opset }),
        false => Err(OnnxProblem::Unsupported(unsupported).into()),
    }
}

/// The version of ONNX's own operations.
fn opset(proto: &ModelProto) -> Result<i64, OnnxProblem> {
    let own = proto.opset_import.iter().find(|set| set.is_onnx());
    let own = own.ok_or_else(|| OnnxProblem::Message("it does not say which operations it uses".into()))?;
    let found = own.version.unwrap_or(0);
    if OPSETS.contains(&found) { Ok(found) } else { Err(OnnxProblem::Opset { found, expected: EXPECTED }) }
}

/// The inputs that nothing else gives.
fn placeholders<'a>(
    graph: &Graph,
    infos: impl Iterator<Item = &'a ValueInfo>,
    values: &mut Values,
    unsupported: &mut Vec<Unsupported>,
) -> Result<Vec<(String, Output)>, OnnxProblem> {
    let mut inputs: Vec<(String, Output)> = Vec::new();
    for info in infos {
        match placeholder(graph, info) {
            Ok(output) => {
                values.insert(&info.name, Some(output.clone().into()), "an input")?;
                inputs.push((info.name.clone(), output));
            }
            Err(reason) => {
                values.insert(&info.name, None, "an input")?;
                let (node, operation) = (info.name.clone(), "input".to_string());
                unsupported.push(Unsupported { node, operation, reason });
            }
        }
    }
    Ok(inputs)
}

fn placeholder(graph: &Graph, info: &ValueInfo) -> Result<Output, String> {
    let tensor = info.r#type.as_ref().and_then(|of| of.tensor_type.as_ref()).ok_or("is no tensor")?;
    let code = tensor.elem_type;
    let dtype =
        dtype(code).ok_or_else(|| format!("has type {}, expected one that tensors have", type_name(code)))?;
    let shape = tensor.shape.as_ref().ok_or("has no known number of axes, which every input needs")?;
    let extents = shape.dim.iter().map(|dim| match &dim.value {
        Some(Extent::Value(extent)) => match usize::try_from(*extent) {
            Ok(extent) => Ok(Some(extent)),
            Err(_) => Err(format!("has an extent of {extent}")),
        },
        Some(Extent::Param(_)) | None => Ok(None),
    });
    let extents = extents.collect::<Result<Vec<Option<usize>>, String>>()?;
    let output = graph.placeholder(&legal(&info.name), dtype, extents);
    output.check().map_err(|error| error.to_string())?;
    Ok(output)
}

/// The results of a node; nothing if it is unsupported, or depends on what is.
fn build(
    graph: &Graph,
    proto: &NodeProto,
    values: &Values,
    opset: i64,
    unsupported: &mut Vec<Unsupported>,
) -> Result<Option<Vec<OnnxValue>>, OnnxProblem> {
    let mut inputs = Vec::new();
    let mut is_whole = true;
    for name in &proto.input {
        let value = if name.is_empty() { None } else { values.get(name, proto.label())? };
        is_whole &= name.is_empty() || value.is_some();
        inputs.push(value);
    }
    let own = matches!(&proto.domain[..], "" | "ai.onnx");
    let Some(builder) = ops::builder(&proto.op_type).filter(|_| own) else {
        unsupported.push(refusal(proto, "this operation is not read".into()));
        return Ok(None);
    };
    if !is_whole {
        return Ok(None);
    }
    let node = OnnxNode::new(graph, proto, inputs, opset);
    let _scope = graph.name_scope(&legal(proto.label()));
    let built =
        fold(proto, &node).unwrap_or_else(|| builder(&node)).and_then(|results| checked(&node, results));
    match built {
        Ok(results) => Ok(Some(results)),
        Err(reason) => {
            unsupported.push(refusal(proto, reason));
            Ok(None)
        }
    }
}

/// Results that are as they should be, of a node of which nothing was passed over.
fn checked(node: &OnnxNode, results: Vec<OnnxValue>) -> OnnxResults {
    if let Some(attribute) = node.passed_over() {
        return Err(format!("has an attribute {attribute}, which is not read"));
    }
    for value in results.iter().filter(|value| value.as_literal().is_none()) {
        let output = value.output(node.graph)?;
        output.check().map_err(|error| error.to_string())?;
    }
    Ok(results)
}

fn refusal(proto: &NodeProto, reason: String) -> Unsupported {
    Unsupported { node: proto.label().into(), operation: proto.op_type.clone(), reason }
}

/// A name as the graph takes it: other characters become `_`.
fn legal(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_.-/".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    let name = name.trim_matches('/');
    let starts = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
    if starts { name.to_string() } else { format!("n{name}") }
}
