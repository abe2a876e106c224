//! Elementwise programs.

use super::{
    Encoder, Grid,
    block::ParameterBlock,
    code::{InputSource, MapCode},
};
use crate::{
    Error,
    nest::{Nest, forwards, permuted},
    program::Map,
};
use minutia_kernels::abi::{GROUP, Kernel, layout};

pub(super) fn encode(encoder: &mut Encoder, step: &Map) -> Result<(), Error> {
    // Elements may be visited in any order: neighbouring threads write neighbouring bytes.
    let order = match step.outputs.first() {
        Some(output) => forwards(&output.strides),
        None => (0..step.dims.len()).collect(),
    };
    let strides: Vec<Vec<usize>> =
        step.inputs.iter().chain(&step.outputs).map(|a| permuted(&a.strides, &order)).collect();
    let nest = Nest::new(&permuted(&step.dims, &order), strides.iter().map(Vec::as_slice));
    let mut block = ParameterBlock::new::<layout::Map>(encoder.limits);
    let mut accesses = Vec::new();
    for (access, strides) in step.inputs.iter().chain(&step.outputs).zip(&nest.strides) {
        accesses.push(block.access(access.operand, strides)?);
    }
    let (inputs, sinks) = accesses.split_at(step.inputs.len());
    let sources: Vec<InputSource> = inputs.iter().map(|&access| InputSource::Access(access)).collect();
    launch(encoder, block, &nest, &MapCode::new(&step.program, false), &sources, sinks)
}

/// Launches a program over a nest; nothing where the nest has no elements.
///
/// # Errors
/// [`Error::Capacity`].
pub(super) fn launch(
    encoder: &mut Encoder,
    mut block: ParameterBlock,
    nest: &Nest,
    plan: &MapCode,
    sources: &[InputSource],
    sinks: &[u32],
) -> Result<(), Error> {
    let elements = encoder.limits.elements(&nest.dims)?;
    if elements == 0 {
        return Ok(());
    }
    let threads = encoder.threads(elements, GROUP, plan.bytes())?;
    let nest = block.nest(nest)?;
    let (code, _) = plan.write(&mut block, threads, sources, sinks);
    let shape = Grid {
        kernel: Kernel::Map,
        blocks: elements.div_ceil(threads * GROUP),
        threads,
        shared: threads * plan.bytes(),
    };
    encoder.launch(shape, block.finish(layout::Map { nest, code, elements }));
    Ok(())
}
