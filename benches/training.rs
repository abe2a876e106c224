//! A training step and an epoch of the post's classifier, on the built-in digits:
//! `cargo bench -p minutia --bench training`

mod common;

use common::{SEED, classifier, device, session};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use minutia::datasets::{Batches, digits};
use minutia_models::post::BATCH;

/// Images: few, for they are generated first. An epoch goes through them often enough to have the post's
/// steps.
const IMAGES: usize = 5_000;
const EPOCH_STEPS: usize = 550;

fn training(criterion: &mut Criterion) {
    let data = digits::generate_some(IMAGES, 1).train;
    let (model, train) = classifier();
    let mut group = criterion.benchmark_group("training");
    for threads in [1, 2] {
        let session = session(&model.graph, &device(threads));
        let feeds = model.feeds(&data.images, &data.labels, BATCH);
        let mut step = session.make_callable((&train, &model.loss), feeds).expect("the step compiles");
        let mut batches = Batches::new(IMAGES, BATCH, SEED);
        let mut one = || -> Result<f32, minutia::graph::Error> {
            step.set(&model.rows, batches.next_batch())?;
            step.run()?;
            step.value::<f32>(&model.loss)
        };
        group.sample_size(20);
        group.bench_function(BenchmarkId::new("step", threads), |b| b.iter(&mut one));
        group.sample_size(10);
        group.bench_function(BenchmarkId::new("epoch", threads), |b| {
            b.iter(|| (0..EPOCH_STEPS).try_fold(0.0, |sum, _| one().map(|loss| sum + loss)));
        });
    }
}

criterion_group! { name = benches; config = common::criterion(); targets = training }
criterion_main!(benches);
