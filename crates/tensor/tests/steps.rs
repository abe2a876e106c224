//! Chosen cases of every step, against the reference on every level and several numbers of threads.

mod common;

use common::{THREADS, agrees_with, assert_agrees, bytes, dense, int_bytes, load, numbers, single, strided};
use minutia_kernels::map::Code;
use minutia_tensor::{DType, Device, Memory, Slot, Tensor, cpu::Options, program::*};

fn apply(inputs: usize, code: Code, operands: &[usize]) -> MapProgram {
    let mut m = MapBuilder::new(inputs);
    let operands: Vec<_> = operands.iter().map(|&i| m.input(i)).collect();
    let y = m.apply(code, &operands);
    m.finish(&[y])
}

fn floats(n: usize) -> Vec<u8> {
    vec![0; n * 4]
}

#[test]
fn transposes_and_copies() {
    for dims in
        [vec![1, 1], vec![3, 5], vec![16, 16], vec![33, 70], vec![300, 257], vec![2, 3, 70], vec![5, 1, 64]]
    {
        let n = dims.iter().product();
        let buffers = [bytes(&numbers(1, n, true)), floats(n)];
        let natural = dense(0, &dims).strides;
        for reversed in [false, true] {
            let mut target = dims.clone();
            target.reverse();
            let mut strides = minutia_tensor::Shape::from(&target[..]).strides();
            strides.reverse();
            let (from, to) = if reversed { (&strides, &natural) } else { (&natural, &strides) };
            let step = Primitive::Map(Map {
                dims: dims.clone(),
                inputs: vec![strided(0, DType::F32, from)],
                program: MapProgram::identity(),
                outputs: vec![strided(1, DType::F32, to)],
            });
            assert_agrees(&format!("transpose of {dims:?}"), &single(step, &buffers, &[1]), &buffers);
        }
    }
}

#[test]
fn outputs_that_swap_inputs_in_place() {
    let n = 100;
    let buffers = [bytes(&numbers(1, n, false)), bytes(&numbers(2, n, false))];
    let mut m = MapBuilder::new(2);
    let (x, y) = (m.input(0), m.input(1));
    let sum = m.apply(Code::Add, &[x, y]);
    let (inputs, dims) = (vec![dense(0, &[n]), dense(1, &[n])], vec![n]);
    for (what, program) in [("swap", m.clone().finish(&[y, x])), ("sum and first", m.finish(&[sum, x]))] {
        let step = Primitive::Map(Map {
            dims: dims.clone(),
            inputs: inputs.clone(),
            program,
            outputs: inputs.clone(),
        });
        assert_agrees(what, &single(step, &buffers, &[0, 1]), &buffers);
    }
}

