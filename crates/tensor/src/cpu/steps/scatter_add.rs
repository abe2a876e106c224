//! Sums of the rows that have one index.

use crate::{
    Error,
    cpu::{
        context::{Build, Run},
        map::instructions::LANES,
        simd::by_level,
        steps::row_indices::RowIndices,
        threads::chunks::{part, parts},
    },
    program::ScatterAddRows,
};
use std::ops::Range;

/// Columns that a part takes of each row at least: threads that write side by side then share few lines.
const WIDE: usize = 4 * LANES;

/// A `ScatterAddRows` step. Parts split the result: by columns where rows are wide, which gives all the same
/// to do, else by rows. Within a part the updates come in their order.
#[derive(Debug)]
pub(in crate::cpu) struct ScatterAddStep {
    step: ScatterAddRows,
    indices: RowIndices,
    by_columns: bool,
    parts: usize,
    add: unsafe fn(*const f32, *mut f32, usize),
}

by_level! {
    fn add(from: *const f32, to: *mut f32, n: usize) {
        for i in 0..n {
            // SAFETY: the caller gives n numbers each.
            unsafe { to.add(i).write(to.add(i).read() + from.add(i).read_unaligned()) };
        }
    }
}

impl ScatterAddStep {
    pub(in crate::cpu) fn new(
        step: &ScatterAddRows,
        number: usize,
        name: String,
        build: &Build,
    ) -> ScatterAddStep {
        let &ScatterAddRows { indices, count, rows, width, .. } = step;
        let cost = count.saturating_add(rows).saturating_mul(width.saturating_add(1));
        let parts = parts(build.threads, cost);
        let by_columns = width / WIDE >= parts;
        ScatterAddStep {
            step: step.clone(),
            indices: RowIndices { step: number, name, indices, count, rows },
            by_columns,
            parts: if by_columns { parts } else { parts.min(rows.max(1)) },
            add: add::at(build.level),
        }
    }

    /// The rows and the columns of a part.
    fn part(&self, i: usize) -> [Range<usize>; 2] {
        let ScatterAddRows { rows, width, .. } = self.step;
        if self.by_columns {
            [0..rows, part(width, LANES, self.parts, i)]
        } else {
            [part(rows, 1, self.parts, i), 0..width]
        }
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) -> Result<(), Error> {
        let ScatterAddRows { updates, count, width, output, .. } = self.step;
        // SAFETY: the caller's promise; all indices are looked at before any row is written.
        let index = unsafe { self.indices.checked(run)? };
        run.each_part(self.parts, &|i| {
            let [rows, columns] = self.part(i);
            let at = |row: usize| row * width + columns.start;
            // SAFETY: each part has its rows and columns of the output, which no input meets; every index is
            // a row of it. Written buffers are aligned blocks.
            unsafe {
                let sums = run.buffers()[output.buffer].add(output.offset).cast::<f32>();
                let updates = run.buffers()[updates.buffer].add(updates.offset).cast::<f32>();
                rows.clone().for_each(|row| sums.add(at(row)).write_bytes(0, columns.len()));
                for position in (0..count).filter(|&position| rows.contains(&index(position))) {
                    (self.add)(updates.add(at(position)), sums.add(at(index(position))), columns.len());
                }
            }
        });
        Ok(())
    }
}
