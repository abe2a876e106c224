//! Changes of the rows of a table that are picked by number.

use super::{
    machine::Machine,
    sys::{self, Global},
};
use crate::{
    abi::{Change, layout::UpdateRows},
    math,
};

/// Each thread changes the elements that it owns, in the order of the updates, of which several may have one
/// number.
///
/// # Safety
/// The block must be an [`UpdateRows`] that the host encoded for a checked program, whose row numbers were
/// checked.
#[inline(always)]
pub unsafe fn update_rows(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; no two threads own one element.
    unsafe {
        let head: UpdateRows = machine.part(0);
        let thread = sys::block().wrapping_mul(sys::threads()).wrapping_add(sys::thread());
        let (class, column) = head.width.split(thread);
        if class >= head.classes {
            return;
        }
        let width = head.width.divisor as u64;
        let (updates, numbers) = (machine.address(head.updates), machine.address(head.numbers));
        let output = machine.address(head.output);
        let mut position = 0;
        while position < head.count {
            let row = numbers.at(position as u64 * 4).word();
            if row & head.classes.wrapping_sub(1) == class {
                let element = output.at((row as u64 * head.pitch as u64 + column as u64) * 4);
                let update = updates.at((position as u64 * width + column as u64) * 4).word();
                let (old, by) = (f32::from_bits(element.word()), f32::from_bits(update));
                element.set_word(match head.change {
                    c if c == Change::Set as u32 => update,
                    c if c == Change::Add as u32 => (old + by).to_bits(),
                    c if c == Change::Sub as u32 => (old - by).to_bits(),
                    c if c == Change::Max as u32 => math::max(old, by).to_bits(),
                    _ => math::min(old, by).to_bits(),
                });
            }
            position = position.wrapping_add(1);
        }
    }
}
