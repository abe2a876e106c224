//! Running sums.

use crate::{
    DType,
    cpu::{
        context::{Build, Run},
        steps::lines::Lines,
    },
    program::Scan,
};

/// A `Scan` step.
#[derive(Debug)]
pub(in crate::cpu) struct ScanStep {
    lines: Lines,
    float: bool,
    reverse: bool,
    exclusive: bool,
}

impl ScanStep {
    pub(in crate::cpu) fn new(step: &Scan, build: &Build) -> ScanStep {
        let lines = Lines::new(&step.dims, step.length, [&step.input, &step.output], 4, build);
        let float = step.input.operand.dtype == DType::F32;
        ScanStep { lines, float, reverse: step.reverse, exclusive: step.exclusive }
    }

    /// Roughly how long it takes, in units of an addition in the first-level cache.
    pub(in crate::cpu) fn cost(&self) -> usize {
        self.lines.cost
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) {
        let add: fn(u32, u32) -> u32 = if self.float {
            |sum, x| (f32::from_bits(sum) + f32::from_bits(x)).to_bits()
        } else {
            u32::wrapping_add
        };
        let (length, [from_stride, to_stride]) = (self.lines.length, self.lines.along);
        // SAFETY: the caller's promise; lines are inside their buffers, and parts have lines of their own.
        unsafe {
            self.lines.each(run, &|from, to| {
                let mut sum = 0;
                for step in 0..length {
                    let i = if self.reverse { length - 1 - step } else { step };
                    let next = add(sum, from.add(i * from_stride * 4).cast::<u32>().read_unaligned());
                    let result = if self.exclusive { sum } else { next };
                    to.add(i * to_stride * 4).cast::<u32>().write_unaligned(result);
                    sum = next;
                }
            });
        }
    }
}
