//! The primary context.

use super::{
    Handle, call,
    code::Code,
    give, in_context,
    state::{CURRENT, Context, as_handle, number},
};
use std::ffi::{c_int, c_uint};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxRetain(context: *mut Handle, device: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?;
        driver.device(device)?.opens()?;
        let primary = driver.contexts.entry(device).or_insert_with(|| Context::new(device));
        primary.references += 1;
        // SAFETY: the caller's pointer.
        unsafe { give(context, as_handle(primary.handle)) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxRelease_v2(device: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?;
        driver.device(device)?;
        let Some(primary) = driver.contexts.get_mut(&device) else {
            return Err(Code::INVALID_CONTEXT.because("the primary context is not retained"));
        };
        primary.references -= 1;
        if primary.references == 0 {
            driver.destroy(device);
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxReset_v2(device: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?;
        driver.device(device)?;
        if let Some(old) = driver.contexts.get_mut(&device) {
            *old = Context { handle: old.handle, references: old.references, ..Context::new(device) };
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxSetFlags_v2(device: c_int, _flags: c_uint) -> c_int {
    call(|driver| driver.initialized()?.device(device).map(|_| ()))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuCtxSetCurrent(context: Handle) -> c_int {
    call(|driver| {
        let asked = number(context);
        let known = driver.initialized()?.contexts.values().any(|c| c.handle == asked);
        if asked != 0 && !known {
            return Err(Code::INVALID_CONTEXT.because(format!("{context:?} is no context")));
        }
        CURRENT.set(asked);
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuCtxGetCurrent(context: *mut Handle) -> c_int {
    // SAFETY: the caller's pointer.
    call(|driver| driver.initialized().and_then(|_| unsafe { give(context, as_handle(CURRENT.get())) }))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuCtxGetDevice(device: *mut c_int) -> c_int {
    // SAFETY: the caller's pointer.
    in_context(|context| unsafe { give(device, context.device) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuCtxSynchronize() -> c_int {
    in_context(|_| Ok(()))
}
