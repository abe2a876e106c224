//! What kernels found wrong. All programs that run over one memory share its record, so that whatever was
//! launched after a failed step does nothing, and the failure is told to whoever uses that memory, and to
//! nobody else.

use super::{Cuda, failure::nonsense, memory::DeviceBlock};
use crate::Error;
use minutia_kernels::abi::{NO_FAILURE, status};
use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// A check of row numbers, and what its failure means.
#[derive(Clone, Debug)]
pub(super) struct RowCheck {
    /// The step that makes it.
    pub(super) step: usize,
    /// What errors call it.
    pub(super) name: String,
    /// Rows of the table.
    pub(super) rows: usize,
}

/// The checks of all programs of a GPU, by tag.
#[derive(Debug, Default)]
pub(super) struct Checks(Mutex<Vec<RowCheck>>);

impl Checks {
    /// The tag of a new check. It stays when the program is dropped: the check may have failed already.
    pub(super) fn add(&self, check: RowCheck) -> u32 {
        let mut checks = self.all();
        checks.push(check);
        (checks.len() - 1) as u32
    }

    fn find(&self, tag: u32) -> Option<RowCheck> {
        self.all().get(tag as usize).cloned()
    }

    fn all(&self) -> MutexGuard<'_, Vec<RowCheck>> {
        // A push leaves nothing half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The record of a memory.
#[derive(Debug)]
pub(super) struct Record {
    cuda: Cuda,
    address: u64,
    words: Mutex<DeviceBlock>,
    /// Whether checks were launched since the record was looked at.
    pending: AtomicBool,
}

impl Record {
    pub(super) fn new(cuda: &Cuda) -> Result<Record, Error> {
        let words = DeviceBlock::of(cuda, &nothing())?;
        let address = words.address();
        Ok(Record { cuda: cuda.clone(), address, words: Mutex::new(words), pending: AtomicBool::new(false) })
    }

    /// Where it is on the GPU.
    pub(super) fn address(&self) -> u64 {
        self.address
    }

    /// Something that may fail was launched.
    pub(super) fn expect(&self) {
        self.pending.store(true, Ordering::Relaxed);
    }

    /// Waits for checks that were launched, and empties the record.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] for the first that failed, [`Error::Cuda`] when the record makes no sense.
    pub(super) fn take(&self) -> Result<(), Error> {
        if !self.pending.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = nothing();
        words.read(0, &mut bytes)?;
        self.pending.store(false, Ordering::Relaxed);
        let word = |i: u32| {
            let start = 4 * i as usize;
            u32::from_ne_bytes([bytes[start], bytes[start + 1], bytes[start + 2], bytes[start + 3]])
        };
        let tag = word(status::TAG);
        if tag == NO_FAILURE {
            return Ok(());
        }
        words.write(&nothing())?;
        let Some(RowCheck { step, name, rows }) = self.cuda.0.checks().find(tag) else {
            let found = format!("the tag {tag:#x}, which no check has");
            return Err(nonsense("reading the record of failed steps", found));
        };
        let (position, index) = (word(status::POSITION) as usize, word(status::INDEX) as i32);
        Err(Error::IndexOutOfRange { step, name, position, index, rows })
    }
}

/// A record of no failure.
fn nothing() -> [u8; 4 * status::WORDS as usize] {
    let mut bytes = [0; 4 * status::WORDS as usize];
    bytes.chunks_exact_mut(4).for_each(|word| word.copy_from_slice(&NO_FAILURE.to_ne_bytes()));
    bytes
}
