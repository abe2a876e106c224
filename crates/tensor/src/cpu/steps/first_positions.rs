//! Where indices stand first.

use crate::{
    cpu::context::{Build, Run, Scratch},
    program::FirstPositions,
};

/// A `FirstPositions` step: one pass that finds earlier equal indices in a table of hashes. There are as many
/// as rows are picked in a run, too few for threads.
#[derive(Debug)]
pub(in crate::cpu) struct FirstPositionsStep {
    step: FirstPositions,
    /// Places in the table, a power of two; at least half of them stay free.
    places: usize,
    table: *mut u32,
}

// SAFETY: the table is scratch that belongs to the executable, which runs one step at a time.
unsafe impl Send for FirstPositionsStep {}
// SAFETY: as above.
unsafe impl Sync for FirstPositionsStep {}

impl FirstPositionsStep {
    pub(in crate::cpu) fn new(step: &FirstPositions, build: &mut Build) -> FirstPositionsStep {
        let places = step.count.saturating_mul(2).checked_next_power_of_two().unwrap_or(usize::MAX);
        build.reserve_shared(places.saturating_mul(size_of::<u32>()));
        FirstPositionsStep { step: step.clone(), places, table: std::ptr::null_mut() }
    }

    pub(in crate::cpu) fn place(&mut self, place: &Scratch) {
        self.table = place.shared.cast();
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) {
        let FirstPositions { indices, count, output } = self.step;
        // SAFETY: the checked program has `count` indices there, and as many positions at the output, away
        // from them; the table has room for more positions than there are, so that every search ends.
        unsafe {
            let indices = run.buffers()[indices.buffer].add(indices.offset).cast::<u32>();
            let output = run.buffers()[output.buffer].add(output.offset).cast::<u32>();
            // 0 is a free place, and others hold a position and 1.
            self.table.write_bytes(0, self.places);
            for position in 0..count {
                let index = indices.add(position).read_unaligned();
                let mut at = hash(index) & (self.places - 1);
                let first = loop {
                    match self.table.add(at).read() as usize {
                        0 => {
                            self.table.add(at).write(position as u32 + 1);
                            break position;
                        }
                        taken if indices.add(taken - 1).read_unaligned() == index => break taken - 1,
                        _ => at = (at + 1) & (self.places - 1),
                    }
                };
                output.add(position).write_unaligned(first as u32);
            }
        }
    }
}

/// Spreads neighbours (Fibonacci hashing).
fn hash(index: u32) -> usize {
    let product = u64::from(index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (product >> 32) as usize
}
