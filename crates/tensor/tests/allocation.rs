//! Running a program allocates nothing, on any thread.
#![allow(unsafe_code)]

mod common;

use common::{bytes, dense, gpu, int_bytes, load, numbers, strided};
use minutia_kernels::map::Code;
use minutia_tensor::{DType, Device, cpu::Options, program::*};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, SeqCst);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A program with a step of each kind, the large ones split between threads.
#[expect(clippy::too_many_lines, reason = "one primitive after the other")]
fn program() -> (Program, Vec<Vec<u8>>) {
    let (m, n, k) = (200, 300, 100);
    let buffers = vec![
        bytes(&numbers(1, m * k, false)),
        bytes(&numbers(2, k * n, false)),
        vec![0; m * n * 4],
        vec![0; m * 4],
        int_bytes(&[3, 1, 2]),
        vec![0; 3 * n * 4],
        int_bytes(&[0]),
        vec![0; m * 4],
        vec![0; m * n * 4],
        vec![1],
    ];
    let mut p = MapBuilder::new(2);
    let sum = p.apply(Code::Add, &[p.input(0), p.input(1)]);
    let epilogue = p.finish(&[sum]);
    let mut p = MapBuilder::new(1);
    let y = p.apply(Code::Exp, &[p.input(0)]);
    let exp = p.finish(&[y]);
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let steps = vec![
        Primitive::Gemm(Gemm {
            batch: Vec::new(),
            rows: vec![m],
            n,
            depth: vec![k],
            a: dense(0, &[m, k]),
            b: dense(1, &[k, n]),
            epilogue_inputs: vec![strided(1, DType::F32, &[0, 1])],
            epilogue,
            outputs: vec![dense(2, &[m, n])],
        }),
        Primitive::Map(Map {
            dims: vec![m, n],
            inputs: vec![dense(2, &[m, n])],
            program: exp.clone(),
            outputs: vec![dense(2, &[m, n])],
        }),
        Primitive::Reduce(Reduce {
            op: ReduceOp::Sum,
            dtype: DType::F32,
            dims: vec![m],
            reduced: vec![n],
            inputs: vec![dense(2, &[m, n])],
            program: exp.clone(),
            epilogue_inputs: vec![],
            epilogue: MapProgram::identity(),
            outputs: vec![dense(3, &[m])],
        }),
        Primitive::GatherRows(GatherRows {
            table: operand(2, DType::F32),
            rows: m,
            width: n,
            indices: operand(4, DType::I32),
            count: 3,
            program: MapProgram::identity(),
            output: operand(5, DType::F32),
        }),
        Primitive::ScatterAddRows(ScatterAddRows {
            updates: operand(5, DType::F32),
            indices: operand(4, DType::I32),
            count: 3,
            rows: m,
            width: n,
            output: operand(2, DType::F32),
        }),
        Primitive::FirstPositions(FirstPositions {
            indices: operand(4, DType::I32),
            count: 3,
            output: operand(7, DType::I32),
        }),
        Primitive::UpdateRows(UpdateRows {
            change: Change::Add,
            base: dense(2, &[m, n]),
            updates: operand(5, DType::F32),
            indices: operand(4, DType::I32),
            count: 3,
            rows: m,
            width: n,
            output: dense(2, &[m, n]),
        }),
        Primitive::Random(Random {
            distribution: Distribution::Normal,
            key: 1,
            counter: operand(6, DType::I32),
            count: m * n,
            output: operand(2, DType::F32),
        }),
        Primitive::ArgReduce(ArgReduce {
            largest: true,
            dims: vec![m],
            length: n,
            input: dense(2, &[m, n]),
            output: strided(7, DType::I32, &[1]),
        }),
        Primitive::Scan(Scan {
            reverse: false,
            exclusive: true,
            dims: vec![m],
            length: n,
            input: dense(2, &[m, n]),
            output: dense(8, &[m, n]),
        }),
        Primitive::ArgSort(ArgSort {
            descending: true,
            dims: vec![m],
            length: n,
            input: dense(8, &[m, n]),
            output: strided(2, DType::I32, &[n, 1]),
        }),
        Primitive::Loop(Loop {
            predicate: Some(operand(9, DType::Bool)),
            most: Some(2),
            body: vec![Primitive::Map(Map {
                dims: vec![m, n],
                inputs: vec![dense(8, &[m, n])],
                program: exp,
                outputs: vec![dense(2, &[m, n])],
            })],
            names: Vec::new(),
        }),
    ];
    let spec = |(i, b): (usize, &Vec<u8>)| BufferSpec { bytes: b.len(), written: ![0, 1, 4, 9].contains(&i) };
    (
        Program { buffers: buffers.iter().enumerate().map(spec).collect(), steps, ..Program::default() },
        buffers,
    )
}

#[test]
fn running_allocates_nothing() -> Result<(), minutia_tensor::Error> {
    let (program, buffers) = program();
    let cpu = |threads| Device::cpu_with(Options { simd: None, threads: Some(threads) });
    let devices = [cpu(1)?, cpu(3)?];
    for device in devices.into_iter().chain(gpu()) {
        let mut executable = device.compile(&program)?;
        let (mut memory, slots) = load(&device, &buffers)?;
        executable.run(&mut memory, &slots)?;
        let before = ALLOCATIONS.load(SeqCst);
        for _ in 0..10 {
            executable.run(&mut memory, &slots)?;
        }
        assert_eq!(ALLOCATIONS.load(SeqCst) - before, 0, "allocations in ten runs on {device}");
    }
    Ok(())
}
