//! The driver's error codes.

use super::library;
use std::ffi::{CStr, c_char};

pub(super) const SUCCESS: i32 = 0;
pub(super) const NO_DEVICE: i32 = 100;
pub(super) const NOT_FOUND: i32 = 500;
pub(super) const UNKNOWN: i32 = 999;

/// The codes of the enum that `cust` declares for the driver's answers: any other value in it were undefined
/// behaviour, and newer drivers have more.
const KNOWN: [(i32, i32); 14] = [
    (0, 8),
    (34, 34),
    (100, 102),
    (200, 202),
    (205, 224),
    (300, 304),
    (400, 401),
    (500, 500),
    (600, 600),
    (700, 705),
    (708, 720),
    (800, 809),
    (900, 911),
    (999, 999),
];

pub(super) fn known(code: i32) -> bool {
    KNOWN.iter().any(|&(first, last)| (first..=last).contains(&code))
}

/// What the driver calls a code, with what it says of it.
pub(in crate::cuda) fn name(code: i32) -> String {
    type Describe = unsafe extern "C" fn(i32, *mut *const c_char) -> i32;
    let ask = |function: &CStr| {
        let mut text = std::ptr::null();
        let describe = library::function(function)?;
        // SAFETY: both functions asked for have this signature in every driver.
        let describe = unsafe { std::mem::transmute::<*const (), Describe>(describe.as_ptr()) };
        // SAFETY: the pointer is valid to write to.
        let answer = unsafe { describe(code, &mut text) };
        // SAFETY: on success the driver gave a text that lives as long as the library, which is never closed.
        (answer == SUCCESS && !text.is_null())
            .then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    };
    match (ask(c"cuGetErrorName"), ask(c"cuGetErrorString")) {
        (Some(name), Some(text)) => format!("{name} ({code}): {text}"),
        (Some(name), None) => format!("{name} ({code})"),
        _ => format!("error {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cust::sys::cudaError_enum as Code;

    #[test]
    fn codes_of_newer_drivers_are_unknown() {
        for code in [-1, 9, 36, 46, 103, 204, 225, 226, 402, 501, 706, 721, 810, 912, 916, 998, 1000] {
            assert!(!known(code), "{code}");
        }
    }

    #[test]
    fn codes_that_cust_has_are_known() {
        for code in [
            Code::CUDA_SUCCESS,
            Code::CUDA_ERROR_PROFILER_ALREADY_STOPPED,
            Code::CUDA_ERROR_STUB_LIBRARY,
            Code::CUDA_ERROR_DEVICE_NOT_LICENSED,
            Code::CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY,
            Code::CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE,
            Code::CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED,
            Code::CUDA_ERROR_EXTERNAL_DEVICE,
            Code::CUDA_ERROR_UNKNOWN,
        ] {
            assert!(known(code as i32), "{code:?}");
        }
    }
}
