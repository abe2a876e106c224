//! ONNX models.
//!
//! [`read`] makes a graph of a model: of versions 6 to 24 of ONNX's operations, those that this crate's
//! README lists. `int64` is `i32` here: values that do not fit are refused, sums that do not fit wrap at 32
//! bits. Initialisers of `float16`, `bfloat16` and `double` are read where each element is an `f32`; inputs
//! of these types are refused, because their arithmetic is another one.
//!
//! [`write()`] writes what computes some tensors of a graph from others, as version 18 has it.
//!
//! Shapes that the model computes must be known before a run, but for one extent of each, such as the size
//! of a batch. Images have their channels second in ONNX and last here: transposes stand around each
//! convolution, which cost nothing where two meet.

mod error;
mod export;
mod external;
mod fold;
mod literal;
mod messages;
mod model;
mod node;
mod ops;
mod read;
mod reader;
mod value;

pub use error::{OnnxProblem, Unsupported};
pub use export::write;
pub use model::Model;
pub use reader::{Reader, read_tensor};

use crate::Error;
use std::path::Path;

/// Reads a model. Initialisers become constants; [`Reader`] can do otherwise.
///
/// Elements that lie in other files are looked for beside the model and below. A graph inside a node is not
/// read: nodes that need one are refused.
///
/// # Errors
/// [`Problem::Onnx`](crate::Problem::Onnx), which lists all nodes that have no equivalent, and
/// [`Problem::Io`](crate::Problem::Io).
pub fn read(path: impl AsRef<Path>) -> Result<Model, Error> {
    Reader::new().read(path)
}

/// The names of the operations that [`read`] knows, sorted.
///
/// ```
/// assert!(minutia_interchange::onnx::operations().contains(&"Conv"));
/// ```
#[must_use]
pub fn operations() -> Vec<&'static str> {
    ops::names()
}
