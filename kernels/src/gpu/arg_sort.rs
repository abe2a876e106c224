//! Positions in the order of elements.

use super::{
    machine::Machine,
    sys::{self, Global},
};
use crate::{
    abi::layout::{ArgSort, Operand},
    extremum,
};

/// Each thread counts the elements of its line that come before its own: so many places lie before its
/// position's.
///
/// # Safety
/// The block must be an [`ArgSort`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn arg_sort(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; no two elements of a line have one place.
    unsafe {
        let head: ArgSort = machine.part(0);
        let thread = sys::block().wrapping_mul(sys::threads()).wrapping_add(sys::thread());
        if thread >= head.elements {
            return;
        }
        let (line, position) = head.length.split(thread);
        let [from, ..] = machine.offsets(head.nest, head.input, [line; 4]);
        let [to, ..] = machine.offsets(head.nest, head.output, [line; 4]);
        let input = machine.address(machine.part::<Operand>(head.input).place).at(from << 2);
        let output = machine.address(machine.part::<Operand>(head.output).place).at(to << 2);
        let key = |place: u32| {
            let word = input.at((place as u64 * head.stride as u64) << 2).word();
            let key = extremum::key(word, head.float != 0, true);
            if head.descending != 0 { key.wrapping_neg() } else { key }
        };
        let own = key(position);
        let mut place = 0_u32;
        let mut other = 0_u32;
        while other < head.length.divisor {
            let key = key(other);
            let before = (key < own) | ((key == own) & (other < position));
            place = place.wrapping_add(before as u32);
            other = other.wrapping_add(1);
        }
        output.at((place as u64) << 2).set_word(position);
    }
}
