//! Elementwise programs.

use super::{
    machine::{Elements, Machine, each},
    sys::{self, Global},
};
use crate::abi::{GROUP, layout::Map};

/// # Safety
/// The block must be a [`Map`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn map(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise.
    unsafe {
        let head: Map = machine.part(0);
        // Neighbouring threads take neighbouring elements, so that each load is of neighbouring bytes.
        let first = sys::block().wrapping_mul(sys::threads().wrapping_mul(GROUP)).wrapping_add(sys::thread());
        let numbers = each(|i| first.wrapping_add(sys::threads().wrapping_mul(i as u32)));
        let live = each(|i| numbers[i] < head.elements);
        machine.run(head.code, head.nest, Elements { numbers, live });
    }
}
