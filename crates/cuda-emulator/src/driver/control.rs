//! What tests ask of the stand-in beyond what a driver does. These functions exist in this library alone; a
//! program finds them with `dlsym`.

use super::{call, code::Code, device::Devices, give};
use std::ffi::{CStr, c_char, c_int};

/// Loads `ptx` in place of the text of every module that is loaded from now on; null ends that. Meanwhile
/// nothing is printed.
///
/// # Safety
/// `ptx` is null or ends with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn minutiaEmulatorSubstitute(ptx: *const c_char) -> c_int {
    call(|driver| {
        // SAFETY: the caller's promise.
        let text = (!ptx.is_null()).then(|| unsafe { CStr::from_ptr(ptx) }.to_string_lossy().into_owned());
        driver.substitute = text;
        Ok(())
    })
}

/// Says which devices there are from now on, as [`VARIABLE`](super::device::VARIABLE) does; null for one that
/// works.
///
/// # Safety
/// `devices` is null or ends with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn minutiaEmulatorDevices(devices: *const c_char) -> c_int {
    call(|driver| {
        // SAFETY: the caller's promise.
        let text = (!devices.is_null()).then(|| unsafe { CStr::from_ptr(devices) }.to_string_lossy());
        driver.devices = Devices::read(text.as_deref())?;
        Ok(())
    })
}

/// Takes the reports of faults and leaks since the last call: how many, and the first as text that ends with
/// a zero, cut to `length` bytes. Gives `CUDA_SUCCESS`.
///
/// # Safety
/// `count` can be written to, and `text` has `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn minutiaEmulatorReports(
    count: *mut usize,
    text: *mut c_char,
    length: usize,
) -> c_int {
    call(|driver| {
        let reports = std::mem::take(&mut driver.reports);
        if text.is_null() || length == 0 {
            return Err(Code::INVALID_VALUE.because("the reports have no place to go"));
        }
        let first = reports.first().map_or("", String::as_str).as_bytes();
        let first = &first[..first.len().min(length - 1)];
        // SAFETY: the caller's promise.
        unsafe {
            text.cast::<u8>().copy_from_nonoverlapping(first.as_ptr(), first.len());
            text.add(first.len()).write(0);
            give(count, reports.len())
        }
    })
}

/// Allocations that were not freed, and their bytes.
///
/// # Safety
/// Both can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn minutiaEmulatorLive(count: *mut usize, bytes: *mut u64) -> c_int {
    call(|driver| {
        let live = driver.contexts.values().map(|context| context.memory.live());
        let (found, total) = live.fold((0, 0), |(n, sum), (count, bytes)| (n + count, sum + bytes));
        // SAFETY: the caller's promise.
        unsafe {
            give(count, found)?;
            give(bytes, total)
        }
    })
}
