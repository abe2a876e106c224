//! Sums of rows that are picked by number.

use super::{
    machine::Machine,
    sys::{self, Global},
};
use crate::abi::layout::ScatterAddRows;

/// Each thread adds up the elements that it owns, in the order of the updates: atomic additions would come in
/// any order.
///
/// # Safety
/// The block must be a [`ScatterAddRows`] that the host encoded for a checked program, whose row numbers were
/// checked.
#[inline(always)]
pub unsafe fn scatter_add_rows(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; no two threads own one element.
    unsafe {
        let head: ScatterAddRows = machine.part(0);
        let thread = sys::block().wrapping_mul(sys::threads()).wrapping_add(sys::thread());
        let (class, column) = head.width.split(thread);
        if class >= head.classes {
            return;
        }
        let width = head.width.divisor as u64;
        let of_row = |row: u32| (row as u64 * width + column as u64) * 4;
        let output = machine.address(head.output);
        let mut row = class;
        while row < head.rows {
            output.at(of_row(row)).set_word(0);
            row = row.wrapping_add(head.classes);
        }
        let (updates, numbers) = (machine.address(head.updates), machine.address(head.numbers));
        let mut position = 0;
        while position < head.count {
            let row = numbers.at(position as u64 * 4).word();
            if row & head.classes.wrapping_sub(1) == class {
                let sum = output.at(of_row(row));
                let update = f32::from_bits(updates.at(of_row(position)).word());
                sum.set_word((f32::from_bits(sum.word()) + update).to_bits());
            }
            position = position.wrapping_add(1);
        }
    }
}
