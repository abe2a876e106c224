//! Products whose left operand has many zeros give the reference's bits, whatever else the operands hold: the loops
//! that leave zeros out, and the check that sends operands that are not finite around them.

mod common;

use common::{SPECIAL, agrees_with, bytes, dense, single};
use minutia_kernels::{map::Code, rng::Generator};
use minutia_tensor::{DType, program::*};
use proptest::prelude::*;

/// From this many products on, zeros are looked for.
const LARGE: usize = 1 << 20;

#[derive(Clone, Debug)]
struct Case {
    m: usize,
    k: usize,
    /// Columns beyond those that make the product large; below zero, it stays small.
    columns: i32,
    /// Whether the left operand is stored transposed.
    transposed: bool,
    /// Whether more is computed from the products than themselves.
    epilogue: bool,
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
    (
        (1..300_usize, prop_oneof![1..130_usize, 100..900_usize], -3..40_i32, any::<[bool; 2]>()),
        (zeros, scale, [few(), few()], [0..4_usize, 0..4], any::<u64>()),
    )
        .prop_map(|((m, k, columns, [transposed, epilogue]), (zeros, scale, special, offsets, seed))| {
            Case {
                // So that there is no need for more columns than some thousands.
                m: m.max(512_usize.div_ceil(k)),
                k,
                columns,
                transposed,
                epilogue,
                zeros,
                scale,
                special,
                offsets,
                seed,
            }
        })
}

impl Case {
    fn n(&self) -> usize {
        let large = LARGE.div_ceil(self.m * self.k).max(16);
        large.saturating_add_signed(self.columns as isize).max(1)
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

    fn check(&self) -> Result<(), String> {
        let (m, n, k) = (self.m, self.n(), self.k);
        let bias = common::numbers(self.seed, n, false);
        let buffers = [
            bytes(&self.operand(0, m * k, self.zeros)),
            bytes(&self.operand(1, k * n, 0.05)),
            bytes(&bias),
            vec![0; m * n * 4],
        ];
        let access = |buffer: usize, strides: [usize; 2]| Access {
            operand: Operand { buffer, offset: self.offsets[buffer] * 4, dtype: DType::F32 },
            strides: strides.to_vec(),
        };
        let (epilogue_inputs, epilogue) = if self.epilogue {
            let mut program = MapBuilder::new(2);
            let sum = program.apply(Code::Add, &[program.input(0), program.input(1)]);
            (vec![common::strided(2, DType::F32, &[0, 1])], program.finish(&[sum]))
        } else {
            (Vec::new(), MapProgram::identity())
        };
        let step = Step::Gemm(Gemm {
            m,
            n,
            k,
            a: access(0, if self.transposed { [1, m] } else { [k, 1] }),
            b: access(1, [n, 1]),
            epilogue_inputs,
            epilogue,
            outputs: vec![dense(3, &[m, n])],
        });
        agrees_with(&[1, 2, 3, 4], "a product", &single(step, &buffers, &[3]), &buffers)
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
        if let Err(difference) = case.check() {
            prop_assert!(false, "{difference}");
        }
    }
}
