//! Positions of extrema.

use super::{Encoder, Grid, block::ParameterBlock};
use crate::{DType, Error, nest::Nest, program::ArgReduce};
use minutia_kernels::abi::{Kernel, WARP, layout};

/// With fewer elements the threads of a warp would mostly wait for each other.
const WORTH_A_WARP: usize = 32;
/// Outputs for each multiprocessor that occupy it with one thread each.
const MANY_OUTPUTS: u32 = 512;

pub(super) fn encode(encoder: &mut Encoder, step: &ArgReduce) -> Result<(), Error> {
    let limits = encoder.limits;
    let (stride, outer) = step.input.strides.split_last().expect("checked: a stride for the axis");
    let nest = Nest::new(&step.dims, [outer, &step.output.strides]);
    let outputs = limits.elements(&nest.dims)?;
    if outputs == 0 {
        return Ok(());
    }
    let side_by_side = *stride > 1 && outputs >= encoder.multiprocessors.saturating_mul(MANY_OUTPUTS);
    let lanes = if step.length < WORTH_A_WARP || side_by_side { 1 } else { WARP };

    let mut block = ParameterBlock::new::<layout::ArgReduce>(limits);
    let nest_at = block.nest(&nest)?;
    let head = layout::ArgReduce {
        outputs,
        length: limits.count("elements to choose from", step.length)?,
        stride: limits.word("elements between neighbours", *stride)?,
        float: (step.input.operand.dtype == DType::F32) as u32,
        largest: step.largest as u32,
        lanes,
        nest: nest_at,
        input: block.access(step.input.operand, &nest.strides[0])?,
        output: block.access(step.output.operand, &nest.strides[1])?,
    };
    let threads_in_all = limits.count("threads", outputs as usize * lanes as usize)?;
    let threads = encoder.threads(threads_in_all, 1, 0)?;
    let blocks = threads_in_all.div_ceil(threads);
    encoder.launch(Grid { kernel: Kernel::ArgReduce, blocks, threads, shared: 0 }, block.finish(head));
    Ok(())
}
