//! The table of forwarded functions: those that the linked parts of `cust` and this crate refer to.
#![allow(non_snake_case)]

use super::{answer, codes, library};
use cust::sys::{
    CUcontext, CUdevice, CUdevice_attribute, CUdeviceptr, CUfunction, CUjit_option, CUmodule, CUstream,
};
use std::{
    ffi::{CStr, c_char, c_int, c_uchar, c_uint, c_void},
    sync::OnceLock,
};

/// Defines each function with the signature of the driver's header, and a code in place of the enum that it
/// answers.
macro_rules! forward {
    ($($name:ident($($argument:ident: $type:ty),* $(,)?);)*) => { $(
        // SAFETY: whatever else defines this name is the driver itself, which is not linked.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $type),*) -> c_int {
            type Function = unsafe extern "C" fn($($type),*) -> c_int;
            static FOUND: OnceLock<Option<Function>> = OnceLock::new();
            const NAME: &str = stringify!($name);
            const C_NAME: &CStr = match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a name ends with its only zero"),
            };
            let found = FOUND.get_or_init(|| {
                // SAFETY: the driver's function of this name has this signature.
                library::function(C_NAME).map(|f| unsafe { std::mem::transmute::<*mut (), Function>(f.as_ptr()) })
            });
            let code = match found {
                // SAFETY: the caller's promise.
                Some(function) => unsafe { function($($argument),*) },
                None if library::absent().is_some() => codes::NO_DEVICE,
                None => codes::NOT_FOUND,
            };
            answer(NAME, code)
        }
    )* };
}

forward! {
    cuInit(flags: c_uint);
    cuDriverGetVersion(version: *mut c_int);
    cuDeviceGetCount(count: *mut c_int);
    cuDeviceGet(device: *mut CUdevice, ordinal: c_int);
    cuDeviceGetName(name: *mut c_char, length: c_int, device: CUdevice);
    cuDeviceGetAttribute(value: *mut c_int, attribute: CUdevice_attribute, device: CUdevice);
    cuDevicePrimaryCtxRetain(context: *mut CUcontext, device: CUdevice);
    cuDevicePrimaryCtxRelease_v2(device: CUdevice);
    cuCtxSetCurrent(context: CUcontext);
    cuModuleLoadDataEx(
        module: *mut CUmodule,
        image: *const c_void,
        count: c_uint,
        options: *mut CUjit_option,
        values: *mut *mut c_void,
    );
    cuModuleUnload(module: CUmodule);
    cuModuleGetFunction(function: *mut CUfunction, module: CUmodule, name: *const c_char);
    cuMemAlloc_v2(address: *mut CUdeviceptr, bytes: usize);
    cuMemFree_v2(address: CUdeviceptr);
    cuMemGetInfo_v2(free: *mut usize, total: *mut usize);
    cuMemsetD8Async(address: CUdeviceptr, value: c_uchar, bytes: usize, stream: CUstream);
    cuMemcpyHtoDAsync_v2(to: CUdeviceptr, from: *const c_void, bytes: usize, stream: CUstream);
    cuMemcpyDtoHAsync_v2(to: *mut c_void, from: CUdeviceptr, bytes: usize, stream: CUstream);
    cuStreamCreateWithPriority(stream: *mut CUstream, flags: c_uint, priority: c_int);
    cuStreamDestroy_v2(stream: CUstream);
    cuStreamSynchronize(stream: CUstream);
    cuLaunchKernel(
        function: CUfunction,
        grid_x: c_uint,
        grid_y: c_uint,
        grid_z: c_uint,
        block_x: c_uint,
        block_y: c_uint,
        block_z: c_uint,
        shared: c_uint,
        stream: CUstream,
        arguments: *mut *mut c_void,
        extra: *mut *mut c_void,
    );
}
