//! Plans as bytes: programs that the graph's planner has made, and what their buffers are.
//!
//! A file holds the plans of one model. A number is written in groups of seven bits, the lowest first, each
//! in a byte whose highest bit says that another one follows; lists and names begin with their length.

mod read;
#[cfg(not(target_family = "wasm"))]
mod write;

pub(crate) use read::read;
#[cfg(not(target_family = "wasm"))]
pub(crate) use write::write;

use minutia_tensor::{DType, program::Program};

/// The programs of one run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunPlan {
    pub name: String,
    /// To be run once.
    pub setup: SourcedProgram,
    pub main: SourcedProgram,
    pub results: Vec<ResultPlace>,
}

/// A program, and what each of its buffers is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SourcedProgram {
    pub program: Program,
    pub sources: Vec<Source>,
}

/// What a buffer is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Arena,
    Persistent,
    /// Its bytes.
    Constant(Vec<u8>),
    Feed(String),
    Variable(String),
    /// How often the random operation of this name ran.
    RandomRuns(String),
}

/// Where a result lies, element by element.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResultPlace {
    pub source: Source,
    pub offset: usize,
    pub elements: usize,
}

/// What each kind of primitive is written as.
mod kind {
    pub const MAP: u8 = 0;
    pub const REDUCE: u8 = 1;
    pub const ARG_REDUCE: u8 = 2;
    pub const GEMM: u8 = 3;
    pub const GATHER_ROWS: u8 = 4;
    pub const RANDOM: u8 = 5;
}

/// Types of elements, in the order of the numbers that they are written as.
const DTYPES: [DType; 4] = [DType::F32, DType::I32, DType::Bool, DType::U8];
