//! A model as a graph.

use super::error::OnnxProblem;
use minutia_graph::{Graph, Output};

/// What a model became: a graph, and its nodes that stand for the model's inputs and outputs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Model {
    /// The graph.
    pub graph: Graph,
    /// The placeholders, by the names of the model, in its order. What an initialiser gives is none.
    pub inputs: Vec<(String, Output)>,
    /// The results, by the names of the model, in its order.
    pub outputs: Vec<(String, Output)>,
    /// The version of ONNX's operations that it was written for.
    pub opset: i64,
}

impl Model {
    /// The placeholder of an input.
    ///
    /// # Errors
    /// [`OnnxProblem::Name`], which says what the inputs are called.
    pub fn input(&self, name: &str) -> Result<&Output, OnnxProblem> {
        find(&self.inputs, name)
    }

    /// The node of an output.
    ///
    /// # Errors
    /// [`OnnxProblem::Name`], which says what the outputs are called.
    pub fn output(&self, name: &str) -> Result<&Output, OnnxProblem> {
        find(&self.outputs, name)
    }
}

fn find<'a>(list: &'a [(String, Output)], name: &str) -> Result<&'a Output, OnnxProblem> {
    let found = list.iter().find(|(other, _)| other == name).map(|(_, output)| output);
    found.ok_or_else(|| {
        let names: Vec<String> = list.iter().map(|(name, _)| format!("'{name}'")).collect();
        OnnxProblem::Name { name: name.into(), expected: names.join(", ") }
    })
}
