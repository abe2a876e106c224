//! What can be wrong with a model, or with a graph that is to become one.

use std::fmt;

/// What is wrong with an ONNX model.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxProblem {
    /// The bytes are no message, or not the one that they were to be.
    #[error("is not an ONNX model: {0}; export it again, or fetch another copy")]
    Message(String),
    /// The model was written for operations of another version.
    #[error(
        "is written for version {found} of ONNX's operations, expected {expected}; export it for one of these"
    )]
    Opset {
        /// The version.
        found: i64,
        /// Which versions are read.
        expected: &'static str,
    },
    /// Nodes that have no equivalent here.
    #[error("has what is not supported: {}; export it with other operations, or cut the graph before these", List(.0))]
    Unsupported(Vec<Unsupported>),
    /// A name stands for two values.
    #[error("has two values named '{name}', the second one of {by}; give each a name of its own")]
    Twice {
        /// The name.
        name: String,
        /// What gives the second.
        by: String,
    },
    /// A value that nothing before its reader computes.
    #[error(
        "reads '{name}' in {by}, which nothing before computes: it is missing, or the nodes are in a cycle or \
         not in an order of execution; onnx.checker says more"
    )]
    Undefined {
        /// The value.
        name: String,
        /// What reads it.
        by: String,
    },
    /// Elements of a tensor are in a file that is not read.
    #[error("has the elements of '{name}' in {location:?}, {reason}; keep such files beside the model")]
    External {
        /// The tensor.
        name: String,
        /// The file's name.
        location: String,
        /// Why it is not read.
        reason: String,
    },
    /// A name was asked for that no input and no output of the model has.
    #[error("has no value '{name}', expected one of {expected}")]
    Name {
        /// The name.
        name: String,
        /// The names that there are.
        expected: String,
    },
}

/// A node that has no equivalent, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The name of the node, or of its first result; of an input or output, if it is one.
    pub node: String,
    /// The operation in ONNX's words, or TensorFlow's where a graph is written.
    pub operation: String,
    /// What of it has no equivalent.
    pub reason: String,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}': {}", self.operation, self.node, self.reason)
    }
}

/// All of them, one behind the other.
struct List<'a>(&'a [Unsupported]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.0.iter().enumerate() {
            write!(f, "{}{one}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}
