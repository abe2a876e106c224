//! Programs that exercise each kernel.

use super::common::{bytes, dense, generate::Maker, int_bytes, numbers, single, strided};
use minutia_kernels::map::Code;
use minutia_tensor::{DType, program::*};

/// A program and what its buffers hold before it runs.
pub type Case = (Program, Vec<Vec<u8>>);

/// The cases that run a kernel.
pub fn of(kernel: &str) -> Vec<Case> {
    match kernel {
        "map" => (0..12).map(|seed| made(seed, Maker::map)).chain([gathered(5)]).collect(),
        "reduce_rows" => {
            (100..110).map(|seed| made(seed, Maker::reduce)).chain(sums([1, 0], &[1, 7, 600, 3000])).collect()
        }
        "reduce_columns" => {
            (100..110).map(|seed| made(seed, Maker::reduce)).chain(sums([0, 1], &[1, 7, 600, 3000])).collect()
        }
        "arg_reduce" => [(3, 70, [70, 1]), (70, 3, [1, 70]), (5, 1, [1, 1])].map(extrema).concat(),
        "gemm_any" => products([[20, 33, 70], [33, 18, 130]], true),
        "gemm_walk" => walked(),
        "gemm_nn" | "gemm_tn" | "gemm_nt" => products([[250, 260, 20], [257, 251, 18]], false),
        "check_rows" => {
            // The first bad row is found by each warp in turn.
            (0..32)
                .map(|warp| bad_row(40 * warp))
                .chain([bad_row(1499), gathered(5), gathered(2000)])
                .collect()
        }
        "scatter_add_rows" => [(0, 3), (1, 1), (3, 5), (150, 7)].map(added).into(),
        "scan" => lines(|reverse, input, output, dims, length| {
            Primitive::Scan(Scan { reverse, exclusive: reverse, dims, length, input, output })
        }),
        "arg_sort" => lines(|descending, input, mut output, dims, length| {
            output.operand.dtype = DType::I32;
            Primitive::ArgSort(ArgSort { descending, dims, length, input, output })
        }),
        "update_rows" => [(1, 1), (3, 5), (150, 7)].map(changed).concat(),
        "first_positions" => [1, 5, 200].map(first_positions).into(),
        "random" => {
            [Distribution::Uniform, Distribution::Normal, Distribution::TruncatedNormal].map(drawn).into()
        }
        other => panic!("there are no cases for the kernel '{other}'"),
    }
}

fn made(seed: u64, step: impl Fn(&mut Maker) -> Primitive) -> Case {
    let mut maker = Maker::new(seed);
    let step = step(&mut maker);
    maker.finish(step)
}

fn sums(order: [usize; 2], lengths: &[usize]) -> Vec<Case> {
    let sum = |&length: &usize| {
        let outputs = 5;
        let strides = if order == [1, 0] { [length, 1] } else { [1, outputs] };
        let buffers = [bytes(&numbers(3, length * outputs, false)), vec![0; outputs * 4]];
        let step = Primitive::Reduce(Reduce {
            op: ReduceOp::Sum,
            dtype: DType::F32,
            dims: vec![outputs],
            reduced: vec![length],
            inputs: vec![strided(0, DType::F32, &strides)],
            program: MapProgram::identity(),
            epilogue_inputs: vec![],
            epilogue: MapProgram::identity(),
            outputs: vec![dense(1, &[outputs])],
        });
        (single(step, &buffers, &[1]), buffers.to_vec())
    };
    lengths.iter().map(sum).collect()
}

fn extrema((outputs, length, strides): (usize, usize, [usize; 2])) -> Vec<Case> {
    let buffers = [bytes(&numbers(9, outputs * length, true)), vec![0; outputs * 4]];
    let extremum = |dtype, largest| {
        let step = Primitive::ArgReduce(ArgReduce {
            largest,
            dims: vec![outputs],
            length,
            input: strided(0, dtype, &strides),
            output: strided(1, DType::I32, &[1]),
        });
        (single(step, &buffers, &[1]), buffers.to_vec())
    };
    [DType::F32, DType::I32].into_iter().flat_map(|dtype| [true, false].map(|l| extremum(dtype, l))).collect()
}

