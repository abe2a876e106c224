//! Products whose left operand has many zeros give the reference's bits, whatever else the operands hold and
//! wherever they come from: the loops that leave zeros out, the check that sends operands that are not finite
//! around them, lists made from bytes, updates in place, rows that start at cache lines.

mod common;

use common::{SPECIAL, agrees_with, bytes};
use minutia_kernels::{map::Code, math::fma, rng::Generator};
use minutia_tensor::{DType, Device, cpu::Options, program::*};
use proptest::prelude::*;

/// From this many products on, zeros are looked for.
const LARGE: usize = 1 << 20;

/// What is computed from the products.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Epilogue {
    Nothing,
    /// `product + bias`.
    Bias,
    /// `max(0, product + bias)`.
    Relu,
    /// `w - product * rate` over `w`.
    Update,
    /// `product` where another number is above zero, or else zero.
    Mask,
}

/// What makes the left operand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    Numbers,
    /// A gather of bytes, times a number or divided by one, perhaps for later steps alone.
    Bytes {
        divided: bool,
        temporary: bool,
        between: Between,
    },
}

/// What is done with a number between the gather and the product.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Between {
    Nothing,
    Read,
    Written,
}

#[derive(Clone, Debug)]
struct Case {
    m: usize,
    k: usize,
    /// Columns beyond those that make the product large; below zero, it stays small.
    columns: i32,
    /// Whether the left operand is stored transposed.
    transposed: bool,
    /// Whether rows of the right operand and of the result start at cache lines.
    padded: bool,
    left: Left,
    epilogue: Epilogue,
    /// How much of the left operand is zero.
    zeros: f32,
    /// What numbers are multiplied by: small ones make products that underflow, some of them to `-0`.
    scale: f32,
    /// How many special numbers are strewn over each operand.
    special: [usize; 2],
    /// Numbers before the operands' first.
    offsets: [usize; 2],
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let zeros = prop_oneof![4 => 0.0..=1.0_f32, 3 => 0.6..=1.0_f32, 1 => Just(1.0), 1 => Just(0.0)];
    let scale = prop_oneof![Just(1.0), Just(1e-22), Just(1e19)];
    let few = || prop_oneof![2 => Just(0), 1 => 1..4_usize, 1 => 1..200_usize];
    let between = prop_oneof![Just(Between::Nothing), Just(Between::Read), Just(Between::Written)];
    let bytes = (any::<[bool; 2]>(), between).prop_map(|([divided, temporary], between)| Left::Bytes {
        divided,
        temporary,
        between,
    });
    let left = prop_oneof![Just(Left::Numbers), bytes];
    let epilogue = prop_oneof![
        Just(Epilogue::Nothing),
        Just(Epilogue::Bias),
        Just(Epilogue::Relu),
        Just(Epilogue::Update),
        Just(Epilogue::Mask)
    ];
    (
        (left, epilogue),
        (1..300_usize, prop_oneof![1..130_usize, 100..900_usize], -3..40_i32, any::<[bool; 2]>()),
        (zeros, scale, [few(), few()], [0..4_usize, 0..4], any::<u64>()),
    )
        .prop_map(
            |(
                (left, epilogue),
                (m, k, columns, [transposed, padded]),
                (zeros, scale, special, offsets, seed),
            )| {
                Case {
                    // So that there is no need for more columns than some thousands.
                    m: m.max(512_usize.div_ceil(k)),
                    k,
                    columns,
                    transposed,
                    padded,
                    left,
                    epilogue,
                    zeros,
                    scale,
                    special,
                    offsets: if padded { [offsets[0], 0] } else { offsets },
                    seed,
                }
            },
        )
}

impl Case {
    fn n(&self) -> usize {
        let large = LARGE.div_ceil(self.m * self.k).max(16);
        large.saturating_add_signed(self.columns as isize).max(1)
    }

    /// Numbers from one row to the next, in the right operand and in the result.
    fn pitch(&self) -> usize {
        if self.padded { (self.n().div_ceil(16) | 1) * 16 } else { self.n() }
    }

    /// `n` numbers after `offset` others.
    fn operand(&self, which: usize, n: usize, zeros: f32) -> Vec<f32> {
        let mut generator = Generator::new(self.seed, ["left", "right"][which]);
        let offset = self.offsets[which];
        let mut numbers: Vec<f32> = (0..offset + n)
            .map(|_| match generator.uniform() < zeros {
                true => SPECIAL[generator.below(2) as usize],
                false => generator.normal() * self.scale,
            })
            .collect();
        for _ in 0..self.special[which] {
            let at = offset + generator.below(n as u32) as usize;
            numbers[at] = SPECIAL[generator.below(SPECIAL.len() as u32) as usize];
        }
        numbers
    }

