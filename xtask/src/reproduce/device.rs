//! Which device computes.

use anyhow::{Context, Result};
use minutia_tensor::{Device, cpu};

use crate::cli::DeviceChoice;
use crate::terminal;

/// The device of the networks. The matrices of the inverse, whose steps are a fraction of a microsecond, are too small for
/// a GPU and stay on the CPU.
///
/// # Errors
/// When a GPU was asked for and cannot be had, or `MINUTIA_SIMD` names instructions that this CPU lacks.
pub fn choose(choice: DeviceChoice, cpu: cpu::Options) -> Result<Device> {
    let gpu = match choice {
        DeviceChoice::Cpu => None,
        DeviceChoice::Cuda => Some(
            Device::cuda(0).context("--device cuda asks for a GPU; --device cpu gives the same results")?,
        ),
        DeviceChoice::Auto => match Device::cuda_count() {
            Ok(0) => None,
            Ok(_) => {
                Device::cuda(0).map_or_else(|error| unusable(&error).map(|()| None), |gpu| Ok(Some(gpu)))?
            }
            Err(error) => {
                unusable(&error)?;
                None
            }
        },
    };
    match gpu {
        Some(gpu) => Ok(gpu),
        None => Ok(Device::cpu_with(cpu)?),
    }
}

fn unusable(error: &minutia_tensor::Error) -> Result<()> {
    terminal::say(format_args!("There is a GPU, which cannot be used, so the CPU computes: {error}"))
}
