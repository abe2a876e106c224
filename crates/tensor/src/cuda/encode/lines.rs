//! Running sums and positions in an order: lines of elements along an axis.

use super::{Encoder, Grid, block::ParameterBlock};
use crate::{
    DType, Error,
    nest::Nest,
    program::{Access, ArgSort, Scan},
};
use minutia_kernels::abi::{Divisor, Kernel, layout};

/// The nest over the lines of an input and an output, and the distances between their elements.
fn lines<'a>(dims: &[usize], accesses: [&'a Access; 2]) -> (Nest, [&'a usize; 2]) {
    let [input, output] =
        accesses.map(|access| access.strides.split_last().expect("checked: a stride for the axis"));
    (Nest::new(dims, [input.1, output.1]), [input.0, output.0])
}

pub(super) fn scan(encoder: &mut Encoder, step: &Scan) -> Result<(), Error> {
    let limits = encoder.limits;
    let (nest, [from, to]) = lines(&step.dims, [&step.input, &step.output]);
    let lines = limits.elements(&nest.dims)?;
    if lines == 0 || step.length == 0 {
        return Ok(());
    }
    let mut block = ParameterBlock::new::<layout::Scan>(limits);
    let nest_at = block.nest(&nest)?;
    let head = layout::Scan {
        lines,
        length: limits.count("elements to add up", step.length)?,
        float: (step.input.operand.dtype == DType::F32) as u32,
        reverse: step.reverse as u32,
        exclusive: step.exclusive as u32,
        from: limits.word("elements between neighbours", *from)?,
        to: limits.word("elements between neighbours", *to)?,
        nest: nest_at,
        input: block.access(step.input.operand, &nest.strides[0])?,
        output: block.access(step.output.operand, &nest.strides[1])?,
    };
    let threads = encoder.threads(lines, 1, 0)?;
    let shape = Grid { kernel: Kernel::Scan, blocks: lines.div_ceil(threads), threads, shared: 0 };
    encoder.launch(shape, block.finish(head));
    Ok(())
}

pub(super) fn arg_sort(encoder: &mut Encoder, step: &ArgSort) -> Result<(), Error> {
    let limits = encoder.limits;
    let (nest, [stride, _]) = lines(&step.dims, [&step.input, &step.output]);
    let elements = limits.elements(&[nest.elements(), step.length])?;
    if elements == 0 {
        return Ok(());
    }
    let mut block = ParameterBlock::new::<layout::ArgSort>(limits);
    let nest_at = block.nest(&nest)?;
    let head = layout::ArgSort {
        elements,
        // No longer than there are elements.
        length: Divisor::new(step.length as u32),
        stride: limits.word("elements between neighbours", *stride)?,
        float: (step.input.operand.dtype == DType::F32) as u32,
        descending: step.descending as u32,
        nest: nest_at,
        input: block.access(step.input.operand, &nest.strides[0])?,
        output: block.access(step.output.operand, &nest.strides[1])?,
    };
    let threads = encoder.threads(elements, 1, 0)?;
    let shape = Grid { kernel: Kernel::ArgSort, blocks: elements.div_ceil(threads), threads, shared: 0 };
    encoder.launch(shape, block.finish(head));
    Ok(())
}
