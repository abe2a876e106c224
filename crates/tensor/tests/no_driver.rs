//! A program built for GPUs starts without a driver, and says so when it asks for one.

use minutia_tensor::{Device, Error, cuda};

#[test]
fn a_driver_that_cannot_be_opened_is_named() {
    if !cfg!(feature = "cuda") {
        assert!(cuda::use_driver("/nowhere/libcuda.so").is_err());
        assert_eq!(Device::cuda_count().unwrap(), 0);
        let error = Device::cuda(0).unwrap_err().to_string();
        let want = "no CUDA device 0: this program was built without GPUs; build it with the feature `cuda`";
        assert!(error.starts_with(want), "{error}");
        return;
    }
    cuda::use_driver("/nowhere/libcuda.so").unwrap();
    for error in [Device::cuda_count().unwrap_err(), Device::cuda(0).unwrap_err()] {
        assert!(matches!(error, Error::Driver { .. }), "{error}");
        let error = error.to_string();
        assert!(error.starts_with("cannot open /nowhere/libcuda.so: "), "{error}");
        assert!(error.contains("MINUTIA_CUDA_DRIVER"), "{error}");
    }
}
