//! The operations of ONNX that are read, each as what it is here. A row of a table has the name and the
//! function that builds it; a file has those of one kind.

mod elementwise;
mod indices;
mod losses;
mod normalizations;
mod pairs;
mod pools;
mod products;
mod reductions;
mod shapes;
mod slices;
mod sources;
mod windows;

use super::node::{OnnxNode, OnnxResults};

/// An operation: its name, and what builds it.
type OnnxRow = (&'static str, fn(&OnnxNode) -> OnnxResults);

/// The rows of all files.
const TABLES: [&[OnnxRow]; 12] = [
    elementwise::ROWS,
    indices::ROWS,
    losses::ROWS,
    normalizations::ROWS,
    pairs::ROWS,
    pools::ROWS,
    products::ROWS,
    reductions::ROWS,
    shapes::ROWS,
    slices::ROWS,
    sources::ROWS,
    windows::ROWS,
];

/// What builds an operation, if it is one that is read.
pub fn builder(operation: &str) -> Option<fn(&OnnxNode) -> OnnxResults> {
    let mut rows = TABLES.iter().copied().flatten();
    rows.find(|(name, _)| *name == operation).map(|(_, build)| *build)
}

/// The names of all operations that are read, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = TABLES.iter().copied().flatten().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}
