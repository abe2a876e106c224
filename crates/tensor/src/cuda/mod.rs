//! NVIDIA GPUs as devices: what is particular to them.
//!
//! A program built with the feature `cuda` starts on any machine. The driver's library is opened when a GPU
//! is asked for: `libcuda.so.1` of the system, or what [`use_driver`] or the environment variable
//! `MINUTIA_CUDA_DRIVER` names. Where there is none, [`Device::cuda`](crate::Device::cuda) answers
//! [`Error::NoDevice`].
//!
//! All devices of one ordinal in a process share one context, one queue of work and one cache of memory. Work
//! on a GPU goes on while the host does: a kernel that failed is reported by the first call after it that
//! waits.
#![allow(unsafe_code)]

mod context;
mod driver;
mod encode;
mod executable;
mod failure;
mod kernels;
mod memory;
mod pool;
mod queue;
mod record;

pub(crate) use executable::Executable;
pub(crate) use memory::Memory;

use crate::{
    Error, MemoryLayout,
    backend::Backend,
    program::{Numbering, Program},
};
use context::Context;
use std::{fmt, path::Path, sync::Arc};

/// Takes the library at `path` for the driver, whatever `MINUTIA_CUDA_DRIVER` says.
///
/// # Errors
/// [`Error::DriverChosen`] when another one is chosen or open already.
pub fn use_driver(path: impl AsRef<Path>) -> Result<(), Error> {
    driver::choose(path.as_ref())
}

/// A GPU.
#[derive(Clone, Debug)]
pub(crate) struct Cuda(Arc<Context>);

impl Cuda {
    /// The GPU that the driver counts as `ordinal`.
    pub(crate) fn new(ordinal: usize) -> Result<Cuda, Error> {
        Context::open(ordinal).map(Cuda)
    }

    /// How many GPUs the driver knows; none where there is no driver.
    pub(crate) fn count() -> Result<usize, Error> {
        context::count()
    }

    /// Whether both are the same GPU.
    fn is(&self, other: &Cuda) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Backend for Cuda {
    type Executable = Executable;
    type Memory = Memory;

    /// As on the CPU, so that a plan is the same on both.
    fn layout(&self) -> MemoryLayout {
        MemoryLayout::cache_lines()
    }

    fn compile(&self, program: &Program, numbering: Numbering) -> Result<Executable, Error> {
        Executable::new(self, program, numbering)
    }

    fn memory(&self) -> Memory {
        Memory::new(self)
    }
}

impl fmt::Display for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("cuda:{} ({})", self.0.ordinal(), self.0.name()))
    }
}
