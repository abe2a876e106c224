//! Sums of the rows that have one number: a check of the numbers, then threads that each own some elements.

use super::{Encoder, Grid, block::ParameterBlock, rows};
use crate::{Error, program::ScatterAddRows};
use minutia_kernels::abi::{Divisor, Kernel, layout};

/// Threads for each multiprocessor that occupy it. More classes would only read the row numbers more often.
const OCCUPIED: usize = 512;

pub(super) fn encode(encoder: &mut Encoder, step: &ScatterAddRows) -> Result<(), Error> {
    let limits = encoder.limits;
    let block = ParameterBlock::new::<layout::ScatterAddRows>(limits);
    let numbers = match step.count {
        0 => block.place(step.indices)?,
        count => rows::check(encoder, step.indices, count, step.rows)?,
    };
    if limits.elements(&[step.rows, step.width])? == 0 {
        return Ok(());
    }
    let wanted = (encoder.multiprocessors as usize * OCCUPIED).div_ceil(step.width).min(step.rows);
    let classes = wanted.next_power_of_two();
    let threads_in_all = limits.count("threads", step.width.saturating_mul(classes))?;
    let threads = encoder.threads(threads_in_all, 1, 0)?;
    let head = layout::ScatterAddRows {
        count: limits.count("row numbers", step.count)?,
        rows: limits.count("rows", step.rows)?,
        width: Divisor::new(step.width as u32),
        classes: classes as u32,
        updates: block.place(step.updates)?,
        numbers,
        output: block.place(step.output)?,
    };
    let blocks = threads_in_all.div_ceil(threads);
    let shape = Grid { kernel: Kernel::ScatterAddRows, blocks, threads, shared: 0 };
    encoder.launch(shape, block.finish(head));
    Ok(())
}
