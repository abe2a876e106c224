//! Maps and reductions, one thread; criterion prints elements a second: `cargo bench -p minutia --bench map`

mod common;

use common::{Compiled, access, device, normal};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use minutia::tensor::program::{Map, MapBuilder, MapProgram, Primitive, Reduce, ReduceOp};
use minutia_kernels::map::Code;

/// Elements: 64 KiB, which the second-level cache holds.
const COUNT: usize = 16_384;
const COLUMNS: usize = 128;

/// A unary operation on |x| + 1, which every one of them takes; or that alone.
fn unary(code: Option<Code>) -> MapProgram {
    let mut m = MapBuilder::new(1);
    let magnitude = m.apply(Code::Abs, &[m.input(0)]);
    let one = m.constant(1.0);
    let positive = m.apply(Code::Add, &[magnitude, one]);
    let value = code.map_or(positive, |code| m.apply(code, &[positive]));
    m.finish(&[value])
}

/// Adagrad's update: eight operations in one pass.
fn chain() -> MapProgram {
    let mut m = MapBuilder::new(2);
    let (x, gradient) = (m.input(0), m.input(1));
    let square = m.apply(Code::Mul, &[gradient, gradient]);
    let sum = {
        let start = m.constant(0.1);
        m.apply(Code::Add, &[square, start])
    };
    let root = m.apply(Code::Sqrt, &[sum]);
    let quotient = m.apply(Code::Div, &[gradient, root]);
    let rate = m.constant(0.01);
    let change = m.apply(Code::Mul, &[quotient, rate]);
    let next = m.apply(Code::Sub, &[x, change]);
    m.finish(&[next])
}

fn map(criterion: &mut Criterion) {
    let device = device(1);
    let mut group = criterion.benchmark_group("map");
    group.throughput(Throughput::Elements(COUNT as u64));
    let programs = [
        ("abs and add", unary(None)),
        ("exp", unary(Some(Code::Exp))),
        ("ln", unary(Some(Code::Ln))),
        ("sigmoid", unary(Some(Code::Sigmoid))),
        ("adagrad chain", chain()),
    ];
    for (name, program) in programs {
        let inputs: Vec<_> = (0..program.inputs()).map(|_| normal(COUNT, 0.0)).collect();
        let step = Primitive::Map(Map {
            dims: vec![COUNT],
            inputs: (0..inputs.len()).map(|i| access(i, &[1])).collect(),
            program,
            outputs: vec![access(inputs.len(), &[1])],
        });
        let mut compiled = Compiled::new(&device, step, &inputs, &[COUNT]);
        group.bench_function(name, |b| b.iter(|| compiled.run()));
    }
}

fn reduce(criterion: &mut Criterion) {
    let device = device(1);
    let mut group = criterion.benchmark_group("reduce");
    group.throughput(Throughput::Elements(COUNT as u64));
    let rows = COUNT / COLUMNS;
    for (name, dims, reduced, strides) in [
        ("all", vec![], vec![COUNT], vec![1]),
        ("rows", vec![rows], vec![COLUMNS], vec![COLUMNS, 1]),
        ("columns", vec![COLUMNS], vec![rows], vec![1, COLUMNS]),
    ] {
        let results = dims.iter().product();
        let step = Primitive::Reduce(Reduce {
            op: ReduceOp::Sum,
            dtype: minutia::prelude::DType::F32,
            outputs: vec![access(1, if dims.is_empty() { &[] } else { &[1] })],
            dims,
            reduced,
            inputs: vec![access(0, &strides)],
            program: MapProgram::identity(),
            epilogue_inputs: Vec::new(),
            epilogue: MapProgram::identity(),
        });
        let mut compiled = Compiled::new(&device, step, &[normal(COUNT, 0.0)], &[results]);
        group.bench_function(name, |b| b.iter(|| compiled.run()));
    }
}

criterion_group! { name = benches; config = common::criterion(); targets = map, reduce }
criterion_main!(benches);
