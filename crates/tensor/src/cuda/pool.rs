//! A cache of device memory: asking the driver for some, or giving it back, waits for all that the GPU is
//! doing.

use super::failure::failed;
use crate::Error;
use cust::{error::CudaError, memory::DeviceBuffer};
use std::collections::BTreeMap;

/// Blocks that are not in use, by their size.
///
/// A block is used again for requests of exactly its size: those of a static graph repeat themselves, and no
/// block is longer than what was asked for, so that whatever watches over memory sees every access beyond it.
#[derive(Debug, Default)]
pub(super) struct MemoryPool {
    free: BTreeMap<usize, Vec<DeviceBuffer<u8>>>,
}

impl MemoryPool {
    /// A block of so many bytes, at least one, with undefined contents. If the driver has none, `settle` is
    /// called to wait for whatever uses the cached ones, which are then given up.
    pub(super) fn take(
        &mut self,
        bytes: usize,
        settle: impl FnOnce() -> Result<(), Error>,
    ) -> Result<DeviceBuffer<u8>, Error> {
        if let Some(block) = self.free.get_mut(&bytes).and_then(Vec::pop) {
            return Ok(block);
        }
        // SAFETY: the contents are not read before they are written.
        let allocate = || unsafe { DeviceBuffer::uninitialized(bytes) };
        let result = match allocate() {
            Err(CudaError::OutOfMemory) if !self.free.is_empty() => {
                settle()?;
                self.free.clear();
                allocate()
            }
            other => other,
        };
        result.map_err(|error| match error {
            CudaError::OutOfMemory | CudaError::InvalidMemoryAllocation => Error::OutOfMemory { bytes },
            other => failed(format!("allocating {bytes} bytes"), None, other),
        })
    }

    /// Keeps a block for the next request of its size.
    pub(super) fn give(&mut self, block: DeviceBuffer<u8>) {
        self.free.entry(block.len()).or_default().push(block);
    }
}
