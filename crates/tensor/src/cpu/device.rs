//! The CPU as a device: its instructions, its threads.

use crate::{
    Error,
    cpu::{ExactFloats, Executable, Options, options::MAX_THREADS, simd::Level, threads::pool::Pool},
    program::Program,
};
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
        let threads = threads.clamp(1, MAX_THREADS);
        Ok(Cpu { level, threads, pool: Arc::new(Pool::new(threads)) })
    }

    pub(crate) fn compile(&self, program: &Program) -> Result<Executable, Error> {
        let _exact = ExactFloats::enter();
        Executable::new(self.level, self.threads, &self.pool, program)
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.threads == 1 { "" } else { "s" };
        f.pad(&format!("cpu ({}, {} thread{s})", self.level, self.threads))
    }
}
