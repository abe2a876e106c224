//! What the driver refused, in words.

use super::driver;
use crate::{CudaFailure, Error};
use cust::{CudaApiVersion, error::CudaError};

/// The driver's codes for PTX that it cannot take: older hardware, older driver, or no compiler.
const PTX_CODES: [i32; 5] = [209, 218, 221, 222, 223];
/// Its codes for a GPU that others use: memory that is all taken, and a GPU that one process has for itself.
const OUT_OF_MEMORY: i32 = 2;
const UNAVAILABLE: i32 = 46;
/// Its codes for kernels that did what they must not.
const KERNEL_CODES: std::ops::RangeInclusive<i32> = 700..=720;

const NEW_PROCESS: &str =
    "the GPU can be used again by a new process; CUDA_LAUNCH_BLOCKING=1 tells which kernel it was";

/// An error for a call of `cust` that failed on this thread just now while something was done.
pub(super) fn failed(action: impl Into<String>, step: Option<usize>, error: CudaError) -> Error {
    let (function, code) = match driver::take_failure() {
        Some(failure) => (failure.function, failure.code),
        None => ("cust", error as i32),
    };
    let cure = if PTX_CODES.contains(&code) {
        "update NVIDIA's driver to one of CUDA 11.0 or later; the GPU must have compute capability 7.5 or later"
    } else if code == OUT_OF_MEMORY {
        "its memory is taken: nvidia-smi names the programs that hold it"
    } else if code == UNAVAILABLE {
        "another program has it for itself, or nobody may use it: nvidia-smi tells, and changes it with -c DEFAULT"
    } else if KERNEL_CODES.contains(&code) {
        NEW_PROCESS
    } else {
        "see what nvidia-smi says of the GPU"
    };
    describe(action.into(), step, function, driver::name(code), cure)
}

/// An error for what no kernel that works can have left in memory.
pub(super) fn nonsense(action: &str, found: String) -> Error {
    describe(action.to_string(), None, "a kernel", found, NEW_PROCESS)
}

fn describe(
    action: String,
    step: Option<usize>,
    function: &'static str,
    error: String,
    cure: &'static str,
) -> Error {
    let (driver, ptx) = (version(), super::kernels::ptx_version());
    Error::Cuda(Box::new(CudaFailure { action, step, function, error, driver, ptx, cure }))
}

/// The newest CUDA that the driver knows.
fn version() -> String {
    match CudaApiVersion::get() {
        Ok(version) => format!("{}.{}", version.major(), version.minor()),
        Err(_) => "unknown".to_string(),
    }
}
