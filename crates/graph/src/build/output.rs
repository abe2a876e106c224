use crate::{
    DType, Error, Graph, PartialShape, Signature, SourceLine, build::node::NodeId, ops::constant::Constant,
};
use minutia_tensor::Tensor;
use std::fmt;

/// A symbolic tensor: what a node will compute when the graph runs. Cloning is cheap.
///
/// Every operation is a method here, under TensorFlow's name; `+ - * / -x` work between outputs, and with
/// numbers on either side. Elementwise operations broadcast.
#[derive(Clone)]
pub struct Output {
    pub(crate) graph: Graph,
    pub(crate) id: NodeId,
}

impl Output {
    /// The graph that it belongs to.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Full name, with its name scopes.
    #[must_use]
    pub fn name(&self) -> String {
        self.graph.lock().nodes[self.id].name.clone()
    }

    /// Renames the node, inside the name scope that is open now.
    #[track_caller]
    #[must_use = "the handle is handed back"]
    pub fn with_name(self, name: &str) -> Output {
        self.graph.lock().rename(self.id, name, SourceLine::caller());
        self
    }

    /// Element type and shape.
    #[must_use]
    pub fn signature(&self) -> Signature {
        self.graph.lock().nodes[self.id].signature.clone()
    }

    /// Element type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.graph.lock().nodes[self.id].signature.dtype
    }

    /// Shape, as far as it is known.
    #[must_use]
    pub fn shape(&self) -> PartialShape {
        self.signature().shape
    }

    /// The operation that only runs this node, and fetches nothing.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation(self.clone())
    }

    /// Why this node cannot run, if so.
    ///
    /// # Errors
    /// The first error among this node and what it depends on.
    pub fn check(&self) -> Result<(), Error> {
        self.graph.lock().nodes[self.id].error.clone().map_or(Ok(()), Err)
    }

    /// A constant of this graph, of this tensor's type where that can hold it.
    #[track_caller]
    pub(crate) fn number(&self, x: f32) -> Output {
        const LIMIT: f32 = 2_147_483_648.0;
        let value = match self.dtype() {
            DType::I32 if x.fract() == 0.0 && (-LIMIT..LIMIT).contains(&x) => Tensor::scalar(x as i32),
            _ => Tensor::scalar(x),
        };
        self.graph.add(Constant { value }, &[])
    }
}

impl PartialEq for Output {
    /// Whether both are the same node of the same graph.
    fn eq(&self, other: &Output) -> bool {
        self.id == other.id && self.graph.same(&other.graph)
    }
}

impl Eq for Output {}

impl AsRef<Operation> for Operation {
    fn as_ref(&self) -> &Operation {
        self
    }
}

impl AsRef<Output> for Output {
    fn as_ref(&self) -> &Output {
        self
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' {}", self.name(), self.signature())
    }
}

/// A node that is run for its effect: an assignment, a group, a training step. Fetching it gives `()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation(pub(crate) Output);

impl Operation {
    /// Full name.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Renames the node, inside the name scope that is open now.
    #[track_caller]
    #[must_use = "the handle is handed back"]
    pub fn with_name(self, name: &str) -> Operation {
        Operation(self.0.with_name(name))
    }

    /// The graph that it belongs to.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.0.graph
    }
}
