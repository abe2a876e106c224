//! An allocator that has no memory left when a test says so.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr,
};

/// The system's allocator, unless [`with_at_most`] is at work on the thread. A test takes it as its
/// `#[global_allocator]`.
pub struct Allocator;

thread_local! {
    /// The most bytes that this thread gets at once.
    static MOST: Cell<usize> = const { Cell::new(usize::MAX) };
}

// SAFETY: what is not refused goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > MOST.get() {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) }
    }
}

/// Calls `f` on this thread, with no more than `most` bytes at once.
pub fn with_at_most<T>(most: usize, f: impl FnOnce() -> T) -> T {
    MOST.set(most);
    let result = f();
    MOST.set(usize::MAX);
    result
}
