//! The CPU as a device: how much of it to use, its memory, and how it runs programs.
#![allow(unsafe_code)]

pub(crate) mod bytes;
mod executable;
mod memory;
mod options;
mod reference;

pub(crate) use executable::Executable;
pub(crate) use memory::Memory;
pub use options::Options;

use crate::{Error, program::Program};
use std::fmt;

/// Instructions that vector loops may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// No vector instructions.
    Scalar,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512.
    Avx512,
    /// NEON.
    Neon,
}

impl Level {
    /// The widest level that this CPU has.
    #[must_use]
    pub fn detect() -> Level {
        Level::Scalar
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Scalar => "scalar",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
            Level::Neon => "neon",
        })
    }
}

impl std::str::FromStr for Level {
    type Err = ();
    fn from_str(name: &str) -> Result<Level, ()> {
        match name {
            "scalar" => Ok(Level::Scalar),
            "avx2" => Ok(Level::Avx2),
            "avx512" => Ok(Level::Avx512),
            "neon" => Ok(Level::Neon),
            _ => Err(()),
        }
    }
}

/// The CPU with chosen instructions and threads.
#[derive(Clone, Debug)]
pub(crate) struct Cpu {
    level: Level,
    threads: usize,
}

impl Cpu {
    pub(crate) fn new(options: Options) -> Result<Cpu, Error> {
        let threads =
            options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        Ok(Cpu { level: options.simd.unwrap_or_else(Level::detect), threads: threads.max(1) })
    }

    pub(crate) fn compile(&self, program: &Program) -> Result<Executable, Error> {
        Ok(Executable::new(program))
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.threads == 1 { "" } else { "s" };
        write!(f, "cpu ({}, {} thread{s})", self.level, self.threads)
    }
}
