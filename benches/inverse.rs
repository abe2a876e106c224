//! One Adagrad step of the 10x10 inverse: `cargo bench -p minutia --bench inverse`

mod common;

use criterion::{Criterion, criterion_group, criterion_main};
use minutia::prelude::*;
use common::device;

fn inverse(criterion: &mut Criterion) {
    let common::Descent { graph, train, loss, .. } = common::inverse();
    let mut session = Session::new(&graph, &device(1)).expect("the graph is sound");
    session.run(graph.global_variables_initializer(), feeds! {}).expect("variables initialise");
    let mut group = criterion.benchmark_group("inverse");
    let mut step = session.make_callable(&train, feeds! {}).expect("the step compiles");
    group.bench_function("step", |b| b.iter(|| step.run()));
    let mut step = session.make_callable((&train, &loss), feeds! {}).expect("the step compiles");
    group.bench_function("step, loss read back", |b| {
        b.iter(|| {
            step.run()?;
            step.value::<f32>(&loss)
        });
    });
}

criterion_group! { name = benches; config = common::criterion(); targets = inverse }
criterion_main!(benches);
