//! Rows of a table picked by index, with a map over them.

use crate::{
    Error,
    cpu::{
        context::{Build, Run, Scratch},
        gemm::sparse::gathered::GatheredRows,
        map::{Engine, Loops, Sink, Source, ThreadState},
        simd::prefetch,
        steps::row_indices::RowIndices,
        threads::chunks::{PerPart, part, parts},
    },
    program::{Access, GatherRows},
};

/// Rows are asked for so many rows before they are read: they lie anywhere in the table, and far from any
/// cache.
const AHEAD: usize = 4;

/// Bytes of rows that are brought together for one call of the map: it takes longer to call than for a few
/// elements.
const SOME: usize = 256;

/// A `GatherRows` step.
#[derive(Debug)]
pub(in crate::cpu) struct GatherStep {
    step: GatherRows,
    indices: RowIndices,
    engine: Engine,
    parts: usize,
    frames: PerPart<ThreadState>,
    /// If products read the rows where they lie.
    picked: Option<GatheredRows>,
}

impl GatherStep {
    pub(in crate::cpu) fn new(
        step: &GatherRows,
        number: usize,
        name: String,
        picked: Option<GatheredRows>,
        build: &mut Build,
    ) -> GatherStep {
        let output = Access { operand: step.output, strides: vec![step.width, 1] };
        let dims = [step.count, step.width];
        let (sources, sinks) = ([Source::Streamed(step.table.dtype)], [Sink::Access(&output)]);
        let engine = build.engine(Loops::in_order(&dims), &step.program, &sources, &sinks);
        let parts =
            parts(build.threads, engine.elements().saturating_mul(engine.cost())).min(step.count.max(1));
        build.reserve(parts, engine.scratch());
        let &GatherRows { indices, count, rows, .. } = step;
        let indices = RowIndices { step: number, name, indices, count, rows };
        GatherStep { step: step.clone(), indices, engine, parts, frames: PerPart::new([]), picked }
    }

    pub(in crate::cpu) fn place(&mut self, place: &Scratch) {
        self.frames =
            PerPart::new((0..self.parts).map(|i| self.engine.frame(place.part(i), place.constants)));
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) -> Result<(), Error> {
        let GatherRows { table, width, count, .. } = self.step;
        if count == 0 {
            return Ok(());
        }
        // SAFETY: the caller's promise; all rows are looked at before any is written.
        let index = unsafe { self.indices.checked(run)? };
        // SAFETY: all rows are in the table.
        if self.picked.as_ref().is_some_and(|picked| unsafe { picked.leave_out(run) }) {
            return Ok(());
        }
        let bytes = width * table.dtype.size();
        let row = |position: usize| {
            run.buffers()[table.buffer].wrapping_add(table.offset + index(position) * bytes)
        };
        run.each_part(self.parts, &|i| {
            // SAFETY: each part has its frame and its rows of the output, which no input meets; every index
            // is a row of the table.
            unsafe {
                let positions = part(count, 1, self.parts, i);
                positions.clone().take(AHEAD).for_each(|position| prefetch(row(position), bytes));
                let ahead = |position: usize| {
                    if position + AHEAD < positions.end {
                        prefetch(row(position + AHEAD), bytes);
                    }
                };
                let frame = self.frames.get(i);
                self.engine.begin(frame, run);
                let mut some = [0_u8; SOME];
                let at_once = (SOME / bytes.max(1)).max(1);
                for start in positions.clone().step_by(at_once) {
                    let end = positions.end.min(start + at_once);
                    for position in start..end {
                        ahead(position);
                        if at_once > 1 {
                            let to = some.as_mut_ptr().add((position - start) * bytes);
                            to.copy_from_nonoverlapping(row(position), bytes);
                        }
                    }
                    let given = if at_once > 1 { some.as_ptr() } else { row(start) };
                    self.engine.run(frame, start * width, end * width, given, |_, _, _| {});
                }
            }
        });
        Ok(())
    }
}
