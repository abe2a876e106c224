//! One kernel primitive over buffers of its own.

use minutia::prelude::{Device, Tensor};
use minutia::tensor::program::Primitive;

use super::clock::{Times, queued};
use super::common::Compiled;
use super::report::{Report, Row};
use super::{Failure, Settings};

/// A primitive, and what its speed is counted in.
pub struct Measurement {
    pub section: &'static str,
    pub key: String,
    pub title: String,
    pub primitive: Primitive,
    pub inputs: Vec<Tensor>,
    /// Floats of each output.
    pub outputs: Vec<usize>,
    /// Operations or bytes of a run, in units of `unit` times a second.
    pub work: f64,
    pub unit: &'static str,
    /// What the GPU can do, in the same unit.
    pub peak: Option<f64>,
}

impl Measurement {
    /// Times it in queues of runs.
    ///
    /// # Errors
    /// When nothing was timed.
    pub fn measure(self, device: &Device, settings: &Settings, report: &mut Report) -> Result<(), Failure> {
        let (repeats, least) = if settings.tiny { (1, 0.0) } else { (9, 0.05) };
        let mut compiled = Compiled::new(device, self.primitive.clone(), &self.inputs, &self.outputs);
        let times = queued(repeats, least, |count| {
            (0..count).for_each(|_| compiled.run());
            compiled.wait();
        })?;
        let mut on_cpu = Compiled::new(&Device::cpu()?, self.primitive, &self.inputs, &self.outputs);
        on_cpu.run();
        let buffers = (self.inputs.len()..).zip(&self.outputs);
        let same = buffers
            .into_iter()
            .all(|(buffer, &count)| same(&compiled.read(buffer, count), &on_cpu.read(buffer, count)));
        let rates: Times = times.map(|seconds| self.work / seconds);
        report.row(Row {
            section: self.section,
            key: self.key,
            title: self.title,
            values: rates,
            unit: self.unit,
            limit: self.peak,
            loss: None,
            same,
        });
        Ok(())
    }
}

/// Whether the bits are the same.
fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// Numbers between -0.5 and 0.5 without any pattern that a cache or a sum could profit from.
pub fn numbers(count: usize) -> Vec<f32> {
    let number = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0 - 0.5;
    (0..count).map(number).collect()
}
