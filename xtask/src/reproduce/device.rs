//! Which device computes.

use std::fmt;

use anyhow::{Result, bail};
use minutia_tensor::{Device, Error, cpu};

use crate::{cli::DeviceChoice, terminal};

/// The device of the networks. The matrices of the inverse, whose steps are a fraction of a microsecond, are
/// too small for a GPU and stay on the CPU.
///
/// # Errors
/// When a GPU was asked for and none can be had, when a driver is named that cannot be opened, or when
/// `MINUTIA_SIMD` names instructions that this CPU lacks.
pub fn choose(choice: DeviceChoice, cpu: cpu::Options) -> Result<Device> {
    if choice != DeviceChoice::Cpu {
        match first(Device::cuda_count(), Device::cuda) {
            Ok((gpu, passed)) => {
                for (ordinal, error) in passed {
                    terminal::say(format_args!("GPU {ordinal} cannot be used, another one can: {error}"))?;
                }
                return Ok(gpu);
            }
            // A driver that somebody named is meant to be there.
            Err(NoGpu::Driver(error @ Error::Driver { .. })) => bail!("{error}; --device cpu needs none"),
            Err(reason) if choice == DeviceChoice::Cuda => {
                bail!("--device cuda asks for a GPU, and {reason}; --device cpu gives the same results")
            }
            Err(NoGpu::Absent(_)) => {}
            Err(reason) => terminal::say(format_args!("The CPU computes: {reason}"))?,
        }
    }
    Ok(Device::cpu_with(cpu)?)
}

/// Why no GPU can be used.
#[derive(Debug)]
enum NoGpu {
    /// They cannot be counted.
    Driver(Error),
    /// There is none.
    Absent(Error),
    /// Each of them, by its number, cannot be used.
    Unusable(Vec<(usize, Error)>),
}

/// The first GPU that can be used, with those before it.
fn first<T>(
    count: Result<usize, Error>,
    open: impl Fn(usize) -> Result<T, Error>,
) -> Result<(T, Vec<(usize, Error)>), NoGpu> {
    let count = count.map_err(NoGpu::Driver)?;
    let mut passed = Vec::new();
    for ordinal in 0..count.max(1) {
        match open(ordinal) {
            Ok(gpu) => return Ok((gpu, passed)),
            Err(error) if count == 0 => return Err(NoGpu::Absent(error)),
            Err(error) => passed.push((ordinal, error)),
        }
    }
    Err(NoGpu::Unusable(passed))
}

impl fmt::Display for NoGpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoGpu::Driver(error) => write!(f, "the CUDA driver does not work: {error}"),
            NoGpu::Absent(error) => write!(f, "there is none: {error}"),
            NoGpu::Unusable(all) => {
                match all.len() {
                    1 => write!(f, "there is a GPU, which cannot be used")?,
                    n => write!(f, "there are {n} GPUs, none of which can be used")?,
                }
                all.iter().try_for_each(|(ordinal, error)| write!(f, "\n  GPU {ordinal}: {error}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(ordinal: usize) -> Error {
        Error::NoDevice { ordinal, reason: "too old".to_string() }
    }

    #[test]
    fn the_first_gpu_that_can_be_used_is_found() {
        for (count, usable, want) in [(1, 0, 0), (2, 0, 0), (2, 1, 1), (4, 3, 3)] {
            let open = |ordinal| if ordinal < usable { Err(error(ordinal)) } else { Ok(ordinal) };
            let (found, passed) = first(Ok(count), open).unwrap();
            assert_eq!((found, passed.len()), (want, want), "{count} GPUs, from {usable} on usable");
        }
    }

    #[test]
    fn there_is_a_gpu_only_where_there_is_one() {
        for (count, begins, ends) in [
            (Ok(0), "there is none: ", "no CUDA device 0: too old"),
            (Ok(1), "there is a GPU, which cannot be used", "GPU 0: no CUDA device 0: too old"),
            (Ok(2), "there are 2 GPUs, none of which", "GPU 1: no CUDA device 1: too old"),
            (Err(error(7)), "the CUDA driver does not work: ", "no CUDA device 7: too old"),
        ] {
            let none = first(count, |ordinal| Err::<(), _>(error(ordinal))).unwrap_err().to_string();
            assert!(none.starts_with(begins) && none.ends_with(ends), "{none}");
        }
    }
}
