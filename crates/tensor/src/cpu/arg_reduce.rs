//! Positions of extrema.

use super::{
    executable::{Build, Run},
    nest::{Nest, permuted},
    parallel::{part, parts},
    transfer::load,
};
use crate::{
    DType,
    program::{ArgReduce, Operand},
};

/// An `ArgReduce` step.
#[derive(Debug)]
pub(super) struct ArgReduceStep {
    input: Operand,
    output: Operand,
    dims: Box<[usize]>,
    /// Strides of input and output over `dims`.
    strides: [Box<[usize]>; 2],
    length: usize,
    stride: usize,
    better: Better,
    outputs: usize,
    parts: usize,
}

#[derive(Clone, Copy, Debug)]
struct Better {
    float: bool,
    largest: bool,
}

/// Larger keys are better; equal keys tie.
impl Better {
    /// Orders words so that the extremum has the largest key: NaN first, zeros alike.
    #[inline(always)]
    fn key(self, word: u32) -> i64 {
        let ascending = if self.float {
            let x = f32::from_bits(word);
            if x.is_nan() {
                return i64::MAX;
            }
            let bits = (x + 0.0).to_bits() as i32;
            bits ^ ((bits >> 31) as u32 >> 1) as i32
        } else {
            word as i32
        } as i64;
        if self.largest { ascending } else { -ascending }
    }
}

impl ArgReduceStep {
    pub(super) fn new(step: &ArgReduce, build: &mut Build) -> ArgReduceStep {
        let loops = step.dims.len();
        let axes: Vec<usize> = (0..loops).collect();
        let input = permuted(&step.input.strides, &axes);
        let nest = Nest::new(&step.dims, [&input[..], &step.output.strides]);
        let outputs = nest.elements();
        let strides = [nest.strides[0][..].into(), nest.strides[1][..].into()];
        ArgReduceStep {
            input: step.input.operand,
            output: step.output.operand,
            dims: nest.dims.into(),
            strides,
            length: step.length,
            stride: step.input.strides[loops],
            better: Better { float: step.input.operand.dtype == DType::F32, largest: step.largest },
            outputs,
            parts: parts(build.threads, outputs.saturating_mul(step.length).saturating_mul(20)),
        }
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(super) unsafe fn run(&self, run: &Run) {
        run.each_part(self.parts, &|i| {
            for output in part(self.outputs, 1, self.parts, i) {
                let (mut rest, mut from, mut to) = (output, 0, 0);
                for (axis, &dim) in self.dims.iter().enumerate().rev() {
                    from += rest % dim * self.strides[0][axis];
                    to += rest % dim * self.strides[1][axis];
                    rest /= dim;
                }
                // SAFETY: the checked program visits these elements; parts split the outputs.
                unsafe {
                    let first = run.buffers()[self.input.buffer].add(self.input.offset + from * 4);
                    let best = self.best(first);
                    let to = run.buffers()[self.output.buffer].add(self.output.offset + to * 4);
                    to.cast::<i32>().write_unaligned(best as i32);
                }
            }
        });
    }

    /// # Safety
    /// The reduced elements must start at `first`.
    unsafe fn best(&self, first: *const u8) -> usize {
        let (mut best, mut best_key) = (0, i64::MIN);
        for i in 0..self.length {
            // SAFETY: the caller's promise.
            let key = self.better.key(unsafe { load(DType::I32, first.add(i * self.stride * 4)) });
            (best, best_key) = if key > best_key { (i, key) } else { (best, best_key) };
        }
        best
    }
}
