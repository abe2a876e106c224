//! What keeps a graph from being a graph of TensorFlow's.

use std::fmt;

/// Why a graph cannot be written for TensorFlow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Operations that TensorFlow has not, all of the graph.
    #[error(
        "TensorFlow has no equivalent of {}; build what is to be written without these",
        nodes.iter().map(Stranger::to_string).collect::<Vec<_>>().join(", ")
    )]
    Unsupported {
        /// The nodes, in the order of building.
        nodes: Vec<Stranger>,
    },
    /// The name of a file says which form it is to have.
    #[error("the file's name ends with {found:?}, expected .pb (binary) or .pbtxt (text)")]
    Extension {
        /// What it ends with.
        found: String,
    },
}

/// A node that has no equivalent elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Its name.
    pub node: String,
    /// Its operation.
    pub op: &'static str,
    /// What of it cannot be said.
    pub reason: String,
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}' ({})", self.op, self.node, self.reason)
    }
}
