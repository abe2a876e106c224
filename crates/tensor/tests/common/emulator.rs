//! What the stand-in driver tells beyond what a driver does.
#![allow(unsafe_code)]

use libloading::{Library, Symbol};
use minutia_test_support::gpu::stand_in;
use std::ffi::{CStr, CString, c_char, c_int};

/// The stand-in driver that the GPU of [`super::gpu`] belongs to.
pub struct Emulator(Library);

type Live = unsafe extern "C" fn(*mut usize, *mut u64) -> c_int;
type Reports = unsafe extern "C" fn(*mut usize, *mut c_char, usize) -> c_int;
type Substitute = unsafe extern "C" fn(*const c_char) -> c_int;

impl Emulator {
    /// Nothing where another driver is used.
    pub fn find() -> Option<Emulator> {
        if std::env::var_os("MINUTIA_CUDA_DRIVER").is_some() {
            return None;
        }
        // SAFETY: our own library, which has no initialisers.
        Some(Emulator(unsafe { Library::new(stand_in()) }.expect("cargo has built the stand-in driver")))
    }

    /// Allocations that were not freed, and their bytes.
    pub fn live(&self) -> (usize, u64) {
        let (mut count, mut bytes) = (0, 0);
        // SAFETY: the function has this signature, and both places can be written to.
        let code = unsafe { self.function::<Live>(c"minutiaEmulatorLive")(&mut count, &mut bytes) };
        assert_eq!(code, 0);
        (count, bytes)
    }

    /// How many faults and leaks were reported since the last call, and the first of them.
    pub fn reports(&self) -> (usize, String) {
        let (mut count, mut text) = (0, [0; 1024]);
        let take = self.function::<Reports>(c"minutiaEmulatorReports");
        // SAFETY: the function has this signature, and the text as many bytes as it is told.
        let code = unsafe { take(&mut count, text.as_mut_ptr().cast(), text.len()) };
        assert_eq!(code, 0);
        let text = CStr::from_bytes_until_nul(&text).expect("the text ends");
        (count, text.to_string_lossy().into_owned())
    }

    /// Loads other PTX in place of that which modules are made of.
    pub fn substitute(&self, ptx: Option<&str>) {
        let text = ptx.map(|text| CString::new(text).expect("PTX has no zeros"));
        let text = text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
        // SAFETY: the function has this signature; the text ends with a zero.
        let code = unsafe { self.function::<Substitute>(c"minutiaEmulatorSubstitute")(text) };
        assert_eq!(code, 0);
    }

    /// Says which devices there are; nothing for one that works.
    pub fn devices(&self, kinds: Option<&str>) {
        let text = kinds.map(|kinds| CString::new(kinds).expect("kinds of devices have no zeros"));
        let text = text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
        // SAFETY: the function has this signature; the text ends with a zero.
        let code = unsafe { self.function::<Substitute>(c"minutiaEmulatorDevices")(text) };
        assert_eq!(code, 0);
    }

    fn function<T>(&self, name: &CStr) -> Symbol<'_, T> {
        // SAFETY: who calls it gives the signature.
        unsafe { self.0.get(name.to_bytes_with_nul()) }.expect("the stand-in driver has this function")
    }
}
