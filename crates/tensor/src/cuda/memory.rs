//! Memory of a GPU: zeroed blocks, and copies of host tensors.

use super::{Cuda, context::Context, record::Record};
use crate::{Error, Slot, Tensor, backend::BackendMemory, binding::Bound, slots::Slots};
use cust::memory::DeviceBuffer;
use std::sync::Arc;

/// A block of device memory, which goes back to the cache of its GPU.
#[derive(Debug)]
pub(super) struct DeviceBlock {
    /// Nothing only while it is dropped.
    memory: Option<DeviceBuffer<u8>>,
    bytes: usize,
    context: Arc<Context>,
}

impl DeviceBlock {
    fn reserve(cuda: &Cuda, bytes: usize) -> Result<DeviceBlock, Error> {
        // The driver knows no blocks of no bytes.
        let memory = cuda.0.enter()?.allocate(bytes.max(1)).map_err(|error| match error {
            Error::OutOfMemory { .. } => Error::OutOfMemory { bytes },
            other => other,
        })?;
        Ok(DeviceBlock { memory: Some(memory), bytes, context: Arc::clone(&cuda.0) })
    }

    /// `bytes` zeros.
    pub(super) fn zeroed(cuda: &Cuda, bytes: usize) -> Result<DeviceBlock, Error> {
        let block = DeviceBlock::reserve(cuda, bytes)?;
        // SAFETY: the block has so many bytes.
        unsafe { cuda.0.enter()?.clear(block.address(), bytes) }?;
        Ok(block)
    }

    /// A copy of bytes.
    pub(super) fn of(cuda: &Cuda, bytes: &[u8]) -> Result<DeviceBlock, Error> {
        let mut block = DeviceBlock::reserve(cuda, bytes.len())?;
        block.write(bytes)?;
        Ok(block)
    }

    /// Where it starts on the GPU, at a multiple of 256.
    pub(super) fn address(&self) -> u64 {
        self.memory.as_ref().map_or(0, |memory| memory.as_device_ptr().as_raw())
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Overwrites the start, after all that was launched before. Panics when the block is shorter.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        assert!(bytes.len() <= self.bytes, "{} bytes into a block of {}", bytes.len(), self.bytes);
        // SAFETY: the block has as many bytes.
        unsafe { self.context.enter()?.upload(self.address(), bytes) }
    }

    /// Reads what is there from `offset` bytes on, after all that was launched before. Panics when the block
    /// ends before.
    pub(super) fn read(&self, offset: usize, target: &mut [u8]) -> Result<(), Error> {
        let end = offset.checked_add(target.len());
        assert!(
            end.is_some_and(|end| end <= self.bytes),
            "{} bytes at {offset} of {}",
            target.len(),
            self.bytes
        );
        // SAFETY: the block has as many bytes from there on.
        unsafe { self.context.enter()?.download(self.address() + offset as u64, target) }
    }
}

impl Drop for DeviceBlock {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            // Whatever still reads it was launched before anything that the next owner launches.
            self.context.recycle(memory);
        }
    }
}

#[derive(Debug)]
struct Entry {
    block: DeviceBlock,
    /// Whether it is the copy of a host tensor, which is written in whole or not at all.
    shared: bool,
}

/// Numbered buffers of one GPU.
#[derive(Debug)]
pub(crate) struct Memory {
    cuda: Cuda,
    slots: Slots<Entry>,
    /// Nothing before a program runs.
    record: Option<Record>,
}

impl Memory {
    pub(super) fn new(cuda: &Cuda) -> Memory {
        Memory { cuda: cuda.clone(), slots: Slots::default(), record: None }
    }

    /// The GPU.
    pub(super) fn cuda(&self) -> &Cuda {
        &self.cuda
    }

    /// Tells what was found wrong, if anything may have been.
    fn check(&self) -> Result<(), Error> {
        self.record.as_ref().map_or(Ok(()), Record::take)
    }

    /// Where programs record what they find wrong.
    pub(super) fn record(&mut self) -> Result<&Record, Error> {
        Ok(match &mut self.record {
            Some(record) => record,
            none => none.insert(Record::new(&self.cuda)?),
        })
    }

    /// See [`Slots::stamp`].
    pub(super) fn stamp(&self) -> u64 {
        self.slots.stamp()
    }

    /// Where a slot lies; nothing for a freed one. The address stays valid while [`Memory::stamp`] does not
    /// change.
    pub(super) fn bind(&self, slot: Slot) -> Option<Bound<u64>> {
        self.slots.get(slot).map(|Entry { block, shared }| Bound {
            address: block.address(),
            bytes: block.bytes(),
            writable: !shared,
        })
    }
}

impl BackendMemory for Memory {
    fn lies_on(&self) -> String {
        self.cuda.to_string()
    }

    fn reads_host(&self) -> bool {
        false
    }

    fn allocate(&mut self, bytes: usize) -> Result<Slot, Error> {
        let block = DeviceBlock::zeroed(&self.cuda, bytes)?;
        Ok(self.slots.insert(Entry { block, shared: false }))
    }

    fn share(&mut self, tensor: &Tensor) -> Result<Slot, Error> {
        let block = DeviceBlock::of(&self.cuda, tensor.as_bytes())?;
        Ok(self.slots.insert(Entry { block, shared: true }))
    }

    /// A tensor as long as the one before goes to the same place.
    fn replace(&mut self, slot: Slot, tensor: &Tensor) -> Result<(), Error> {
        self.check()?;
        let bytes = tensor.as_bytes();
        match self.slots.get_mut(slot) {
            Some(Entry { block, shared: true }) if block.bytes() == bytes.len() => block.write(bytes),
            Some(Entry { shared: true, .. }) => {
                let block = DeviceBlock::of(&self.cuda, bytes)?;
                self.slots.replace(slot, Entry { block, shared: true });
                Ok(())
            }
            _ => Err(Error::Binding { slot: slot.0, found: 0, expected: bytes.len() }),
        }
    }

    fn free(&mut self, slot: Slot) {
        self.slots.remove(slot);
    }

    fn write(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), Error> {
        self.check()?;
        let entry = self.slots.get_mut(slot);
        let found = entry.as_ref().map_or(0, |entry| entry.block.bytes());
        match entry {
            Some(Entry { shared: true, .. }) => Err(Error::ReadOnly { slot: slot.0 }),
            Some(Entry { block, .. }) if bytes.len() <= found => block.write(bytes),
            _ => Err(Error::Binding { slot: slot.0, found, expected: bytes.len() }),
        }
    }

    fn read(&self, slot: Slot, offset: usize, target: &mut [u8]) -> Result<(), Error> {
        self.check()?;
        let expected = offset.saturating_add(target.len());
        match self.slots.get(slot) {
            Some(Entry { block, .. }) if expected <= block.bytes() => block.read(offset, target),
            // Of nothing, nothing can be read.
            None if expected == 0 => Ok(()),
            entry => {
                let found = entry.map_or(0, |entry| entry.block.bytes());
                Err(Error::Binding { slot: slot.0, found, expected })
            }
        }
    }

    fn wait(&self) -> Result<(), Error> {
        self.cuda.0.enter()?.synchronize()?;
        self.check()
    }
}
