//! Files of 100 MB, read whole from the cache of the operating system, as `peer.py` beside it reads them.
//!
//! `cargo bench -p minutia-interchange`, then `python crates/interchange/benches/peer.py target/tmp`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use minutia_graph::Tensor;
use minutia_interchange::{npz, safetensors};
use std::{hint::black_box, path::Path};

/// Tensors of a file, and elements of each.
const TENSORS: usize = 10;
const ELEMENTS: usize = 2_500_000;

fn load(criterion: &mut Criterion) {
    let names: Vec<String> = (0..TENSORS).map(|number| format!("layer{number}/kernel")).collect();
    let tensors: Vec<Tensor> = (0..TENSORS)
        .map(|number| Tensor::from((0..ELEMENTS).map(|i| (i * 7 + number) as f32).collect::<Vec<_>>()))
        .collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (weights, arrays) = (folder.join("load.safetensors"), folder.join("load.npz"));
    safetensors::write(&weights, names.iter().zip(&tensors)).expect("the folder takes files");
    npz::write(&arrays, names.iter().zip(&tensors)).expect("the folder takes files");
    drop(tensors);
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10).throughput(Throughput::Bytes((TENSORS * ELEMENTS * size_of::<f32>()) as u64));
    group.bench_function("safetensors", |b| {
        b.iter(|| black_box(safetensors::read(&weights).expect("it was written")))
    });
    group.bench_function("npz", |b| b.iter(|| black_box(npz::read(&arrays).expect("it was written"))));
    group.finish();
}

criterion_group!(benches, load);
criterion_main!(benches);
