//! The GPU that tests use.

use minutia_tensor::{Device, Error, cuda};
use std::path::PathBuf;

/// The GPU of the driver that `MINUTIA_CUDA_DRIVER` names, else of the stand-in that interprets its kernels;
/// nothing in a build without GPUs.
pub fn device() -> Option<Device> {
    if !cfg!(feature = "cuda") {
        return None;
    }
    if std::env::var_os("MINUTIA_CUDA_DRIVER").is_none() {
        cuda::use_driver(stand_in()).expect("no other driver is in use");
    }
    Some(Device::cuda(0).unwrap_or_else(|error: Error| panic!("{error}")))
}

/// The stand-in driver, which cargo builds beside the tests.
pub fn stand_in() -> PathBuf {
    let name =
        format!("{}minutia_cuda_emulator{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let test = std::env::current_exe().expect("a test knows its own path");
    test.with_file_name(name)
}
