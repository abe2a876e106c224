//! One Adagrad step of the 10x10 inverse: `cargo bench -p minutia --bench inverse`

mod common;

use common::{device, session};
use criterion::{Criterion, criterion_group, criterion_main};
use minutia_models::{Inverse, post, random_matrix};

fn inverse(criterion: &mut Criterion) {
    let matrix = random_matrix(11, post::MATRIX_SIZE, post::ENTRIES_BELOW);
    let model = Inverse::new(&matrix, post::MATRIX_SIZE).expect("the matrix has its size");
    let train = model.train(post::INVERSE_RATE).expect("the loss has a gradient");
    let session = session(&model.graph, &device(1));
    let mut group = criterion.benchmark_group("inverse");
    let mut step = session.make_callable(&train, ()).expect("the step compiles");
    group.bench_function("step", |b| b.iter(|| step.run()));
    let mut step = session.make_callable((&train, &model.loss), ()).expect("the step compiles");
    group.bench_function("step, loss read back", |b| {
        b.iter(|| {
            step.run()?;
            step.value::<f32>(&model.loss)
        });
    });
}

criterion_group! { name = benches; config = common::criterion(); targets = inverse }
criterion_main!(benches);
