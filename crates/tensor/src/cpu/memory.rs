//! Device memory of the CPU: zeroed blocks aligned to a cache line, and host tensors lent to programs.

use crate::{
    Error, Slot, Tensor, backend::BackendMemory, binding::Bound, bytes, cpu::block::Block, slots::Slots,
    tensor::Data,
};

#[derive(Debug)]
enum Entry {
    Owned(Block),
    Shared(Data),
}

/// Numbered buffers, owned or lent by the host.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    slots: Slots<Entry>,
    /// How often anything was written by the host or by a program.
    writes: u64,
}

impl Memory {
    /// How often anything was written: what a program does not write itself is the same while this does not
    /// change.
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    /// Counts a run of a program.
    pub(crate) fn touch(&mut self) -> u64 {
        self.writes += 1;
        self.writes
    }

    /// See [`Slots::stamp`].
    pub(crate) fn stamp(&self) -> u64 {
        self.slots.stamp()
    }

    /// So many bytes of a slot, from `offset` on.
    #[inline]
    pub(crate) fn view(&self, slot: Slot, offset: usize, bytes: usize) -> Result<&[u8], Error> {
        let all = match self.slots.get(slot) {
            Some(Entry::Owned(block)) => block.bytes(),
            Some(Entry::Shared(data)) => bytes::of(data),
            None => &[],
        };
        let expected = offset.saturating_add(bytes);
        all.get(offset..expected).ok_or(Error::Binding { slot: slot.0, found: all.len(), expected })
    }

    /// Where a slot lies; nothing for a freed one. The pointer stays valid while [`Memory::stamp`] does not
    /// change, and may be written through only under `&mut Memory` and where it is writable.
    pub(crate) fn bind(&self, slot: Slot) -> Option<Bound<*mut u8>> {
        Some(match self.slots.get(slot)? {
            Entry::Owned(block) => {
                Bound { address: block.start(), bytes: block.bytes_reserved(), writable: true }
            }
            Entry::Shared(data) => {
                let all = bytes::of(data);
                Bound { address: all.as_ptr().cast_mut(), bytes: all.len(), writable: false }
            }
        })
    }
}

impl BackendMemory for Memory {
    fn lies_on(&self) -> String {
        super::NAME.to_string()
    }

    fn reads_host(&self) -> bool {
        true
    }

    fn allocate(&mut self, bytes: usize) -> Result<Slot, Error> {
        let block = Block::zeroed(bytes)?;
        Ok(self.slots.insert(Entry::Owned(block)))
    }

    fn share(&mut self, tensor: &Tensor) -> Result<Slot, Error> {
        Ok(self.slots.insert(Entry::Shared(tensor.data().clone())))
    }

    fn replace(&mut self, slot: Slot, tensor: &Tensor) -> Result<(), Error> {
        let data = tensor.data();
        if !matches!(self.slots.get(slot), Some(Entry::Shared(_))) {
            return Err(Error::Binding { slot: slot.0, found: 0, expected: bytes::of(data).len() });
        }
        self.slots.replace(slot, Entry::Shared(data.clone()));
        Ok(())
    }

    fn free(&mut self, slot: Slot) {
        self.slots.remove(slot);
    }

    fn write(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), Error> {
        self.touch();
        let short = |found| Error::Binding { slot: slot.0, found, expected: bytes.len() };
        match self.slots.get_mut(slot) {
            Some(Entry::Owned(block)) => {
                let target = block.bytes_mut();
                let found = target.len();
                let target = target.get_mut(..bytes.len()).ok_or(short(found))?;
                target.copy_from_slice(bytes);
                Ok(())
            }
            Some(Entry::Shared(_)) => Err(Error::ReadOnly { slot: slot.0 }),
            None => Err(short(0)),
        }
    }

    fn read(&self, slot: Slot, offset: usize, target: &mut [u8]) -> Result<(), Error> {
        target.copy_from_slice(self.view(slot, offset, target.len())?);
        Ok(())
    }

    fn wait(&self) -> Result<(), Error> {
        // A run returns when it is done.
        Ok(())
    }
}
