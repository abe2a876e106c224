//! A program built for GPUs starts without a driver, and says so when it asks for one.

use minutia_tensor::{Device, Error, cuda};

#[test]
fn without_a_driver_there_is_no_gpu() -> Result<(), Error> {
    let built_in = cfg!(feature = "cuda");
    assert_eq!(cuda::use_driver("/nowhere/libcuda.so").is_ok(), built_in);
    assert_eq!(Device::cuda_count()?, 0);
    let error = Device::cuda(0).unwrap_err().to_string();
    let want = match built_in {
        true => "no CUDA device 0: cannot open /nowhere/libcuda.so: ",
        false => "no CUDA device 0: this program was built without GPUs; build it with the feature `cuda`",
    };
    assert!(error.starts_with(want), "{error}");
    assert_eq!(
        error.ends_with("install NVIDIA's driver, or name it in MINUTIA_CUDA_DRIVER"),
        built_in,
        "{error}"
    );
    Ok(())
}
