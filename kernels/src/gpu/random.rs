//! Random numbers: one thread for each.

use super::{
    machine::Machine,
    sys::{self, Global},
};
use crate::{
    abi::{Distribution, layout::Random},
    rng::Stream,
};

/// # Safety
/// The block must be a [`Random`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn random(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; each thread writes its number.
    unsafe {
        let head: Random = machine.part(0);
        let i = sys::block().wrapping_mul(sys::threads()).wrapping_add(sys::thread());
        if i >= head.count {
            return;
        }
        let run = machine.address(head.counter).word();
        let stream = Stream::from_key(head.key);
        let number = match head.distribution {
            d if d == Distribution::Uniform as u32 => stream.uniform(run, i as u64),
            d if d == Distribution::Normal as u32 => stream.normal(run, i as u64),
            _ => stream.truncated_normal(run, i as u64),
        };
        machine.address(head.output).at(i as u64 * 4).set_word(number.to_bits());
    }
}