#[test]
fn large_maps_are_split_between_threads() {
    let dims = [300, 517];
    let n = dims[0] * dims[1];
    let buffers = [bytes(&numbers(1, n, true)), bytes(&numbers(2, dims[1], true)), floats(n)];
    let mut m = MapBuilder::new(2);
    let sum = m.apply(Code::Add, &[m.input(0), m.input(1)]);
    let y = m.apply(Code::Exp, &[sum]);
    let step = Primitive::Map(Map {
        dims: dims.into(),
        inputs: vec![dense(0, &dims), strided(1, DType::F32, &[0, 1])],
        program: m.finish(&[y]),
        outputs: vec![dense(2, &dims)],
    });
    agrees_with(&THREADS, "exp(x + row)", &single(step, &buffers, &[2]), &buffers)
        .unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn reductions_of_every_length_along_rows_and_columns() {
    for length in [0, 1, 2, 15, 16, 17, 63, 64, 65, 100, 255, 257, 1023, 1024, 1025, 2048, 5000] {
        for outputs in [1, 3, 10, 16, 100] {
            for (op, by_rows) in [(ReduceOp::Sum, true), (ReduceOp::Sum, false), (ReduceOp::Max, false)] {
                let buffers = [bytes(&numbers(3, length * outputs, length % 2 == 1)), floats(outputs)];
                let strides = if by_rows { [length, 1] } else { [1, outputs] };
                let step = Primitive::Reduce(Reduce {
                    op,
                    dtype: DType::F32,
                    dims: vec![outputs],
                    reduced: vec![length],
                    inputs: vec![strided(0, DType::F32, &strides)],
                    program: MapProgram::identity(),
                    epilogue_inputs: vec![],
                    epilogue: MapProgram::identity(),
                    outputs: vec![dense(1, &[outputs])],
                });
                let what = format!("{op:?} of {length} elements, {outputs} results, by rows: {by_rows}");
                assert_agrees(&what, &single(step, &buffers, &[1]), &buffers);
            }
        }
    }
}

#[test]
fn reductions_of_blocks_of_blocks() {
    let length = 1024 * 1024 + 5;
    for (outputs, strides) in [(1, [0, 1]), (2, [1, 2])] {
        let buffers = [bytes(&numbers(3, length * outputs, false)), floats(outputs)];
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
        let what = format!("{outputs} long sums");
        agrees_with(&THREADS, &what, &single(step, &buffers, &[1]), &buffers)
            .unwrap_or_else(|difference| panic!("{difference}"));
    }
}

#[test]
fn products_of_every_shape_and_layout() {
    let shapes = [
        [1, 1, 1],
        [0, 3, 2],
        [3, 0, 2],
        [3, 2, 0],
        [10, 10, 10],
        [7, 17, 33],
        [1, 100, 50],
        [50, 1, 100],
        [6, 16, 300],
        [13, 31, 257],
        [100, 300, 64],
        [2, 700, 100],
    ];
    for [m, n, k] in shapes {
        for (layout, a, b) in [
            ("nn", [k, 1], [n, 1]),
            ("tn", [1, m], [n, 1]),
            ("nt", [k, 1], [1, k]),
            ("tt", [1, m], [1, k]),
            ("broadcast", [0, 1], [1, 0]),
        ] {
            let special = (m + n + k) % 3 == 1;
            let buffers = [
                bytes(&numbers(5, (m * k).max(k).max(1), special)),
                bytes(&numbers(6, (k * n).max(n).max(k).max(1), special)),
                bytes(&numbers(7, n.max(1), false)),
                bytes(&numbers(8, m * n, false)),
            ];
            // out = max(a b + bias, out): a bias for each column and an update in place.
            let mut p = MapBuilder::new(3);
            let sum = p.apply(Code::Add, &[p.input(0), p.input(1)]);
            let y = p.apply(Code::Max, &[sum, p.input(2)]);
            let with_map = (vec![strided(2, DType::F32, &[0, 1]), dense(3, &[m, n])], p.finish(&[y]));
            for (what, (epilogue_inputs, epilogue)) in
                [("plain", (vec![], MapProgram::identity())), ("mapped", with_map)]
            {
                let step = Primitive::Gemm(Gemm {
                    batch: Vec::new(),
                    rows: vec![m],
                    n,
                    depth: vec![k],
                    a: strided(0, DType::F32, &a),
                    b: strided(1, DType::F32, &b),
                    epilogue_inputs,
                    epilogue,
                    outputs: vec![dense(3, &[m, n])],
                });
                let what = format!("{what} {layout} product {m} x {n} x {k}");
                assert_agrees(&what, &single(step, &buffers, &[3]), &buffers);
            }
        }
    }
}

/// Products that may leave zeros out: among them signed zeros, subnormals and sums that underflow, and
/// against a right operand that is not finite.
#[test]
fn products_with_many_zeros() {
    for [m, n, k] in [[100, 300, 64], [40, 100, 300], [200, 20, 300], [71, 112, 257], [600, 16, 110]] {
        let tiny = |i: usize| [1e-30, -1e-30, 1e-40, -3.0, 1.5][i % 5];
        let sparse: Vec<f32> = (0..m * k)
            .map(|i| if ((i * 2_654_435_761) >> 7) & 7 == 0 { tiny(i) } else { [0.0, -0.0][i & 1] })
            .collect();
        for (what, worst) in [("finite", 1e-20), ("infinite", f32::INFINITY), ("not a number", f32::NAN)] {
            let mut b = numbers(6, k * n, false);
            b.iter_mut().step_by(3).for_each(|x| *x *= 1e-30);
            b[k * n / 2] = worst;
            for (layout, a) in [("nn", [k, 1]), ("tn", [1, m])] {
                let buffers = [bytes(&sparse), bytes(&b), floats(m * n)];
                let step = Primitive::Gemm(Gemm {
                    batch: Vec::new(),
                    rows: vec![m],
                    n,
                    depth: vec![k],
                    a: strided(0, DType::F32, &a),
                    b: dense(1, &[k, n]),
                    epilogue_inputs: vec![],
                    epilogue: MapProgram::identity(),
                    outputs: vec![dense(2, &[m, n])],
                });
                let what = format!("{layout} product {m} x {n} x {k}, mostly zeros by {what}");
                assert_agrees(&what, &single(step, &buffers, &[2]), &buffers);
            }
        }
    }
}

/// A program that has run often enough tries how long it takes on one thread.
#[test]
fn every_run_gives_the_bits_of_the_first() {
    let [m, n, k] = [100, 300, 64];
    let (a, b) = (bytes(&numbers(7, m * k, false)), bytes(&numbers(8, k * n, false)));
    let step = Primitive::Gemm(Gemm {
        batch: Vec::new(),
        rows: vec![m],
        n,
        depth: vec![k],
        a: dense(0, &[m, k]),
        b: dense(1, &[k, n]),
        epilogue_inputs: vec![],
        epilogue: MapProgram::identity(),
        outputs: vec![dense(2, &[m, n])],
    });
    let buffers = [a, b, floats(m * n)];
    let device = Device::cpu_with(Options { simd: None, threads: Some(3) }).unwrap();
    let mut executable = device.compile(&single(step, &buffers, &[2])).unwrap();
    let (mut memory, slots) = load(&device, &buffers).unwrap();
    let (mut first, mut now) = (vec![], floats(m * n));
    for run in 0..400 {
        memory.write(slots[2], &floats(m * n)).unwrap();
        executable.run(&mut memory, &slots).unwrap();
        memory.read(slots[2], 0, &mut now).unwrap();
        if run == 0 {
            first.clone_from(&now);
        }
        assert!(now == first, "run {run} differs");
    }
}

/// A product may keep a copy of a right operand that it never writes.
#[test]
fn an_operand_may_change_between_runs() {
    let [m, n, k] = [5, 70, 40];
    let product = Primitive::Gemm(Gemm {
        batch: Vec::new(),
        rows: vec![m],
        n,
        depth: vec![k],
        a: dense(0, &[m, k]),
        b: strided(1, DType::F32, &[1, k]),
        epilogue_inputs: vec![],
        epilogue: MapProgram::identity(),
        outputs: vec![dense(2, &[m, n])],
    });
    let operand = |seed| bytes(&numbers(seed, n * k, false));
    let mut buffers = [bytes(&numbers(1, m * k, false)), operand(2), floats(m * n)];
    let program = single(product, &buffers, &[2]);
    let (double, doubled) = (apply(1, Code::Add, &[0, 0]), vec![dense(0, &[n, k])]);
    let map =
        Primitive::Map(Map { dims: vec![n, k], inputs: doubled.clone(), program: double, outputs: doubled });
    let double = single(map, &buffers[1..2], &[0]);
    for simd in common::levels() {
        let device = Device::cpu_with(Options { simd: Some(simd), threads: Some(2) }).unwrap();
        let (mut memory, slots) = load(&device, &buffers).unwrap();
        let mut other_slots = slots.clone();
        let tensor = |seed| Tensor::from(numbers(seed, n * k, false));
        other_slots[1] = memory.share(&tensor(4)).unwrap();
        let mut executable = device.compile(&program).unwrap();
        let mut check = |memory: &mut Memory, what: &str, slots: &[Slot], b: Vec<u8>| {
            buffers[1] = b;
            let mut want = buffers.to_vec();
            common::reference::run(&program, &mut want).unwrap();
            executable.run(memory, slots).unwrap();
            let mut got = floats(m * n);
            memory.read(slots[2], 0, &mut got).unwrap();
            assert!(got == want[2], "{what}, with {simd}");
        };
        let twice = |seed| bytes(&numbers(seed, n * k, false).iter().map(|x| x + x).collect::<Vec<_>>());
        check(&mut memory, "the first run", &slots, operand(2));
        check(&mut memory, "another run", &slots, operand(2));
        memory.write(slots[1], &operand(3)).unwrap();
        check(&mut memory, "after the host wrote", &slots, operand(3));
        device.compile(&double).unwrap().run(&mut memory, &slots[1..2]).unwrap();
        check(&mut memory, "after another program wrote", &slots, twice(3));
        check(&mut memory, "another buffer", &other_slots, operand(4));
        memory.replace(other_slots[1], &tensor(5)).unwrap();
        check(&mut memory, "another tensor in the buffer", &other_slots, operand(5));
        check(&mut memory, "the buffer from before", &slots, twice(3));
        buffers[1] = operand(2);
    }
}

/// Maps that hold more values at once than fit beside a product.
#[test]
fn products_with_long_maps() {
    for ([m, n, k], values) in
        [([130, 140, 20], 6), ([130, 140, 20], 20), ([20, 30, 10], 40), ([20, 30, 10], 60)]
    {
        let mut p = MapBuilder::new(2);
        let mut held = vec![p.input(0)];
        for _ in 0..values {
            held.push(p.apply(Code::Sigmoid, &[held[held.len() - 1]]));
        }
        let y = held.into_iter().fold(p.input(1), |sum, value| p.apply(Code::Add, &[sum, value]));
        let buffers = [
            bytes(&numbers(5, m * k, true)),
            bytes(&numbers(6, k * n, false)),
            bytes(&numbers(7, m * n, true)),
        ];
        let step = Primitive::Gemm(Gemm {
            batch: Vec::new(),
            rows: vec![m],
            n,
            depth: vec![k],
            a: dense(0, &[m, k]),
            b: dense(1, &[k, n]),
            epilogue_inputs: vec![dense(2, &[m, n])],
            epilogue: p.finish(&[y]),
            outputs: vec![dense(2, &[m, n])],
        });
        let what = format!("a product {m} x {n} x {k} and a map of {values} values");
        assert_agrees(&what, &single(step, &buffers, &[2]), &buffers);
    }
}

#[test]
fn a_zero_product_is_positive() {
    // Each product underflows to -0.
    let buffers = [bytes(&[-1e-30; 2]), bytes(&[1e-30; 2]), floats(1)];
    let step = Primitive::Gemm(Gemm {
        batch: Vec::new(),
        rows: vec![1],
        n: 1,
        depth: vec![2],
        a: dense(0, &[1, 2]),
        b: dense(1, &[2, 1]),
        epilogue_inputs: vec![],
        epilogue: MapProgram::identity(),
        outputs: vec![dense(2, &[1, 1])],
    });
    assert_agrees("an underflow", &single(step, &buffers, &[2]), &buffers);
}

#[test]
fn a_product_stored_transposed() {
    let (m, n, k) = (33, 21, 10);
    let buffers = [bytes(&numbers(5, m * k, true)), bytes(&numbers(6, k * n, true)), floats(m * n)];
    let step = Primitive::Gemm(Gemm {
        batch: Vec::new(),
        rows: vec![m],
        n,
        depth: vec![k],
        a: dense(0, &[m, k]),
        b: dense(1, &[k, n]),
        epilogue_inputs: vec![],
        epilogue: MapProgram::identity(),
        outputs: vec![strided(2, DType::F32, &[1, m])],
    });
    assert_agrees("a transposed product", &single(step, &buffers, &[2]), &buffers);
}

#[test]
fn rows_are_gathered_and_converted() {
    let (rows, width) = (20, 785);
    let images: Vec<u8> = (0..rows * width).map(|i| (i * 31 % 256) as u8).collect();
    let mut m = MapBuilder::new(1);
    let scale = m.constant(1.0 / 255.0);
    let x = m.apply(Code::ToFloat, &[m.input(0)]);
    let y = m.apply(Code::Mul, &[x, scale]);
    let scaled = m.finish(&[y]);
    let floats_table = bytes(&numbers(1, rows * width, true));
    for (dtype, table, program, output) in [
        (DType::U8, &images, &scaled, DType::F32),
        (DType::U8, &images, &MapProgram::identity(), DType::U8),
        (DType::F32, &floats_table, &MapProgram::identity(), DType::F32),
        (DType::F32, &floats_table, &apply(1, Code::Neg, &[0]), DType::F32),
    ] {
        for indices in [vec![], vec![3], vec![19, 0, 0, 7], (0..300).map(|i| i * 7 % 20).collect()] {
            let count = indices.len();
            let buffers = [table.clone(), int_bytes(&indices), vec![0; count * width * output.size()]];
            let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
            let step = Primitive::GatherRows(GatherRows {
                table: operand(0, dtype),
                rows,
                width,
                indices: operand(1, DType::I32),
                count,
                program: program.clone(),
                output: operand(2, output),
            });
            assert_agrees(&format!("{count} rows of {dtype}"), &single(step, &buffers, &[2]), &buffers);
        }
    }
}

#[test]
fn an_index_outside_the_table_is_an_error_that_writes_nothing() {
    for bad in [-1, 4, i32::MAX, i32::MIN] {
        let buffers = [bytes(&[1.0; 4]), int_bytes(&[0, bad, 9]), floats(3)];
        let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
        let step = Primitive::GatherRows(GatherRows {
            table: operand(0, DType::F32),
            rows: 4,
            width: 1,
            indices: operand(1, DType::I32),
            count: 3,
            program: MapProgram::identity(),
            output: operand(2, DType::F32),
        });
        assert_agrees(&format!("index {bad}"), &single(step, &buffers, &[2]), &buffers);
    }
}

#[test]
fn extrema_take_the_lowest_position_and_nan_first() {
    let rows: [&[f32]; 6] = [
        &[1.0, 3.0, 3.0, 2.0],
        &[-0.0, 0.0, -0.0, 0.0],
        &[f32::NEG_INFINITY; 4],
        &[1.0, f32::NAN, f32::INFINITY, f32::NAN],
        &[-1.0, 1e-40, -1e-40, f32::MIN],
        &[f32::INFINITY, f32::INFINITY, f32::NAN, 0.0],
    ];
    let buffers = [bytes(&rows.concat()), floats(6)];
    for dtype in [DType::F32, DType::I32] {
        for largest in [true, false] {
            for (dims, length, strides) in [(6, 4, [4, 1]), (4, 6, [1, 4])] {
                let step = Primitive::ArgReduce(ArgReduce {
                    largest,
                    dims: vec![dims],
                    length,
                    input: strided(0, dtype, &strides),
                    output: strided(1, DType::I32, &[1]),
                });
                let what = format!("extremum of {length} {dtype}, largest: {largest}");
                assert_agrees(&what, &single(step, &buffers, &[1]), &buffers);
            }
        }
    }
}

#[test]
fn random_numbers_advance_their_counter() {
    for distribution in [Distribution::Uniform, Distribution::Normal, Distribution::TruncatedNormal] {
        for (count, run) in [(0, 0), (1, 7), (33, -1), (3000, i32::MAX)] {
            let buffers = [int_bytes(&[run]), floats(count)];
            let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
            let step = Primitive::Random(Random {
                distribution,
                key: 0x1234_5678_9abc_def0,
                counter: operand(0, DType::I32),
                count,
                output: operand(1, DType::F32),
            });
            assert_agrees(
                &format!("{count} of {distribution:?}"),
                &single(step, &buffers, &[0, 1]),
                &buffers,
            );
        }
    }
}
