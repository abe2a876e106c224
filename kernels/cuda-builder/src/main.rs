//! Compiles minutia's kernels with the rust-cuda project's compiler, to `target/minutia.ptx`.

use cuda_builder::{CudaBuilder, NvvmArch};
use std::path::Path;

fn main() -> Result<(), cuda_builder::CudaBuilderError> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ptx = CudaBuilder::new(here.join("kernels"))
        .arch(NvvmArch::Compute75)
        // An fma happens where the source says fma, and functions come from the source alone.
        .fma_contraction(false)
        .override_libm(false)
        // At the usual level the compiler copies barriers into both arms of a branch (rust-lang/rust#137086).
        .build_args(&["--config", "profile.release.rustflags=['-Zmir-opt-level=1']", "-Zprofile-rustflags"])
        .copy_to(here.join("target/minutia.ptx"))
        .build()?;
    println!("{}", ptx.display());
    Ok(())
}
