//! Shapes, host tensors, devices and the kernel primitives of minutia.
//!
//! This crate knows no graph. It offers two things:
//!
//! * [`Tensor`], an immutable array on the host that converts to and from [`ndarray`];
//! * [`Device`], which compiles a [`program::Program`] (a list of kernel primitives over numbered buffers)
//!   and runs it over a [`Memory`], with the same bits whatever the SIMD width and the number of threads.
//!
//! ```
//! use minutia_tensor::{Tensor, ndarray::array};
//!
//! let t = Tensor::from(array![[1.0_f32, 2.0], [3.0, 4.0]]);
//! assert_eq!(t.dims(), [2, 2]);
//! assert_eq!(t.as_slice::<f32>()?, [1.0, 2.0, 3.0, 4.0]);
//! # Ok::<(), minutia_tensor::Error>(())
//! ```
//!
//! # Environment
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `MINUTIA_SIMD` | `scalar`, `avx2`, `avx512` or `neon`: the widest instructions to use | what the CPU has |
//! | `MINUTIA_THREADS` | worker threads, the caller's included | the available CPUs |
//! | `MINUTIA_CUDA_DRIVER` | the library to use as CUDA driver, with the feature `cuda` | `libcuda.so.1` |
#![deny(unsafe_code)]

mod backend;
mod binding;
mod bytes;
mod convert;
mod device;
mod display;
mod dtype;
mod error;
pub mod exact;
mod executable;
mod layout;
mod nest;
pub mod program;
mod shape;
mod slots;
mod tensor;

pub mod cpu;
#[cfg_attr(not(all(feature = "cuda", target_os = "linux")), path = "cuda/absent.rs")]
pub mod cuda;

pub use device::{Device, Memory, Slot};
pub use dtype::{DType, Element};
pub use error::{CudaFailure, Error};
pub use executable::Executable;
pub use layout::MemoryLayout;
pub use ndarray;
pub use shape::Shape;
pub use tensor::Tensor;

/// Keeps the README's example compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
