//! What the stages compute. A file for each; all is computed anew when one of these files changes.

mod classifier;
mod dataset;
mod fingerprints;
mod ideal_images;
mod inverse;
mod inverse_seeds;
mod variables;
mod watch;

use minutia_graph::Graph;
use serde_json::{Value, json};

use super::checkpoint;
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

/// Whether bytes are the state of some stage's checkpoint.
pub fn is_state(bytes: &[u8]) -> bool {
    fn is<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> bool {
        matches!(checkpoint::decode::<T>(bytes), checkpoint::Found::State(_))
    }
    let readers = [
        is::<classifier::State>,
        is::<ideal_images::State>,
        is::<inverse::State>,
        is::<inverse_seeds::State>,
    ];
    readers.iter().filter(|is| is(bytes)).count() > 0
}

/// The nodes of a graph, for drawing.
fn nodes(graph: &Graph) -> Value {
    let node = |node: minutia_graph::NodeInfo| {
        let signature = node.signature.to_string();
        json!({"name": node.name, "op": node.op, "inputs": node.inputs, "control": node.control, "signature": signature})
    };
    graph.nodes().into_iter().map(node).collect()
}
