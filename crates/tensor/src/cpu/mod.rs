//! The CPU backend. `device` is the CPU with its threads, `memory` what lies on it, `executable` a program
//! made ready of `map`, `reduce`, `gemm` and the other `steps`. These know `context`, what they are given,
//! `calls`, which small programs repeat, `threads` and `simd`, and nothing above them.
#![allow(unsafe_code)]

mod block;
mod calls;
mod context;
mod device;
mod executable;
mod float_state;
mod gemm;
mod map;
mod memory;
mod options;
mod reduce;
mod simd;
mod steps;
mod threads;

/// What messages call memory and programs of the CPU, whichever threads and instructions they were made for:
/// these can be mixed.
const NAME: &str = "the CPU";

pub(crate) use device::Cpu;
pub(crate) use executable::Executable;
pub use float_state::ExactFloats;
pub(crate) use memory::Memory;
pub use options::Options;
#[doc(hidden)]
pub use simd::fma_peak;
pub use simd::{Level, UnknownLevel};
