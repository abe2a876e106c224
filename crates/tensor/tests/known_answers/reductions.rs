//! Reductions, and what else has an order: extrema by position, sorted positions, running sums, and rows
//! that are added up by index.

use crate::{buffer, common::strided, results, room};
use minutia_kernels::rng::Stream;
use minutia_tensor::{
    DType, Shape,
    program::{ArgReduce, ArgSort, MapProgram, Operand, Primitive, Reduce, ReduceOp, Scan, ScatterAddRows},
};
use minutia_test_support::known_answers::{compare, row};
use serde_json::json;

const OPERATIONS: [(&str, ReduceOp); 4] =
    [("sum", ReduceOp::Sum), ("prod", ReduceOp::Prod), ("max", ReduceOp::Max), ("min", ReduceOp::Min)];
const TYPES: [(&str, DType); 2] = [("f", DType::F32), ("i", DType::I32)];

/// Lengths beside those of lanes, blocks, and blocks of blocks.
const LENGTHS: [usize; 22] = [
    0, 1, 2, 7, 15, 16, 17, 31, 32, 33, 100, 255, 1000, 1023, 1024, 1025, 2047, 2048, 2049, 5000, 100_000,
    1_048_581,
];

/// Zeros of both signs, what cancels, the largest numbers, infinities and NaN.
const LISTED: [&[u32]; 9] = [
    &[0x8000_0000],
    &[0x8000_0000, 0x0000_0000],
    &[0x0000_0000, 0x8000_0000],
    &[0x4b80_0000, 0x3f80_0000, 0xcb80_0000],
    &[0x7f7f_ffff, 0x7f7f_ffff, 0xff7f_ffff],
    &[0x7f80_0000, 0x3f80_0000, 0xff80_0000],
    &[0x3f80_0000, 0x7fc0_0000, 0x7f80_0000],
    &[0x0000_0001, 0x8000_0001, 0x0000_0003, 0x0040_0000],
    &[0x3f80_0000, 0x4000_0000, 0x4000_0000, 0xbf80_0000, 0xbf80_0000],
];

const AXES: [(&[usize], &[usize]); 5] = [
    (&[3, 5, 7], &[0, 2]),
    (&[3, 5, 7], &[1]),
    (&[40, 3], &[0]),
    (&[3, 40], &[1]),
    (&[2, 3, 4, 5], &[0, 1, 3]),
];

fn stream() -> Stream {
    Stream::new(0, "contract/reductions")
}

/// Elements of a run: normal numbers for floats, numbers from 1/2 to 3/2 where they are multiplied, or words.
fn drawn(dtype: DType, op: ReduceOp, run: usize, count: usize) -> Vec<u32> {
    let (stream, run) = (stream(), run as u32);
    let element = |i| match (dtype, op) {
        (DType::F32, ReduceOp::Prod) => (stream.uniform(run, i) + 0.5).to_bits(),
        (DType::F32, _) => stream.normal(run, i).to_bits(),
        _ => stream.word(run, i),
    };
    (0..count as u64).map(element).collect()
}

/// Reduces some axes of a row-major tensor.
fn reduced(op: ReduceOp, dtype: DType, dims: &[usize], axes: &[usize], elements: &[u32]) -> Vec<u32> {
    let strides = Shape::from(dims).strides();
    let kept: Vec<usize> = (0..dims.len()).filter(|axis| !axes.contains(axis)).collect();
    let of = |from: &[usize], axes: &[usize]| axes.iter().map(|&axis| from[axis]).collect::<Vec<_>>();
    let outer = of(dims, &kept);
    let step = Primitive::Reduce(Reduce {
        op,
        dtype,
        dims: outer.clone(),
        reduced: of(dims, axes),
        inputs: vec![strided(0, dtype, &[of(&strides, &kept), of(&strides, axes)].concat())],
        program: MapProgram::identity(),
        epilogue_inputs: vec![],
        epilogue: MapProgram::identity(),
        outputs: vec![strided(1, dtype, &Shape::from(&outer[..]).strides())],
    });
    let buffers = [buffer(elements), room(outer.iter().product())];
    results("a reduction", step, &buffers, (1, dtype))
}

