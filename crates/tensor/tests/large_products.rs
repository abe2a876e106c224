//! Products that go through blocks: rows that lie well and badly, both transposes, blocks that do not fill,
//! with and without a map over the result, on few threads and on more than there are cores.

mod common;

use common::{THREADS, agrees_with, bytes, numbers, single, strided};
use minutia_kernels::map::Code;
use minutia_tensor::{DType, program::*};

/// A product: extents, whether operands are transposed, and what their rows are longer than they need be.
struct Case {
    extents: [usize; 3],
    transposed: [bool; 2],
    longer: [usize; 2],
}

const CASES: [Case; 8] = [
    // Rows of `b` at odd cache lines, and elsewhere.
    Case { extents: [130, 150, 144], transposed: [false, false], longer: [0, 0] },
    Case { extents: [130, 150, 145], transposed: [false, false], longer: [0, 0] },
    // Rows of `a` on pages of their own.
    Case { extents: [50, 300, 160], transposed: [false, false], longer: [800, 3] },
    // More than one block of rows, the last of them short, and of the inner dimension.
    Case { extents: [395, 270, 129], transposed: [false, false], longer: [1, 1] },
    Case { extents: [395, 40, 140], transposed: [true, false], longer: [0, 7] },
    // Many columns for few rows: threads split them.
    Case { extents: [30, 200, 700], transposed: [false, false], longer: [0, 0] },
    Case { extents: [30, 530, 520], transposed: [false, true], longer: [0, 2] },
    Case { extents: [200, 128, 131], transposed: [true, true], longer: [3, 0] },
];

impl Case {
    fn check(&self, with_map: bool) -> Result<(), String> {
        let [m, k, n] = self.extents;
        let operand = |buffer, [rows, columns]: [usize; 2], transposed: bool, longer: usize| {
            let (strides, size) = if transposed {
                ([1, rows + longer], columns * (rows + longer))
            } else {
                ([columns + longer, 1], rows * (columns + longer))
            };
            (strided(buffer, DType::F32, &strides), bytes(&numbers(buffer as u64 + 1, size, false)))
        };
        let (a, numbers_of_a) = operand(0, [m, k], self.transposed[0], self.longer[0]);
        let (b, numbers_of_b) = operand(1, [k, n], self.transposed[1], self.longer[1]);
        let mut buffers = vec![numbers_of_a, numbers_of_b, vec![0; m * n * 4]];
        let mut map = MapBuilder::new(1 + usize::from(with_map));
        let product = map.input(0);
        let mut inputs = Vec::new();
        let result = if with_map {
            buffers.push(bytes(&numbers(9, n, false)));
            inputs.push(strided(3, DType::F32, &[0, 1]));
            let bias = map.input(1);
            let sum = map.apply(Code::Add, &[product, bias]);
            map.apply(Code::Tanh, &[sum])
        } else {
            product
        };
        let step = Primitive::Gemm(Gemm {
            batch: Vec::new(),
            rows: vec![m],
            n,
            depth: vec![k],
            a,
            b,
            epilogue_inputs: inputs,
            epilogue: map.finish(&[result]),
            outputs: vec![strided(2, DType::F32, &[n, 1])],
        });
        let what = format!("{m}x{k}x{n} {:?} {:?}, map {with_map}", self.transposed, self.longer);
        agrees_with(&THREADS, &what, &single(step, &buffers, &[2]), &buffers)
    }
}

#[test]
fn blocks_change_no_bit() {
    for case in &CASES {
        case.check(false).unwrap_or_else(|difference| panic!("{difference}"));
    }
}

#[test]
fn maps_over_blocks_change_no_bit() {
    for case in CASES.iter().step_by(2) {
        case.check(true).unwrap_or_else(|difference| panic!("{difference}"));
    }
}
