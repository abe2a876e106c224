//! Matrix products: which kernel, and the program that runs on each element.

use super::{
    Encoder, Grid,
    block::{ParameterBlock, nest_of},
    code::{InputSource, MapCode},
    map,
};
use crate::{
    DType, Error, Shape,
    nest::Nest,
    program::{Access, Gemm, Map, MapProgram, Operand},
};
use minutia_kernels::abi::{
    Divisor, Kernel, SHARED, layout,
    shape::{ANY_SHARED, ANY_THREADS, ANY_TILE, TILE, TILE_SHARED, TILE_THREADS, WALK_SHARED},
};
use std::ops::Range;

/// Terms below which large tiles are hardly begun before they are finished.
const FEW_TERMS: usize = 16;

pub(super) fn encode(encoder: &mut Encoder, step: &Gemm) -> Result<(), Error> {
    if step.dims().contains(&0) {
        return Ok(());
    }
    let merged = if step.as_matrices().is_none() { Some(step.merged()) } else { None };
    let step = merged.as_ref().unwrap_or(step);
    let plan = MapCode::new(&step.epilogue, true);
    let tile = step.as_matrices().and_then(tile_kernel).filter(|_| pays(encoder, step));
    if let Some(kernel) = tile
        && TILE_SHARED + TILE_THREADS * plan.bytes() <= SHARED
    {
        return TileLaunch::tile(kernel, &plan).encode(encoder, step, &plan);
    }
    if tile.is_none() && ANY_THREADS * plan.bytes() <= SHARED {
        return TileLaunch::small(step, &plan).encode(encoder, step, &plan);
    }
    // The program holds too many values at once to run beside the product.
    apart(encoder, step, tile)
}

/// The kernel for large products of this layout, if there is one.
fn tile_kernel([a, b]: [[usize; 2]; 2]) -> Option<Kernel> {
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
        let tiles = step.m().div_ceil(tile as usize).saturating_mul(step.n.div_ceil(tile as usize));
        (tiles, tiles.saturating_mul(tile as usize * tile as usize))
    };
    let ((_, small), (tiles, large)) = (area(ANY_TILE), area(TILE));
    step.k() >= FEW_TERMS
        && tiles.saturating_mul(2) >= encoder.multiprocessors as usize
        && large <= small.saturating_mul(2)
}

/// The product to scratch, then the program as a map over it.
fn apart(encoder: &mut Encoder, step: &Gemm, tile: Option<Kernel>) -> Result<(), Error> {
    let product = Operand { buffer: encoder.scratch_buffer, offset: 0, dtype: DType::F32 };
    let dims = step.dims();
    let product = Access { operand: product, strides: Shape::from(&dims[..]).strides() };
    let elements = encoder.limits.elements(&dims)?;
    encoder.reserve(elements as usize * DType::F32.size());
    let plain = Gemm {
        epilogue_inputs: Vec::new(),
        epilogue: MapProgram::identity(),
        outputs: vec![product.clone()],
        ..step.clone()
    };
    let plan = MapCode::new(&plain.epilogue, true);
    let launch =
        tile.map_or_else(|| TileLaunch::small(step, &plan), |kernel| TileLaunch::tile(kernel, &plan));
    launch.encode(encoder, &plain, &plan)?;
    let mut inputs = vec![product];
    inputs.extend(step.epilogue_inputs.iter().cloned());
    let map = Map { dims, inputs, program: step.epilogue.clone(), outputs: step.outputs.clone() };
    map::encode(encoder, &map)
}

/// The walks over the operands of products along several axes.
fn walks(block: &mut ParameterBlock, step: &Gemm) -> Result<[layout::Walk; 2], Error> {
    let batch = step.batch.len();
    let mut walk = |access: &Access, lines: &[usize], line_axes: &[usize], depth: Range<usize>| {
        let strides: Vec<usize> = line_axes.iter().map(|&axis| access.strides[axis]).collect();
        let lines = Nest::new(lines, [&strides[..]]);
        let terms = Nest::new(&step.depth, [&access.strides[depth]]);
        Ok::<_, Error>(layout::Walk {
            lines_nest: block.nest(&lines)?,
            lines: block.access(access.operand, &lines.strides[0])?,
            terms_nest: block.nest(&terms)?,
            terms: block.access(access.operand, &terms.strides[0])?,
        })
    };
    let (rows, depth) = (step.rows.len(), step.depth.len());
    let above: Vec<usize> = (0..batch + rows).collect();
    let a =
        walk(&step.a, &[&step.batch[..], &step.rows].concat(), &above, batch + rows..batch + rows + depth)?;
    let sides: Vec<usize> = (0..batch).chain([batch + depth]).collect();
    let b = walk(&step.b, &[&step.batch[..], &[step.n]].concat(), &sides, batch..batch + depth)?;
    Ok([a, b])
}

/// A kernel and its shape, but for the number of tiles.
struct TileLaunch {
    kernel: Kernel,
    tile: u32,
    threads: u32,
    shared: u32,
}

impl TileLaunch {
    fn small(step: &Gemm, plan: &MapCode) -> TileLaunch {
        let (kernel, own) = match step.as_matrices() {
            Some(_) => (Kernel::GemmAny, ANY_SHARED),
            None => (Kernel::GemmWalk, WALK_SHARED),
        };
        // Registers lie over what the product no longer needs.
        let shared = own.max(ANY_THREADS * plan.bytes());
        TileLaunch { kernel, tile: ANY_TILE, threads: ANY_THREADS, shared }
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
        let matrices = step.as_matrices();
        let mut block = match matrices {
            Some(_) => ParameterBlock::new::<layout::Gemm>(limits),
            None => ParameterBlock::new::<layout::Products>(limits),
        };
        let nest = nest_of(&step.dims(), step.epilogue_inputs.iter().chain(&step.outputs));
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

        let (m, n) = (limits.count("rows", step.m())?, limits.count("columns", step.n)?);
        let k = limits.count("terms", step.k())?;
        let (down, across) = (m.div_ceil(self.tile), n.div_ceil(self.tile));
        let (words, products) = if matrices.is_some() {
            let matrix = |access: &Access| -> Result<layout::Matrix, Error> {
                let stride = |i: usize| limits.word("elements between neighbours", access.strides[i]);
                Ok(layout::Matrix {
                    place: block.place(access.operand)?,
                    row: stride(0)?,
                    column: stride(1)?,
                })
            };
            let (a, b) = (matrix(&step.a)?, matrix(&step.b)?);
            (block.finish(layout::Gemm { m, n, k, a, b, across: Divisor::new(across), nest, code }), 1)
        } else {
            let [a, b] = walks(&mut block, step)?;
            let (across, down) = (Divisor::new(across), Divisor::new(down));
            let head = layout::Products { m, n, k, a, b, across, down, nest, code };
            (block.finish(head), limits.count("products", step.batch_count())?)
        };
        let blocks = limits.count("tiles", [down, across, products].map(|n| n as usize).iter().product())?;
        let TileLaunch { kernel, threads, shared, .. } = self;
        encoder.launch(Grid { kernel, blocks, threads, shared }, words);
        Ok(())
    }
}
