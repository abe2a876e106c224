//! Running sums.

use super::{
    machine::Machine,
    sys::{self, Global},
};
use crate::abi::layout::{Operand, Scan};

/// Each thread goes along one line, in its order.
///
/// # Safety
/// The block must be a [`Scan`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn scan(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; no two threads have one line.
    unsafe {
        let head: Scan = machine.part(0);
        let line = sys::block().wrapping_mul(sys::threads()).wrapping_add(sys::thread());
        if line >= head.lines {
            return;
        }
        let [from, ..] = machine.offsets(head.nest, head.input, [line; 4]);
        let [to, ..] = machine.offsets(head.nest, head.output, [line; 4]);
        let input = machine.address(machine.part::<Operand>(head.input).place).at(from << 2);
        let output = machine.address(machine.part::<Operand>(head.output).place).at(to << 2);
        let mut sum = 0_u32;
        let mut step = 0_u32;
        while step < head.length {
            let back = head.length.wrapping_sub(1).wrapping_sub(step);
            let place = if head.reverse != 0 { back } else { step } as u64;
            let word = input.at((place * head.from as u64) << 2).word();
            let next = if head.float != 0 {
                (f32::from_bits(sum) + f32::from_bits(word)).to_bits()
            } else {
                sum.wrapping_add(word)
            };
            output.at((place * head.to as u64) << 2).set_word(if head.exclusive != 0 { sum } else { next });
            sum = next;
            step = step.wrapping_add(1);
        }
    }
}
