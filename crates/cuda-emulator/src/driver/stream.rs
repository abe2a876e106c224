//! Streams: whatever is put into one is done at once.

use super::{
    Handle,
    code::Code,
    give, in_context,
    state::{as_handle, new_handle, number},
};
use std::ffi::{c_int, c_uint};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamCreateWithPriority(
    stream: *mut Handle,
    flags: c_uint,
    _priority: c_int,
) -> c_int {
    in_context(|context| {
        if flags > 1 {
            return Err(Code::INVALID_VALUE.because(format!("a stream with flags {flags:#x}")));
        }
        let handle = new_handle();
        context.streams.insert(handle);
        // SAFETY: the caller's pointer.
        unsafe { give(stream, as_handle(handle)) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamCreate(stream: *mut Handle, flags: c_uint) -> c_int {
    // SAFETY: the caller's pointer.
    unsafe { cuStreamCreateWithPriority(stream, flags, 0) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamDestroy_v2(stream: Handle) -> c_int {
    in_context(|context| match context.streams.remove(&number(stream)) {
        true => Ok(()),
        false => Err(Code::INVALID_HANDLE.because(format!("{stream:?} is no stream"))),
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamSynchronize(stream: Handle) -> c_int {
    in_context(|context| context.stream(stream))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamQuery(stream: Handle) -> c_int {
    in_context(|context| context.stream(stream))
}
