//! Modules and their functions.

use super::{
    DeviceAddress, Handle, call,
    code::Code,
    give, in_context,
    state::{Refusal, as_handle, new_handle, number},
};
use crate::{exec::Loaded, kernel::Module};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

/// The options that name a buffer for messages of the compiler, and its length.
const ERROR_LOG: c_int = 5;
const ERROR_LOG_BYTES: c_int = 6;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoadDataEx(
    module: *mut Handle,
    image: *const c_void,
    count: c_uint,
    options: *const c_int,
    values: *const *mut c_void,
) -> c_int {
    call(|driver| {
        driver.current()?;
        given(image)?;
        // SAFETY: an image of text ends with a zero; a binary one has its first zero within its header.
        let given = unsafe { CStr::from_ptr(image.cast()) }.to_string_lossy();
        let text = driver.substitute.as_deref().unwrap_or(&given);
        let parsed = Module::parse(text);
        let context = driver.current()?;
        match parsed {
            Ok(parsed) if parsed.variable_bytes() > context.free() => {
                let (bytes, free) = (parsed.variable_bytes(), context.free());
                let reason = format!("the module's variables have {bytes} bytes, of which {free} are free");
                Err(Code::OUT_OF_MEMORY.because(reason))
            }
            Ok(parsed) => {
                let handle = new_handle();
                context.modules.insert(handle, Loaded::new(parsed, &mut context.memory));
                // SAFETY: the caller's pointer.
                unsafe { give(module, as_handle(handle)) }
            }
            Err(error) => {
                // SAFETY: the caller's arrays have `count` elements, and say themselves where the log goes.
                unsafe { write_log(&error.to_string(), count, options, values) };
                Err(Code::INVALID_PTX.because(error.to_string()))
            }
        }
    })
}

/// Writes the compiler's message where the options say.
///
/// # Safety
/// The arrays have `count` elements, and name a buffer with its true length.
unsafe fn write_log(text: &str, count: c_uint, options: *const c_int, values: *const *mut c_void) {
    // SAFETY: the caller's promise.
    let find =
        |wanted| unsafe { (0..count as usize).find(|&i| *options.add(i) == wanted).map(|i| *values.add(i)) };
    if let (Some(buffer), Some(bytes)) = (find(ERROR_LOG), find(ERROR_LOG_BYTES))
        && let Some(room) = bytes.addr().checked_sub(1)
    {
        let text = &text.as_bytes()[..text.len().min(room)];
        // SAFETY: the caller's promise; the end has its place.
        unsafe {
            buffer.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len());
            buffer.cast::<u8>().add(text.len()).write(0);
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoadData(module: *mut Handle, image: *const c_void) -> c_int {
    // SAFETY: the caller's pointers; no options.
    unsafe { cuModuleLoadDataEx(module, image, 0, std::ptr::null(), std::ptr::null()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleUnload(module: Handle) -> c_int {
    in_context(|context| {
        let handle = number(module);
        let loaded = context.modules.remove(&handle).ok_or_else(|| no_module(module))?;
        context.functions.retain(|_, (owner, _)| *owner != handle);
        loaded.unload(&mut context.memory);
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleGetFunction(
    function: *mut Handle,
    module: Handle,
    name: *const c_char,
) -> c_int {
    in_context(|context| {
        let owner = number(module);
        let loaded = context.modules.get(&owner).ok_or_else(|| no_module(module))?;
        given(name)?;
        // SAFETY: the caller's text ends with a zero.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        let kernel = loaded.module().find(&name);
        let kernel =
            kernel.ok_or_else(|| Code::NOT_FOUND.because(format!("the module has no kernel '{name}'")))?;
        let known = context.functions.iter().find(|(_, found)| **found == (owner, kernel));
        let handle = known.map_or_else(new_handle, |(&handle, _)| handle);
        context.functions.insert(handle, (owner, kernel));
        // SAFETY: the caller's pointer.
        unsafe { give(function, as_handle(handle)) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleGetGlobal_v2(
    address: *mut DeviceAddress,
    bytes: *mut usize,
    module: Handle,
    name: *const c_char,
) -> c_int {
    in_context(|context| {
        let loaded = context.modules.get(&number(module)).ok_or_else(|| no_module(module))?;
        given(name)?;
        // SAFETY: the caller's text ends with a zero.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        let found = loaded.variable(&name);
        let (start, length) =
            found.ok_or_else(|| Code::NOT_FOUND.because(format!("the module has no variable '{name}'")))?;
        // SAFETY: the caller's pointers, of which either may be null.
        unsafe {
            if !address.is_null() {
                give(address, start)?;
            }
            if !bytes.is_null() {
                give(bytes, length)?;
            }
        }
        Ok(())
    })
}

/// Refuses a text that is not there.
fn given<T>(text: *const T) -> Result<(), Refusal> {
    if text.is_null() { Err(Code::INVALID_VALUE.because("a text is null")) } else { Ok(()) }
}

fn no_module(module: Handle) -> Refusal {
    Code::INVALID_HANDLE.because(format!("{module:?} is no module"))
}