/// Products whose results pass through a map, in every layout; the last layout has strides that only small
/// tiles take.
fn products(shapes: [[usize; 3]; 2], any: bool) -> Vec<Case> {
    let product = |[m, n, k]: [usize; 3], a: [usize; 2], b: [usize; 2]| {
        let special = m % 2 == 1;
        let mut p = MapBuilder::new(2);
        let sum = p.apply(Code::Add, &[p.input(0), p.input(1)]);
        let buffers = [
            bytes(&numbers(5, (m - 1) * a[0] + (k - 1) * a[1] + 1, special)),
            bytes(&numbers(6, k * n, special)),
            bytes(&numbers(7, n, false)),
            vec![0; m * n * 4],
        ];
        let step = Primitive::Gemm(Gemm {
            batch: Vec::new(),
            rows: vec![m],
            n,
            depth: vec![k],
            a: strided(0, DType::F32, &a),
            b: strided(1, DType::F32, &b),
            epilogue_inputs: vec![strided(2, DType::F32, &[0, 1])],
            epilogue: p.finish(&[sum]),
            outputs: vec![dense(3, &[m, n])],
        });
        (single(step, &buffers, &[3]), buffers.to_vec())
    };
    let layouts = |[m, n, k]: [usize; 3]| {
        let mut layouts = vec![([k, 1], [n, 1]), ([1, m], [n, 1]), ([k, 1], [1, k])];
        if any {
            layouts.push(([2 * k, 2], [n, 1]));
        }
        layouts.into_iter().map(move |(a, b)| product([m, n, k], a, b))
    };
    shapes.into_iter().flat_map(layouts).collect()
}

/// Products of windows and of batches, larger than a tile in every direction.
fn walked() -> Vec<Case> {
    let case = |[batch, rows, depth]: [&[usize]; 3], n: usize, a: (&[usize], usize), b: (&[usize], usize)| {
        let dims = [batch, rows, &[n]].concat();
        let size: usize = dims.iter().product();
        let buffers = [bytes(&numbers(5, a.1, true)), bytes(&numbers(6, b.1, false)), vec![0; size * 4]];
        let step = Primitive::Gemm(Gemm {
            batch: batch.to_vec(),
            rows: rows.to_vec(),
            n,
            depth: depth.to_vec(),
            a: strided(0, DType::F32, a.0),
            b: strided(1, DType::F32, b.0),
            epilogue_inputs: vec![],
            epilogue: MapProgram::identity(),
            outputs: vec![dense(2, &dims)],
        });
        (single(step, &buffers, &[2]), buffers.to_vec())
    };
    vec![
        case([&[], &[2, 5, 4], &[3, 3, 9]], 19, (&[378, 54, 9, 54, 9, 1], 756), (&[513, 171, 19, 1], 1539)),
        case([&[], &[2, 5, 4], &[3, 3, 9]], 5, (&[378, 54, 9, 54, 9, 1], 756), (&[135, 45, 5, 1], 405)),
        case([&[], &[2, 5, 4], &[3, 3]], 5, (&[42, 6, 1, 6, 1], 84), (&[15, 5, 1], 45)),
        case([&[3], &[18], &[70]], 17, (&[1260, 70, 1], 3780), (&[1190, 1, 70], 3570)),
    ]
}

fn rows(indices: &[i32]) -> Case {
    let (rows, width) = (20, 7);
    let buffers =
        [bytes(&numbers(1, rows * width, false)), int_bytes(indices), vec![0; indices.len() * width * 4]];
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let step = Primitive::GatherRows(GatherRows {
        table: operand(0, DType::F32),
        rows,
        width,
        indices: operand(1, DType::I32),
        count: indices.len(),
        program: MapProgram::identity(),
        output: operand(2, DType::F32),
    });
    (single(step, &buffers, &[2]), buffers.to_vec())
}

