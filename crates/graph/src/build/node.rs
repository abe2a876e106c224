use crate::{Error, PartialShape, ops::AnyOp};
use minutia_tensor::DType;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is known of a symbolic tensor before the graph runs: its element type and shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signature {
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: PartialShape,
}

impl Signature {
    /// A type and a shape.
    pub fn new(dtype: DType, shape: impl Into<PartialShape>) -> Signature {
        Signature { dtype, shape: shape.into() }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.dtype, self.shape)
    }
}

/// A line of source code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLine {
    /// The file, as the compiler saw it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl SourceLine {
    /// The line that calls the function, or the first function around it that is not `#[track_caller]`.
    #[track_caller]
    #[must_use]
    pub fn caller() -> SourceLine {
        let caller = std::panic::Location::caller();
        SourceLine { file: caller.file().to_string(), line: caller.line() }
    }
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Position of a node in its graph. Inputs come before their users, so that ascending order is an order of
/// execution.
pub(crate) type NodeId = usize;

/// An operation applied to inputs.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub op: AnyOp,
    pub name: String,
    pub inputs: Vec<NodeId>,
    /// Nodes that must have run before, though no value comes from them.
    pub control: Vec<NodeId>,
    pub signature: Signature,
    pub place: SourceLine,
    /// Why this node, or one that it depends on, is invalid.
    pub error: Option<Error>,
}

impl Node {
    /// All nodes that run before this one.
    pub fn dependencies(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.inputs.iter().chain(&self.control).copied()
    }
}
