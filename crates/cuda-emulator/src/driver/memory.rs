//! Device memory.

use super::{
    DeviceAddress, Handle,
    code::Code,
    give, in_context,
    state::{Context, DEVICE_BYTES, Refusal},
};
use crate::fault::FaultKind;
use std::ffi::{c_int, c_uchar, c_uint, c_ushort, c_void};

fn refused(kind: FaultKind) -> Refusal {
    Code::INVALID_VALUE.because(kind.to_string())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> c_int {
    in_context(|context| {
        // SAFETY: the caller's pointers.
        unsafe {
            give(free, context.free() as usize)?;
            give(total, DEVICE_BYTES as usize)
        }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemAlloc_v2(address: *mut DeviceAddress, bytes: usize) -> c_int {
    in_context(|context| {
        if bytes == 0 {
            return Err(Code::INVALID_VALUE.because("an allocation of no bytes"));
        }
        let free = context.free();
        if bytes as u64 > free {
            return Err(Code::OUT_OF_MEMORY.because(format!("{bytes} bytes of {free} that are free")));
        }
        let start = context.memory.allocate(bytes);
        // SAFETY: the caller's pointer.
        unsafe { give(address, start) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemFree_v2(address: DeviceAddress) -> c_int {
    in_context(|context| context.memory.free(address).map_err(refused))
}

/// Fills memory with `count` copies of a pattern.
fn fill(context: &mut Context, address: DeviceAddress, pattern: &[u8], count: usize) -> Result<(), Refusal> {
    if !address.is_multiple_of(pattern.len() as u64) {
        return Err(Code::INVALID_VALUE.because(format!("{address:#x} is no multiple of {}", pattern.len())));
    }
    context.memory.fill(address, pattern, count).map_err(refused)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemsetD8_v2(address: DeviceAddress, value: c_uchar, count: usize) -> c_int {
    in_context(|context| fill(context, address, &[value], count))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemsetD16_v2(address: DeviceAddress, value: c_ushort, count: usize) -> c_int {
    in_context(|context| fill(context, address, &value.to_le_bytes(), count))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemsetD32_v2(address: DeviceAddress, value: c_uint, count: usize) -> c_int {
    in_context(|context| fill(context, address, &value.to_le_bytes(), count))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemsetD8Async(
    address: DeviceAddress,
    value: c_uchar,
    count: usize,
    stream: Handle,
) -> c_int {
    in_context(|context| {
        context.stream(stream)?;
        fill(context, address, &[value], count)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemsetD32Async(
    address: DeviceAddress,
    value: c_uint,
    count: usize,
    stream: Handle,
) -> c_int {
    in_context(|context| {
        context.stream(stream)?;
        fill(context, address, &value.to_le_bytes(), count)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoD_v2(to: DeviceAddress, from: *const c_void, bytes: usize) -> c_int {
    // SAFETY: the caller's pointers; null is the default stream.
    unsafe { cuMemcpyHtoDAsync_v2(to, from, bytes, std::ptr::null_mut()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoDAsync_v2(
    to: DeviceAddress,
    from: *const c_void,
    bytes: usize,
    stream: Handle,
) -> c_int {
    in_context(|context| {
        context.stream(stream)?;
        // SAFETY: the caller's bytes.
        let from = unsafe { host(from, bytes) }?;
        context.memory.write(to, from).map_err(refused)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoH_v2(to: *mut c_void, from: DeviceAddress, bytes: usize) -> c_int {
    // SAFETY: the caller's pointers; null is the default stream.
    unsafe { cuMemcpyDtoHAsync_v2(to, from, bytes, std::ptr::null_mut()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoHAsync_v2(
    to: *mut c_void,
    from: DeviceAddress,
    bytes: usize,
    stream: Handle,
) -> c_int {
    in_context(|context| {
        context.stream(stream)?;
        let found = context.memory.bytes(from, bytes).map_err(refused)?;
        if to.is_null() && bytes > 0 {
            return Err(Code::INVALID_VALUE.because("a copy to nowhere"));
        }
        // SAFETY: the caller's buffer has so many bytes.
        unsafe { to.cast::<u8>().copy_from_nonoverlapping(found.as_ptr(), bytes) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoD_v2(to: DeviceAddress, from: DeviceAddress, bytes: usize) -> c_int {
    // SAFETY: null is the default stream.
    unsafe { cuMemcpyDtoDAsync_v2(to, from, bytes, std::ptr::null_mut()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoDAsync_v2(
    to: DeviceAddress,
    from: DeviceAddress,
    bytes: usize,
    stream: Handle,
) -> c_int {
    in_context(|context| {
        context.stream(stream)?;
        let copy = context.memory.bytes(from, bytes).map_err(refused)?.to_vec();
        context.memory.write(to, &copy).map_err(refused)
    })
}

/// Bytes of the host.
///
/// # Safety
/// The pointer is null, or has so many bytes.
unsafe fn host<'a>(from: *const c_void, bytes: usize) -> Result<&'a [u8], Refusal> {
    match (from.is_null(), bytes) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Code::INVALID_VALUE.because("a copy from nowhere")),
        // SAFETY: the caller's promise.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(from.cast(), bytes) }),
    }
}
