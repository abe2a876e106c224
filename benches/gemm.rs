//! Matrix products by layout, shape, zeros and threads: `cargo bench -p minutia --bench gemm`

mod common;

use common::{Compiled, access, device, normal};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use minutia::tensor::program::{Gemm, MapProgram, Primitive};

/// Whether the left operand, the right one, or none lies transposed in memory.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Nn,
    Tn,
    Nt,
}

/// The products of a training step, in its order, and one that no cache of a core holds.
const SHAPES: [(Layout, [usize; 3]); 6] = [
    (Layout::Nn, [100, 300, 784]),
    (Layout::Tn, [784, 300, 100]),
    (Layout::Nn, [100, 10, 300]),
    (Layout::Tn, [300, 10, 100]),
    (Layout::Nt, [100, 300, 10]),
    (Layout::Nn, [512, 512, 512]),
];

fn product(layout: Layout, [m, n, k]: [usize; 3]) -> Primitive {
    let (a, b) = match layout {
        Layout::Nn => ([k, 1], [n, 1]),
        Layout::Tn => ([1, m], [n, 1]),
        Layout::Nt => ([k, 1], [1, k]),
    };
    Primitive::Gemm(Gemm {
        batch: Vec::new(),
        rows: vec![m],
        n,
        depth: vec![k],
        a: access(0, &a),
        b: access(1, &b),
        epilogue_inputs: Vec::new(),
        epilogue: MapProgram::identity(),
        outputs: vec![access(2, &[n, 1])],
    })
}

fn gemm(criterion: &mut Criterion) {
    for (layout, [m, n, k]) in SHAPES {
        let name = format!("gemm/{layout:?} {m}x{k}x{n}").to_lowercase();
        let mut group = criterion.benchmark_group(name);
        // Operations a second; read 1 Gelem/s as 1 GFLOP/s, zeros counted too.
        group.throughput(Throughput::Elements(2 * (m * n * k) as u64));
        for threads in [1, 2] {
            for (what, zeros) in [("dense", 0.0), ("81 % zeros", 0.81)] {
                let inputs = [normal(m * k, zeros), normal(k * n, 0.0)];
                let mut compiled =
                    Compiled::new(&device(threads), product(layout, [m, n, k]), &inputs, &[m * n]);
                group.bench_function(BenchmarkId::new(what, threads), |b| b.iter(|| compiled.run()));
            }
        }
    }
}

criterion_group! { name = benches; config = common::criterion().sample_size(10); targets = gemm }
criterion_main!(benches);
