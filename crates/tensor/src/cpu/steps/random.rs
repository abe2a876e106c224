//! Random numbers: any part of a stream can be drawn by itself.

use crate::{
    cpu::{
        context::{Build, Run},
        map::instructions::LANES,
        simd::{Level, by_level},
        threads::chunks::{part, parts},
    },
    program::{Distribution, Random},
};
use minutia_kernels::rng::Stream;

/// A `Random` step.
#[derive(Debug)]
pub(in crate::cpu) struct RandomStep {
    step: Random,
    draw: Draw,
    parts: usize,
}

/// `(stream, run, first, n, to)`: elements `first..first + n` of a run.
type Draw = unsafe fn(Stream, u32, usize, usize, *mut f32);

macro_rules! draws {
    ($($name:ident)*) => { $(
        by_level! {
            fn $name(stream: Stream, run: u32, first: usize, n: usize, to: *mut f32) {
                let stream = stream.with::<F>();
                for i in 0..n {
                    // SAFETY: the caller has room for n numbers.
                    unsafe { to.add(i).write(stream.$name(run, (first + i) as u64)) };
                }
            }
        }
    )* };
}

draws! { uniform normal truncated_normal }

impl RandomStep {
    pub(in crate::cpu) fn new(step: &Random, build: &mut Build) -> RandomStep {
        let draw = draw(build.level, step.distribution);
        RandomStep { step: step.clone(), draw, parts: parts(build.threads, step.count.saturating_mul(200)) }
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) {
        let Random { counter, output, count, key, .. } = self.step;
        // SAFETY: the checked program has one aligned i32 there, and `count` aligned floats at the output,
        // away from it; written buffers are aligned blocks. Parts split the output.
        unsafe {
            let counter = run.buffers()[counter.buffer].add(counter.offset).cast::<u32>();
            let turn = counter.read();
            run.each_part(self.parts, &|i| {
                let range = part(count, LANES, self.parts, i);
                let to = run.buffers()[output.buffer].add(output.offset).cast::<f32>().add(range.start);
                (self.draw)(Stream::from_key(key), turn, range.start, range.len(), to);
            });
            counter.write(turn.wrapping_add(1));
        }
    }
}

fn draw(level: Level, distribution: Distribution) -> Draw {
    match distribution {
        Distribution::Uniform => uniform::at(level),
        Distribution::Normal => normal::at(level),
        Distribution::TruncatedNormal => truncated_normal::at(level),
    }
}
