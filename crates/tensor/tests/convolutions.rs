//! Products whose operands overlap and lie along several axes: windows of images as rows and as terms, more
//! of them than one block, with what follows met in registers and not, and batches that threads share.

mod common;

use common::{THREADS, agrees_with, bytes, numbers, single, strided};
use minutia_kernels::map::Code;
use minutia_tensor::{DType, program::*};

/// A product without its operands' numbers: strides of `a` and `b`, and their lengths.
struct Case {
    what: &'static str,
    batch: &'static [usize],
    rows: &'static [usize],
    depth: &'static [usize],
    n: usize,
    a: (&'static [usize], usize),
    b: (&'static [usize], usize),
}

const CASES: [Case; 10] = [
    // Images of 12 x 13 with 5 channels; windows of 3 x 4.
    Case {
        what: "windows as rows",
        batch: &[],
        rows: &[4, 10, 10],
        depth: &[3, 4, 5],
        n: 33,
        a: (&[780, 65, 5, 65, 5, 1], 4 * 780),
        b: (&[660, 165, 33, 1], 3 * 660),
    },
    Case {
        what: "windows as terms",
        batch: &[],
        rows: &[3, 4, 5],
        depth: &[4, 10, 10],
        n: 20,
        a: (&[65, 5, 1, 780, 65, 5], 4 * 780),
        b: (&[2000, 200, 20, 1], 8000),
    },
    Case {
        what: "one channel and strides",
        batch: &[],
        rows: &[3, 6, 5],
        depth: &[5, 5],
        n: 32,
        a: (&[240, 32, 2, 16, 1], 3 * 240 + 80),
        b: (&[160, 32, 1], 800),
    },
    Case {
        what: "a transposed filter of several axes",
        batch: &[],
        rows: &[2, 9, 9],
        depth: &[3, 3, 8],
        n: 6,
        a: (&[968, 88, 8, 88, 8, 1], 2 * 968),
        b: (&[144, 48, 1, 8], 432),
    },
    Case {
        what: "few columns of more rows and terms than a block",
        batch: &[],
        rows: &[2, 11, 13],
        depth: &[3, 3, 40],
        n: 7,
        a: (&[7800, 600, 40, 600, 40, 1], 2 * 7800),
        b: (&[840, 280, 7, 1], 2520),
    },
    Case {
        what: "one channel and few columns",
        batch: &[],
        rows: &[3, 9, 30],
        depth: &[4, 3],
        n: 13,
        a: (&[384, 32, 1, 32, 1], 3 * 384),
        b: (&[39, 13, 1], 156),
    },
    Case {
        what: "few rows of long sums",
        batch: &[],
        rows: &[2, 3],
        depth: &[7, 11, 9],
        n: 130,
        a: (&[700, 9, 100, 9, 1], 2100),
        b: (&[12870, 1170, 130, 1], 90_090),
    },
    Case {
        what: "a batch of transposed products",
        batch: &[3, 2],
        rows: &[40],
        depth: &[24],
        n: 40,
        a: (&[1920, 24, 48, 1], 3 * 1920),
        b: (&[1920, 960, 1, 24], 3 * 1920),
    },
    Case {
        what: "a batch with one right operand",
        batch: &[5],
        rows: &[13],
        depth: &[70],
        n: 17,
        a: (&[910, 1, 13], 4550),
        b: (&[0, 17, 1], 70 * 17),
    },
    Case {
        what: "channels as a batch",
        batch: &[3],
        rows: &[2, 4, 4],
        depth: &[3, 3],
        n: 2,
        a: (&[1, 108, 18, 3, 18, 3], 216),
        b: (&[2, 18, 6, 1], 54),
    },
];

impl Case {
    /// With a bias of each column and a ReLU, another map, or nothing.
    fn check(&self, map: &str) -> Result<(), String> {
        let dims = [self.batch, self.rows, &[self.n]].concat();
        let size = dims.iter().product::<usize>();
        let mut buffers =
            vec![bytes(&numbers(1, self.a.1, false)), bytes(&numbers(2, self.b.1, false)), vec![0; size * 4]];
        let mut m = MapBuilder::new(if map.is_empty() { 1 } else { 2 });
        let product = m.input(0);
        let mut epilogue_inputs = Vec::new();
        let result = if map.is_empty() {
            product
        } else {
            buffers.push(bytes(&numbers(3, self.n, false)));
            let mut strides = vec![0; dims.len()];
            strides[dims.len() - 1] = 1;
            epilogue_inputs.push(strided(3, DType::F32, &strides));
            let bias = m.input(1);
            if map == "relu" {
                let (zero, sum) = (m.constant(0.0), m.apply(Code::Add, &[product, bias]));
                m.apply(Code::Max, &[zero, sum])
            } else {
                let sum = m.apply(Code::Sub, &[bias, product]);
                m.apply(Code::Tanh, &[sum])
            }
        };
        let step = Primitive::Gemm(Gemm {
            batch: self.batch.to_vec(),
            rows: self.rows.to_vec(),
            n: self.n,
            depth: self.depth.to_vec(),
            a: strided(0, DType::F32, self.a.0),
            b: strided(1, DType::F32, self.b.0),
            epilogue_inputs,
            epilogue: m.finish(&[result]),
            outputs: vec![common::dense(2, &dims)],
        });
        agrees_with(&THREADS, &format!("{} {map}", self.what), &single(step, &buffers, &[2]), &buffers)
    }
}

#[test]
fn windows_and_batches_change_no_bit() {
    for case in &CASES {
        for map in ["", "relu", "tanh"] {
            case.check(map).unwrap_or_else(|difference| panic!("{difference}"));
        }
    }
}
