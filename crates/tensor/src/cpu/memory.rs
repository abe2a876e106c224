//! Device memory of the CPU: zeroed blocks aligned to a cache line, and host tensors lent to programs.

use super::bytes;
use crate::{Error, Slot, Tensor, binding::Bound, slots::Slots, tensor::Data};
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    ptr::NonNull,
};

/// Alignment of allocated blocks, in bytes: a cache line and the widest vector.
pub(crate) const ALIGNMENT: usize = 64;

/// A block of zeros on the heap.
#[derive(Debug)]
pub(crate) struct Block {
    /// The first aligned byte.
    start: NonNull<u8>,
    bytes: usize,
    /// What the allocator gave.
    allocation: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a block owns its bytes alone, like a `Vec<u8>`.
unsafe impl Send for Block {}
// SAFETY: a shared block hands out shared views and raw pointers alone; who writes through those must own the
// memory they came from.
unsafe impl Sync for Block {}

impl Block {
    /// `bytes` zeros; an error where the allocator has no such block.
    pub(crate) fn zeroed(bytes: usize) -> Result<Block, Error> {
        let out_of_memory = Error::OutOfMemory { bytes };
        // Aligned by hand: asked for a larger alignment, allocators write the zeros themselves, where they
        // otherwise hand out fresh pages that cost nothing until they are used.
        let layout = bytes
            .checked_add(ALIGNMENT)
            .and_then(|padded| Layout::from_size_align(padded, 1).ok())
            .ok_or(out_of_memory.clone())?;
        // SAFETY: the layout's size is at least `ALIGNMENT`.
        let allocation = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(out_of_memory)?;
        // SAFETY: less than `ALIGNMENT` bytes on.
        let start = unsafe { allocation.add(allocation.align_offset(ALIGNMENT)) };
        Ok(Block { start, bytes, allocation, layout })
    }

    pub(crate) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    pub(crate) fn bytes_reserved(&self) -> usize {
        self.bytes
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the block is that long and initialised; `&self` keeps writers away.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.bytes) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `&mut self` makes this the only view.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.bytes) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: allocated by `zeroed` with this very layout.
        unsafe { dealloc(self.allocation.as_ptr(), self.layout) }
    }
}

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

    pub(crate) fn allocate(&mut self, bytes: usize) -> Result<Slot, Error> {
        let block = Block::zeroed(bytes)?;
        Ok(self.slots.insert(Entry::Owned(block)))
    }

    pub(crate) fn share(&mut self, tensor: &Tensor) -> Result<Slot, Error> {
        Ok(self.slots.insert(Entry::Shared(tensor.data().clone())))
    }

    pub(crate) fn replace(&mut self, slot: Slot, tensor: &Tensor) -> Result<(), Error> {
        let data = tensor.data();
        if !matches!(self.slots.get(slot), Some(Entry::Shared(_))) {
            return Err(Error::Binding { slot: slot.0, found: 0, expected: bytes::of(data).len() });
        }
        self.slots.replace(slot, Entry::Shared(data.clone()));
        Ok(())
    }

    pub(crate) fn free(&mut self, slot: Slot) {
        self.slots.remove(slot);
    }

    pub(crate) fn write(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), Error> {
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

    pub(crate) fn read(&self, slot: Slot, offset: usize, target: &mut [u8]) -> Result<(), Error> {
        let all = match self.slots.get(slot) {
            Some(Entry::Owned(block)) => block.bytes(),
            Some(Entry::Shared(data)) => bytes::of(data),
            None => &[],
        };
        let expected = offset.saturating_add(target.len());
        let short = Error::Binding { slot: slot.0, found: all.len(), expected };
        target.copy_from_slice(all.get(offset..expected).ok_or(short)?);
        Ok(())
    }

    /// See [`Slots::stamp`].
    pub(crate) fn stamp(&self) -> u64 {
        self.slots.stamp()
    }

    /// Where a slot lies; nothing for a freed one. The pointer stays valid while [`Memory::stamp`] does not
    /// change, and may be written through only under `&mut Memory` and where it is writable.
    pub(crate) fn bind(&self, slot: Slot) -> Option<Bound<*mut u8>> {
        Some(match self.slots.get(slot)? {
            Entry::Owned(block) => Bound { address: block.start(), bytes: block.bytes, writable: true },
            Entry::Shared(data) => {
                let all = bytes::of(data);
                Bound { address: all.as_ptr().cast_mut(), bytes: all.len(), writable: false }
            }
        })
    }
}
