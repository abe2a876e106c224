//! The two large products of a training step, as a share of what the CPU can do at most.

use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use minutia_kernels::rng::Generator;
use minutia_tensor::cpu::{Level, Options, fma_peak};
use minutia_tensor::program::{Access, BufferSpec, Gemm, MapProgram, Operand, Primitive, Program};
use minutia_tensor::{DType, Device, Memory, Tensor};

use super::job::Measurement;

/// Calls of a product that are timed together, and how often: the fastest counts, as it does for the peak.
const CALLS: usize = 20;
const BATCHES: usize = 40;

/// How the left operand lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `100x784 · 784x300`.
    Nn,
    /// `(100x784)ᵀ · 100x300`.
    Tn,
}

/// The share of the peak that a dense product reaches, on one thread or two, whichever is less.
///
/// # Errors
/// When the device cannot be had.
pub fn share(options: Options, layout: Layout) -> Result<Measurement> {
    let mut worst = f64::INFINITY;
    let mut notes = Vec::new();
    for threads in [1, 2] {
        let peak = peak(options, threads)?;
        let rate = rate(Options { threads: Some(threads), ..options }, layout)?;
        worst = worst.min(rate / peak);
        let s = if threads == 1 { "" } else { "s" };
        notes.push(format!("{threads} thread{s}: {rate:.1} of {peak:.1} GFLOP/s"));
    }
    Ok(Measurement { value: worst, check: None, note: notes.join(", ") })
}

/// The peak of so many threads together, in GFLOP/s.
///
/// # Errors
/// When the CPU lacks the instructions that were asked for.
pub fn peak(options: Options, threads: usize) -> Result<f64> {
    let level = options.simd.unwrap_or_else(Level::detect);
    let one = || fma_peak(level).with_context(|| format!("this CPU has no {level}; unset MINUTIA_SIMD"));
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, one);
        let others: Vec<_> =
            (1..threads).map(start).collect::<Result<_, _>>().context("no thread to measure")?;
        let mut sum = one()?;
        for other in others {
            sum += other.join().ok().context("the measurement of the peak panicked")??;
        }
        Ok(sum)
    })
}

fn rate(options: Options, layout: Layout) -> Result<f64> {
    let device = Device::cpu_with(options)?;
    let (m, n, k, strides) = match layout {
        Layout::Nn => (100, 300, 784, [784, 1]),
        Layout::Tn => (784, 300, 100, [1, 784]),
    };
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
            m,
            n,
            k,
            a: access(0, strides),
            b: access(1, [n, 1]),
            epilogue_inputs: Vec::new(),
            epilogue: MapProgram::identity(),
            outputs: vec![access(2, [n, 1])],
        })],
        ..Program::default()
    };
    let mut generator = Generator::new(1, "bench/peak");
    let mut memory = Memory::new(&device);
    let mut slots = Vec::new();
    for &size in &sizes[..2] {
        let values: Vec<f32> = (0..size).map(|_| generator.normal()).collect();
        slots.push(memory.share(&Tensor::from(values))?);
    }
    slots.push(memory.allocate(sizes[2] * 4)?);
    let mut executable = device.compile(&program)?;
    let mut best = f64::INFINITY;
    for _ in 0..BATCHES {
        let start = Instant::now();
        for _ in 0..CALLS {
            executable.run(&mut memory, &slots)?;
        }
        best = best.min(start.elapsed().as_secs_f64() / CALLS as f64);
    }
    Ok(2.0 * (m * n * k) as f64 / best / 1e9)
}
