//! The CPU as a device: how much of it to use, its memory, and how it runs programs.
#![allow(unsafe_code)]

mod arg_reduce;
mod by_level;
pub(crate) mod bytes;
mod codes;
mod copy;
mod cut;
mod executable;
mod finished;
mod float_state;
mod gather;
mod gemm;
mod gemm_step;
mod map;
mod memory;
mod options;
mod parallel;
mod peak;
mod picked;
mod pool;
mod random;
mod reduce;
mod region;
mod row_indices;
mod scatter_add;
mod simd;
mod transfer;
mod trial;

use by_level::{by_level, by_vector};
pub(crate) use executable::Executable;
pub use float_state::ExactFloats;
pub(crate) use memory::Memory;
pub use options::Options;
#[doc(hidden)]
pub use peak::fma_peak;
pub use simd::{Level, UnknownLevel};

use crate::{Error, program::Program};
use pool::Pool;
use std::{fmt, sync::Arc};

/// The CPU with chosen instructions and threads.
#[derive(Clone, Debug)]
pub(crate) struct Cpu {
    level: Level,
    threads: usize,
    pool: Arc<Pool>,
}

impl Cpu {
    pub(crate) fn new(options: Options) -> Result<Cpu, Error> {
        let level = options.simd.unwrap_or_else(Level::detect);
        if !level.is_available() {
            let available: Vec<_> =
                Level::ALL.into_iter().filter(|l| l.is_available()).map(Level::name).collect();
            return Err(Error::Simd { asked: level.name(), available: available.join(", ") });
        }
        let threads =
            options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let threads = threads.clamp(1, options::MAX_THREADS);
        Ok(Cpu { level, threads, pool: Arc::new(Pool::new(threads)) })
    }

    pub(crate) fn compile(&self, program: &Program) -> Result<Executable, Error> {
        let _exact = ExactFloats::enter();
        Executable::new(self, program)
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.threads == 1 { "" } else { "s" };
        f.pad(&format!("cpu ({}, {} thread{s})", self.level, self.threads))
    }
}
