//! Random numbers: a draw, then a map that counts the run.

use super::{Encoder, Grid, block::ParameterBlock, map};
use crate::{
    Error,
    program::{Access, Distribution, Map, MapBuilder, Random},
};
use minutia_kernels::{
    abi::{self, Kernel, layout},
    map::Code,
};

pub(super) fn encode(encoder: &mut Encoder, step: &Random) -> Result<(), Error> {
    let count = encoder.limits.count("random numbers", step.count)?;
    if count > 0 {
        let distribution = match step.distribution {
            Distribution::Uniform => abi::Distribution::Uniform,
            Distribution::Normal => abi::Distribution::Normal,
            Distribution::TruncatedNormal => abi::Distribution::TruncatedNormal,
        };
        let block = ParameterBlock::new::<layout::Random>(encoder.limits);
        let head = layout::Random {
            distribution: distribution as u32,
            key: step.key,
            count,
            counter: block.place(step.counter)?,
            output: block.place(step.output)?,
        };
        let threads = encoder.threads(count, 1, 0)?;
        let shape = Grid { kernel: Kernel::Random, blocks: count.div_ceil(threads), threads, shared: 0 };
        encoder.launch(shape, block.finish(head));
    }
    // No thread may count while another still has to read the number of the run.
    let mut program = MapBuilder::new(1);
    let one = program.constant_bits(1);
    let next = program.apply(Code::AddI, &[program.input(0), one]);
    let counter = Access { operand: step.counter, strides: Vec::new() };
    let program = program.finish(&[next]);
    map::encode(
        encoder,
        &Map { dims: Vec::new(), inputs: vec![counter.clone()], program, outputs: vec![counter] },
    )
}
