//! A graph becomes a message.

mod along;
mod elementwise;
mod emission;
mod movement;
mod rows;
mod windows;

use super::{
    error::{OnnxProblem, Unsupported},
    messages::{
        Extent, GraphProto, ModelProto, OnnxDim, OnnxShape, OperatorSet, TensorType, ValueInfo, ValueType,
    },
};
use crate::{Error, Problem};
use emission::{Emission, Origin};
use minutia_graph::{NodeInfo, Output, Session, Signature, Tensor, Variable};
use prost::Message;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
};

/// What writes an operation.
type Rule = fn(&mut Origin) -> Result<(), String>;

/// The version of ONNX's operations that is written, and the version of the format that has it.
const OPSET: i64 = 18;
const FORMAT: i64 = 8;

/// Writes what computes some tensors of a graph from others, as a model of version 18 of ONNX's operations.
///
/// `inputs` are placeholders or any other tensors; extents that the feeds decide are open in the model, too.
/// Variables become initialisers with the values that the session has. Inputs and outputs have the names of
/// the graph's nodes: [`Output::with_name`] gives others.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session};
/// use minutia_interchange::onnx;
/// let graph = Graph::new();
/// let x = graph.placeholder("x", DType::F32, (None, 2));
/// let w = graph.variable("w", [[1.0_f32], [2.0]]);
/// let y = x.matmul(&w).sigmoid().with_name("y");
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("model.onnx");
/// onnx::write(&path, &session, &[&x], &[&y])?;
///
/// let model = onnx::read(&path)?;
/// assert_eq!(model.input("x")?.shape().to_string(), "[?, 2]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`OnnxProblem::Unsupported`], which lists all nodes that have no equivalent; a graph that is invalid, or a
/// variable without a value; [`Problem::Io`]. An earlier file of this name then stays as it was.
pub fn write(
    path: impl AsRef<Path>,
    session: &Session,
    inputs: &[&Output],
    outputs: &[&Output],
) -> Result<(), Error> {
    let path = path.as_ref();
    let write = || -> Result<(), Problem> {
        let bytes = model(session, inputs, outputs)?.encode_to_vec();
        Ok(minutia_files::write(path, |file| file.write_all(&bytes))?)
    };
    write().map_err(|problem| problem.of(path))
}

fn model(session: &Session, inputs: &[&Output], outputs: &[&Output]) -> Result<ModelProto, Problem> {
    for output in inputs.iter().chain(outputs) {
        output.check()?;
    }
    let graph = session.graph();
    let nodes = graph.nodes();
    let by_name: BTreeMap<&str, &NodeInfo> = nodes.iter().map(|node| (&node.name[..], node)).collect();
    let given: BTreeSet<String> = inputs.iter().map(|input| input.name()).collect();
    let needed = needed(&by_name, &given, outputs);
    let is_needed = |variable: &Variable| needed.contains(&variable.name()[..]);
    let variables = crate::variables(session, graph.global_variables().into_iter().filter(is_needed))?;
    let (mut emission, mut unsupported) = (Emission::default(), Vec::new());
    for node in nodes.iter().filter(|node| needed.contains(&node.name[..]) && !given.contains(&node.name)) {
        let known: Vec<&Signature> = node.inputs.iter().map(|input| &by_name[&input[..]].signature).collect();
        let written = written(node, known, &variables, &mut emission);
        if let Err(reason) = written {
            let (node, operation) = (node.name.clone(), node.op.to_string());
            unsupported.push(Unsupported { node, operation, reason });
        }
    }
    if !unsupported.is_empty() {
        return Err(OnnxProblem::Unsupported(unsupported).into());
    }
    let open = |input: &&&Output| input.shape().first() == Some(&None);
    let is_batch = inputs.iter().filter(open).count() == 1;
    let message = GraphProto {
        node: emission.nodes,
        name: Some("minutia".into()),
        initializer: emission.initializers,
        input: inputs.iter().map(|input| value(input, is_batch)).collect(),
        output: outputs.iter().map(|output| value(output, false)).collect(),
        ..GraphProto::default()
    };
    Ok(ModelProto {
        ir_version: Some(FORMAT),
        producer_name: Some("minutia".into()),
        producer_version: Some(env!("CARGO_PKG_VERSION").into()),
        graph: Some(message),
        opset_import: vec![OperatorSet { domain: None, version: Some(OPSET) }],
        ..ModelProto::default()
    })
}

/// The nodes that the outputs depend on, up to those that are given.
fn needed<'a>(
    by_name: &BTreeMap<&'a str, &'a NodeInfo>,
    given: &BTreeSet<String>,
    outputs: &[&Output],
) -> BTreeSet<&'a str> {
    let mut left: Vec<String> = outputs.iter().map(|output| output.name()).collect();
    let mut needed = BTreeSet::new();
    while let Some(name) = left.pop() {
        if let Some((&name, node)) = by_name.get_key_value(&name[..])
            && needed.insert(name)
            && !given.contains(name)
        {
            left.extend(node.inputs.iter().cloned());
        }
    }
    needed
}

/// Writes one node, or says why it has no equivalent.
fn written(
    node: &NodeInfo,
    known: Vec<&Signature>,
    variables: &BTreeMap<String, Tensor>,
    emission: &mut Emission,
) -> Result<(), String> {
    if !node.control.is_empty() {
        return Err("it runs after others, which ONNX cannot say".into());
    }
    if let Some(value) = variables.get(&node.name) {
        emission.initializers.push(emission::tensor(&node.name, value));
        return Ok(());
    }
    let mut origin = Origin::new(node, known, emission);
    match node.op {
        "Const" => {
            let value = origin.tensor("value")?;
            origin.emission.initializers.push(emission::tensor(&node.name, value));
            Ok(())
        }
        "Placeholder" => Err("it is no input; name it as one".into()),
        operation => {
            let rule = elementwise::rule(operation)
                .or_else(|| along::rule(operation))
                .or_else(|| movement::rule(operation))
                .or_else(|| rows::rule(operation))
                .or_else(|| windows::rule(operation));
            rule.ok_or("ONNX has no such operation")?(&mut origin)
        }
    }
}

/// Name, type and shape of a value; extents that the feeds decide have a name of their own, the first one of
/// the only input that has such may be called `batch`.
fn value(output: &Output, is_batch: bool) -> ValueInfo {
    let name = output.name();
    let extent = |(axis, extent): (usize, &Option<usize>)| {
        let open =
            || Extent::Param(if axis == 0 && is_batch { "batch".into() } else { format!("{name}:{axis}") });
        let value = extent.map_or_else(open, |extent| Extent::Value(extent as i64));
        OnnxDim { value: Some(value) }
    };
    let dim = output.shape().iter().enumerate().map(extent).collect();
    let tensor = TensorType { elem_type: emission::code(output.dtype()), shape: Some(OnnxShape { dim }) };
    ValueInfo { name: name.clone(), r#type: Some(ValueType { tensor_type: Some(tensor) }) }
}
