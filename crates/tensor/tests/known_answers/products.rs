//! Products of matrices, and of images with filters.

use crate::{buffer, common::strided, results, room};
use minutia_kernels::rng::Stream;
use minutia_tensor::{
    DType, Shape,
    program::{Gemm, MapProgram, Primitive},
};
use minutia_test_support::known_answers::{compare, digests, row};
use serde_json::{Map, Value, json};

/// Rows, terms and columns.
const EXTENTS: [[usize; 3]; 8] = [
    [1, 1, 1],
    [3, 0, 2],
    [2, 3, 4],
    [7, 17, 33],
    [10, 10, 10],
    [13, 257, 31],
    [100, 300, 10],
    [64, 784, 30],
];

/// Operands `[1, k]` and `[k, 1]`, of which one chain each is made: zeros of both signs, what cancels, what
/// underflows, what one rounding less decides, infinities and NaN.
const CHAINS: [(&[u32], &[u32]); 9] = [
    (&[0x8000_0000], &[0x3f80_0000]),
    (&[0x8000_0000, 0x8000_0000], &[0x3f80_0000, 0x3f80_0000]),
    (&[0x1a00_0000], &[0x9a00_0000]),
    (&[0x1a00_0000, 0x0000_0001], &[0x9a00_0000, 0x3f80_0000]),
    (&[0x3f80_0002, 0x3f80_0001], &[0xbf80_0000, 0x3f80_0001]),
    (&[0x7f7f_ffff, 0x7f7f_ffff], &[0x4000_0000, 0xc000_0000]),
    (&[0x7f80_0000, 0x3f80_0000], &[0x3f80_0000, 0xff80_0000]),
    (&[0x0000_0000, 0x3f80_0000], &[0x7f80_0000, 0x3f80_0000]),
    (&[0x4b80_0000, 0x3f80_0000, 0xcb80_0000], &[0x3f80_0000, 0x3f80_0000, 0x3f80_0000]),
];

/// Images `[n, rows, columns, channels]`, and filters `[rows, columns, channels, outputs]`.
const CONVOLUTIONS: [([usize; 4], [usize; 4]); 2] =
    [([2, 6, 5, 3], [3, 2, 3, 4]), ([1, 12, 12, 1], [5, 5, 1, 8])];

/// Normal numbers, every fifth of the first operand's a zero.
fn drawn(run: u32, count: usize) -> Vec<u32> {
    let stream = Stream::new(0, "contract/products");
    let number = |i: u64| if run == 0 && i % 5 == 4 { 0.0 } else { stream.normal(run, i) };
    (0..count as u64).map(|i| number(i).to_bits()).collect()
}

/// The product of matrices, in every layout of them.
fn product([m, k, n]: [usize; 3], a: &[u32], b: &[u32]) -> Vec<u32> {
    let turned = |of: &[u32], rows: usize, columns: usize| -> Vec<u32> {
        (0..rows * columns).map(|i| of[i % rows * columns + i / rows]).collect()
    };
    let gemm = |a: &[u32], of_a: [usize; 2], b: &[u32], of_b: [usize; 2]| {
        let step = Primitive::Gemm(Gemm {
            batch: vec![],
            rows: vec![m],
            n,
            depth: vec![k],
            a: strided(0, DType::F32, &of_a),
            b: strided(1, DType::F32, &of_b),
            epilogue_inputs: vec![],
            epilogue: MapProgram::identity(),
            outputs: vec![strided(2, DType::F32, &[n, 1])],
        });
        results("a product", step, &[buffer(a), buffer(b), room(m * n)], (2, DType::F32))
    };
    let result = gemm(a, [k, 1], b, [n, 1]);
    let (turned_a, turned_b) = (turned(a, m, k), turned(b, k, n));
    assert_eq!(result, gemm(&turned_a, [1, m], b, [n, 1]));
    assert_eq!(result, gemm(a, [k, 1], &turned_b, [1, k]));
    assert_eq!(result, gemm(&turned_a, [1, m], &turned_b, [1, k]));
    result
}

fn convolution(images: [usize; 4], filters: [usize; 4]) -> Vec<u32> {
    let ([n, height, width, channels], [rows, columns, _, outputs]) = (images, filters);
    let windows = [height - rows + 1, width - columns + 1];
    let [of_image, of_row, of_column, of_channel] = Shape::from(&images[..]).strides()[..] else {
        unreachable!()
    };
    let step = Primitive::Gemm(Gemm {
        batch: vec![],
        rows: vec![n, windows[0], windows[1]],
        n: outputs,
        depth: vec![rows, columns, channels],
        a: strided(0, DType::F32, &[of_image, of_row, of_column, of_row, of_column, of_channel]),
        b: strided(1, DType::F32, &Shape::from(&filters[..]).strides()),
        epilogue_inputs: vec![],
        epilogue: MapProgram::identity(),
        outputs: vec![strided(
            2,
            DType::F32,
            &[windows[0] * windows[1] * outputs, windows[1] * outputs, outputs, 1],
        )],
    });
    let pixels = drawn(0, images.iter().product());
    let weights = drawn(1, filters.iter().product());
    let buffers = [buffer(&pixels), buffer(&weights), room(n * windows[0] * windows[1] * outputs)];
    results("a convolution", step, &buffers, (2, DType::F32))
}

fn extents(list: &[usize]) -> String {
    list.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

#[test]
fn products() {
    let chain = |(a, b): (&[u32], &[u32])| row("", &[a, b].concat(), &product([1, a.len(), 1], a, b));
    let matrices = EXTENTS.into_iter().map(|[m, k, n]| {
        let result = product([m, k, n], &drawn(0, m * k), &drawn(1, k * n));
        (extents(&[m, k, n]), digests(&result, 64))
    });
    let convolutions = CONVOLUTIONS.into_iter().map(|(images, filters)| {
        let what = format!("{} by {}", extents(&images), extents(&filters));
        (what, digests(&convolution(images, filters), 64))
    });
    let answers = json!({
        "chains": CHAINS.into_iter().map(chain).collect::<Vec<_>>(),
        "matrices": matrices.collect::<Map<String, Value>>(),
        "convolutions": convolutions.collect::<Map<String, Value>>(),
    });
    compare("products.json", &answers);
}
