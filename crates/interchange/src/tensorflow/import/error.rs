//! What can be wrong with a graph of TensorFlow's.

use std::fmt;

/// Why a graph that TensorFlow wrote cannot be had here.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphDefProblem {
    /// The text of a `.pbtxt` is no message.
    #[error("is no text of a graph at line {line}, column {column}: {reason}")]
    Text {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
        /// What was found, and what was expected.
        reason: String,
    },
    /// Two nodes have one name.
    #[error("holds two nodes '{name}'; give each a name of its own")]
    Twice {
        /// The name.
        name: String,
    },
    /// A node without a name or an operation.
    #[error("is damaged: node {index} has the name '{name}' and the operation '{op}', none may be empty")]
    Nameless {
        /// Which node of the file, from 0.
        index: usize,
        /// Its name.
        name: String,
        /// Its operation.
        op: String,
    },
    /// An input that no node of the graph gives.
    #[error("is damaged: the node '{node}' takes '{input}', which the graph does not have{}", near(similar))]
    Input {
        /// The node that takes it.
        node: String,
        /// What it takes.
        input: String,
        /// The most similar name that there is.
        similar: Option<String>,
    },
    /// Nodes that wait for each other.
    #[error("is damaged: nodes are inputs of each other: {}", list(nodes))]
    Cycle {
        /// These nodes, or the first of them.
        nodes: Vec<String>,
    },
    /// Nothing of this name can be fetched.
    #[error("has no node '{name}' to be fetched{}", near(similar))]
    Fetch {
        /// The name.
        name: String,
        /// The most similar name that there is.
        similar: Option<String>,
    },
    /// Nodes that cannot be had here: all of those that are needed for what was asked for.
    #[error("needs what there is not here: {}; fetch what does not need these nodes", all(_0))]
    Unsupported(Vec<UnsupportedNodes>),
}

/// Nodes that cannot be built for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedNodes {
    /// Their operation, such as `SaveV2`.
    pub op: String,
    /// Why.
    pub reason: String,
    /// Their names, in the order of the file.
    pub nodes: Vec<String>,
}

impl fmt::Display for UnsupportedNodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) at {}", self.op, self.reason, list(&self.nodes))
    }
}

fn all(unsupported: &[UnsupportedNodes]) -> String {
    unsupported.iter().map(UnsupportedNodes::to_string).collect::<Vec<_>>().join("; ")
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

fn near(similar: &Option<String>) -> String {
    similar.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
}
