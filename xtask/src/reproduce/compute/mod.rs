//! What the stages compute. A file for each; all is computed anew when one of these files changes.

mod classifier;
mod dataset;
mod fingerprints;
mod ideal_images;
mod inverse;
mod inverse_seeds;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use minutia_graph::{Graph, Session};
use minutia_tensor::Tensor;
use serde_json::{Value, json};

use super::stage::Stage;

pub use classifier::Network;
pub use dataset::SHOWN;
pub use ideal_images::Model as IdealImages;
pub use inverse::{Model as Inverse, identity, random_matrix};

/// The stages in the order in which they run.
pub static STAGES: &[&dyn Stage] = &[
    &dataset::Dataset,
    &inverse::Inverse,
    &inverse_seeds::InverseSeeds,
    &classifier::Classifier,
    &fingerprints::Fingerprints,
    &ideal_images::IdealImages,
];

/// The values of all variables of a session, optimizers' slots included, by name.
type Variables = BTreeMap<String, Tensor>;

fn variables(session: &Session) -> Variables {
    let variables = session.graph().global_variables();
    variables.iter().filter_map(|v| Some((v.name(), session.variable(v)?))).collect()
}

fn restore(session: &mut Session, values: &Variables) -> Result<()> {
    for variable in session.graph().global_variables() {
        let name = variable.name();
        let value = values.get(&name).with_context(|| format!("the checkpoint has no variable '{name}'"))?;
        session.set_variable(&variable, value)?;
    }
    Ok(())
}

/// The nodes of a graph, for drawing.
fn nodes(graph: &Graph) -> Value {
    let node = |node: minutia_graph::NodeInfo| {
        let signature = node.signature.to_string();
        json!({"name": node.name, "op": node.op, "inputs": node.inputs, "control": node.control, "signature": signature})
    };
    graph.nodes().into_iter().map(node).collect()
}
