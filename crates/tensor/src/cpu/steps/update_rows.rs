//! A table with some rows changed.

use crate::{
    Error,
    cpu::{
        context::{Build, Run},
        map::instructions::LANES,
        simd::by_level,
        steps::row_indices::RowIndices,
        threads::chunks::{part, parts},
    },
    program::{Change, Operand, UpdateRows},
};
use minutia_kernels::math;
use std::ops::Range;

/// Columns that a part takes of each row at least: threads that write side by side then share few lines.
const WIDE: usize = 4 * LANES;

/// An `UpdateRows` step. Parts split the table: by columns where rows are wide, which gives all the same to
/// do, else by rows. Within a part the updates come in their order.
#[derive(Debug)]
pub(in crate::cpu) struct UpdateRowsStep {
    step: UpdateRows,
    indices: RowIndices,
    by_columns: bool,
    parts: usize,
    change: unsafe fn(*const f32, *mut f32, usize),
}

by_level! {
    fn set(from: *const f32, to: *mut f32, n: usize) {
        // SAFETY: the caller gives n numbers each, which do not overlap. Those of the host may lie anywhere.
        unsafe { to.cast::<u8>().copy_from_nonoverlapping(from.cast(), n * size_of::<f32>()) };
    }
}

/// Routines that replace each number by one that is made of it and of an update.
macro_rules! changes {
    ($($name:ident: $change:expr;)*) => { $(
        by_level! {
            fn $name(from: *const f32, to: *mut f32, n: usize) {
                let change: fn(f32, f32) -> f32 = $change;
                for i in 0..n {
                    // SAFETY: the caller gives n numbers each.
                    unsafe { to.add(i).write(change(to.add(i).read(), from.add(i).read_unaligned())) };
                }
            }
        }
    )* };
}

changes! {
    add: |old, by| old + by;
    sub: |old, by| old - by;
    max: math::max;
    min: math::min;
}

impl UpdateRowsStep {
    pub(in crate::cpu) fn new(
        step: &UpdateRows,
        number: usize,
        name: String,
        build: &Build,
    ) -> UpdateRowsStep {
        let &UpdateRows { indices, count, rows, width, .. } = step;
        let copied = if step.base == step.output { 0 } else { rows };
        let parts =
            parts(build.threads, count.saturating_add(copied).saturating_mul(width.saturating_add(1)));
        let by_columns = width / WIDE >= parts;
        UpdateRowsStep {
            step: step.clone(),
            indices: RowIndices { step: number, name, indices, count, rows },
            by_columns,
            parts: if by_columns { parts } else { parts.min(rows.max(1)) },
            change: match step.change {
                Change::Set => set::at(build.level),
                Change::Add => add::at(build.level),
                Change::Sub => sub::at(build.level),
                Change::Max => max::at(build.level),
                Change::Min => min::at(build.level),
            },
        }
    }

    /// The rows and the columns of a part.
    fn part(&self, i: usize) -> [Range<usize>; 2] {
        let UpdateRows { rows, width, .. } = self.step;
        if self.by_columns {
            [0..rows, part(width, LANES, self.parts, i)]
        } else {
            [part(rows, 1, self.parts, i), 0..width]
        }
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) -> Result<(), Error> {
        let UpdateRows { base, updates, count, width, output, .. } = &self.step;
        let (in_place, pitches) = (base == output, [base.strides[0], output.strides[0]]);
        // SAFETY: the caller's promise; all indices are looked at before any row is written.
        let index = unsafe { self.indices.checked(run)? };
        run.each_part(self.parts, &|i| {
            let [rows, columns] = self.part(i);
            if columns.is_empty() {
                return;
            }
            // SAFETY: each part has its rows and columns of the output, which no input but the same access of
            // the base meets; every index is a row of it. Written buffers are aligned blocks.
            unsafe {
                let start = |operand: Operand| {
                    run.buffers()[operand.buffer].add(operand.offset).cast::<f32>().add(columns.start)
                };
                let (base, table) = (start(base.operand).cast_const(), start(output.operand));
                let updates = start(*updates).cast_const();
                if !in_place {
                    for row in rows.clone() {
                        let from = base.add(row * pitches[0]).cast::<u8>();
                        let to = table.add(row * pitches[1]).cast::<u8>();
                        to.copy_from_nonoverlapping(from, columns.len() * size_of::<f32>());
                    }
                }
                for position in (0..*count).filter(|&position| rows.contains(&index(position))) {
                    let to = table.add(index(position) * pitches[1]);
                    (self.change)(updates.add(position * width), to, columns.len());
                }
            }
        });
        Ok(())
    }
}
