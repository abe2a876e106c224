//! Scalar maths, random numbers, the reduction order and the map instruction set: everything that decides
//! which bits minutia computes.
//!
//! Every backend builds its loops around these functions and none of them adds arithmetic of its own, so a
//! result is a function of the program and its inputs alone: not of the SIMD width, the number of threads or
//! the device. The rules are listed in this crate's README.
//!
//! ```
//! use minutia_kernels::{math, rng::Generator};
//!
//! assert_eq!(math::exp::<math::Portable>(1.0).to_bits(), 0x402d_f854);
//! let mut generator = Generator::new(7, "weights");
//! let (first, second) = (generator.normal(), generator.normal());
//! assert_ne!(first, second);
//! assert_eq!(first, Generator::new(7, "weights").normal());
//! ```
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(not(target_arch = "nvptx64"), forbid(unsafe_code))]
#![cfg_attr(
    target_arch = "nvptx64",
    feature(abi_ptx, asm_experimental_arch, core_float_math, link_llvm_intrinsics, stdarch_nvptx),
    allow(internal_features)
)]

#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("x87 rounds twice, which other machines do not: build for a target with SSE2, such as i686");
#[cfg(all(target_arch = "arm", target_feature = "neon"))]
compile_error!("32-bit NEON makes subnormals zeros: build with `-C target-feature=-neon`");

#[cfg(test)]
extern crate std;

pub mod abi;
pub mod extremum;
pub mod fma;
#[cfg(target_arch = "nvptx64")]
pub mod gpu;
pub mod map;
pub mod math;
pub mod reduce;
pub mod rng;

/// The kernels for NVIDIA GPUs as PTX, which a driver compiles for its GPU.
#[cfg(feature = "ptx")]
pub const PTX: &str = include_str!("../ptx/minutia.ptx");

/// Keeps the README's example compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
