//! Steps over the same rows, which threads may take apart, give the reference's bits, whatever rows they read
//! of what other steps write.

mod common;

use common::{THREADS, agrees_with, bytes, numbers};
use minutia_kernels::{map::Code, rng::Generator};
use minutia_tensor::{DType, program::*};

const ROWS: usize = 300;
const WIDTH: usize = 40;
/// Buffers that steps read and write; others are only read.
const WRITTEN: usize = 3;
const WEIGHTS: usize = WRITTEN;

/// A walk over some columns of some rows: from a row and a column on, so far apart.
fn walk(buffer: usize, [row, column]: [usize; 2], strides: [usize; 2]) -> Access {
    let offset = (row * WIDTH + column) * 4;
    Access { operand: Operand { buffer, offset, dtype: DType::F32 }, strides: strides.to_vec() }
}

/// A step from one buffer to another, or to the same. Most steps keep to their rows; some read or write the
/// next row, one row for all, or columns for rows.
fn step(generator: &mut Generator) -> Primitive {
    let rows = if generator.below(8) == 0 { ROWS - 7 } else { ROWS - 1 };
    let width = if generator.below(2) == 0 { WIDTH } else { 1 + generator.below(WIDTH as u32 - 1) as usize };
    let from = generator.below(WRITTEN as u32) as usize;
    let to = (from + 1 + generator.below(WRITTEN as u32 - 1) as usize) % WRITTEN;
    let shift = |generator: &mut Generator| [usize::from(generator.below(8) == 0), 0];
    let strides = match generator.below(12) {
        0 => [0, 1],
        1 => [1, WIDTH.min(ROWS)],
        _ => [WIDTH, 1],
    };
    let input = walk(from, shift(generator), strides);
    let output = walk(to, shift(generator), [WIDTH, 1]);
    let mut one = MapBuilder::new(1);
    let half = one.constant(0.5);
    let halved = one.apply(Code::Mul, &[one.input(0), half]);
    let end = one.apply(Code::Tanh, &[halved]);
    match generator.below(4) {
        0 => Primitive::Reduce(Reduce {
            op: [ReduceOp::Sum, ReduceOp::Max][generator.below(2) as usize],
            dtype: DType::F32,
            dims: vec![rows],
            reduced: vec![width],
            inputs: vec![input],
            program: MapProgram::identity(),
            epilogue_inputs: vec![],
            epilogue: one.finish(&[end]),
            outputs: vec![Access { strides: vec![WIDTH], ..output }],
        }),
        1 => Primitive::Gemm(Gemm {
            batch: Vec::new(),
            rows: vec![rows],
            n: width,
            depth: vec![WIDTH],
            a: walk(from, shift(generator), [WIDTH, 1]),
            b: walk(WEIGHTS, [0, 0], [WIDTH, 1]),
            epilogue_inputs: vec![],
            epilogue: one.finish(&[end]),
            outputs: vec![output],
        }),
        2 => Primitive::Map(Map {
            dims: vec![rows, width],
            inputs: vec![output.clone()],
            program: one.finish(&[end]),
            outputs: vec![output],
        }),
        _ => {
            let mut two = MapBuilder::new(2);
            let sum = two.apply(Code::Add, &[two.input(0), two.input(1)]);
            Primitive::Map(Map {
                dims: vec![rows, width],
                inputs: vec![input, walk(WEIGHTS, [0, 0], [0, 1])],
                program: two.finish(&[sum]),
                outputs: vec![output],
            })
        }
    }
}

#[test]
fn rows_taken_apart_change_no_bit() {
    let (mut regions, mut joined) = (0, 0);
    for seed in 0..60 {
        let mut generator = Generator::new(seed, "steps");
        let steps: Vec<Primitive> = (0..8).map(|_| step(&mut generator)).collect();
        let whole = |i| bytes(&numbers(seed + i, (ROWS + WIDTH) * WIDTH, false));
        let buffers: Vec<Vec<u8>> = (0..=WRITTEN as u64).map(whole).collect();
        let program = common::program(steps, &buffers, &[0, 1, 2]);
        regions += program.regions().len();
        joined += program.regions().iter().map(|r| r.steps.len()).sum::<usize>();
        let threads = if seed % 10 == 0 { &THREADS[..] } else { &[1, 2, 3] };
        if let Err(difference) = agrees_with(threads, &format!("seed {seed}"), &program, &buffers) {
            panic!("{difference} in {:#?}, regions {:?}", program.steps, program.regions());
        }
    }
    assert!(regions > 40 && joined > 120, "only {regions} regions of {joined} steps were tried");
}
