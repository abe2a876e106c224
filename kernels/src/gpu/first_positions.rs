//! Where numbers stand first.

use super::{
    machine::Machine,
    sys::{self, Global},
};
use crate::abi::layout::FirstPositions;

/// Each thread looks for one number from the beginning, which takes no memory and no order of threads.
///
/// # Safety
/// The block must be a [`FirstPositions`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn first_positions(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; each thread writes its position.
    unsafe {
        let head: FirstPositions = machine.part(0);
        let own = sys::block().wrapping_mul(sys::threads()).wrapping_add(sys::thread());
        if own >= head.count {
            return;
        }
        let numbers = machine.address(head.numbers);
        let number = numbers.at(own as u64 * 4).word();
        let mut first = 0;
        while first < own && numbers.at(first as u64 * 4).word() != number {
            first = first.wrapping_add(1);
        }
        machine.address(head.output).at(own as u64 * 4).set_word(first);
    }
}
