//! Where indices stand first: a thread for each.

use super::{Encoder, Grid, block::ParameterBlock};
use crate::{Error, program::FirstPositions};
use minutia_kernels::abi::{Kernel, layout};

pub(super) fn encode(encoder: &mut Encoder, step: &FirstPositions) -> Result<(), Error> {
    let count = encoder.limits.count("row numbers", step.count)?;
    if count == 0 {
        return Ok(());
    }
    let block = ParameterBlock::new::<layout::FirstPositions>(encoder.limits);
    let (numbers, output) = (block.place(step.indices)?, block.place(step.output)?);
    let head = layout::FirstPositions { count, numbers, output };
    let threads = encoder.threads(count, 1, 0)?;
    let kernel = Kernel::FirstPositions;
    let shape = Grid { kernel, blocks: count.div_ceil(threads), threads, shared: 0 };
    encoder.launch(shape, block.finish(head));
    Ok(())
}
