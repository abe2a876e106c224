//! The check of row numbers, after which [`Machine`](super::machine::Machine) loads rows without a look at
//! them.

use super::{
    machine::Machine,
    sys::{self, Global},
};
use crate::abi::{WARP, layout::CheckRows, status};

/// One block looks at all numbers, so that the lowest bad position is found whatever the order of threads.
///
/// # Safety
/// The block must be a [`CheckRows`] that the host encoded for a checked program, and the launch be of one
/// block with a word of shared memory for each warp.
#[inline(always)]
pub unsafe fn check_rows(block: Global, buffers: Global, failure: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; all threads come to the shuffles and the barrier.
    unsafe {
        let head: CheckRows = machine.part(0);
        let numbers = machine.address(head.numbers);
        let thread = sys::thread();
        let mut bad = u32::MAX;
        let mut position = thread;
        while position < head.count {
            // As an unsigned number a negative one is beyond the last row.
            let beyond = numbers.at(position as u64 * 4).word() >= head.rows;
            bad = if beyond { bad.min(position) } else { bad };
            position += sys::threads();
        }
        macro_rules! meet {
            ($($distance:literal)*) => { $( bad = bad.min(sys::shuffle_xor(bad, $distance)); )* };
        }
        meet!(16 8 4 2 1);
        let of_warp = |warp: u32| sys::shared().at(warp * 4);
        if thread % WARP == 0 {
            of_warp(thread / WARP).set_word(bad);
        }
        sys::barrier();
        if thread == 0 {
            for warp in 1..sys::threads() / WARP {
                bad = bad.min(of_warp(warp).word());
            }
            if bad != u32::MAX {
                failure.at(status::INDEX as u64 * 4).set_word(numbers.at(bad as u64 * 4).word());
                failure.at(status::POSITION as u64 * 4).set_word(bad);
                failure.at(status::TAG as u64 * 4).set_word(head.tag);
            }
        }
    }
}
