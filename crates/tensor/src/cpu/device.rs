//! The CPU as a device: its instructions, its threads.

use crate::{
    Error, MemoryLayout,
    backend::Backend,
    cpu::{
        ExactFloats, Executable, Memory, Options, context::Build, options::MAX_THREADS, simd::Level,
        threads::pool::Pool,
    },
    program::{Numbering, Program},
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
}

impl Backend for Cpu {
    type Executable = Executable;
    type Memory = Memory;

    fn layout(&self) -> MemoryLayout {
        MemoryLayout::cache_lines()
    }

    fn compile(&self, program: &Program, numbering: Numbering) -> Result<Executable, Error> {
        let _exact = ExactFloats::enter();
        Executable::new(Build::new(self.level, self.threads), &self.pool, program, numbering)
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.threads == 1 { "" } else { "s" };
        f.pad(&format!("cpu ({}, {} thread{s})", self.level, self.threads))
    }
}
