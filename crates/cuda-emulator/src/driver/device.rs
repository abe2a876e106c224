//! The driver and its device.

use super::{call, code::Code, give, state::DEVICE_BYTES};
use std::ffi::{c_char, c_int, c_uint};

/// The driver version that is claimed: 12.0.
const VERSION: c_int = 12_000;
const NAME: &str = "minutia CUDA emulator";

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuInit(flags: c_uint) -> c_int {
    call(|driver| {
        if flags != 0 {
            return Err(Code::INVALID_VALUE.because(format!("cuInit knows no flags {flags:#x}")));
        }
        driver.initialized = true;
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> c_int {
    // SAFETY: the caller's pointer.
    call(|_| unsafe { give(version, VERSION) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> c_int {
    // SAFETY: the caller's pointer.
    call(|driver| driver.initialized().and_then(|_| unsafe { give(count, 1) }))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGet(device: *mut c_int, ordinal: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?;
        check(ordinal)?;
        // SAFETY: the caller's pointer.
        unsafe { give(device, ordinal) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetName(name: *mut c_char, length: c_int, device: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?;
        check(device)?;
        let length = usize::try_from(length).unwrap_or(0);
        if length == 0 || name.is_null() {
            return Err(Code::INVALID_VALUE.because("the name has no place to go"));
        }
        let bytes = &NAME.as_bytes()[..NAME.len().min(length - 1)];
        // SAFETY: the caller's array has `length` characters.
        unsafe {
            name.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            name.add(bytes.len()).write(0);
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceTotalMem_v2(bytes: *mut usize, device: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?;
        check(device)?;
        // SAFETY: the caller's pointer.
        unsafe { give(bytes, DEVICE_BYTES as usize) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetAttribute(value: *mut c_int, attribute: c_int, device: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?;
        check(device)?;
        let found = match attribute {
            // Threads of a block, and its extents; extents of a grid.
            1..=3 => 1024,
            4 => 64,
            5 => c_int::MAX,
            6 | 7 => 65_535,
            // Shared memory of a block in bytes, threads of a warp, registers of a block.
            8 => crate::exec::MAX_SHARED as c_int,
            10 => 32,
            12 => 65_536,
            // Multiprocessors, and the threads of each.
            16 => 4,
            39 => 1024,
            // Compute capability 7.5.
            75 => 7,
            76 => 5,
            _ => return Err(Code::INVALID_VALUE.because(format!("the attribute {attribute} is not known"))),
        };
        // SAFETY: the caller's pointer.
        unsafe { give(value, found) }
    })
}

/// There is one device.
pub(super) fn check(device: c_int) -> Result<(), super::Refusal> {
    if device == 0 {
        Ok(())
    } else {
        Err(Code::INVALID_DEVICE.because(format!("there is no device {device}")))
    }
}