    /// The step that makes the left operand from bytes, the one between, and the table and the indices.
    fn gather(&self, divided: bool, between: Between) -> (Vec<Primitive>, [Vec<u8>; 2]) {
        let [count, width] = if self.transposed { [self.k, self.m] } else { [self.m, self.k] };
        let rows = count + 3;
        let mut generator = Generator::new(self.seed, "bytes");
        let table = (0..rows * width)
            .map(|_| if generator.uniform() < self.zeros { 0 } else { generator.below(256) as u8 })
            .collect();
        let indices: Vec<i32> = (0..count).map(|_| generator.below(rows as u32) as i32).collect();
        let mut program = MapBuilder::new(1);
        let (number, scale) = (program.apply(Code::ToFloat, &[program.input(0)]), program.constant(255.0));
        let number = if divided {
            program.apply(Code::Div, &[number, scale])
        } else {
            let scale = program.constant(self.scale / 255.0);
            program.apply(Code::Mul, &[number, scale])
        };
        let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
        let output = self.access(0, [1, 1]).operand;
        let mut steps = vec![Primitive::GatherRows(GatherRows {
            table: operand(4, DType::U8),
            rows,
            width,
            indices: operand(5, DType::I32),
            count,
            program: program.finish(&[number]),
            output,
        })];
        let last = Operand { offset: output.offset + (count * width - 1) * 4, ..output };
        let last = Access { operand: last, strides: vec![1] };
        let copied = Access { operand: operand(6, DType::F32), strides: vec![1] };
        let fill = MapProgram::fill(7.0_f32.to_bits());
        let map = |inputs, program, output| {
            Primitive::Map(Map { dims: vec![1], inputs, program, outputs: vec![output] })
        };
        match between {
            Between::Nothing => {}
            Between::Read => steps.push(map(vec![last], MapProgram::identity(), copied)),
            Between::Written => steps.push(map(vec![], fill, last)),
        }
        (steps, [table, common::int_bytes(&indices)])
    }

    fn access(&self, buffer: usize, strides: [usize; 2]) -> Access {
        let operand = Operand { buffer, offset: self.offsets[buffer] * 4, dtype: DType::F32 };
        Access { operand, strides: strides.to_vec() }
    }

