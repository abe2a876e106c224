//! A table with some rows changed: a check of the row numbers, a copy unless the table is changed in place,
//! then threads that each own some elements.

use super::{Encoder, Grid, block::ParameterBlock, map, rows};
use crate::{
    Error,
    program::{Change, Map, MapProgram, UpdateRows},
};
use minutia_kernels::abi::{self, Divisor, Kernel, layout};

/// Threads for each multiprocessor that occupy it. More classes would only read the row numbers more often.
const OCCUPIED: usize = 512;

pub(super) fn encode(encoder: &mut Encoder, step: &UpdateRows) -> Result<(), Error> {
    let limits = encoder.limits;
    let block = ParameterBlock::new::<layout::UpdateRows>(limits);
    let numbers = match step.count {
        0 => block.place(step.indices)?,
        count => rows::check(encoder, step.indices, count, step.rows)?,
    };
    if step.base != step.output {
        let (inputs, outputs) = (vec![step.base.clone()], vec![step.output.clone()]);
        let (dims, program) = (vec![step.rows, step.width], MapProgram::identity());
        map::encode(encoder, &Map { dims, inputs, program, outputs })?;
    }
    if step.count == 0 || step.width == 0 || step.rows == 0 {
        return Ok(());
    }
    let width = limits.count("elements in a row", step.width)?;
    let most = step.rows.min(step.count);
    let wanted = (encoder.multiprocessors as usize * OCCUPIED).div_ceil(step.width).min(most);
    let classes = wanted.next_power_of_two();
    let threads_in_all = limits.count("threads", step.width.saturating_mul(classes))?;
    let threads = encoder.threads(threads_in_all, 1, 0)?;
    let change = match step.change {
        Change::Set => abi::Change::Set,
        Change::Add => abi::Change::Add,
        Change::Sub => abi::Change::Sub,
        Change::Max => abi::Change::Max,
        Change::Min => abi::Change::Min,
    };
    let head = layout::UpdateRows {
        change: change as u32,
        count: limits.count("row numbers", step.count)?,
        width: Divisor::new(width),
        pitch: limits.word("elements between neighbours", step.output.strides[0])?,
        classes: classes as u32,
        updates: block.place(step.updates)?,
        numbers,
        output: block.place(step.output.operand)?,
    };
    let blocks = threads_in_all.div_ceil(threads);
    let shape = Grid { kernel: Kernel::UpdateRows, blocks, threads, shared: 0 };
    encoder.launch(shape, block.finish(head));
    Ok(())
}
