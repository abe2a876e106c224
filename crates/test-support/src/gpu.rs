//! The GPU that tests use.

use minutia_tensor::{Device, cuda};
use std::path::PathBuf;

/// The GPU of the driver that `MINUTIA_CUDA_DRIVER` names, else of the stand-in that interprets its kernels.
///
/// # Panics
/// In a build without GPUs, and where the driver has none.
#[must_use]
pub fn device() -> Device {
    if std::env::var_os("MINUTIA_CUDA_DRIVER").is_none() {
        cuda::use_driver(stand_in()).expect("built with GPUs, and no other driver is in use");
    }
    Device::cuda(0).unwrap_or_else(|error| panic!("{error}"))
}

/// The stand-in driver, which cargo builds beside the tests.
///
/// # Panics
/// Where the path of the test is not known.
#[must_use]
pub fn stand_in() -> PathBuf {
    let name =
        format!("{}minutia_cuda_emulator{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let test = std::env::current_exe().expect("a test knows its own path");
    test.with_file_name(name)
}
