//! Constants, placeholders, random numbers, variables and their assignments.

use super::{
    Written,
    proto::{self, Named},
    site::Site,
};
use minutia_graph::{Attribute, DType, Graph, NodeInfo, Tensor};
use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

/// What is known of a graph's state before it is written.
pub struct State {
    seed: i64,
    /// The nodes that give variables their initial values.
    initializers: BTreeSet<String>,
    /// The initializer of each variable, by the variable's name.
    initializer_of: BTreeMap<String, String>,
    /// Variables that more than their initializers assign.
    changing: BTreeSet<String>,
    /// For each variable the nodes so far that read what it holds, and wait for nothing.
    free_reads: BTreeMap<String, Vec<String>>,
}

impl State {
    pub fn of(graph: &Graph, nodes: &[NodeInfo]) -> State {
        let variables = graph.global_variables();
        let initializer_of: BTreeMap<String, String> =
            variables.iter().map(|variable| (variable.name(), variable.initializer().name())).collect();
        let initializers: BTreeSet<String> = initializer_of.values().cloned().collect();
        let assigns = |node: &&NodeInfo| node.op == "Assign" && !initializers.contains(&node.name);
        let changing = nodes.iter().filter(assigns).map(|node| node.inputs[0].clone()).collect();
        // TensorFlow takes a seed of 0 for none.
        let seed = (graph.random_seed() >> 1) as i64;
        State { seed, initializers, initializer_of, changing, free_reads: BTreeMap::new() }
    }
}

pub fn write(site: &mut Site) -> Option<Written> {
    Some(match site.node.op {
        "Const" => constant(site),
        "Placeholder" => {
            let shape = proto::shape("shape", &site.node.signature.shape);
            site.finish("Placeholder", Vec::new(), &[proto::dtype("dtype", site.dtype()), shape])
        }
        "NoOp" => site.finish("NoOp", Vec::new(), &[]),
        "RandomNormal" | "RandomNormalLike" => random(site, "RandomStandardNormal"),
        "TruncatedNormal" | "TruncatedNormalLike" => random(site, "TruncatedNormal"),
        "RandomUniform" | "RandomUniformLike" => random(site, "RandomUniform"),
        "Variable" => variable(site),
        "ReadVariable" => read(site),
        "Assign" => assign(site),
        _ => return None,
    })
}

fn constant(site: &mut Site) -> Written {
    let Attribute::Tensor(value) = site.attribute("value")? else {
        return Err("its value is no tensor".into());
    };
    let attributes = [proto::dtype("dtype", value.dtype()), proto::tensor("value", value)];
    site.finish("Const", Vec::new(), &attributes)
}

/// Standard numbers, scaled and moved. Their seed is the graph's and the node's, as numbers of our own are.
fn random(site: &mut Site, op: &str) -> Written {
    let (offset, scale) = (site.float("offset")?, site.float("scale")?);
    let shape = match site.node.inputs.is_empty() {
        true => {
            let dims = site.ints("dims")?;
            site.numbers("shape", &dims)?
        }
        false => site.shape(0)?,
    };
    let float = proto::dtype("T", DType::F32);
    // FNV-1a of the name.
    let own = site.node.name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let attributes = [
        proto::dtype("dtype", DType::F32),
        proto::dtype("T", DType::I32),
        proto::int("seed", site.export().state.seed),
        proto::int("seed2", ((own >> 1) | 1) as i64),
    ];
    let numbers = site.helper(op, op, vec![shape], &attributes);
    let scale = site.constant("scale", &Tensor::scalar(scale));
    let scaled = site.helper("mul", "Mul", vec![numbers, scale], from_ref(&float));
    let offset = site.constant("offset", &Tensor::scalar(offset));
    site.finish("Add", vec![scaled, offset], &[float])
}

/// A variable and its value at the beginning of the run. TensorFlow assigns in place, so that what is read is
/// copied where something changes the variable.
fn variable(site: &mut Site) -> Written {
    let (node, dtype) = (site.node, site.node.signature.dtype);
    let shape = proto::shape("shape", &node.signature.shape);
    site.finish("VariableV2", Vec::new(), &[proto::dtype("dtype", dtype), shape])?;
    let op = if site.export().state.changing.contains(&node.name) { "Snapshot" } else { "Identity" };
    let read = site.helper("read", op, vec![node.name.clone()], &[proto::dtype("T", dtype)]);
    site.export().reads.insert(&node.name, read);
    Ok(())
}

/// What a variable holds now. What an initial value is computed from has its own initial value before.
fn read(site: &mut Site) -> Written {
    let (node, dtype) = (site.node, proto::dtype("T", site.node.signature.dtype));
    let variable = &node.inputs[0];
    let mut inputs = vec![variable.clone()];
    let state = &mut site.export().state;
    if node.name.contains("/Initializer/") {
        inputs.extend(state.initializer_of.get(variable).map(|name| format!("^{name}")));
    } else if node.control.is_empty() {
        state.free_reads.entry(variable.clone()).or_default().push(node.name.clone());
    }
    site.finish("Snapshot", inputs, &[dtype])
}

/// An assignment, after what reads the value before it: that is how TensorFlow keeps the order in which a
/// graph was built.
fn assign(site: &mut Site) -> Written {
    let node = site.node;
    let variable = &node.inputs[0];
    let mut inputs = vec![variable.clone(), site.input(1)];
    let mut attributes: Vec<Named> = vec![proto::dtype("T", node.signature.dtype)];
    let export = site.export();
    if !export.state.initializers.contains(&node.name) {
        let earlier = export.state.free_reads.get(variable).into_iter().flatten();
        let readers = export.reads.get(&variable[..]).into_iter().chain(earlier);
        inputs.extend(readers.map(|name| format!("^{name}")));
    }
    attributes.push(proto::flag("validate_shape", true));
    site.finish("Assign", inputs, &attributes)
}
