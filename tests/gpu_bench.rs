//! The measurements of `benches/gpu` work, on the stand-in GPU and in small sizes.

#[path = "../benches/gpu/suite/mod.rs"]
mod suite;

use minutia_test_support::gpu;
use serde_json::Value;
use suite::Settings;

/// A row of each kind.
const KEYS: [&str; 10] = [
    "epoch_s",
    "step_us",
    "free_epoch_s",
    "inverse_step_us",
    "ideal_step_us",
    "gemm_tn_25x4x10_tflops",
    "copy_gbps",
    "axpy_gbps",
    "adagrad_gbps",
    "sum_gbps",
];

#[test]
fn everything_is_measured_and_gives_the_bits_of_the_cpu() {
    let device = gpu::device();
    let settings = Settings { tiny: true, peak_tflops: Some(1.0), ..Settings::default() };
    let report = suite::run(&device, &settings);
    assert_eq!(report.faults(), &[] as &[String]);
    let document: Value = serde_json::from_str(&report.json()).unwrap();
    for key in KEYS {
        let row = &document["rows"][key];
        assert!(row["value"].as_f64().is_some_and(|value| value > 0.0), "{key}: {row}");
        assert_eq!(row["same_bits"], true, "{key}");
    }
    let text = report.markdown();
    assert_eq!(text.matches("the CPU's |").count(), document["rows"].as_object().unwrap().len(), "{text}");
}

#[test]
fn inputs_that_are_not_there_are_a_fault_that_hides_nothing_else() {
    let device = gpu::device();
    let inputs = Some("/nowhere/inputs".into());
    let report = suite::run(&device, &Settings { tiny: true, inputs, ..Settings::default() });
    let [fault] = report.faults() else { panic!("{:?}", report.faults()) };
    assert!(fault.starts_with("inputs: the inputs in /nowhere/inputs: sizes.json: "), "{fault}");
    assert!(report.json().contains("sum_gbps"));
}
