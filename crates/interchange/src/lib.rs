#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(any(feature = "npz", feature = "onnx", feature = "safetensors", feature = "tensorflow"))]
mod element;
mod error;
#[cfg(feature = "npz")]
pub mod npz;
#[cfg(feature = "onnx")]
pub mod onnx;
#[cfg(feature = "safetensors")]
pub mod safetensors;
#[cfg(feature = "tensorboard")]
pub mod tensorboard;
#[cfg(feature = "tensorflow")]
pub mod tensorflow;
#[cfg(all(feature = "tensorboard", not(feature = "tensorflow")))]
mod tensorflow;
#[cfg(any(feature = "npz", feature = "onnx", feature = "safetensors", feature = "tensorflow"))]
#[cfg_attr(
    not(all(feature = "npz", feature = "safetensors", feature = "tensorflow")),
    allow(dead_code, reason = "each format uses a part")
)]
mod weights;

pub use error::{Error, Problem};
#[cfg(any(feature = "npz", feature = "onnx", feature = "safetensors", feature = "tensorflow"))]
pub use weights::variables;
