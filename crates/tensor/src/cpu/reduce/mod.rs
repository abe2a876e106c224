//! Reductions in the contract's order: rows one after the other where the reduced elements are neighbours,
//! strips of columns side by side where the results are.

mod columns;
mod kernels;
mod rows;

use crate::{
    DType, Shape,
    cpu::{
        calls::{Call, Calls, RowsCall},
        context::{Build, Run, Scratch},
        map::{Engine, Loops, Sink, Source, ThreadState, convert::copy_words, instructions::LANES},
        threads::chunks::{PerPart, part, parts},
    },
    program::{Access, Operand, Reduce},
};
use kernels::ReduceKernels;
use minutia_kernels::reduce::BLOCK;

/// A `Reduce` step.
#[derive(Debug)]
pub(super) struct ReduceStep {
    kernels: ReduceKernels,
    /// How many results there are.
    outputs: usize,
    /// How many elements make a result.
    length: usize,
    way: Way,
    prologue: Engine,
    epilogue: Engine,
    /// Where the results go if nothing is computed from them and they are neighbours there.
    direct: Option<Operand>,
    cost: usize,
    parts: usize,
    frames: PerPart<ThreadStates>,
}

/// How the nest is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// One row or several in a block of the prologue.
    ShortRows,
    /// Rows that are one block of the contract's order.
    Rows,
    /// Rows of many such blocks.
    LongRows,
    /// Strips of this many columns.
    Columns { width: usize },
}

#[derive(Debug)]
struct ThreadStates {
    prologue: ThreadState,
    epilogue: ThreadState,
    /// Where the first result goes, if directly.
    results: *mut u32,
    /// Results and accumulators.
    work: *mut u32,
}

/// Rows up to this length are evaluated several in a block.
const SHORT: usize = 64;
/// Results handed to the epilogue at once.
const RESULTS: usize = 256;

/// How often blocks of blocks are formed: 1 where one block holds all elements.
fn depth(length: usize) -> usize {
    std::iter::successors(Some(length), |&n| (n > BLOCK).then(|| n.div_ceil(BLOCK))).count()
}

impl ReduceStep {
    pub(super) fn new(step: &Reduce, build: &mut Build) -> ReduceStep {
        let outputs = Shape::from(&step.dims[..]).elements();
        let length = Shape::from(&step.reduced[..]).elements();
        let by_columns = columns::suits(step, outputs);
        let (first, second) = (step.dims.len(), step.reduced.len());
        let (dims, axes): (Vec<usize>, Vec<usize>) = if by_columns {
            ([&step.reduced[..], &step.dims].concat(), (first..first + second).chain(0..first).collect())
        } else {
            ([&step.dims[..], &step.reduced].concat(), (0..first + second).collect())
        };
        let inputs: Vec<Access> = step
            .inputs
            .iter()
            .map(|a| Access { operand: a.operand, strides: crate::nest::permuted(&a.strides, &axes) })
            .collect();
        // What is computed has room behind it anyway; what lies in memory would have to be copied.
        let padded = !by_columns && (length <= SHORT || !step.program.is_identity());
        let sources: Vec<_> = inputs.iter().map(Source::Access).collect();
        let sink = if padded { Sink::StreamedPadded } else { Sink::Streamed };
        let prologue = build.engine(Loops::in_order(&dims), &step.program, &sources, &[sink]);

        let mut sources = vec![Source::Streamed(DType::F32)];
        sources.extend(step.epilogue_inputs.iter().map(Source::Access));
        let sinks: Vec<_> = step.outputs.iter().map(Sink::Access).collect();
        let epilogue = build.engine(Loops::in_order(&step.dims), &step.epilogue, &sources, &sinks);

        let way = if by_columns {
            Way::Columns { width: outputs.min(prologue.block()).min(RESULTS) }
        } else if padded && prologue.holds(length) {
            Way::ShortRows
        } else if length <= BLOCK {
            Way::Rows
        } else {
            Way::LongRows
        };
        // Column sums read what a GEMM on another core just wrote: one extra unit for each element pays for
        // the cache miss.
        let far = usize::from(by_columns);
        let cost = outputs.saturating_mul(
            length.saturating_mul(prologue.cost() + 1 + far).saturating_add(epilogue.cost() + LANES),
        );
        let parts = parts(build.threads, cost).min(outputs.div_ceil(LANES).max(1));
        let work = match way {
            Way::Columns { width } => depth(length) * LANES * width,
            _ => RESULTS,
        };
        let engines = prologue.scratch().next_multiple_of(64) + epilogue.scratch().next_multiple_of(64);
        build.reserve(parts, engines + work * 4);
        let kernels = ReduceKernels::new(build.level, step.op, step.dtype);
        let direct = match &step.outputs[..] {
            [output]
                if step.epilogue.is_identity()
                    && step.epilogue_inputs.is_empty()
                    && output.operand.dtype.size() == 4
                    && output.strides == Shape::from(&step.dims[..]).strides() =>
            {
                Some(output.operand)
            }
            _ => None,
        };
        let frames = PerPart::new([]);
        ReduceStep { kernels, outputs, length, way, prologue, epilogue, direct, cost, parts, frames }
    }

