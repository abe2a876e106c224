//! The driver's library.

use crate::Error;
use libloading::Library;
use std::{
    ffi::{CStr, OsString},
    path::Path,
    ptr::NonNull,
    sync::OnceLock,
};

/// The driver's library unless another is named.
const DRIVER: &str = "libcuda.so.1";
const VARIABLE: &str = "MINUTIA_CUDA_DRIVER";

static CHOSEN: OnceLock<OsString> = OnceLock::new();
/// The library with the name by which it was opened.
static OPENED: OnceLock<(OsString, Result<Library, Absent>)> = OnceLock::new();

/// Why there is no library.
#[derive(Clone, Debug)]
pub(in crate::cuda) struct Absent {
    /// Whether somebody named it.
    pub(in crate::cuda) named: bool,
    /// What was tried and went wrong.
    pub(in crate::cuda) reason: String,
}

/// Takes the library at `path` for the driver.
pub(in crate::cuda) fn choose(path: &Path) -> Result<(), Error> {
    let chosen = CHOSEN.get_or_init(|| path.into());
    let used = OPENED.get().map_or(chosen, |(name, _)| name);
    if used == path.as_os_str() { Ok(()) } else { Err(Error::DriverChosen { path: path.into() }) }
}

fn library() -> &'static Result<Library, Absent> {
    let (_, library) = OPENED.get_or_init(|| {
        let environment = || std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
        let named = CHOSEN.get().cloned().or_else(environment);
        let given = named.is_some();
        let name = named.unwrap_or(DRIVER.into());
        // SAFETY: loading NVIDIA's driver, or what the user names in its place, runs its initialisers, for
        // which whoever installed or named it answers. It is never closed.
        let library = unsafe { Library::new(&name) }
            .map_err(|e| Absent { named: given, reason: format!("cannot open {}: {e}", name.display()) });
        (name, library)
    });
    library
}

/// A function of the library; nothing where there is no library, or no such function in it.
pub(super) fn function(name: &CStr) -> Option<NonNull<()>> {
    let library = library().as_ref().ok()?;
    // SAFETY: only the address is taken; who calls it knows the signature.
    let symbol = unsafe { library.get::<*mut ()>(name.to_bytes_with_nul()) }.ok()?;
    NonNull::new(*symbol)
}

/// Why there is no library; nothing if there is one.
pub(in crate::cuda) fn absent() -> Option<Absent> {
    library().as_ref().err().cloned()
}
