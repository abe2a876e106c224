#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(any(feature = "npz", feature = "safetensors"))]
mod element;
mod error;
#[cfg(feature = "npz")]
pub mod npz;
#[cfg(feature = "safetensors")]
pub mod safetensors;
#[cfg(feature = "tensorboard")]
pub mod tensorboard;
#[cfg(feature = "tensorboard")]
mod tensorflow;
#[cfg(any(feature = "npz", feature = "safetensors"))]
mod weights;

pub use error::{Error, Problem};
#[cfg(any(feature = "npz", feature = "safetensors"))]
pub use weights::variables;
