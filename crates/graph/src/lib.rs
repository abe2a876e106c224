#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod conformance;
mod control;
mod dot;
mod error;
mod gradients;
mod graph;
mod known;
mod layout;
mod lower;
mod node;
pub mod operations;
mod operators;
mod ops;
mod output;
mod plan;
mod saver;
mod scope;
mod serialize;
mod session;
mod shape;
mod variable;
mod view;

pub use error::{CheckpointProblem, Differences, Error, OpError};
pub use graph::{Graph, NodeInfo};
pub use minutia_tensor::{DType, Device, Tensor, program::Region};
pub use node::{Place, Signature};
pub use operators::Operand;
pub use ops::reduce::Axes;
pub use output::{Operation, Output};
pub use plan::{ExecutionPlan, PlannedPrimitive};
pub use saver::{Restored, Saver};
pub use scope::{ControlGuard, NameScope};
pub use session::{AsFeedKey, Callable, FeedKey, Feeds, Fetch, Session};
pub use shape::PartialShape;
pub use variable::{Initial, Variable};
