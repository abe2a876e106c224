//! Positions of extrema.

use crate::{
    DType,
    cpu::{
        context::{Build, Run},
        map::convert::load,
        threads::chunks::{part, parts},
    },
    nest::{Nest, permuted},
    program::{ArgReduce, Operand},
};
use minutia_kernels::extremum::key;

/// An `ArgReduce` step.
#[derive(Debug)]
pub(in crate::cpu) struct ArgReduceStep {
    input: Operand,
    output: Operand,
    dims: Box<[usize]>,
    /// Strides of input and output over `dims`.
    strides: [Box<[usize]>; 2],
    length: usize,
    stride: usize,
    float: bool,
    largest: bool,
    outputs: usize,
    cost: usize,
    parts: usize,
}

impl ArgReduceStep {
    pub(in crate::cpu) fn new(step: &ArgReduce, build: &mut Build) -> ArgReduceStep {
        let loops = step.dims.len();
        let axes: Vec<usize> = (0..loops).collect();
        let input = permuted(&step.input.strides, &axes);
        let nest = Nest::new(&step.dims, [&input[..], &step.output.strides]);
        let outputs = nest.elements();
        let cost = outputs.saturating_mul(step.length).saturating_mul(20);
        let strides = [nest.strides[0][..].into(), nest.strides[1][..].into()];
        ArgReduceStep {
            input: step.input.operand,
            output: step.output.operand,
            dims: nest.dims.into(),
            strides,
            length: step.length,
            stride: step.input.strides[loops],
            float: step.input.operand.dtype == DType::F32,
            largest: step.largest,
            outputs,
            cost,
            parts: parts(build.threads, cost),
        }
    }

    /// Roughly how long it takes, in units of an addition in the first-level cache.
    pub(in crate::cpu) fn cost(&self) -> usize {
        self.cost
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) {
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
            let word = unsafe { load(DType::I32, first.add(i * self.stride * 4)) };
            let key = key(word, self.float, self.largest);
            (best, best_key) = if key > best_key { (i, key) } else { (best, best_key) };
        }
        best
    }
}
