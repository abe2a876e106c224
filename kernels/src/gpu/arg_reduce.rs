//! Positions of extrema. A key and a position order all elements, so that any order of comparisons finds the
//! same one.

use super::{
    machine::{Elements, Machine},
    sys::{self, Global},
};
use crate::{
    abi::{
        WARP,
        layout::{ArgReduce, Operand},
    },
    extremum,
};

/// An element and where it is.
#[derive(Clone, Copy)]
struct Found {
    key: i64,
    position: u32,
}

impl Found {
    #[inline(always)]
    fn better(self, other: Found) -> Found {
        let wins = (other.key > self.key) | ((other.key == self.key) & (other.position < self.position));
        if wins { other } else { self }
    }

    /// What the thread found whose number differs in the bits of `mask`.
    ///
    /// # Safety
    /// All threads of the warp must come here.
    #[inline(always)]
    unsafe fn of_neighbour(self, mask: u32) -> Found {
        // SAFETY: the caller's promise.
        unsafe {
            let low = sys::shuffle_xor(self.key as u32, mask);
            let high = sys::shuffle_xor((self.key >> 32) as u32, mask);
            Found { key: (high as i64) << 32 | low as i64, position: sys::shuffle_xor(self.position, mask) }
        }
    }
}

/// # Safety
/// The block must be an [`ArgReduce`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn arg_reduce(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; all threads take the same way, but for the number of elements that each
    // looks at.
    unsafe {
        let head: ArgReduce = machine.part(0);
        let thread = sys::block().wrapping_mul(sys::threads()).wrapping_add(sys::thread());
        let alone = head.lanes == 1;
        let (number, lane) = if alone { (thread, 0) } else { (thread / WARP, thread % WARP) };
        let live = number < head.outputs;
        let length = if live { head.length } else { 0 };

        let operand: Operand = machine.part(head.input);
        let [offset, ..] = machine.offsets(head.nest, head.input, [number; 4]);
        let start = machine.address(operand.place).at(offset << 2);
        let mut best = Found { key: i64::MIN, position: u32::MAX };
        let mut position = lane;
        while position < length {
            let word = start.at((position as u64 * head.stride as u64) << 2).word();
            let key = extremum::key(word, head.float != 0, head.largest != 0);
            best = best.better(Found { key, position });
            position += head.lanes;
        }
        if !alone {
            macro_rules! meet {
                ($($distance:literal)*) => { $( best = best.better(best.of_neighbour($distance)); )* };
            }
            meet!(16 8 4 2 1);
        }
        let elements = Elements { numbers: [number; 4], live: [live & (lane == 0), false, false, false] };
        machine.store(head.output, head.nest, elements, [best.position; 4]);
    }
}
