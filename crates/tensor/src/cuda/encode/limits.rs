//! What kernels can count.

use crate::{Error, Shape};
use minutia_kernels::abi::{MOST_ELEMENTS, MOST_LOOPS, SHARED};

/// Checks numbers of one step.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) step: usize,
}

impl Limits {
    /// The elements of a nest.
    pub(super) fn elements(self, dims: &[usize]) -> Result<u32, Error> {
        self.check("elements", Shape::from(dims).elements(), MOST_ELEMENTS as usize)
    }

    /// A number of something, or a distance, that a kernel multiplies into an address.
    pub(super) fn word(self, what: &'static str, number: usize) -> Result<u32, Error> {
        self.check(what, number, u32::MAX as usize)
    }

    /// A number that a kernel counts up to.
    pub(super) fn count(self, what: &'static str, number: usize) -> Result<u32, Error> {
        self.check(what, number, MOST_ELEMENTS as usize)
    }

    /// The loops of a nest.
    pub(super) fn loops(self, number: usize) -> Result<(), Error> {
        self.check("loops that cannot be merged", number, MOST_LOOPS).map(|_| ())
    }

    /// The shared memory of a block of threads.
    pub(super) fn shared(self, bytes: u32) -> Result<(), Error> {
        self.check("bytes of values at once in a warp", bytes as usize, SHARED as usize).map(|_| ())
    }

    fn check(self, what: &'static str, found: usize, most: usize) -> Result<u32, Error> {
        let number = u32::try_from(found).ok().filter(|_| found <= most);
        number.ok_or(Error::Capacity { step: self.step, what, found, most })
    }
}
