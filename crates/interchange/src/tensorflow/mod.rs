//! TensorFlow's graphs: those that TensorFlow wrote are read, and run here without it.
//!
//! ```no_run
//! use minutia_graph::{Device, Session, feeds};
//! use minutia_interchange::tensorflow::{self, checkpoint};
//!
//! let program = tensorflow::read_fetches("graph.pb", ["loss:0", "train"])?;
//! let (loss, train) = (program.tensor("loss:0")?, program.operation("train")?);
//! let mut session = Session::new(program.graph(), &Device::cpu()?)?;
//! checkpoint::load(&mut session, "model.ckpt-0")?;
//! let (loss, ()) = session.run((&loss, &train), feeds! { program.tensor("x:0")? => [[0.5_f32, 1.0]] })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is understood
//!
//! Graphs of TensorFlow 1, of `tf.compat.v1` and frozen ones: constants, placeholders, variables of both
//! kinds with their assignments, operations on `f32`, `i32` and `bool`, what `tf.gradients` adds to these,
//! and the steps of `GradientDescentOptimizer`, `MomentumOptimizer`, `AdagradOptimizer`,
//! `RMSPropOptimizer`, `AdadeltaOptimizer` and `AdamOptimizer`. Loops and branches of TensorFlow, functions,
//! texts and queues are not; nodes that need them are left out, and named where they are asked for.
//!
//! - **Shapes that are computed.** TensorFlow's gradients compute shapes with nodes. They are computed while
//!   the graph is read, where they follow from constants and known extents; an extent that the feeds decide
//!   is followed to the tensor that it is of. Such a node can be fetched all the same. What else depends on
//!   numbers that only a run knows, a reshape to extents that are fed for example, is refused.
//! - **Reads of variables** see what the variable holds at the beginning of the run, unless an assignment is
//!   among what the read waits for: TensorFlow leaves the order open.
//! - **Numbers** are not TensorFlow's to the last bit: sums are added in the order of this library, and are
//!   the same on every machine. Random numbers are other ones.
//! - **Types.** `int64` becomes `i32`; other types are refused but in constants and checkpoints, whose
//!   elements are converted where that is exact.

#[cfg(feature = "tensorflow")]
pub mod checkpoint;
#[cfg(feature = "tensorflow")]
mod export;
#[cfg(feature = "tensorflow")]
mod import;
pub(crate) mod messages;
#[cfg(feature = "tensorboard")]
mod of_graph;

#[cfg(feature = "tensorflow")]
pub use export::{ExportError, Stranger, to_bytes, to_text, write};
pub use import::{GraphDefProblem, ImportedGraph, UnsupportedNodes, read, read_fetches};
