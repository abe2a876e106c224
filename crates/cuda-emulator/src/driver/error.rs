//! What codes mean.

use super::{call, code::Code, give};
use std::ffi::{CStr, CString, c_char, c_int};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuGetErrorName(code: c_int, name: *mut *const c_char) -> c_int {
    call(|_| {
        let (found, _) = describe(code)?;
        // SAFETY: the caller's pointer.
        unsafe { give(name, found.as_ptr()) }
    })
}

/// The code's meaning, and the reason of the last call that was refused with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuGetErrorString(code: c_int, text: *mut *const c_char) -> c_int {
    call(|driver| {
        let (_, meaning) = describe(code)?;
        let found = driver.texts.entry(code).or_insert_with(|| {
            let meaning = CString::new(meaning).expect("meanings have no zeros");
            Box::leak(meaning.into_boxed_c_str())
        });
        // SAFETY: the caller's pointer.
        unsafe { give(text, found.as_ptr()) }
    })
}

fn describe(code: c_int) -> Result<(&'static CStr, &'static str), super::Refusal> {
    Code(code).describe().ok_or_else(|| Code::INVALID_VALUE.because(format!("{code} is no error code")))
}
