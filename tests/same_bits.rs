//! Training gives the same bits for every SIMD width and number of threads, on a GPU, and on every machine: what is
//! learned is compared with digests that stand here.

#[path = "../crates/tensor/tests/common/gpu.rs"]
mod gpu;

use minutia::datasets::{Batches, digits};
use minutia::prelude::*;
use minutia::tensor::cpu::{Level, Options};

/// SHA-256 of all variables after the steps.
const CLASSIFIER: &str = "53c9206b7d853701a2ade33003f2f267445834e34b02918d1b7c65dfed628782";
const INVERSE: &str = "13b27154e3ef22fc5407813096c671fc9b93d83fd661372f4ee81a3839f87b18";

#[test]
fn what_the_classifier_learns() {
    let data = digits::generate_some(1000, 1);
    compare(CLASSIFIER, |device| {
        let graph = Graph::new();
        graph.set_random_seed(7);
        let table = graph.placeholder("images", DType::U8, [None, Some(784)]);
        let labels = graph.placeholder("labels", DType::I32, [None]);
        let rows = graph.placeholder("rows", DType::I32, [None]);
        let x = table.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
        let y_ = labels.gather(&rows).one_hot(10);
        let w1 = graph.variable("W1", graph.random_normal([784, 300], 0.0, 0.03));
        let b1 = graph.variable("b1", graph.random_normal([300], 0.0, 1.0));
        let w2 = graph.variable("W2", graph.random_normal([300, 10], 0.0, 0.03));
        let b2 = graph.variable("b2", graph.random_normal([10], 0.0, 1.0));
        let hidden = (x.matmul(&w1) + &b1).relu();
        let y = (hidden.matmul(&w2) + &b2).softmax().clip_by_value(1e-10, 0.999_999_9);
        let terms = &y_ * y.log() + (1.0 - &y_) * (1.0 - &y).log();
        let loss = -terms.reduce_sum(1).reduce_mean(..);
        let train = GradientDescent::new(0.1).minimize(&loss)?;

        let mut session = Session::new(&graph, device)?;
        session.run(graph.global_variables_initializer(), feeds! {})?;
        let feeds =
            feeds! { table => &data.train.images, labels => &data.train.labels, rows => vec![0; 100] };
        let mut step = session.prepare(&train, feeds)?;
        let mut batches = Batches::new(data.train.len(), 100, 7);
        for _ in 0..20 {
            step.set(&rows, batches.next_batch())?;
            step.run()?;
        }
        Ok(variables(&session))
    });
}

#[test]
fn what_the_inverse_learns() {
    compare(INVERSE, |device| {
        let graph = Graph::new();
        let matrix: Vec<f32> =
            (0..100).map(|i| (i * 37 % 10) as f32 + f32::from(u8::from(i % 11 == 0))).collect();
        let identity: Vec<f32> = (0..100).map(|i| f32::from(u8::from(i % 11 == 0))).collect();
        let a = graph.constant(Tensor::from_vec([10, 10], matrix)?);
        let identity = graph.constant(Tensor::from_vec([10, 10], identity)?);
        let x = graph.variable("x", Tensor::zeros(DType::F32, [10, 10])?);
        let loss = (x.matmul(&a) - identity).abs().reduce_sum(..);
        let train = Adagrad::new(0.01).minimize(&loss)?;
        let mut session = Session::new(&graph, device)?;
        session.run(graph.global_variables_initializer(), feeds! {})?;
        let mut step = session.prepare(&train, feeds! {})?;
        for _ in 0..2000 {
            step.run()?;
        }
        Ok(variables(&session))
    });
}

/// Runs on every kind of device that this machine has.
fn compare(expected: &str, learn: impl Fn(&Device) -> Result<Vec<u8>, Box<dyn std::error::Error>>) {
    let levels = ["scalar", "avx2", "avx512", "neon"].map(|name| name.parse::<Level>().unwrap());
    let mut devices = 0;
    for (simd, threads) in levels.into_iter().flat_map(|level| [(level, 1), (level, 2), (level, 5)]) {
        let Ok(device) = Device::cpu_with(Options { simd: Some(simd), threads: Some(threads) }) else {
            continue;
        };
        devices += 1;
        // A CPU without fused multiply-add computes it in software, at a hundredth of the speed.
        if simd == Level::Scalar && threads > 1 {
            continue;
        }
        let digest = sha256(&learn(&device).unwrap());
        assert_eq!(digest, expected, "on {device}");
    }
    assert!(devices >= 3, "the scalar level is always there");
    if let Some(device) = gpu::device() {
        assert_eq!(sha256(&learn(&device).unwrap()), expected, "on {device}");
    }
}

/// The bits of all variables, optimizers' slots included.
fn variables(session: &Session) -> Vec<u8> {
    let variables = session.graph().global_variables();
    variables.iter().flat_map(|v| session.variable(v).expect("was initialized").canonical_bytes()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
