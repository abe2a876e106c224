#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
#[cfg(feature = "tensorboard")]
mod graph_def;
#[cfg(feature = "tensorboard")]
pub mod tensorboard;

pub use error::{Error, Problem};