    /// Roughly how long it takes, in units of an addition in the first-level cache; none where results are
    /// made side by side, and better not apart.
    pub(super) fn cost_by_rows(&self) -> Option<usize> {
        (!matches!(self.way, Way::Columns { .. })).then_some(self.cost)
    }

    pub(super) fn place(&mut self, place: &Scratch) {
        let frames = |i: usize| {
            let first = place.part(i);
            let second = first.wrapping_add(self.prologue.scratch().next_multiple_of(64));
            ThreadStates {
                prologue: self.prologue.frame(first, place.constants),
                epilogue: self.epilogue.frame(second, place.constants),
                results: std::ptr::null_mut(),
                work: second.wrapping_add(self.epilogue.scratch().next_multiple_of(64)).cast(),
            }
        };
        self.frames = PerPart::new((0..self.parts).map(frames));
    }

    /// Records the calls of [`ReduceStep::run`], if they stay the same.
    ///
    /// # Safety
    /// As for [`ReduceStep::run`].
    pub(super) unsafe fn record(&self, run: &Run, calls: &mut Calls) -> Option<()> {
        let (Way::ShortRows, Some(output), 1) = (self.way, self.direct, self.parts) else { return None };
        // SAFETY: the caller's promise.
        let values =
            unsafe { self.prologue.record(&mut self.frames.get(0).prologue, run, std::ptr::null(), calls)? };
        let results = run.buffers()[output.buffer].wrapping_add(output.offset).cast();
        let (length, rows) = (self.length, self.outputs);
        calls.push(Call::Rows(RowsCall { kernel: self.kernels.rows, values, length, rows, results }))
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(super) unsafe fn run(&self, run: &Run) {
        run.each_part(self.parts, &|i| {
            let range = part(self.outputs, LANES, self.parts, i);
            // SAFETY: each part has its frames and its range of outputs, which no input meets.
            unsafe {
                let frames = self.frames.get(i);
                self.prologue.begin(&mut frames.prologue, run);
                match self.direct {
                    Some(output) => {
                        frames.results = run.buffers()[output.buffer].wrapping_add(output.offset).cast();
                    }
                    None => self.epilogue.begin(&mut frames.epilogue, run),
                }
                match self.way {
                    Way::Columns { width } => self.run_columns(frames, range, width),
                    Way::ShortRows => self.run_short_rows(frames, range),
                    Way::Rows => self.run_rows(frames, range),
                    Way::LongRows => self.run_long_rows(frames, range),
                }
            }
        });
    }

    /// Hands results `start..start + n`, which lie at the start of `results`, to the epilogue.
    ///
    /// # Safety
    /// `n` results must lie there; the step must have results `start..start + n`, and `end` be prepared for
    /// them.
    #[inline]
    unsafe fn finish(&self, end: (&mut ThreadState, *mut u32), start: usize, n: usize, results: *const u32) {
        // SAFETY: the caller has n results there; the checked program has room for them.
        unsafe {
            if self.direct.is_some() {
                copy_words(results.cast(), end.1.add(start), n);
            } else {
                self.epilogue.run(end.0, start, start + n, results.cast(), |_, _, _| {});
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_blocks_of_blocks() {
        let rows = [(0, 1), (1, 1), (1024, 1), (1025, 2), (1024 * 1024, 2), (1024 * 1024 + 1, 3)];
        for (length, want) in rows {
            assert_eq!(depth(length), want, "{length} elements");
        }
    }
}
