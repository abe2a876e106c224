//! What the tests of programs share: the naive reference, and a comparison of every way to run a program.
#![allow(dead_code, unused_imports)]

#[cfg(feature = "cuda")]
pub mod emulator;
pub mod generate;
pub mod reference;

use minutia_kernels::math::canonical_bits;
use minutia_tensor::{
    DType, Device, Error, Memory, Slot,
    cpu::{Level, Options},
    program::{Access, BufferSpec, Operand, Primitive, Program},
};

/// The GPU that tests use, in a build with GPUs.
pub fn gpu() -> Option<Device> {
    cfg!(feature = "cuda").then(minutia_test_support::gpu::device)
}

/// Numbers that arithmetic treats specially.
pub const SPECIAL: [f32; 14] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    1e-40,
    -1e-45,
    f32::MIN_POSITIVE,
    f32::MAX,
    -1e30,
    0.5,
    88.5,
];

/// Numbers of threads: one, few, and many more than a small machine has cores.
pub const THREADS: [usize; 5] = [1, 3, 7, 16, 64];

pub fn levels() -> Vec<Level> {
    Level::ALL.into_iter().filter(|l| l.is_available()).collect()
}

/// A device, its memory with these buffers, and the slots.
pub fn load(device: &Device, buffers: &[Vec<u8>]) -> Result<(Memory, Vec<Slot>), Error> {
    let mut memory = Memory::new(device);
    let mut slots = Vec::new();
    for bytes in buffers {
        let slot = memory.allocate(bytes.len())?;
        memory.write(slot, bytes)?;
        slots.push(slot);
    }
    Ok((memory, slots))
}

/// The words of a buffer with one NaN for all, or its bytes where it does not consist of words.
pub fn canonical(bytes: &[u8]) -> Vec<u32> {
    if !bytes.len().is_multiple_of(4) {
        return bytes.iter().map(|&b| b as u32).collect();
    }
    let word = |c: &[u8]| f32::from_ne_bytes(c.try_into().expect("four bytes"));
    bytes.chunks_exact(4).map(|c| canonical_bits(word(c))).collect()
}

/// Runs a program on every level, several numbers of threads and a GPU, and says where it first differs from
/// the reference.
pub fn agrees(what: &str, program: &Program, buffers: &[Vec<u8>]) -> Result<(), String> {
    agrees_with(&[1, 3], what, program, buffers)
}

/// The same with chosen numbers of threads.
pub fn agrees_with(
    threads: &[usize],
    what: &str,
    program: &Program,
    buffers: &[Vec<u8>],
) -> Result<(), String> {
    let mut want = buffers.to_vec();
    let expected = reference::run(program, &mut want);
    let mut devices = vec![];
    for simd in levels() {
        for &threads in threads {
            let options = Options { simd: Some(simd), threads: Some(threads) };
            devices.push(Device::cpu_with(options).map_err(|e| format!("{what} with {simd}: {e}"))?);
        }
    }
    devices.extend(gpu());
    devices.iter().try_for_each(|device| {
        let way = format!("{what} on {device}");
        agrees_on(device, program, buffers, &want, &expected)
            .map_err(|difference| format!("{way}: {difference}"))
    })
}

/// The buffer that a gather writes.
fn picked_to(step: &Primitive) -> Option<usize> {
    if let Primitive::GatherRows(gather) = step { Some(gather.output.buffer) } else { None }
}

/// Runs a program on a device, twice over the same numbers at the same addresses, and says where it first
/// differs from what is wanted.
fn agrees_on(
    device: &Device,
    program: &Program,
    buffers: &[Vec<u8>],
    want: &[Vec<u8>],
    expected: &Result<(), Error>,
) -> Result<(), String> {
    let mut executable = device.compile(program).map_err(|e| e.to_string())?;
    let (mut memory, slots) = load(device, buffers).map_err(|e| e.to_string())?;
    // What is for later steps alone may be left out.
    let passing = program.steps.iter().zip(&program.temporary).filter(|(_, temporary)| **temporary);
    let passing: Vec<usize> = passing.filter_map(|(step, _)| picked_to(step)).collect();
    for run in ["first", "second"] {
        for (&slot, bytes) in slots.iter().zip(buffers) {
            memory.write(slot, bytes).map_err(|e| e.to_string())?;
        }
        let result = executable.run(&mut memory, &slots).and_then(|()| memory.wait());
        if result != *expected {
            return Err(format!("{result:?} instead of {expected:?}, {run} run"));
        }
        for (b, want) in want.iter().enumerate().filter(|(b, _)| !passing.contains(b)) {
            let mut got = vec![0; want.len()];
            memory.read(slots[b], 0, &mut got).map_err(|e| e.to_string())?;
            let (got, want) = (canonical(&got), canonical(want));
            if let Some(i) = (0..want.len()).find(|&i| got[i] != want[i]) {
                return Err(format!("buffer {b} holds {:#x} at {i}, not {:#x}, {run} run", got[i], want[i]));
            }
        }
    }
    Ok(())
}

pub fn assert_agrees(what: &str, program: &Program, buffers: &[Vec<u8>]) {
    if let Err(difference) = agrees(what, program, buffers) {
        panic!("{difference}\n{program:#?}");
    }
}

pub fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_ne_bytes()).collect()
}

pub fn int_bytes(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_ne_bytes()).collect()
}

/// `n` numbers, every seventh of them a special one where `special` holds.
pub fn numbers(seed: u64, n: usize, special: bool) -> Vec<f32> {
    let mut generator = minutia_kernels::rng::Generator::new(seed, "numbers");
    (0..n)
        .map(|i| {
            let x = generator.normal();
            if special && generator.below(7) == 0 { SPECIAL[i % SPECIAL.len()] } else { x }
        })
        .collect()
}

/// A row-major `f32` access at the start of a buffer.
pub fn dense(buffer: usize, dims: &[usize]) -> Access {
    strided(buffer, DType::F32, &minutia_tensor::Shape::from(dims).strides())
}

pub fn strided(buffer: usize, dtype: DType, strides: &[usize]) -> Access {
    Access { operand: Operand { buffer, offset: 0, dtype }, strides: strides.to_vec() }
}

/// A program over buffers of which those in `written` are written.
pub fn program(steps: Vec<Primitive>, buffers: &[Vec<u8>], written: &[usize]) -> Program {
    let spec = |(i, b): (usize, &Vec<u8>)| BufferSpec { bytes: b.len(), written: written.contains(&i) };
    let buffers = buffers.iter().enumerate().map(spec).collect();
    Program { buffers, steps, ..Program::default() }
}

/// The same of one step.
pub fn single(step: Primitive, buffers: &[Vec<u8>], written: &[usize]) -> Program {
    Program { names: vec!["the only step".into()], ..program(vec![step], buffers, written) }
}
