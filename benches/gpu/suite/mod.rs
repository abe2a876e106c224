//! The measurements. Each is also made on the CPU, whose bits must come out.

mod clock;
#[path = "../../common/mod.rs"]
mod common;
mod descents;
mod inputs;
mod memory;
mod primitive;
mod products;
mod report;
mod training;

use std::path::PathBuf;

use inputs::Inputs;
use minutia::prelude::Device;
pub use report::Report;

/// Why something could not be measured, in words.
pub type Failure = Box<dyn std::error::Error>;

/// What is measured, and against which limits.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Small sizes, to see that everything works; times mean nothing then.
    pub tiny: bool,
    /// The folder of data that `cargo xtask bench` wrote; built-in digits otherwise.
    pub inputs: Option<PathBuf>,
    /// Multiply-adds that the GPU can do, in 10¹² operations a second.
    pub peak_tflops: Option<f64>,
    /// Bytes that its memory can move, in 10⁹ a second.
    pub peak_gbps: Option<f64>,
}

/// A part of the suite.
type Part<'a> = (&'static str, &'a dyn Fn(&mut Report) -> Result<(), Failure>);

/// Measures everything. What fails is among the report's faults, and hides nothing else.
pub fn run(device: &Device, settings: &Settings) -> Report {
    let mut report = Report::new(device);
    let inputs = match Inputs::new(settings) {
        Ok(inputs) => Some(inputs),
        Err(error) => {
            report.fault("inputs", &error.to_string());
            None
        }
    };
    let parts: [Part<'_>; 4] = [
        ("training", &|report| {
            inputs.iter().try_for_each(|inputs| training::measure(device, inputs, report))
        }),
        ("descents", &|report| {
            inputs.iter().try_for_each(|inputs| descents::measure(device, inputs, report))
        }),
        ("products", &|report| products::measure(device, settings, report)),
        ("memory", &|report| memory::measure(device, settings, report)),
    ];
    for (name, part) in parts {
        if let Err(error) = part(&mut report) {
            report.fault(name, &error.to_string());
        }
    }
    report
}
