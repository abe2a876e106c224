//! Matrix products by layout and size.

use minutia::prelude::{Device, Tensor};
use minutia::tensor::program::{Gemm, MapProgram, Primitive};

use super::common::access;
use super::primitive::{Measurement, numbers};
use super::report::{self, Report};
use super::{Failure, Settings};

/// Whether the left operand, the right one, or none lies transposed in memory.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Nn,
    Tn,
    Nt,
}

/// Rows, columns and terms: those of a training step, and two that fill a GPU.
const SHAPES: [(Layout, [usize; 3]); 7] = [
    (Layout::Nn, [100, 300, 784]),
    (Layout::Tn, [784, 300, 100]),
    (Layout::Nt, [100, 784, 300]),
    (Layout::Nn, [1024, 1024, 1024]),
    (Layout::Tn, [1024, 1024, 1024]),
    (Layout::Nt, [1024, 1024, 1024]),
    (Layout::Nn, [4096, 4096, 4096]),
];

/// Measures them.
///
/// # Errors
/// When nothing was timed.
pub fn measure(device: &Device, settings: &Settings, report: &mut Report) -> Result<(), Failure> {
    for (layout, shape) in SHAPES {
        // Every extent remains, and none is a whole tile.
        let [m, n, k] = if settings.tiny { shape.map(|extent| extent.div_ceil(32)) } else { shape };
        let (a, b) = match layout {
            Layout::Nn => ([k, 1], [n, 1]),
            Layout::Tn => ([1, m], [n, 1]),
            Layout::Nt => ([k, 1], [1, k]),
        };
        let primitive = Primitive::Gemm(Gemm {
            batch: Vec::new(),
            rows: vec![m],
            n,
            depth: vec![k],
            a: access(0, &a),
            b: access(1, &b),
            epilogue_inputs: Vec::new(),
            epilogue: MapProgram::identity(),
            outputs: vec![access(2, &[n, 1])],
        });
        let layout = format!("{layout:?}").to_lowercase();
        let product = Measurement {
            section: report::PRODUCTS,
            key: format!("gemm_{layout}_{m}x{k}x{n}_tflops"),
            title: format!("{m}x{k} · {k}x{n}, {layout}"),
            primitive,
            inputs: vec![Tensor::from(numbers(m * k)), Tensor::from(numbers(k * n))],
            outputs: vec![m * n],
            work: 2.0 * (m * n * k) as f64 / 1e12,
            unit: "TFLOP/s",
            peak: settings.peak_tflops,
        };
        product.measure(device, settings, report)?;
    }
    Ok(())
}
