//! Blocks of the heap, aligned to cache lines.

use crate::{Error, layout::CACHE_LINE};
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    ptr::NonNull,
};

/// Alignment of allocated blocks, in bytes.
pub(crate) const ALIGNMENT: usize = CACHE_LINE;

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

    pub(in crate::cpu) fn bytes(&self) -> &[u8] {
        // SAFETY: the block is that long and initialised; `&self` keeps writers away.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.bytes) }
    }

    pub(in crate::cpu) fn bytes_mut(&mut self) -> &mut [u8] {
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
