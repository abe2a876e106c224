//! The driver's functions, by their C names and signatures.
//!
//! Handles are numbers that are never given out twice and never followed as pointers. What is refused is
//! explained by `cuGetErrorString`; faults of kernels, and memory that is left when the last context goes,
//! are printed too, and can be read by [`control`].
#![allow(unsafe_code, non_snake_case, clippy::missing_safety_doc)]

mod code;
mod context;
mod control;
mod device;
mod error;
mod event;
mod launch;
mod memory;
mod module;
mod state;
mod stream;

use code::Code;
use state::{Context, Driver, Refusal};
use std::{
    ffi::{c_int, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// A handle: a context, module, function, stream or event.
pub(crate) type Handle = *mut c_void;
pub(crate) type DeviceAddress = u64;

/// Carries out a call that needs no context.
fn call(body: impl FnOnce(&mut Driver) -> Result<(), Refusal>) -> c_int {
    let mut driver = state::lock();
    // A panic must not cross into C.
    let result = catch_unwind(AssertUnwindSafe(|| body(&mut driver)));
    let result = result.unwrap_or_else(|_| Err(Code::UNKNOWN.because("the stand-in driver panicked")));
    match result {
        Ok(()) => Code::SUCCESS.0,
        Err(refusal) => driver.refuse(refusal),
    }
}

/// Carries out a call in the thread's current context, unless a fault has ended that.
fn in_context(body: impl FnOnce(&mut Context) -> Result<(), Refusal>) -> c_int {
    call(|driver| body(driver.current()?))
}

/// Writes a result through a caller's pointer.
///
/// # Safety
/// The pointer is null, or valid to write to.
unsafe fn give<T>(to: *mut T, value: T) -> Result<(), Refusal> {
    if to.is_null() {
        return Err(Code::INVALID_VALUE.because("a result has no place to go: the pointer is null"));
    }
    // SAFETY: the caller's promise.
    unsafe { to.write(value) };
    Ok(())
}
