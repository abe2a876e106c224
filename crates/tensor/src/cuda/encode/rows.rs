//! Rows of a table: a check of their numbers, then a map whose input goes through them.

use super::{
    Check, Encoder, Grid,
    block::ParameterBlock,
    code::{InputSource, MapCode},
    map,
};
use crate::{
    Error,
    nest::Nest,
    program::{GatherRows, Operand},
};
use minutia_kernels::abi::{Divisor, Kernel, layout, shape::CHECK_THREADS};

pub(super) fn encode(encoder: &mut Encoder, step: &GatherRows) -> Result<(), Error> {
    if step.count == 0 {
        return Ok(());
    }
    let limits = encoder.limits;
    let numbers = check(encoder, step.indices, step.count, step.rows)?;
    let mut block = ParameterBlock::new::<layout::Map>(limits);
    let width = Divisor::new(limits.count("elements in a row", step.width)?);
    let rows = layout::Rows { table: block.operand(step.table)?, numbers, width };
    let rows = block.part(rows);
    let nest = Nest::new(&[step.count, step.width], [&[step.width, 1][..]]);
    let sink = block.access(step.output, &nest.strides[0])?;
    map::launch(
        encoder,
        block,
        &nest,
        &MapCode::new(&step.program, false),
        &[InputSource::Rows(rows)],
        &[sink],
    )
}

/// Launches a check that so many row numbers, which begin at `indices`, are below `rows`; where they are.
///
/// # Errors
/// [`Error::Capacity`].
pub(super) fn check(
    encoder: &mut Encoder,
    indices: Operand,
    count: usize,
    rows: usize,
) -> Result<layout::Place, Error> {
    let limits = encoder.limits;
    let block = ParameterBlock::new::<layout::CheckRows>(limits);
    let numbers = block.place(indices)?;
    let head = layout::CheckRows {
        tag: limits.count("checks", encoder.encoded.checks.len())?,
        count: limits.count("row numbers", count)?,
        // A number has 31 bits and a sign, so that a larger table has room for all.
        rows: rows.min(1 << 31) as u32,
        numbers,
    };
    let shape = Grid { kernel: Kernel::CheckRows, blocks: 1, threads: CHECK_THREADS, shared: CHECK_SHARED };
    let block = encoder.launch(shape, block.finish(head));
    encoder.encoded.checks.push(Check { word: block + TAG, step: limits.step, rows });
    Ok(numbers)
}

/// Where the tag is in the head: it comes first.
const TAG: usize = 0;
/// A word for each warp.
const CHECK_SHARED: u32 = CHECK_THREADS / minutia_kernels::abi::WARP * 4;
