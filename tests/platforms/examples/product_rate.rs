//! The rate of a dense product on one thread of a device, in GFLOP/s: what a CPU's instructions are worth.
//!
//! `cargo run --release -p minutia-platforms --example product_rate`; [wasi.mjs](../wasi.mjs) runs it in
//! WebAssembly.

use minutia_tensor::{
    DType, Device, Error, Memory, Tensor,
    cpu::Options,
    program::{Access, BufferSpec, Gemm, MapProgram, Operand, Primitive, Program},
};
use std::time::Instant;

const SIZE: usize = 512;
const SECONDS: f64 = 1.0;

fn access(buffer: usize) -> Access {
    Access { operand: Operand { buffer, offset: 0, dtype: DType::F32 }, strides: vec![SIZE, 1] }
}

fn main() -> Result<(), Error> {
    let device = Device::cpu_with(Options { threads: Some(1), ..Options::from_env()? })?;
    let buffers = [false, false, true].map(|written| BufferSpec { bytes: SIZE * SIZE * 4, written });
    let product = Gemm {
        batch: Vec::new(),
        rows: vec![SIZE],
        n: SIZE,
        depth: vec![SIZE],
        a: access(0),
        b: access(1),
        epilogue_inputs: Vec::new(),
        epilogue: MapProgram::identity(),
        outputs: vec![access(2)],
    };
    let program =
        Program { buffers: buffers.to_vec(), steps: vec![Primitive::Gemm(product)], ..Program::default() };
    let mut memory = Memory::new(&device);
    // No zero, and nothing that overflows.
    let numbers: Vec<f32> = (0..SIZE * SIZE).map(|i| (i * 7919 % 1009) as f32 / 504.0 - 1.0009).collect();
    let numbers = Tensor::from(numbers);
    let slots = [memory.share(&numbers)?, memory.share(&numbers)?, memory.allocate(SIZE * SIZE * 4)?];
    let mut executable = device.compile(&program)?;
    let (begin, mut best) = (Instant::now(), f64::INFINITY);
    while best.is_infinite() || begin.elapsed().as_secs_f64() < SECONDS {
        let start = Instant::now();
        executable.run(&mut memory, &slots)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{:.3}", 2.0 * SIZE.pow(3) as f64 / best / 1e9);
    Ok(())
}
