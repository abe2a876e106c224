//! NVIDIA GPUs, in a program that was built without the feature `cuda`, or for another system than Linux:
//! there are none.

use crate::{
    Error, MemoryLayout, Slot, Tensor,
    backend::{Backend, BackendExecutable, BackendMemory},
    program::{Numbering, Program},
};
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

/// A GPU, a program for it, its memory: none of them can be.
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
}

impl fmt::Display for Cuda {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// The methods of a trait, for a type that has no values: nothing can call them.
macro_rules! uninhabited {
    ($($name:ident(&$($mutable:ident)? $(, $argument:ty)*) $(-> $result:ty)?;)*) => {
        $(fn $name(&$($mutable)? self $(, _: $argument)*) $(-> $result)? {
            match *self {}
        })*
    };
}

impl Backend for Cuda {
    type Executable = Cuda;
    type Memory = Cuda;

    uninhabited! {
        layout(&) -> MemoryLayout;
        compile(&, &Program, Numbering) -> Result<Cuda, Error>;
        memory(&) -> Cuda;
    }
}

impl BackendExecutable for Cuda {
    type Memory = Cuda;

    uninhabited! {
        bytes(&) -> usize;
        compiled_for(&) -> String;
        runs_over(&, &Cuda) -> bool;
        run(&mut, &mut Cuda, &[Slot]) -> Result<(), Error>;
    }
}

impl BackendMemory for Cuda {
    uninhabited! {
        lies_on(&) -> String;
        reads_host(&) -> bool;
        allocate(&mut, usize) -> Result<Slot, Error>;
        share(&mut, &Tensor) -> Result<Slot, Error>;
        replace(&mut, Slot, &Tensor) -> Result<(), Error>;
        free(&mut, Slot);
        write(&mut, Slot, &[u8]) -> Result<(), Error>;
        read(&, Slot, usize, &mut [u8]) -> Result<(), Error>;
        wait(&) -> Result<(), Error>;
    }
}
