//! Dense products from small to large, beside other libraries.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use minutia_kernels::rng::Generator;
use minutia_tensor::cpu::Options;
use minutia_tensor::program::{Access, BufferSpec, Gemm, MapProgram, Operand, Primitive, Program};
use minutia_tensor::{DType, Device, Memory, Tensor};

use super::{
    job::Measurement,
    peak, peers,
    rates::{Rate, Repeats, THREADS, fastest},
};
use crate::terminal;

/// How the operands of a product lie: `n` as rows, `t` transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Nn,
    Tn,
    Nt,
}

/// A product of `m x k` and `k x n` numbers.
#[derive(Clone, Copy, Debug)]
pub struct MatrixProduct {
    pub layout: Layout,
    pub m: usize,
    pub k: usize,
    pub n: usize,
}

/// What is timed: cubes, the post's hidden layer for all test images, and a wide layer, in the layouts that
/// a forward pass and its two gradients have.
const SIZES: [[usize; 3]; 6] = [
    [512, 512, 512],
    [1024, 1024, 1024],
    [2048, 2048, 2048],
    [4096, 4096, 4096],
    [10_000, 784, 300],
    [100, 3000, 3000],
];
/// The products of the post's first layer: of the images and the weights, and for the weights' gradient.
pub const FORWARD: MatrixProduct = MatrixProduct { layout: Layout::Nn, m: 100, k: 784, n: 300 };
pub const GRADIENT: MatrixProduct = MatrixProduct { layout: Layout::Tn, m: 784, k: 100, n: 300 };
/// What is timed where one rate shall stand for a CPU.
pub const CUBE: MatrixProduct = MatrixProduct { layout: Layout::Nn, m: 512, k: 512, n: 512 };

const LAYOUTS: [Layout; 3] = [Layout::Nn, Layout::Tn, Layout::Nt];
/// Seconds that a contender multiplies for, at least; the fastest call counts.
const SECONDS: f64 = 0.5;

impl Layout {
    fn name(self) -> &'static str {
        match self {
            Layout::Nn => "nn",
            Layout::Tn => "tn",
            Layout::Nt => "nt",
        }
    }
}

impl MatrixProduct {
    /// Its floating-point operations.
    fn operations(self) -> f64 {
        2.0 * self.m as f64 * self.n as f64 * self.k as f64
    }

    fn shape(self) -> String {
        format!("{}x{}x{}", self.m, self.k, self.n)
    }
}

/// Times all products, `repeats` times in turn with the peers, of which medians count.
///
/// # Errors
/// When something of ours cannot be measured; a peer that fails is named and left out.
pub fn measure(options: Options, workspace: &Path, with_peers: bool, repeats: u32) -> Result<Vec<Rate>> {
    let mut peers = if with_peers { peers::of_products(workspace) } else { Vec::new() };
    let mut rows = Vec::new();
    for [m, k, n] in SIZES {
        for layout in LAYOUTS {
            for threads in THREADS {
                let product = MatrixProduct { layout, m, k, n };
                rows.push(row(options, product, threads, &mut peers, repeats)?);
            }
        }
    }
    Ok(rows)
}

fn row(
    options: Options,
    product: MatrixProduct,
    threads: usize,
    peers: &mut Vec<(String, Command)>,
    repeats: u32,
) -> Result<Rate> {
    let options = Options { threads: Some(threads), ..options };
    let MatrixProduct { layout, m, k, n } = product;
    let mut found = Repeats::default();
    for _ in 0..repeats {
        let peak = peak::peak(options, threads)?;
        found.add(rate(options, product)?, peak);
        for (name, command) in std::mem::take(peers) {
            let sizes = [m, k, n, threads].map(|size| size.to_string());
            match peers::rates_of(&command, [layout.name().to_string()].into_iter().chain(sizes)) {
                Ok(theirs) => {
                    theirs.into_iter().for_each(|(library, rate)| found.add_peer(library, rate));
                    peers.push((name, command));
                }
                Err(error) => terminal::say(format_args!("peer     {name} is left out: {error:#}"))?,
            }
        }
    }
    let row = found.rate(product.shape(), layout.name(), threads);
    terminal::say(format_args!("  {} {:15} {threads} {:8.1} GFLOP/s", row.kind, row.shape, row.gflops))?;
    Ok(row)
}

/// The share of the peak that a dense product reaches, on one thread or two, whichever is less.
///
/// # Errors
/// When the device cannot be had.
pub fn share(options: Options, product: MatrixProduct) -> Result<Measurement> {
    let mut worst = f64::INFINITY;
    let mut notes = Vec::new();
    for threads in THREADS {
        let peak = peak::peak(options, threads)?;
        let rate = rate(Options { threads: Some(threads), ..options }, product)?;
        worst = worst.min(rate / peak);
        let s = if threads == 1 { "" } else { "s" };
        notes.push(format!("{threads} thread{s}: {rate:.1} of {peak:.1} GFLOP/s"));
    }
    Ok(Measurement { value: worst, check: None, note: notes.join(", ") })
}

/// The fastest of many calls of a product, in GFLOP/s.
///
/// # Errors
/// When the device cannot be had.
pub fn rate(options: Options, product: MatrixProduct) -> Result<f64> {
    let MatrixProduct { layout, m, k, n } = product;
    let device = Device::cpu_with(options)?;
    let access = |buffer, strides: [usize; 2]| Access {
        operand: Operand { buffer, offset: 0, dtype: DType::F32 },
        strides: strides.to_vec(),
    };
    let sizes = [m * k, k * n, m * n];
    let program = Program {
        buffers: sizes
            .iter()
            .enumerate()
            .map(|(i, &n)| BufferSpec { bytes: n * 4, written: i == 2 })
            .collect(),
        steps: vec![Primitive::Gemm(Gemm {
            batch: Vec::new(),
            rows: vec![m],
            n,
            depth: vec![k],
            a: access(0, if layout == Layout::Tn { [1, m] } else { [k, 1] }),
            b: access(1, if layout == Layout::Nt { [1, k] } else { [n, 1] }),
            epilogue_inputs: Vec::new(),
            epilogue: MapProgram::identity(),
            outputs: vec![access(2, [n, 1])],
        })],
        ..Program::default()
    };
    let mut generator = Generator::new(1, "bench/product");
    let mut memory = Memory::new(&device);
    let mut slots = Vec::new();
    for &size in &sizes[..2] {
        let values: Vec<f32> = (0..size).map(|_| generator.normal()).collect();
        slots.push(memory.share(&Tensor::from(values))?);
    }
    slots.push(memory.allocate(sizes[2] * 4)?);
    let mut executable = device.compile(&program).context("the product cannot be compiled")?;
    fastest(product.operations(), SECONDS, || Ok(executable.run(&mut memory, &slots)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_each_layout_has_a_rate() {
        for layout in LAYOUTS {
            let options = Options { simd: None, threads: Some(2) };
            let rate = rate(options, MatrixProduct { layout, m: 20, k: 30, n: 40 }).unwrap();
            assert!(rate > 0.0 && rate.is_finite(), "{layout:?}: {rate}");
        }
    }
}
