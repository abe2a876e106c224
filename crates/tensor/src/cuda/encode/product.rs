//! Matrix products: which kernel, and the program that runs on each element.

use super::{
    Encoder, Grid,
    block::{ParameterBlock, nest_of},
    code::{InputSource, MapCode},
    map,
};
use crate::{
    DType, Error,
    program::{Access, Gemm, Map, MapProgram, Operand},
};
use minutia_kernels::abi::{
    Divisor, Kernel, SHARED, layout,
    shape::{ANY_SHARED, ANY_THREADS, ANY_TILE, TILE, TILE_SHARED, TILE_THREADS},
};

/// Terms below which large tiles are hardly begun before they are finished.
const FEW_TERMS: usize = 16;

pub(super) fn encode(encoder: &mut Encoder, step: &Gemm) -> Result<(), Error> {
    if step.m == 0 || step.n == 0 {
        return Ok(());
    }
    let plan = MapCode::new(&step.epilogue, true);
    let tile = tile_kernel(step).filter(|_| pays(encoder, step));
    if let Some(kernel) = tile
        && TILE_SHARED + TILE_THREADS * plan.bytes() <= SHARED
    {
        return TileLaunch::tile(kernel, &plan).encode(encoder, step, &plan);
    }
    if tile.is_none() && ANY_THREADS * plan.bytes() <= SHARED {
        return TileLaunch::any(&plan).encode(encoder, step, &plan);
    }
    // The program holds too many values at once to run beside the product.
    apart(encoder, step, tile)
}

/// The kernel for large products of this layout, if there is one.
fn tile_kernel(step: &Gemm) -> Option<Kernel> {
    let (a, b) = (&step.a.strides, &step.b.strides);
    match (a[0], a[1], b[0], b[1]) {
        (_, 1, _, 1) => Some(Kernel::GemmNn),
        (1, _, _, 1) => Some(Kernel::GemmTn),
        (_, 1, 1, _) => Some(Kernel::GemmNt),
        _ => None,
    }
}

/// Whether large tiles are likely to be faster: they take about half the instructions for a product, if
/// enough of them are filled to occupy the GPU.
fn pays(encoder: &Encoder, step: &Gemm) -> bool {
    let area = |tile: u32| {
        let tiles = step.m.div_ceil(tile as usize).saturating_mul(step.n.div_ceil(tile as usize));
        (tiles, tiles.saturating_mul(tile as usize * tile as usize))
    };
    let ((_, small), (tiles, large)) = (area(ANY_TILE), area(TILE));
    step.k >= FEW_TERMS
        && tiles.saturating_mul(2) >= encoder.multiprocessors as usize
        && large <= small.saturating_mul(2)
}

/// The product to scratch, then the program as a map over it.
fn apart(encoder: &mut Encoder, step: &Gemm, tile: Option<Kernel>) -> Result<(), Error> {
    let product = Operand { buffer: encoder.scratch_buffer, offset: 0, dtype: DType::F32 };
    let product = Access { operand: product, strides: vec![step.n, 1] };
    let elements = encoder.limits.elements(&[step.m, step.n])?;
    encoder.reserve(elements as usize * DType::F32.size());
    let plain = Gemm {
        epilogue_inputs: Vec::new(),
        epilogue: MapProgram::identity(),
        outputs: vec![product.clone()],
        ..step.clone()
    };
    let plan = MapCode::new(&plain.epilogue, true);
    let launch = tile.map_or_else(|| TileLaunch::any(&plan), |kernel| TileLaunch::tile(kernel, &plan));
    launch.encode(encoder, &plain, &plan)?;
    let mut inputs = vec![product];
    inputs.extend(step.epilogue_inputs.iter().cloned());
    let map = Map {
        dims: vec![step.m, step.n],
        inputs,
        program: step.epilogue.clone(),
        outputs: step.outputs.clone(),
    };
    map::encode(encoder, &map)
}

/// A kernel and its shape, but for the number of tiles.
struct TileLaunch {
    kernel: Kernel,
    tile: u32,
    threads: u32,
    shared: u32,
}

impl TileLaunch {
    fn any(plan: &MapCode) -> TileLaunch {
        // Registers lie over what the product no longer needs.
        let shared = ANY_SHARED.max(ANY_THREADS * plan.bytes());
        TileLaunch { kernel: Kernel::GemmAny, tile: ANY_TILE, threads: ANY_THREADS, shared }
    }

    fn tile(kernel: Kernel, plan: &MapCode) -> TileLaunch {
        TileLaunch {
            kernel,
            tile: TILE,
            threads: TILE_THREADS,
            shared: TILE_SHARED + TILE_THREADS * plan.bytes(),
        }
    }

    fn encode(self, encoder: &mut Encoder, step: &Gemm, plan: &MapCode) -> Result<(), Error> {
        let limits = encoder.limits;
        let mut block = ParameterBlock::new::<layout::Gemm>(limits);
        let nest = nest_of(&[step.m, step.n], step.epilogue_inputs.iter().chain(&step.outputs));
        let mut accesses = Vec::new();
        for (access, strides) in step.epilogue_inputs.iter().chain(&step.outputs).zip(&nest.strides) {
            accesses.push(block.access(access.operand, strides)?);
        }
        let (inputs, sinks) = accesses.split_at(step.epilogue_inputs.len());
        let sources: Vec<InputSource> = std::iter::once(InputSource::Given)
            .chain(inputs.iter().map(|&a| InputSource::Access(a)))
            .collect();
        let nest = block.nest(&nest)?;
        let (code, _) = plan.write(&mut block, self.threads, &sources, sinks);

        let matrix = |access: &Access| -> Result<layout::Matrix, Error> {
            let stride = |i: usize| limits.word("elements between neighbours", access.strides[i]);
            Ok(layout::Matrix { place: block.place(access.operand)?, row: stride(0)?, column: stride(1)? })
        };
        let (m, n) = (limits.count("rows", step.m)?, limits.count("columns", step.n)?);
        let across = n.div_ceil(self.tile);
        let head = layout::Gemm {
            m,
            n,
            k: limits.count("terms", step.k)?,
            a: matrix(&step.a)?,
            b: matrix(&step.b)?,
            across: Divisor::new(across),
            nest,
            code,
        };
        let blocks = m.div_ceil(self.tile) * across;
        let TileLaunch { kernel, threads, shared, .. } = self;
        encoder.launch(Grid { kernel, blocks, threads, shared }, block.finish(head));
        Ok(())
    }
}
