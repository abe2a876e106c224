//! Runs one layer of a network, `sigmoid(x w + bias)`, on every level of instructions that this CPU has: the
//! times differ, the bits do not.
//!
//! `cargo run --release -p minutia-tensor --example levels`

use minutia_kernels::{map::Code, rng::Generator};
use minutia_tensor::{
    DType, Device, Error, Memory, Tensor,
    cpu::{Level, Options},
    program::*,
};
use std::time::Instant;

const ROWS: usize = 100;
const INNER: usize = 784;
const COLUMNS: usize = 300;

fn access(buffer: usize, strides: [usize; 2]) -> Access {
    Access { operand: Operand { buffer, offset: 0, dtype: DType::F32 }, strides: strides.to_vec() }
}

fn layer() -> Program {
    let mut m = MapBuilder::new(2);
    let sum = m.apply(Code::Add, &[m.input(0), m.input(1)]);
    let y = m.apply(Code::Sigmoid, &[sum]);
    let spec = |elements: usize, written| BufferSpec { bytes: elements * 4, written };
    Program {
        buffers: vec![
            spec(ROWS * INNER, false),
            spec(INNER * COLUMNS, false),
            spec(COLUMNS, false),
            spec(ROWS * COLUMNS, true),
        ],
        steps: vec![Primitive::Gemm(Gemm {
            batch: Vec::new(),
            rows: vec![ROWS],
            n: COLUMNS,
            depth: vec![INNER],
            a: access(0, [INNER, 1]),
            b: access(1, [COLUMNS, 1]),
            epilogue_inputs: vec![access(2, [0, 1])],
            epilogue: m.finish(&[y]),
            outputs: vec![access(3, [COLUMNS, 1])],
        })],
        names: vec!["layer".into()],
        ..Program::default()
    }
}

fn main() -> Result<(), Error> {
    let program = layer();
    let mut generator = Generator::new(1, "example");
    let mut normal = |n: usize| Tensor::from((0..n).map(|_| generator.normal() * 0.05).collect::<Vec<f32>>());
    let inputs = [normal(ROWS * INNER), normal(INNER * COLUMNS), normal(COLUMNS)];
    for simd in Level::ALL.into_iter().filter(|l| l.is_available()) {
        for threads in [1, 2] {
            let device = Device::cpu_with(Options { simd: Some(simd), threads: Some(threads) })?;
            let mut memory = Memory::new(&device);
            let mut slots = inputs.iter().map(|t| memory.share(t)).collect::<Result<Vec<_>, _>>()?;
            slots.push(memory.allocate(ROWS * COLUMNS * 4)?);
            let mut executable = device.compile(&program)?;
            executable.run(&mut memory, &slots)?;
            let start = Instant::now();
            executable.run(&mut memory, &slots)?;
            let time = start.elapsed();

            let mut bytes = vec![0; ROWS * COLUMNS * 4];
            memory.read(slots[3], 0, &mut bytes)?;
            let fingerprint = bytes.iter().fold(0_u64, |h, &b| (h ^ b as u64).wrapping_mul(0x0100_0000_01b3));
            println!("{device:<24} {time:>12.1?}   bits {fingerprint:016x}");
        }
    }
    Ok(())
}
