//! What says that two things are the same.

use minutia_graph::{Attribute, Graph, Tensor};
use sha2::{Digest, Sha256};

/// The SHA-256 of tensors, in hexadecimal: of their types, shapes and elements, with one canonical NaN. For
/// the data that ranks must have in common, say.
///
/// ```
/// use minutia_graph::Tensor;
/// let [a, b] = [Tensor::from([1.0_f32, 2.0]), Tensor::from([[1.0_f32, 2.0]])];
/// assert_eq!(minutia_mpi::digest([&a, &b]).len(), 64);
/// assert_ne!(minutia_mpi::digest([&a]), minutia_mpi::digest([&b]));
/// ```
#[must_use]
pub fn digest<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> String {
    let mut hash = Sha256::new();
    for tensor in tensors {
        hash.update(format!("{} {:?}\n", tensor.dtype(), tensor.dims()));
        hash.update(tensor.canonical_bytes());
    }
    hexadecimal(&hash.finalize())
}

/// Of a graph's nodes, wherever they were built, and its seed.
pub(crate) fn of_graph(graph: &Graph) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{}\n", graph.random_seed()));
    for node in graph.nodes() {
        hash.update(format!(
            "{} {} {:?} {:?} {}\n",
            node.name, node.op, node.inputs, node.control, node.signature
        ));
        for (name, attribute) in &node.attributes {
            hash.update(name);
            add(&mut hash, attribute);
        }
    }
    hexadecimal(&hash.finalize())
}

fn add(hash: &mut Sha256, attribute: &Attribute) {
    match attribute {
        Attribute::Tensor(tensor) => hash.update(digest([tensor])),
        Attribute::List(list) => list.iter().for_each(|attribute| add(hash, attribute)),
        other => hash.update(format!("{other:?}\n")),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
