//! Launches: they run at once; a fault ends the context and is reported from the next call on, or with
//! `CUDA_LAUNCH_BLOCKING=1` by the launch itself.

use super::{
    Handle, call,
    code::Code,
    state::{Refusal, number},
};
use crate::{
    exec::{Extents, LaunchError},
    fault::FaultKind,
    ptx::limits,
};
use std::ffi::{c_int, c_uint, c_void};

/// The keys by which parameters are given as one buffer.
const END: usize = 0;
const BUFFER: usize = 1;
const BUFFER_BYTES: usize = 2;

#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn cuLaunchKernel(
    function: Handle,
    grid_x: c_uint,
    grid_y: c_uint,
    grid_z: c_uint,
    block_x: c_uint,
    block_y: c_uint,
    block_z: c_uint,
    shared: c_uint,
    stream: Handle,
    arguments: *const *const c_void,
    extra: *const *const c_void,
) -> c_int {
    let extents = Extents {
        grid: [grid_x, grid_y, grid_z],
        block: [block_x, block_y, block_z],
        shared: shared as usize,
    };
    call(|driver| {
        let context = driver.current()?;
        context.stream(stream)?;
        let found = context.functions.get(&number(function)).copied();
        let (module, kernel) =
            found.ok_or_else(|| Code::INVALID_HANDLE.because(format!("{function:?} is no function")))?;
        let loaded = &context.modules[&module];
        // SAFETY: the caller gives either one pointer for each parameter, or a buffer.
        let parameters = unsafe {
            match extra.is_null() {
                true => gather(loaded.parameters(kernel), arguments)?,
                false => buffer(extra)?,
            }
        };
        let result = loaded.launch_number(kernel, extents, &parameters, &mut context.memory);
        match result {
            Ok(()) => Ok(()),
            Err(LaunchError::Fault(fault)) => {
                let refusal = code(&fault.kind).because(fault.to_string());
                context.fault = Some(refusal.clone());
                driver.report(refusal.reason.clone());
                if std::env::var_os("CUDA_LAUNCH_BLOCKING").is_some_and(|value| value == "1") {
                    return Err(refusal);
                }
                Ok(())
            }
            Err(other) => Err(Code::INVALID_VALUE.because(other.to_string())),
        }
    })
}

fn code(kind: &FaultKind) -> Code {
    match kind {
        FaultKind::OutOfBounds { .. } | FaultKind::UseAfterFree { .. } => Code::ILLEGAL_ADDRESS,
        FaultKind::Misaligned { .. } => Code::MISALIGNED_ADDRESS,
        FaultKind::Endless => Code::LAUNCH_TIMEOUT,
        _ => Code::LAUNCH_FAILED,
    }
}

/// Puts parameters one behind the other.
///
/// # Safety
/// There are as many pointers as parameters, each to a value of its parameter's size.
unsafe fn gather(places: &[(usize, usize)], arguments: *const *const c_void) -> Result<Vec<u8>, Refusal> {
    if arguments.is_null() && !places.is_empty() {
        return Err(Code::INVALID_VALUE.because("a launch without the parameters that the kernel takes"));
    }
    let mut parameters = vec![0; places.last().map_or(0, |&(offset, bytes)| offset + bytes)];
    for (i, &(offset, bytes)) in places.iter().enumerate() {
        // SAFETY: the caller's promise.
        let value = unsafe { std::slice::from_raw_parts((*arguments.add(i)).cast::<u8>(), bytes) };
        parameters[offset..offset + bytes].copy_from_slice(value);
    }
    Ok(parameters)
}

/// Parameters that were given as one buffer.
///
/// # Safety
/// The list is of keys with values and ends with [`END`]; the buffer is as long as it says.
unsafe fn buffer(extra: *const *const c_void) -> Result<Vec<u8>, Refusal> {
    let (mut start, mut bytes) = (std::ptr::null(), None);
    let mut at = extra;
    loop {
        // SAFETY: the list has not ended.
        let (key, value) = unsafe { ((*at).addr(), at.add(1)) };
        match key {
            END => break,
            // SAFETY: a key has a value behind it, which for the length is a pointer to it.
            BUFFER => start = unsafe { *value }.cast::<u8>(),
            // SAFETY: as above.
            BUFFER_BYTES => bytes = Some(unsafe { *(*value).cast::<usize>() }),
            _ => return Err(Code::INVALID_VALUE.because(format!("unknown key {key} among extra parameters"))),
        }
        // SAFETY: as above; another key follows the value.
        at = unsafe { value.add(1) };
    }
    match (start.is_null(), bytes) {
        (false, Some(bytes)) if bytes <= limits::PARAMETER_BYTES => {
            // SAFETY: the caller's promise.
            Ok(unsafe { std::slice::from_raw_parts(start, bytes) }.to_vec())
        }
        (false, Some(bytes)) => Err(Code::INVALID_VALUE.because(format!("{bytes} bytes of parameters"))),
        _ => Err(Code::INVALID_VALUE.because("extra parameters without a buffer and its length")),
    }
}
