//! A stand-in for the CUDA driver, for tests: it interprets PTX on the CPU and reports its faults.
//!
//! The shared library of this crate takes the place of `libcuda.so.1` for programs that load the driver at
//! run time. The Rust interface runs kernels without a driver:
//!
//! ```
//! use minutia_cuda_emulator::{Extents, Loaded, Memory, Module};
//!
//! let ptx = "
//!     .version 6.3
//!     .target sm_75
//!     .address_size 64
//!     .visible .entry double(.param .u64 words)
//!     {
//!         .reg .b32 %r<3>;
//!         .reg .b64 %rd<4>;
//!         ld.param.u64 %rd1, [words];
//!         mov.u32 %r1, %tid.x;
//!         mul.wide.u32 %rd2, %r1, 4;
//!         add.s64 %rd3, %rd1, %rd2;
//!         ld.global.u32 %r2, [%rd3];
//!         add.s32 %r2, %r2, %r2;
//!         st.global.u32 [%rd3], %r2;
//!         ret;
//!     }";
//! let mut memory = Memory::new();
//! let words = memory.allocate(8);
//! memory.write(words, &[1, 0, 0, 0, 2, 0, 0, 0])?;
//! let loaded = Loaded::new(Module::parse(ptx)?, &mut memory);
//! let extents = |threads| Extents { grid: [1; 3], block: [threads, 1, 1], shared: 0 };
//! loaded.launch("double", extents(2), &words.to_le_bytes(), &mut memory)?;
//! let mut bytes = [0; 8];
//! memory.read(words, &mut bytes)?;
//! assert_eq!(bytes, [2, 0, 0, 0, 4, 0, 0, 0]);
//!
//! let fault = loaded.launch("double", extents(3), &words.to_le_bytes(), &mut memory).unwrap_err();
//! assert!(fault.to_string().starts_with("out of bounds: 4 bytes"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is found
//!
//! Accesses out of bounds, misaligned, or of freed memory; races between threads, in whatever order they run;
//! reads of registers and memory that were never written; barriers and shuffles that not all threads come to;
//! launches with too few or too many bytes of parameters; memory that is left when the last context goes. An
//! instruction that is not known is an error that names it.
//!
//! # What is not
//!
//! Time, the compilation of PTX, and more than one stream: every call is carried out before it returns, and a
//! fault is reported at the next synchronisation. A NaN that arithmetic of `f32` makes is 0x7fffffff, as on a
//! GPU; one of `f64` is the host's.
#![deny(unsafe_code)]

mod decode;
mod driver;
mod exec;
mod fault;
mod instruction;
mod kernel;
mod memory;
mod ptx;

pub use exec::{Extents, LaunchError, Loaded};
pub use fault::{Fault, FaultKind};
pub use kernel::Module;
pub use memory::Memory;
pub use ptx::ParseError;
