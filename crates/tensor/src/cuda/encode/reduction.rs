//! Reductions: blocks of at most 1024 elements, then the blocks' results, until one is left of each output.

use super::{
    Encoder, Grid,
    block::{ParameterBlock, nest_of},
    code::{InputSource, MapCode},
};
use crate::{
    DType, Error,
    program::{Access, MapProgram, Operand, Reduce, ReduceOp},
};
use minutia_kernels::{
    abi::{Combination, Divisor, Kernel, REGISTER, layout, shape},
    map::Word,
    reduce::{self, BLOCK, Combine},
};

/// Elements of an output that are not worth sixteen threads.
const FEW: usize = 16;
/// Items for each multiprocessor that occupy it with one thread each.
const MANY_ITEMS: usize = 256;

pub(super) fn encode(encoder: &mut Encoder, step: &Reduce) -> Result<(), Error> {
    let (combination, identity) = combination(step.op, step.dtype);
    let outputs = encoder.limits.elements(&step.dims)?;
    let mut pass = Pass {
        combination,
        identity,
        dims: step.dims.clone(),
        reduced: step.reduced.clone(),
        inputs: step.inputs.clone(),
        program: step.program.clone(),
    };
    let mut scratch = 0;
    if outputs == 0 {
        return Ok(());
    }
    loop {
        let length = encoder.limits.elements(&pass.reduced)? as usize;
        if length <= BLOCK {
            let after =
                After { inputs: &step.epilogue_inputs, program: &step.epilogue, outputs: &step.outputs };
            return pass.encode(encoder, length, &step.dims, after);
        }
        let blocks = length.div_ceil(BLOCK);
        let items = outputs as usize * blocks;
        let place = Operand { buffer: encoder.scratch_buffer, offset: scratch, dtype: step.dtype };
        scratch += items * step.dtype.size();
        encoder.reserve(scratch);
        let by_columns = pass.by_columns(encoder, outputs as usize, length);
        let results = Access { operand: place, strides: vec![1] };
        let identity_program = MapProgram::identity();
        let after = After { inputs: &[], program: &identity_program, outputs: &[results] };
        pass.encode(encoder, length, &[items], after)?;
        pass.dims = vec![outputs as usize];
        pass.reduced = vec![blocks];
        let strides = if by_columns { vec![1, outputs as usize] } else { vec![blocks, 1] };
        pass.inputs = vec![Access { operand: place, strides }];
        pass.program = MapProgram::identity();
    }
}

/// One launch: every block of every output.
struct Pass {
    combination: Combination,
    identity: u32,
    dims: Vec<usize>,
    reduced: Vec<usize>,
    inputs: Vec<Access>,
    program: MapProgram,
}

/// What is done with each result.
struct After<'a> {
    inputs: &'a [Access],
    program: &'a MapProgram,
    outputs: &'a [Access],
}

impl Pass {
    /// Whether a thread takes an item, rather than sixteen: for short ones, and where neighbouring outputs
    /// lie side by side and there are enough of them to keep the GPU busy.
    fn by_columns(&self, encoder: &Encoder, outputs: usize, length: usize) -> bool {
        let smallest = |loops: std::ops::Range<usize>| {
            let extents = [&self.dims[..], &self.reduced].concat();
            let strides = self.inputs.iter().flat_map(|input| {
                let walk = input.strides[loops.clone()].iter().zip(&extents[loops.clone()]);
                walk.filter(|&(&stride, &extent)| stride > 0 && extent > 1).map(|(&stride, _)| stride)
            });
            strides.min().unwrap_or(usize::MAX)
        };
        let rank = self.dims.len();
        let side_by_side = smallest(0..rank) < smallest(rank..rank + self.reduced.len());
        let items = outputs * length.div_ceil(BLOCK);
        length <= FEW || side_by_side && items >= encoder.multiprocessors as usize * MANY_ITEMS
    }

    fn encode(
        &self,
        encoder: &mut Encoder,
        length: usize,
        after_dims: &[usize],
        after: After,
    ) -> Result<(), Error> {
        let limits = encoder.limits;
        let outputs = limits.elements(&self.dims)?;
        let blocks = length.div_ceil(BLOCK).max(1);
        let items = limits.count("results of blocks", outputs as usize * blocks)?;
        let by_columns = self.by_columns(encoder, outputs as usize, length);

        let mut block = ParameterBlock::new::<layout::Reduce>(limits);
        let nest = nest_of(&[&self.dims[..], &self.reduced].concat(), &self.inputs);
        let mut sources = Vec::new();
        for (input, strides) in self.inputs.iter().zip(&nest.strides) {
            sources.push(InputSource::Access(block.access(input.operand, strides)?));
        }
        let after_nest = nest_of(after_dims, after.inputs.iter().chain(after.outputs));
        let mut accesses = Vec::new();
        for (access, strides) in after.inputs.iter().chain(after.outputs).zip(&after_nest.strides) {
            accesses.push(block.access(access.operand, strides)?);
        }
        let (after_inputs, sinks) = accesses.split_at(after.inputs.len());
        let after_sources: Vec<InputSource> = std::iter::once(InputSource::Given)
            .chain(after_inputs.iter().map(|&a| InputSource::Access(a)))
            .collect();

        let (inside, outside) = (MapCode::new(&self.program, false), MapCode::new(after.program, true));
        let sums = if by_columns { shape::COLUMN_SUMS * REGISTER } else { 0 };
        let shared = inside.bytes().max(outside.bytes()) + sums;
        let (kernel, lanes) =
            if by_columns { (Kernel::ReduceColumns, 1) } else { (Kernel::ReduceRows, shape::ROW_LANES) };
        let threads_in_all = limits.count("threads", items as usize * lanes as usize)?;
        let threads = encoder.threads(threads_in_all, 1, shared)?;

        let nest = block.nest(&nest)?;
        let after_nest = block.nest(&after_nest)?;
        let (code, value) = inside.write(&mut block, threads, &sources, &[]);
        let (after_code, _) = outside.write(&mut block, threads, &after_sources, sinks);
        let head = layout::Reduce {
            combination: self.combination as u32,
            identity: self.identity,
            items,
            length: length as u32,
            split: Divisor::new(if by_columns { outputs } else { blocks as u32 }),
            nest,
            code,
            value: value[0],
            after_nest,
            after_code,
        };
        let shape =
            Grid { kernel, blocks: threads_in_all.div_ceil(threads), threads, shared: threads * shared };
        encoder.launch(shape, block.finish(head));
        Ok(())
    }
}

/// How elements combine, and the value that changes none.
fn combination(op: ReduceOp, dtype: DType) -> (Combination, u32) {
    macro_rules! identity {
        ($type:ty, $op:ident) => {
            <reduce::$op as Combine<$type>>::IDENTITY.to_word()
        };
    }
    match (op, dtype) {
        (ReduceOp::Sum, DType::F32) => (Combination::Sum, identity!(f32, Sum)),
        (ReduceOp::Prod, DType::F32) => (Combination::Prod, identity!(f32, Prod)),
        (ReduceOp::Max, DType::F32) => (Combination::Max, identity!(f32, Max)),
        (ReduceOp::Min, DType::F32) => (Combination::Min, identity!(f32, Min)),
        (ReduceOp::Sum, _) => (Combination::SumI, identity!(i32, Sum)),
        (ReduceOp::Prod, _) => (Combination::ProdI, identity!(i32, Prod)),
        (ReduceOp::Max, _) => (Combination::MaxI, identity!(i32, Max)),
        (ReduceOp::Min, _) => (Combination::MinI, identity!(i32, Min)),
    }
}
