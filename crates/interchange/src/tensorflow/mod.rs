//! TensorFlow's graphs.

#[cfg(feature = "tensorflow")]
mod export;
pub(crate) mod messages;
#[cfg(feature = "tensorboard")]
mod of_graph;

#[cfg(feature = "tensorflow")]
pub use export::{ExportError, Stranger, to_bytes, to_text, write};
