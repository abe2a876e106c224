//! What kernels found wrong. All programs of a GPU share one record, so that whatever was launched after a failed step
//! does nothing, whichever program it belongs to.

use super::failure::failed;
use crate::Error;
use cust::memory::{CopyDestination, DeviceBuffer};
use minutia_kernels::abi::{NO_FAILURE, status};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The record of a GPU.
#[derive(Debug)]
pub(super) struct Record {
    address: u64,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    words: DeviceBuffer<u32>,
    /// By tag. A program that is dropped leaves its checks here: one of them may have failed already.
    checks: Vec<RowCheck>,
}

/// A check of row numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowCheck {
    /// The step that makes it.
    pub(super) step: usize,
    /// Rows of the table.
    pub(super) rows: usize,
}

const NOTHING: [u32; status::WORDS as usize] = [NO_FAILURE; status::WORDS as usize];

impl Record {
    /// An empty record in the current context.
    pub(super) fn new() -> Result<Record, Error> {
        let words = DeviceBuffer::from_slice(&NOTHING)
            .map_err(|error| failed("reserving the record of failed steps", None, error))?;
        let address = words.as_device_ptr().as_raw();
        Ok(Record { address, kept: Mutex::new(Kept { words, checks: Vec::new() }) })
    }

    /// Where it is on the GPU.
    pub(super) fn address(&self) -> u64 {
        self.address
    }

    /// The tag for a check.
    pub(super) fn register(&self, check: RowCheck) -> u32 {
        let mut kept = self.kept();
        kept.checks.push(check);
        (kept.checks.len() - 1) as u32
    }

    /// Reads the record and empties it. No kernel may be running.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] for the check that failed, [`Error::Cuda`] when the record cannot be read.
    pub(super) fn take(&self) -> Result<(), Error> {
        let refused = |error| failed("reading the record of failed steps", None, error);
        let mut kept = self.kept();
        let mut words = NOTHING;
        kept.words.copy_to(&mut words).map_err(refused)?;
        let [tag, position, index] =
            [status::TAG, status::POSITION, status::INDEX].map(|i| words[i as usize]);
        if tag == NO_FAILURE {
            return Ok(());
        }
        kept.words.copy_from(&NOTHING).map_err(refused)?;
        let RowCheck { step, rows } = kept.checks[tag as usize];
        Err(Error::IndexOutOfRange { step, position: position as usize, index: index as i32, rows })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing that is kept can be left half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
