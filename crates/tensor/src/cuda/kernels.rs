//! The compiled kernels.

use super::failure::failed;
use crate::Error;
use cust::{
    error::CudaResult,
    module::Module,
    sys::{self, CUfunction},
};
use minutia_kernels::{PTX, abi::Kernel};
use std::ffi::{CString, c_void};

/// The PTX version that the kernels are written in.
pub(super) fn ptx_version() -> &'static str {
    let line = PTX.lines().find_map(|line| line.trim().strip_prefix(".version"));
    line.map_or("unknown", str::trim)
}

/// All kernels, loaded into the current context.
#[derive(Debug)]
pub(super) struct Kernels {
    /// In the order of [`Kernel::ALL`]; valid as long as the module.
    functions: Vec<CUfunction>,
    _module: Module,
}

// SAFETY: a function's handle may be used on any thread.
unsafe impl Send for Kernels {}
// SAFETY: as above; nothing is changed once the kernels are loaded.
unsafe impl Sync for Kernels {}

impl Kernels {
    /// Has the driver compile the kernels for the current context.
    pub(super) fn load() -> Result<Kernels, Error> {
        let module = Module::from_ptx(PTX, &[]).map_err(|error| {
            let failure = failed("compiling the kernels for this GPU", None, error);
            explain(failure, &log())
        })?;
        let find = |kernel: &Kernel| module.get_function(kernel.name()).map(|function| function.to_raw());
        let functions: CudaResult<_> = Kernel::ALL.iter().map(find).collect();
        let functions =
            functions.map_err(|error| failed("looking for a kernel in the compiled module", None, error))?;
        Ok(Kernels { functions, _module: module })
    }

    pub(super) fn function(&self, kernel: Kernel) -> CUfunction {
        self.functions[kernel as usize]
    }
}

/// Adds what the compiler said.
fn explain(mut failure: Error, log: &str) -> Error {
    if let Error::Cuda(failure) = &mut failure
        && !log.is_empty()
    {
        failure.error = format!("{}: {log}", failure.error);
    }
    failure
}

/// What the driver's compiler says of the kernels, which it has refused before.
fn log() -> String {
    let mut text = vec![0_u8; 4096];
    let mut options =
        [sys::CUjit_option::CU_JIT_ERROR_LOG_BUFFER, sys::CUjit_option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES];
    let mut values: [*mut c_void; 2] =
        [text.as_mut_ptr().cast(), std::ptr::without_provenance_mut(text.len())];
    let mut module = std::ptr::null_mut();
    let ptx = CString::new(PTX).unwrap_or_default();
    // SAFETY: text that ends with a zero; a buffer for the log, with its length; a place for the module.
    let result = unsafe {
        sys::cuModuleLoadDataEx(
            &mut module,
            ptx.as_ptr().cast(),
            options.len() as u32,
            options.as_mut_ptr(),
            values.as_mut_ptr(),
        )
    };
    if result == sys::cudaError_enum::CUDA_SUCCESS {
        // SAFETY: just loaded, and used by nobody.
        unsafe { sys::cuModuleUnload(module) };
    }
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    String::from_utf8_lossy(&text[..end]).trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_in_the_order_of_the_table() {
        for (number, &kernel) in Kernel::ALL.iter().enumerate() {
            assert_eq!(kernel as usize, number, "{}", kernel.name());
        }
    }
}
