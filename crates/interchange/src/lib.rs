#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
#[cfg(feature = "tensorboard")]
mod graph_def;
#[cfg(feature = "npz")]
pub mod npz;
#[cfg(feature = "safetensors")]
pub mod safetensors;
#[cfg(feature = "tensorboard")]
pub mod tensorboard;
#[cfg(any(feature = "npz", feature = "safetensors"))]
mod weights;

pub use error::{Error, Problem};
