//! What stands for a value of the model: a node of the graph, or what is known of it before the run.

use super::literal::Literal;
use minutia_graph::{Graph, Output};
use std::{cell::OnceCell, rc::Rc};

/// A value of the model. Cloning is cheap.
#[derive(Clone)]
pub struct OnnxValue(Rc<Parts>);

struct Parts {
    known: Option<Known>,
    /// The node; of what is known, made when an operation asks for it.
    output: OnceCell<Output>,
}

/// What is known of a value before the run.
pub enum Known {
    /// All of it.
    Literal(Literal),
    /// It is a list of extents.
    Extents(Vec<ShapeEntry>),
}

/// An element of a list of extents.
#[derive(Clone, PartialEq)]
pub enum ShapeEntry {
    /// A number.
    Is(i64),
    /// What the feeds make of this axis.
    Of(Output, usize),
}

impl OnnxValue {
    pub fn literal(literal: Literal) -> OnnxValue {
        OnnxValue(Rc::new(Parts { known: Some(Known::Literal(literal)), output: OnceCell::new() }))
    }

    /// A list of integers.
    pub fn list(values: Vec<i64>) -> OnnxValue {
        OnnxValue::literal(Literal::list(values))
    }

    /// A literal that is a variable of the graph.
    pub fn variable(output: Output, literal: Literal) -> OnnxValue {
        OnnxValue(Rc::new(Parts { known: Some(Known::Literal(literal)), output: output.into() }))
    }

    /// Extents of which some are not known, and the node that computes them.
    pub fn extents(extents: Vec<ShapeEntry>, output: Output) -> OnnxValue {
        OnnxValue(Rc::new(Parts { known: Some(Known::Extents(extents)), output: output.into() }))
    }

    pub fn as_literal(&self) -> Option<&Literal> {
        match &self.0.known {
            Some(Known::Literal(literal)) => Some(literal),
            _ => None,
        }
    }

    /// A list of integers, of which some may be extents.
    pub fn as_extents(&self) -> Option<Vec<ShapeEntry>> {
        match &self.0.known {
            Some(Known::Literal(literal)) if literal.dims().len() <= 1 => {
                Some(literal.integers()?.into_iter().map(ShapeEntry::Is).collect())
            }
            Some(Known::Extents(extents)) => Some(extents.clone()),
            _ => None,
        }
    }

    /// The node that computes it.
    pub fn output(&self, graph: &Graph) -> Result<Output, String> {
        if let Some(output) = self.0.output.get() {
            return Ok(output.clone());
        }
        let Some(literal) = self.as_literal() else { unreachable!("what is not a literal has a node") };
        let tensor = literal.tensor()?;
        Ok(self.0.output.get_or_init(|| graph.constant(tensor)).clone())
    }
}

impl From<Output> for OnnxValue {
    fn from(output: Output) -> OnnxValue {
        OnnxValue(Rc::new(Parts { known: None, output: output.into() }))
    }
}
