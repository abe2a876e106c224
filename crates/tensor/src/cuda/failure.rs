//! What the driver refused, in words.

use super::driver;
use crate::{CudaFailure, Error};
use cust::{CudaApiVersion, error::CudaError};

/// The driver's codes for PTX that it cannot take: older hardware, older driver, or no compiler.
const PTX_CODES: [i32; 5] = [209, 218, 221, 222, 223];
/// Its codes for kernels that did what they must not.
const KERNEL_CODES: std::ops::RangeInclusive<i32> = 700..=720;

/// An error for a call of `cust` that failed on this thread just now while something was done.
pub(super) fn failed(action: impl Into<String>, step: Option<usize>, error: CudaError) -> Error {
    let (function, code) = match driver::take_failure() {
        Some(failure) => (failure.function, failure.code),
        None => ("cust", error as i32),
    };
    let cure = if PTX_CODES.contains(&code) {
        "update NVIDIA's driver to one of CUDA 10.2 or later; the GPU must have compute capability 7.5 or later"
    } else if KERNEL_CODES.contains(&code) {
        "the GPU can be used again by a new process; CUDA_LAUNCH_BLOCKING=1 tells which kernel it was"
    } else {
        "see what nvidia-smi says of the GPU"
    };
    Error::Cuda(Box::new(CudaFailure {
        action: action.into(),
        step,
        function,
        error: driver::name(code),
        driver: version(),
        ptx: super::kernels::ptx_version(),
        cure,
    }))
}

/// The newest CUDA that the driver knows.
fn version() -> String {
    match CudaApiVersion::get() {
        Ok(version) => format!("{}.{}", version.major(), version.minor()),
        Err(_) => "unknown".to_string(),
    }
}