/// Rows of seven columns that are added to so many rows; some get several and some none.
fn added((count, rows): (usize, usize)) -> Case {
    let width = 7;
    let indices: Vec<i32> = (0..count).map(|i| (i * i % rows) as i32).collect();
    let buffers = [
        bytes(&numbers(2, count * width, false)),
        int_bytes(&indices),
        bytes(&numbers(3, rows * width, false)),
    ];
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let step = Primitive::ScatterAddRows(ScatterAddRows {
        updates: operand(0, DType::F32),
        indices: operand(1, DType::I32),
        count,
        rows,
        width,
        output: operand(2, DType::F32),
    });
    (single(step, &buffers, &[2]), buffers.to_vec())
}

/// Changes of so many among so many rows, which lie apart, in place and not.
fn changed((count, rows): (usize, usize)) -> Vec<Case> {
    let (width, pitch) = (7, 9);
    let indices: Vec<i32> = (0..count).map(|i| (i * i % rows) as i32).collect();
    let buffers = [
        bytes(&numbers(3, rows * pitch, false)),
        bytes(&numbers(2, count * width, false)),
        int_bytes(&indices),
        bytes(&numbers(4, rows * pitch, false)),
    ];
    let changed = |(change, to): (Change, usize)| {
        let table = |buffer| strided(buffer, DType::F32, &[pitch, 1]);
        let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
        let step = Primitive::UpdateRows(UpdateRows {
            change,
            base: table(0),
            updates: operand(1, DType::F32),
            indices: operand(2, DType::I32),
            count,
            rows,
            width,
            output: table(to),
        });
        (single(step, &buffers, &[to]), buffers.to_vec())
    };
    [(Change::Set, 0), (Change::Add, 3), (Change::Sub, 0), (Change::Max, 0), (Change::Min, 3)]
        .map(changed)
        .into()
}

fn first_positions(count: usize) -> Case {
    let indices: Vec<i32> = (0..count).map(|i| (i * i % 37) as i32).collect();
    let buffers = [int_bytes(&indices), vec![0; count * 4]];
    let operand = |buffer| Operand { buffer, offset: 0, dtype: DType::I32 };
    let step = FirstPositions { indices: operand(0), count, output: operand(1) };
    (single(Primitive::FirstPositions(step), &buffers, &[1]), buffers.to_vec())
}

fn gathered(count: i32) -> Case {
    rows(&(0..count).map(|i| i * 7 % 20).collect::<Vec<_>>())
}

/// The first of some bad rows is at a position.
fn bad_row(first: i32) -> Case {
    let bad = |i: i32| i == first || i > first && i % 97 == 70;
    rows(&(0..1500).map(|i| if bad(i) { 20 + i } else { i % 20 }).collect::<Vec<_>>())
}

/// Lines of a matrix, of each kind and along each axis.
fn lines(step: fn(bool, Access, Access, Vec<usize>, usize) -> Primitive) -> Vec<Case> {
    let mut cases = Vec::new();
    for (lines, length, strides) in [(3, 70, [70, 1]), (70, 3, [1, 70]), (5, 1, [1, 1]), (200, 2, [2, 1])] {
        for (dtype, turned) in [(DType::F32, false), (DType::F32, true), (DType::I32, true)] {
            let buffers = [bytes(&numbers(9, lines * length, true)), vec![0; lines * length * 4]];
            let output = strided(1, dtype, &[length, 1]);
            let step = step(turned, strided(0, dtype, &strides), output, vec![lines], length);
            cases.push((single(step, &buffers, &[1]), buffers.to_vec()));
        }
    }
    cases
}

fn drawn(distribution: Distribution) -> Case {
    let buffers = [int_bytes(&[3]), vec![0; 4 * 1001]];
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let step = Primitive::Random(Random {
        distribution,
        key: 0x1234_5678_9abc_def0,
        counter: operand(0, DType::I32),
        count: 1001,
        output: operand(1, DType::F32),
    });
    (single(step, &buffers, &[0, 1]), buffers.to_vec())
}
