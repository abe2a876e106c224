//! NVIDIA GPUs, in a program that was built without the feature `cuda`, or for another system than Linux:
//! there are none.

use crate::{Error, Slot, Tensor, program::Program};
use std::{fmt, path::Path};

/// Why there are none.
fn absent(ordinal: usize) -> Error {
    let reason = if cfg!(feature = "cuda") {
        "GPUs are used on Linux alone"
    } else {
        "this program was built without GPUs; build it with the feature `cuda`"
    };
    let reason = reason.to_string();
    Error::NoDevice { ordinal, reason }
}

/// Takes the library at `path` for the driver, if the feature `cuda` is on.
///
/// # Errors
/// [`Error::NoDevice`].
pub fn use_driver(path: impl AsRef<Path>) -> Result<(), Error> {
    let _ = path;
    Err(absent(0))
}

/// A GPU that cannot be.
#[derive(Clone, Debug)]
pub(crate) enum Cuda {}

impl Cuda {
    pub(crate) fn new(ordinal: usize) -> Result<Cuda, Error> {
        Err(absent(ordinal))
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same signature as with GPUs")]
    pub(crate) fn count() -> Result<usize, Error> {
        Ok(0)
    }

    pub(crate) fn is(&self, _: &Cuda) -> bool {
        match *self {}
    }

    pub(crate) fn compile(&self, _: &Program) -> Result<Executable, Error> {
        match *self {}
    }
}

impl fmt::Display for Cuda {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// A program for it.
#[derive(Debug)]
pub(crate) enum Executable {}

impl Executable {
    pub(crate) fn cuda(&self) -> &Cuda {
        match *self {}
    }

    pub(crate) fn bytes(&self) -> usize {
        match *self {}
    }

    pub(crate) fn run(&mut self, _: &mut Memory, _: &[Slot]) -> Result<(), Error> {
        match *self {}
    }
}

/// Its memory.
#[derive(Debug)]
pub(crate) enum Memory {}

impl Memory {
    pub(crate) fn new(cuda: &Cuda) -> Memory {
        match *cuda {}
    }

    pub(crate) fn cuda(&self) -> &Cuda {
        match *self {}
    }

    pub(crate) fn allocate(&mut self, _: usize) -> Result<Slot, Error> {
        match *self {}
    }

    pub(crate) fn share(&mut self, _: &Tensor) -> Result<Slot, Error> {
        match *self {}
    }

    pub(crate) fn replace(&mut self, _: Slot, _: &Tensor) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn free(&mut self, _: Slot) {
        match *self {}
    }

    pub(crate) fn write(&mut self, _: Slot, _: &[u8]) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn wait(&self) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn read(&self, _: Slot, _: usize, _: &mut [u8]) -> Result<(), Error> {
        match *self {}
    }
}