fn by_length() -> Vec<String> {
    let mut rows = Vec::new();
    for (kind, dtype) in TYPES {
        for (name, op) in OPERATIONS {
            for length in LENGTHS {
                let elements = drawn(dtype, op, length, length);
                let result = reduced(op, dtype, &[length], &[0], &elements);
                rows.push(row(&format!("{name} {kind} {length}"), &[], &result));
            }
        }
    }
    rows
}

fn by_axes() -> Vec<String> {
    let numbers = |list: &[usize]| list.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let mut rows = Vec::new();
    for (name, op) in OPERATIONS {
        for (dims, axes) in AXES {
            let elements = drawn(DType::F32, op, 5, dims.iter().product());
            let result = reduced(op, DType::F32, dims, axes, &elements);
            rows.push(row(&format!("{name} f {} {}", numbers(dims), numbers(axes)), &[], &result));
        }
    }
    rows
}

fn of_listed() -> Vec<String> {
    let mut rows = Vec::new();
    for (kind, dtype) in TYPES {
        for (name, op) in OPERATIONS {
            for elements in LISTED {
                let result = reduced(op, dtype, &[elements.len()], &[0], elements);
                rows.push(row(&format!("{name} {kind}"), elements, &result));
            }
        }
    }
    rows
}

/// What is chosen or ordered along a line of listed elements.
fn along_lines() -> [Vec<String>; 3] {
    let (mut positions, mut orders, mut running) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, dtype) in TYPES {
        for elements in LISTED {
            let length = elements.len();
            let buffers = [buffer(elements), room(length)];
            let line = |buffer, dtype| strided(buffer, dtype, &[1]);
            for way in [false, true] {
                let step = Primitive::ArgReduce(ArgReduce {
                    largest: way,
                    dims: vec![],
                    length,
                    input: line(0, dtype),
                    output: strided(1, DType::I32, &[]),
                });
                let what = format!("{} {kind}", if way { "largest" } else { "smallest" });
                let result = results(&what, step, &[buffer(elements), room(1)], (1, DType::I32));
                positions.push(row(&what, elements, &result));

                let (input, output) = (line(0, dtype), line(1, DType::I32));
                let step =
                    Primitive::ArgSort(ArgSort { descending: way, dims: vec![], length, input, output });
                let what = format!("{} {kind}", if way { "descending" } else { "ascending" });
                orders.push(row(&what, elements, &results(&what, step, &buffers, (1, DType::I32))));

                for exclusive in [false, true] {
                    let (input, output) = (line(0, dtype), line(1, dtype));
                    let step = Primitive::Scan(Scan {
                        reverse: way,
                        exclusive,
                        dims: vec![],
                        length,
                        input,
                        output,
                    });
                    let direction = if way { "backwards" } else { "forwards" };
                    let what =
                        format!("{direction} {} {kind}", if exclusive { "exclusive" } else { "inclusive" });
                    running.push(row(&what, elements, &results(&what, step, &buffers, (1, dtype))));
                }
            }
        }
    }
    [positions, orders, running]
}

/// Sums of rows of three columns, whose indices repeat.
fn by_index() -> Vec<String> {
    let cases: [(usize, &[u32]); 4] =
        [(4, &[2, 0, 2, 2, 3]), (1, &[0, 0, 0]), (3, &[]), (2, &[1, 1, 1, 1, 1, 1, 0])];
    let sums = |(rows, indices): (usize, &[u32])| {
        let (count, width) = (indices.len(), 3);
        let updates = drawn(DType::F32, ReduceOp::Sum, 6, count * width);
        let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
        let step = Primitive::ScatterAddRows(ScatterAddRows {
            updates: operand(0, DType::F32),
            indices: operand(1, DType::I32),
            count,
            rows,
            width,
            output: operand(2, DType::F32),
        });
        let buffers = [buffer(&updates), buffer(indices), room(rows * width)];
        row(&rows.to_string(), indices, &results("sums of rows", step, &buffers, (2, DType::F32)))
    };
    cases.into_iter().map(sums).collect()
}

#[test]
fn reductions_and_orders() {
    let [positions, orders, running] = along_lines();
    let answers = json!({
        "lengths": by_length(),
        "listed": of_listed(),
        "axes": by_axes(),
        "positions": positions,
        "orders": orders,
        "running": running,
        "rows_by_index": by_index(),
    });
    compare("reductions.json", &answers);
}