    fn check(&self, threads: &[usize]) -> Result<(), String> {
        let (m, n, k, pitch) = (self.m, self.n(), self.k, self.pitch());
        let (mut steps, [table, indices]) = match self.left {
            Left::Numbers => Default::default(),
            Left::Bytes { divided, between, .. } => self.gather(divided, between),
        };
        let buffers = [
            bytes(&self.operand(0, m * k, self.zeros)),
            bytes(&self.operand(1, k * pitch, 0.05)),
            bytes(&common::numbers(self.seed, n, true)),
            bytes(&common::numbers(self.seed, m * pitch, true)),
            table,
            indices,
            vec![0; 4],
            bytes(&common::numbers(self.seed ^ 1, m * n, true)),
        ];
        let result = common::strided(3, DType::F32, &[pitch, 1]);
        let mut program = MapBuilder::new(2);
        let (product, other) = (program.input(0), program.input(1));
        let (epilogue_inputs, epilogue) = match self.epilogue {
            Epilogue::Nothing => (Vec::new(), MapProgram::identity()),
            Epilogue::Bias | Epilogue::Relu => {
                let mut result = program.apply(Code::Add, &[product, other]);
                if self.epilogue == Epilogue::Relu {
                    let zero = program.constant(0.0);
                    result = program.apply(Code::Max, &[zero, result]);
                }
                (vec![common::strided(2, DType::F32, &[0, 1])], program.finish(&[result]))
            }
            Epilogue::Update => {
                let rate = program.constant(0.3);
                let change = program.apply(Code::Mul, &[product, rate]);
                let new = program.apply(Code::Sub, &[other, change]);
                (vec![result.clone()], program.finish(&[new]))
            }
            Epilogue::Mask => {
                let zero = program.constant(0.0);
                let above = program.apply(Code::Lt, &[zero, other]);
                let kept = program.apply(Code::Select, &[above, product, zero]);
                (vec![common::strided(7, DType::F32, &[n, 1])], program.finish(&[kept]))
            }
        };
        steps.push(Primitive::Gemm(Gemm {
            batch: Vec::new(),
            rows: vec![m],
            n,
            depth: vec![k],
            a: self.access(0, if self.transposed { [1, m] } else { [k, 1] }),
            b: self.access(1, [pitch, 1]),
            epilogue_inputs,
            epilogue,
            outputs: vec![result],
        }));
        let mut program = common::program(steps, &buffers, &[0, 3, 6]);
        program.temporary = vec![matches!(self.left, Left::Bytes { temporary: true, .. })];
        agrees_with(threads, "a product", &program, &buffers)
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn zeros_left_out_change_no_bit(case in cases()) {
        if let Err(difference) = case.check(&[1, 2, 3, 4]) {
            prop_assert!(false, "{difference}");
        }
    }
}

#[test]
fn parts_narrower_than_a_vector() {
    let case = Case {
        m: 84,
        k: 112,
        columns: 90,
        transposed: false,
        padded: false,
        left: Left::Numbers,
        epilogue: Epilogue::Update,
        zeros: 0.9,
        scale: 1.0,
        special: [0, 0],
        offsets: [0, 0],
        seed: 1,
    };
    assert_eq!(case.n() % 16, 10, "the last part has few columns");
    if let Err(difference) = case.check(&[7, 13, 16, 64]) {
        panic!("{difference}");
    }
}

const COUNT: usize = 64;
const WIDTH: usize = 512;
const COLUMNS: usize = 32;

/// The numbers that [`picked`] gathers, walked so.
fn numbers(strides: &[usize]) -> Access {
    Access { operand: Operand { buffer: 2, offset: 4, dtype: DType::F32 }, strides: strides.to_vec() }
}

/// A gather of half the rows of a table (buffers 0, 1 and, from the second number on, 2) and their products
/// with buffer 3.
fn picked() -> Vec<Primitive> {
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let mut program = MapBuilder::new(1);
    let number = program.apply(Code::ToFloat, &[program.input(0)]);
    let gather = Primitive::GatherRows(GatherRows {
        table: operand(0, DType::U8),
        rows: 2 * COUNT,
        width: WIDTH,
        indices: operand(1, DType::I32),
        count: COUNT,
        program: program.finish(&[number]),
        output: numbers(&[]).operand,
    });
    let product = Primitive::Gemm(Gemm {
        batch: Vec::new(),
        rows: vec![COUNT],
        n: COLUMNS,
        depth: vec![WIDTH],
        a: numbers(&[WIDTH, 1]),
        b: common::strided(3, DType::F32, &[COLUMNS, 1]),
        epilogue_inputs: vec![],
        epilogue: MapProgram::identity(),
        outputs: vec![common::strided(4, DType::F32, &[COLUMNS, 1])],
    });
    vec![gather, product]
}

/// Numbers that a strided step leaves between those it writes are still those of the gather.
#[test]
fn a_comb_does_not_hide_what_it_leaves() {
    let n = COUNT * WIDTH;
    let buffers = [
        (0..2 * n).map(|i| if i % 7 == 0 { 9 } else { 0 }).collect(),
        common::int_bytes(&(0..COUNT as i32).collect::<Vec<_>>()),
        vec![0; (n + 2) * 4],
        bytes(&common::numbers(1, WIDTH * COLUMNS, false)),
        vec![0; COUNT * COLUMNS * 4],
        vec![0; n * 4],
    ];
    // From before the first number to behind the last, every other one.
    let comb = Primitive::Map(Map {
        dims: vec![n / 2 + 1],
        inputs: vec![],
        program: MapProgram::fill(7.0_f32.to_bits()),
        outputs: vec![common::strided(2, DType::F32, &[2])],
    });
    let copy = Primitive::Map(Map {
        dims: vec![n],
        inputs: vec![numbers(&[1])],
        program: MapProgram::identity(),
        outputs: vec![common::strided(5, DType::F32, &[1])],
    });
    let steps = [picked(), vec![comb, copy]].concat();
    let mut program = common::program(steps, &buffers, &[2, 4, 5]);
    program.temporary = vec![true];
    agrees_with(&[1, 2], "a comb", &program, &buffers).unwrap_or_else(|difference| panic!("{difference}"));
}

/// Whether numbers are made is found out in each run, from the rows that it picks.
#[test]
fn rows_may_have_few_zeros_in_another_run() -> Result<(), minutia_tensor::Error> {
    let n = COUNT * WIDTH;
    // The upper half of the table has few numbers, the lower half few zeros.
    let table: Vec<u8> =
        (0..2 * n).map(|i| if i % 7 == 0 || i > n { 1 + (i % 5) as u8 } else { 0 }).collect();
    let right = common::numbers(1, WIDTH * COLUMNS, false);
    let buffers = [
        table.clone(),
        vec![0; COUNT * 4],
        vec![0; (n + 1) * 4],
        bytes(&right),
        vec![0; COUNT * COLUMNS * 4],
    ];
    let mut program = common::program(picked(), &buffers, &[2, 4]);
    program.temporary = vec![true];
    for simd in common::levels() {
        let device = Device::cpu_with(Options { simd: Some(simd), threads: Some(2) })?;
        let (mut memory, slots) = common::load(&device, &buffers)?;
        let mut executable = device.compile(&program)?;
        for first in [0, COUNT, 0, COUNT / 2, COUNT] {
            let indices: Vec<i32> = (first..first + COUNT).map(|row| row as i32).collect();
            memory.store(slots[1], &indices)?;
            executable.run(&mut memory, &slots)?;
            let mut got = vec![0.0_f32; COUNT * COLUMNS];
            memory.load(slots[4], 0, &mut got)?;
            for (at, got) in got.iter().enumerate() {
                let (row, column) = (first + at / COLUMNS, at % COLUMNS);
                let want = (0..WIDTH).fold(0.0, |sum: f32, k| {
                    fma(f32::from(table[row * WIDTH + k]), right[k * COLUMNS + column], sum)
                });
                assert_eq!(
                    got.to_bits(),
                    (want + 0.0).to_bits(),
                    "{simd}, rows from {first} on, number {at}"
                );
            }
        }
        let outside = [COUNT as i32 * 2; COUNT];
        memory.store(slots[1], &outside)?;
        let error = executable.run(&mut memory, &slots);
        assert!(matches!(error, Err(minutia_tensor::Error::IndexOutOfRange { .. })), "{simd}: {error:?}");
    }
    Ok(())
}
