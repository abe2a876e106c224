//! The state of the caller's floating-point unit is neither used nor changed.
#![allow(unsafe_code)]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

mod common;

use common::{bytes, dense, load, single};
use minutia_kernels::map::Code;
use minutia_tensor::{DType, Device, cpu::Options, program::*};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(target_arch = "x86_64")]
mod state {
    use std::arch::asm;

    /// Flushing results, operands, and both; rounding towards zero; division by zero stops the program.
    pub const FAULTS: [u32; 5] = [0x9f80, 0x1fc0, 0x9fc0, 0x7f80, 0x1d80];
    /// All but the flags of what has happened.
    const CONTROL: u32 = 0xffc0;

    pub fn read() -> u32 {
        let mut state = 0_u32;
        // SAFETY: four bytes are written.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut state) };
        state & CONTROL
    }

    pub fn write(state: u32) {
        // SAFETY: nothing but what is tested computes before the state is put back.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const state) };
    }
}

#[cfg(target_arch = "aarch64")]
mod state {
    use std::arch::asm;

    /// Flushing subnormals; rounding towards zero.
    pub const FAULTS: [u64; 2] = [1 << 24, 3 << 22];

    pub fn read() -> u64 {
        let state;
        // SAFETY: reading changes nothing.
        unsafe { asm!("mrs {}, fpcr", out(reg) state) };
        state
    }

    pub fn write(state: u64) {
        // SAFETY: nothing but what is tested computes before the state is put back.
        unsafe { asm!("msr fpcr, {}", in(reg) state) };
    }
}

/// Calls `f` in every other state, and checks that it leaves the state alone.
fn in_every_state(mut f: impl FnMut(&str)) {
    let usual = state::read();
    for fault in state::FAULTS {
        let way = format!("in state {fault:#x}");
        state::write(fault);
        f(&way);
        let after = state::read();
        state::write(usual);
        assert_eq!(after, fault, "{way}: the caller's state was changed");
    }
}

const N: usize = 200_000;

fn product() -> MapProgram {
    let mut m = MapBuilder::new(2);
    let product = m.apply(Code::Mul, &[m.input(0), m.input(1)]);
    m.finish(&[product])
}

/// Subnormal operands and results, and what is not exact.
fn operands() -> [Vec<f32>; 2] {
    let odd = |i: usize, of_odd: f32, else_: f32| if i.is_multiple_of(2) { else_ } else { of_odd };
    let a = (0..N).map(|i| odd(i, 1e-30 * (1 + i % 97) as f32, f32::from_bits(1 + i as u32)));
    [a.collect(), (0..N).map(|i| odd(i, 1.234_567e-10, 9.87e20)).collect()]
}

#[test]
fn a_run_gives_the_same_bits_and_leaves_the_state_alone() {
    let [a, b] = operands();
    let buffers = [bytes(&a), bytes(&b), bytes(&vec![0.0; N])];
    let step = Primitive::Map(Map {
        dims: vec![N],
        inputs: vec![dense(0, &[N]), dense(1, &[N])],
        program: product(),
        outputs: vec![dense(2, &[N])],
    });
    let program = single(step, &buffers, &[2]);
    let want: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
    assert!(want.iter().any(|x| x.is_subnormal()), "subnormal results are tested");
    for threads in [1, 2] {
        let device = || Device::cpu_with(Options { threads: Some(threads), ..Options::default() }).unwrap();
        let before = device();
        in_every_state(|way| {
            // The threads of one device start in the usual state, those of the other in this one.
            for device in [&before, &device()] {
                let mut executable = device.compile(&program).unwrap();
                let (mut memory, slots) = load(device, &buffers).unwrap();
                // Programs stay on one thread now and then, to see what is faster.
                for _ in 0..3 {
                    executable.run(&mut memory, &slots).unwrap();
                    let mut got = vec![0_u8; 4 * N];
                    memory.read(slots[2], 0, &mut got).unwrap();
                    let differing = got.chunks_exact(4).zip(&want).filter(|(g, w)| **g != w.to_ne_bytes());
                    assert_eq!(differing.count(), 0, "{way}, {device}");
                }
            }
        });
    }
}

#[test]
fn an_error_leaves_the_state_alone() {
    let buffers = [bytes(&[1.0; 8]), common::int_bytes(&[9]), bytes(&[0.0; 4])];
    let step = Primitive::GatherRows(GatherRows {
        table: dense(0, &[]).operand,
        rows: 2,
        width: 4,
        indices: Operand { buffer: 1, offset: 0, dtype: DType::I32 },
        count: 1,
        program: MapProgram::identity(),
        output: dense(2, &[]).operand,
    });
    let program = single(step, &buffers, &[2]);
    let device = Device::cpu().unwrap();
    in_every_state(|way| {
        let (mut memory, slots) = load(&device, &buffers).unwrap();
        let result = device.compile(&program).unwrap().run(&mut memory, &slots);
        assert!(result.is_err(), "{way}: {result:?}");
    });
}

#[test]
fn programs_on_the_host_give_the_same_bits_and_a_panic_leaves_the_state_alone() {
    let words = [3.3e-30_f32.to_bits(), 1.234_567e-10_f32.to_bits()];
    let want = product().eval(&words);
    in_every_state(|way| {
        assert_eq!(product().eval(&words), want, "{way}");
        let panic = catch_unwind(AssertUnwindSafe(|| product().eval(&words[..1])));
        assert!(panic.is_err(), "{way}: an operand is missing");
    });
}
