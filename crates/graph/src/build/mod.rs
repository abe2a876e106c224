//! Building a graph: nodes, handles, names, control dependencies, gradients, and graphs as files and
//! pictures.

pub(crate) mod attributes;
pub(crate) mod control;
mod dot;
pub(crate) mod extents;
mod gradients;
pub(crate) mod graph;
pub(crate) mod indexed_slices;
mod loop_gradients;
pub(crate) mod loops;
pub(crate) mod node;
pub(crate) mod number;
pub(crate) mod operators;
pub(crate) mod output;
pub(crate) mod outputs;
pub(crate) mod scope;
mod serialize;
pub(crate) mod shape;
pub(crate) mod variable;
