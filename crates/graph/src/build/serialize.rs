//! Graphs to and from any serde format, without the loss of a bit: numbers are written as
//! [`minutia_tensor::exact`] says. A graph that is read is checked as if it were built anew.

use crate::{
    Error, Graph, Signature, SourceLine,
    build::{
        graph::{Inner, VariableEntry},
        loops::parts_of,
        node::{Node, NodeId},
    },
    ops::AnyOp,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::collections::BTreeMap;

/// Version 1 wrote operations by position to formats such as bincode.
const VERSION: u32 = 2;

#[derive(Serialize, Deserialize)]
struct GraphDef {
    version: u32,
    seed: u64,
    nodes: Vec<NodeDef>,
    variables: Vec<VariableEntry>,
}

#[derive(Serialize, Deserialize)]
struct NodeDef {
    name: String,
    op: AnyOp,
    inputs: Vec<NodeId>,
    control: Vec<NodeId>,
    signature: Signature,
    place: SourceLine,
}

impl Serialize for Graph {
    /// # Errors
    /// A graph with an invalid node is not serialised.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.check().map_err(ser::Error::custom)?;
        let inner = self.lock();
        let node = |n: &crate::build::node::Node| NodeDef {
            name: n.name.clone(),
            op: n.op.clone(),
            inputs: n.inputs.clone(),
            control: n.control.clone(),
            signature: n.signature.clone(),
            place: n.place.clone(),
        };
        let nodes = inner.nodes.iter().map(node).collect();
        let def = GraphDef { version: VERSION, seed: inner.seed, nodes, variables: inner.variables.clone() };
        drop(inner);
        def.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Graph {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Graph, D::Error> {
        let def = GraphDef::deserialize(deserializer)?;
        build(def).map_err(de::Error::custom)
    }
}

fn build(def: GraphDef) -> Result<Graph, Error> {
    let invalid = |reason: String| Error::Graph { reason };
    if def.version != VERSION {
        return Err(invalid(format!("format version {}, this program reads {VERSION}", def.version)));
    }
    let mut inner = Inner::default();
    inner.seed = def.seed;
    for (id, node) in def.nodes.into_iter().enumerate() {
        if let Some(later) = node.inputs.iter().chain(&node.control).find(|&&i| i >= id) {
            return Err(invalid(format!(
                "node {id} '{}' depends on node {later}, which comes later",
                node.name
            )));
        }
        if !inner.is_free(&node.name) {
            return Err(invalid(format!("two nodes are named '{}'", node.name)));
        }
        let name = node.name.clone();
        inner.push(node.op, node.name, node.inputs, node.control, node.place);
        let built = &inner.nodes[id];
        if let Some(error) = &built.error {
            return Err(error.clone());
        }
        if built.signature != node.signature {
            return Err(invalid(format!(
                "node '{name}' claims to be {}, but is {}",
                node.signature, built.signature
            )));
        }
    }
    let mut listed = BTreeMap::new();
    for (index, variable) in def.variables.into_iter().enumerate() {
        let is_variable =
            inner.nodes.get(variable.node).is_some_and(|n| matches!(n.op, AnyOp::VariableOp(_)));
        let initializes = inner.nodes.get(variable.initializer).is_some_and(|n| match &n.op {
            AnyOp::Assign(assign) => assign.variable == index && n.inputs[0] == variable.node,
            _ => false,
        });
        if let Some(first) = listed.insert(variable.node, index) {
            return Err(invalid(format!("variables {first} and {index} are one node, {}", variable.node)));
        }
        if !is_variable || !initializes {
            return Err(invalid(format!(
                "variable {index} does not name a variable's node and its initializer"
            )));
        }
        inner.variables.push(variable);
    }
    let known = |node: &crate::build::node::Node| match &node.op {
        AnyOp::Assign(op) => inner.variables.get(op.variable).is_some_and(|v| v.node == node.inputs[0]),
        AnyOp::ReadVariable(op) => inner.variables.get(op.variable).is_some_and(|v| v.node == node.inputs[0]),
        _ => true,
    };
    if let Some(node) = inner.nodes.iter().find(|n| !fits_its_loop(&inner, n)) {
        return Err(invalid(format!("node '{}' does not belong to a loop as it says", node.name)));
    }
    if let Some(node) = inner.nodes.iter().find(|n| !known(n)) {
        return Err(invalid(format!("node '{}' refers to a variable that does not exist", node.name)));
    }
    let unlisted = |(id, n): &(usize, &crate::build::node::Node)| {
        matches!(n.op, AnyOp::VariableOp(_)) && !listed.contains_key(id)
    };
    if let Some((_, node)) = inner.nodes.iter().enumerate().find(unlisted) {
        return Err(invalid(format!("variable '{}' has no initializer", node.name)));
    }
    Ok(Graph::from_inner(inner))
}

/// Whether the node is no loop and no result of one, or is made of what they are made of.
fn fits_its_loop(inner: &Inner, node: &Node) -> bool {
    let variables_of = |id: NodeId| parts_of(&inner.nodes[id]).map(|(op, _)| op.variables);
    match &node.op {
        AnyOp::While(_) => parts_of(node).is_some_and(|(_, parts)| {
            parts.variables.iter().all(|&id| matches!(inner.nodes[id].op, AnyOp::LoopVariable(_)))
        }),
        AnyOp::LoopResult(result) => variables_of(node.inputs[0]).is_some_and(|count| result.index < count),
        AnyOp::LoopStack(_) => variables_of(node.inputs[0]).is_some(),
        _ => true,
    }
}
