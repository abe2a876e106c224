//! Building and compiling the classifier's training step: `cargo bench -p minutia --bench plan`

mod models;

use criterion::{Criterion, criterion_group, criterion_main};
use minutia::datasets::digits;
use models::{Classifier, device};

fn plan(criterion: &mut Criterion) {
    let device = device(1);
    let data = digits::generate_some(200, 1);
    let mut group = criterion.benchmark_group("plan");
    group.bench_function("build and differentiate the classifier", |b| b.iter(Classifier::new));
    let model = Classifier::new();
    let session = model.session(&device);
    group.bench_function("compile its training step", |b| b.iter(|| model.prepare(&session, &data)));
}

criterion_group! { name = benches; config = models::criterion(); targets = plan }
criterion_main!(benches);
