//! The part of a graph that updates what a rank owns.

use crate::{Cut, Error};
use minutia_graph::{DType, Graph, Operation, Output, PartialShape, Variable};
use minutia_optim::Optimizer;
use std::ops::Range;

/// The scope of what is built for parts of variables.
pub(crate) const SCOPE: &str = "data_parallel";

/// What a rank updates: whole variables, and parts of those that are cut. A part is a variable of its own,
/// and so are its slots.
#[derive(Debug)]
pub(crate) struct Update {
    pub pieces: Vec<Piece>,
    /// The optimizer's step over these pieces, and the count of steps; nothing for a rank that owns nothing
    /// where steps are not counted.
    pub operation: Option<Operation>,
    /// The optimizer's own variables: slots, and what it keeps once.
    pub own: Vec<Variable>,
    /// The variables that are cut, each with what its new value is fed to, and what assigns it.
    pub installed: Vec<Installed>,
}

/// What a rank owns of one variable.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Which of the trained variables.
    pub index: usize,
    /// Which of its elements.
    pub elements: Range<usize>,
    /// The variable itself where all of it is owned, else a part.
    pub variable: Variable,
    pub is_part: bool,
    /// What the gradient of these elements is fed to.
    pub gradient: Output,
    /// The elements after the update.
    pub after: Output,
}

/// A variable whose new value comes from several ranks, or from another.
#[derive(Debug)]
pub(crate) struct Installed {
    pub index: usize,
    pub value: Output,
    pub assign: Output,
}

/// Refuses a graph that has been prepared before.
pub(crate) fn is_unprepared(graph: &Graph) -> Result<(), Error> {
    let below = format!("{SCOPE}/");
    let prepared = graph.nodes().iter().any(|node| node.name.starts_with(&below));
    if prepared { Err(Error::Prepared { scope: SCOPE }) } else { Ok(()) }
}

impl Update {
    /// Builds it for one rank.
    #[track_caller]
    pub fn build(
        optimizer: &impl Optimizer,
        variables: &[Variable],
        global_step: Option<&Variable>,
        cut: &Cut,
        rank: usize,
    ) -> Result<Update, Error> {
        let graph = variables[0].graph();
        let _outside = graph.outside_control_dependencies();
        let mut pieces = Vec::new();
        for (index, variable) in variables.iter().enumerate() {
            let elements = cut.variable(index, rank);
            if !elements.is_empty() {
                pieces.push(Piece::build(graph, variable, index, elements)?);
            }
        }
        let before = graph.global_variables().len();
        let gradients: Vec<(Output, Variable)> =
            pieces.iter().map(|piece| (piece.gradient.clone(), piece.variable.clone())).collect();
        let operation = match (gradients.is_empty(), global_step) {
            (true, None) => None,
            (true, Some(step)) => Some(step.assign_add(1).operation()),
            (false, None) => Some(optimizer.apply_gradients(&gradients)?),
            (false, Some(step)) => Some(optimizer.apply_gradients_counting(&gradients, step)?),
        };
        let own = graph.global_variables().split_off(before);
        if let Some(operation) = &operation {
            let _after = graph.control_dependencies([operation]);
            pieces.iter_mut().for_each(|piece| piece.after = piece.variable.read_value());
        }
        let is_whole = |index: usize| pieces.iter().any(|piece| piece.index == index && !piece.is_part);
        let cut = variables.iter().enumerate().filter(|(index, _)| !is_whole(*index));
        let installed = cut.map(|(index, variable)| Installed::build(graph, variable, index)).collect();
        Ok(Update { pieces, operation, own, installed })
    }
}

impl Piece {
    fn build(graph: &Graph, variable: &Variable, index: usize, owned: Range<usize>) -> Result<Piece, Error> {
        let is_part = owned.len() < elements(variable);
        let name = variable.name();
        let (variable, shape) = match is_part {
            false => (variable.clone(), variable.shape()),
            true => {
                let _root = graph.name_scope("");
                let part = graph.untrainable_variable(&format!("{SCOPE}/{name}"), graph.zeros([owned.len()]));
                (part, PartialShape::from(&[owned.len()][..]))
            }
        };
        let gradient = placeholder(graph, &format!("{name}/gradient"), &shape);
        let after = Output::clone(&variable);
        Ok(Piece { index, elements: owned, variable, is_part, gradient, after })
    }
}

impl Installed {
    fn build(graph: &Graph, variable: &Variable, index: usize) -> Installed {
        let value = placeholder(graph, &format!("{}/value", variable.name()), &variable.shape());
        Installed { index, assign: variable.assign(&value), value }
    }
}

/// What a run is fed, of a shape that is known.
fn placeholder(graph: &Graph, name: &str, shape: &PartialShape) -> Output {
    let _root = graph.name_scope("");
    graph.placeholder(&format!("{SCOPE}/{name}"), DType::F32, shape.clone())
}

/// The elements of a variable, whose shape is always known.
pub(crate) fn elements(variable: &Variable) -> usize {
    variable.shape().known().map_or(0, |shape| shape.iter().product())
}
