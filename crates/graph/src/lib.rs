#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod build;
pub mod conformance;
mod error;
mod lower;
mod ops;
mod plan;
mod session;

pub use build::{
    attributes::Attribute,
    extents::{Extent, Extents},
    graph::{Graph, NodeInfo},
    indexed_slices::IndexedSlices,
    node::{Signature, SourceLine},
    number::Number,
    operators::Operand,
    output::{Operation, Output},
    outputs::Outputs,
    scope::{ControlGuard, NameScope},
    shape::PartialShape,
    variable::{Initial, Variable},
};
pub use error::{CheckpointProblem, Differences, Error, OpError};
pub use minutia_tensor::{DType, Device, Tensor, program::Region};
pub use ops::{
    candidates::Candidates,
    pad::PadMode,
    range::RangeNumber,
    reduce::Axes,
    split::Parts,
    strided_slice::Bounds,
    table as operations,
    window::{Padding, Window},
};
pub use plan::{BufferSource, ExecutionPlan, PlannedPrimitive, PortablePlan, PortableProgram, PortableValue};
pub use session::{
    AsFeedKey, Callable, Checkpoint, FeedKey, Feeds, Fetch, FetchKey, Restored, Saver, Session,
};
