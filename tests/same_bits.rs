//! Training gives the same bits for every SIMD width and number of threads, on a GPU, and on every machine:
//! what is learned is compared with digests that stand beside the models.

use minutia::prelude::*;
use minutia::tensor::cpu::{Level, Options};
use minutia_platforms::MODELS;

#[test]
fn what_the_classifier_learns() {
    compare("classifier");
}

#[test]
fn what_the_inverse_learns() {
    compare("inverse");
}

/// Runs on every kind of device that this machine has.
fn compare(name: &str) {
    let (_, learn, expected) = MODELS.into_iter().find(|model| model.0 == name).expect("it is there");
    let levels = ["scalar", "avx2", "avx512", "neon"].map(|name| name.parse::<Level>().unwrap());
    let mut devices = 0;
    for (simd, threads) in levels.into_iter().flat_map(|level| [(level, 1), (level, 2), (level, 5)]) {
        let Ok(device) = Device::cpu_with(Options { simd: Some(simd), threads: Some(threads) }) else {
            continue;
        };
        devices += 1;
        // Without the instruction, a fused multiply-add is computed by many.
        if simd == Level::Scalar && threads > 1 {
            continue;
        }
        assert_eq!(learn(&device).unwrap(), expected, "on {device}");
    }
    assert!(devices >= 3, "the scalar level is always there");
    if let Some(device) = cfg!(feature = "cuda").then(minutia_test_support::gpu::device) {
        assert_eq!(learn(&device).unwrap(), expected, "on {device}");
    }
}
