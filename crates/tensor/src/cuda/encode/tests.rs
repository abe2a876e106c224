use super::{
    block::ParameterBlock,
    code::{InputSource, MapCode},
    *,
};
use crate::{
    DType, Shape,
    program::{
        Access, ArgReduce, BufferSpec, GatherRows, Gemm, Map, MapBuilder, MapProgram, Operand, Reduce,
        ReduceOp, ScatterAddRows,
    },
};
use minutia_kernels::{
    abi::{
        Divisor, Words,
        code::{self, END, LOAD, STORE},
        layout,
    },
    map::Code,
};

const GPU: u32 = 100;

fn access(buffer: usize, offset: usize, dtype: DType, strides: &[usize]) -> Access {
    Access { operand: Operand { buffer, offset, dtype }, strides: strides.to_vec() }
}

fn dense(buffer: usize, dims: &[usize]) -> Access {
    access(buffer, 0, DType::F32, &Shape::from(dims).strides())
}

fn encoded(step: Primitive) -> Result<Encoded, Error> {
    let buffers = vec![BufferSpec { bytes: 0, written: true }; 3];
    encode(&Program { buffers, steps: vec![step], ..Program::default() }, GPU)
}

fn kernels(step: Primitive) -> Vec<Kernel> {
    encoded(step).unwrap().launches.iter().map(|launch| launch.kernel).collect()
}

fn read<T: Words>(words: &[u32], at: u32) -> T {
    let mut rest = words[at as usize..].iter();
    T::decode(&mut || *rest.next().expect("a block ends after its parts"))
}

fn identity(dims: &[usize], input: Access, output: Access) -> Primitive {
    let (inputs, outputs) = (vec![input], vec![output]);
    Primitive::Map(Map { dims: dims.to_vec(), inputs, program: MapProgram::identity(), outputs })
}

fn sum(dims: &[usize], reduced: &[usize], strides: &[usize]) -> Primitive {
    Primitive::Reduce(Reduce {
        op: ReduceOp::Sum,
        dtype: DType::F32,
        dims: dims.to_vec(),
        reduced: reduced.to_vec(),
        inputs: vec![access(0, 0, DType::F32, strides)],
        program: MapProgram::identity(),
        epilogue_inputs: Vec::new(),
        epilogue: MapProgram::identity(),
        outputs: vec![dense(1, dims)],
    })
}

fn product(m: usize, n: usize, k: usize, a: [usize; 2], b: [usize; 2], epilogue: MapProgram) -> Primitive {
    Primitive::Gemm(Gemm {
        batch: Vec::new(),
        rows: vec![m],
        n,
        depth: vec![k],
        a: access(0, 0, DType::F32, &a),
        b: access(1, 0, DType::F32, &b),
        epilogue_inputs: Vec::new(),
        epilogue,
        outputs: vec![dense(2, &[m, n])],
    })
}

/// A program of one input that holds so many values at once, and one more.
fn wide(values: usize) -> MapProgram {
    let mut m = MapBuilder::new(1);
    let mut held = vec![m.input(0)];
    for _ in 0..values {
        held.push(m.apply(Code::Exp, &[held[held.len() - 1]]));
    }
    let sum = held.clone().into_iter().reduce(|a, b| m.apply(Code::Add, &[a, b])).expect("not empty");
    m.finish(&[sum])
}

#[test]
fn a_block_reads_as_it_was_written() {
    let output = access(2, 8, DType::Bool, &[3, 1]);
    let Encoded { words, launches, .. } =
        encoded(identity(&[2, 3], access(1, 12, DType::U8, &[0, 5]), output)).unwrap();
    let words = &words[launches[0].block..];
    let head: layout::Map = read(words, 0);
    let nest: layout::Nest = read(words, head.nest);
    assert_eq!((head.elements, nest), (6, layout::Nest { elements: 6, loops: 2 }));
    let loops = |i| read::<Divisor>(words, head.nest + layout::Nest::WORDS + i * Divisor::WORDS).divisor;
    assert_eq!((loops(0), loops(1)), (3, 2), "innermost first");

    let instruction = |i: u32| &words[(head.code + 4 * i) as usize..][..4];
    let [load, store, end] = [instruction(0), instruction(1), instruction(2)];
    assert_eq!(head.code % 4, 0);
    assert_eq!([load, store, end].map(|i| code::decode(i[0]).0), [LOAD, STORE, END]);
    for (at, buffer, offset, element, strides) in [(load[1], 1, 12, 2, [5, 0]), (store[2], 2, 8, 1, [1, 3])] {
        let place = layout::Place { buffer, offset };
        assert_eq!(read::<layout::Operand>(words, at), layout::Operand { place, element });
        assert_eq!(words[(at + layout::Operand::WORDS) as usize..][..2], strides);
    }
}

#[test]
fn registers_are_given_on_and_stores_come_last() {
    let chain = {
        let mut m = MapBuilder::new(1);
        let y = (0..20).fold(m.input(0), |x, _| m.apply(Code::Exp, &[x]));
        m.finish(&[y])
    };
    let swap = {
        let m = MapBuilder::new(2);
        let outputs = [m.input(1), m.input(0)];
        m.finish(&outputs)
    };
    let sum_of_inputs = {
        let mut m = MapBuilder::new(9);
        let y = (1..9).fold(m.input(0), |x, i| m.apply(Code::Add, &[x, m.input(i)]));
        m.finish(&[y])
    };
    for (what, program, given, registers) in [
        ("a chain", &chain, false, 1),
        ("a chain on what a kernel gives", &chain, true, 1),
        ("a swap", &swap, false, 2),
        ("a sum of inputs, each loaded when it is needed", &sum_of_inputs, false, 2),
        ("a constant", &MapProgram::fill(7), false, 0),
        ("values that are all needed at the end", &wide(10), false, 11),
    ] {
        let plan = MapCode::new(program, given);
        assert_eq!(plan.bytes(), registers * 16, "{what}");
        let mut block = ParameterBlock::new::<layout::Map>(Limits { step: 0 });
        let sources = vec![InputSource::Access(0); program.inputs()];
        let sinks = vec![0; program.outputs().len()];
        let (position, _) = plan.write(&mut block, 32, &sources, &sinks);
        let words = block.finish(layout::Map { nest: 0, code: 0, elements: 0 });
        let codes: Vec<u32> = words[position as usize..].chunks(4).map(|i| code::decode(i[0]).0).collect();
        let stores = codes.iter().filter(|&&c| c == STORE).count();
        let tail = [vec![STORE; stores], vec![END; 2]].concat();
        assert!(codes.ends_with(&tail) && stores == sinks.len(), "{what}: {codes:?}");
    }
}

#[test]
fn launches_cover_their_elements_and_fit_a_gpu() {
    let wide_map = |values| {
        let (inputs, outputs) = (vec![dense(0, &[5000])], vec![dense(1, &[5000])]);
        Primitive::Map(Map { dims: vec![5000], inputs, program: wide(values), outputs })
    };
    for (what, step, per_thread, work) in [
        ("one element", identity(&[], dense(0, &[]), dense(1, &[])), 4, 1),
        ("many", identity(&[1 << 20], dense(0, &[1 << 20]), dense(1, &[1 << 20])), 4, 1 << 20),
        ("many values", wide_map(60), 4, 5000),
        ("as many values as there may be", wide_map(95), 4, 5000),
        ("rows", sum(&[100], &[300], &[300, 1]), 1, 100 * 16),
        ("columns", sum(&[100_000], &[300], &[1, 100_000]), 1, 100_000),
    ] {
        let encoded = encoded(step).unwrap();
        let [launch] = encoded.launches[..] else { panic!("{what}: {} launches", encoded.launches.len()) };
        let (threads, blocks) = (launch.threads as usize, launch.blocks as usize);
        assert!(
            threads.is_multiple_of(32) && threads <= 1024 && launch.shared <= SHARED,
            "{what}: {launch:?}"
        );
        assert!(launch.block.is_multiple_of(4), "{what}: {launch:?}");
        let group = threads * per_thread;
        assert_eq!(blocks, usize::div_ceil(work, group), "{what}: {launch:?}");
    }
}

#[test]
fn nothing_is_launched_for_nothing() {
    assert_eq!(kernels(identity(&[3, 0], dense(0, &[3, 0]), dense(1, &[3, 0]))), []);
    assert_eq!(kernels(sum(&[0], &[3], &[3, 1])), []);
    assert_eq!(kernels(product(0, 3, 2, [2, 1], [3, 1], MapProgram::identity())), []);
    assert_eq!(kernels(sum(&[2], &[0], &[0, 1])).len(), 1, "sums of nothing are zeros");
}

#[test]
fn reductions_take_the_side_that_lies_together() {
    use Kernel::{ReduceColumns, ReduceRows};
    for (what, step, expected, scratch) in [
        ("rows", sum(&[100], &[300], &[300, 1]), vec![ReduceRows], 0),
        ("short rows", sum(&[100], &[10], &[10, 1]), vec![ReduceColumns], 0),
        ("many columns", sum(&[100_000], &[300], &[1, 100_000]), vec![ReduceColumns], 0),
        ("few columns", sum(&[10], &[300], &[1, 10]), vec![ReduceRows], 0),
        ("blocks", sum(&[2], &[5000], &[5000, 1]), vec![ReduceRows, ReduceColumns], 2 * 5 * 4),
        (
            "blocks of blocks",
            sum(&[], &[1024 * 1024 + 5], &[1]),
            vec![ReduceRows, ReduceRows, ReduceColumns],
            (1025 + 2) * 4,
        ),
    ] {
        let encoded = encoded(step).unwrap();
        let kernels: Vec<Kernel> = encoded.launches.iter().map(|launch| launch.kernel).collect();
        assert_eq!((kernels, encoded.scratch), (expected, scratch), "{what}");
    }
}

#[test]
fn large_products_are_tiled_by_their_layout() {
    use Kernel::{GemmAny, GemmNn, GemmNt, GemmTn, Map};
    let plain = MapProgram::identity;
    let (m, n, k) = (2000, 3000, 500);
    for (what, step, expected) in [
        ("nn", product(m, n, k, [k, 1], [n, 1], plain()), vec![GemmNn]),
        ("tn", product(m, n, k, [1, m], [n, 1], plain()), vec![GemmTn]),
        ("nt", product(m, n, k, [k, 1], [1, k], plain()), vec![GemmNt]),
        ("tt", product(m, n, k, [1, m], [1, k], plain()), vec![GemmAny]),
        ("few terms", product(m, n, 8, [8, 1], [n, 1], plain()), vec![GemmAny]),
        ("a small one", product(100, 300, 784, [784, 1], [300, 1], plain()), vec![GemmAny]),
        ("ten columns", product(60_000, 10, 300, [300, 1], [10, 1], plain()), vec![GemmAny]),
        ("a few values", product(m, n, k, [k, 1], [n, 1], wide(5)), vec![GemmNn]),
        ("many values", product(m, n, k, [k, 1], [n, 1], wide(20)), vec![GemmNn, Map]),
        ("many values of a small one", product(100, 30, k, [k, 1], [n, 1], wide(40)), vec![GemmAny]),
        ("too many for a small one", product(100, 30, k, [k, 1], [n, 1], wide(60)), vec![GemmAny, Map]),
    ] {
        assert_eq!(kernels(step), expected, "{what}");
    }
}

#[test]
fn rows_are_checked_before_they_are_taken() {
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let gather = |count| {
        Primitive::GatherRows(GatherRows {
            table: operand(0, DType::F32),
            rows: 20,
            width: 7,
            indices: operand(1, DType::I32),
            count,
            program: MapProgram::identity(),
            output: operand(2, DType::F32),
        })
    };
    assert_eq!(kernels(gather(0)), []);
    let steps = vec![gather(0), gather(3), gather(4)];
    let encoded = encode(&Program { steps, ..Program::default() }, GPU).unwrap();
    let order: Vec<_> = encoded.launches.iter().map(|launch| (launch.kernel, launch.step)).collect();
    use Kernel::{CheckRows, Map};
    assert_eq!(order, [(CheckRows, 1), (Map, 1), (CheckRows, 2), (Map, 2)]);
    for (i, check) in encoded.checks.iter().enumerate() {
        let head: layout::CheckRows = read(&encoded.words, encoded.launches[2 * i].block as u32);
        assert_eq!((head.tag as usize, head.rows, head.count as usize), (i, 20, 3 + i));
        assert_eq!((encoded.words[check.word], check.step), (head.tag, i + 1));
    }
}

#[test]
fn sums_of_rows_occupy_the_gpu_and_are_checked_first() {
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let sums = |count, rows, width| {
        let (updates, indices) = (operand(0, DType::F32), operand(1, DType::I32));
        let output = operand(2, DType::F32);
        Primitive::ScatterAddRows(ScatterAddRows { updates, indices, count, rows, width, output })
    };
    use Kernel::{CheckRows, ScatterAddRows as Add};
    assert_eq!(kernels(sums(3, 20, 7)), [CheckRows, Add]);
    assert_eq!(kernels(sums(0, 20, 7)), [Add], "rows of nothing are zeros");
    assert_eq!(kernels(sums(3, 20, 0)), [CheckRows]);
    assert_eq!(kernels(sums(3, 0, 7)), [CheckRows]);
    for (rows, width, classes) in [(20, 7, 32), (100_000, 8, 8192), (100_000, 1000, 64), (10, 100_000, 1)] {
        let encoded = encoded(sums(3, rows, width)).unwrap();
        let launch = encoded.launches[1];
        let head: layout::ScatterAddRows = read(&encoded.words, launch.block as u32);
        assert_eq!((head.classes, head.width.divisor as usize), (classes, width), "{rows} x {width}");
        assert!((launch.blocks * launch.threads) as usize >= width * classes as usize, "{launch:?}");
    }
}

#[test]
fn what_kernels_cannot_count_is_an_error() {
    let many: Vec<usize> = vec![2; 9];
    let apart: Vec<usize> = (0..9).map(|i| 3usize.pow(i)).rev().collect();
    let huge = 1usize << 31;
    for (what, step) in [
        ("elements", identity(&[huge], access(0, 0, DType::F32, &[0]), dense(1, &[huge]))),
        ("elements", sum(&[huge / 2], &[4], &[0, 0])),
        ("elements between neighbours", {
            identity(&[2, 2], access(0, 0, DType::F32, &[1 << 32, 1]), dense(1, &[2, 2]))
        }),
        ("loops that cannot be merged", {
            identity(&many, access(0, 0, DType::F32, &apart), dense(1, &many))
        }),
        ("terms", product(1, 1, huge, [0, 0], [0, 0], MapProgram::identity())),
        ("bytes of values at once in a warp", {
            let (inputs, outputs) = (vec![dense(0, &[9])], vec![dense(1, &[9])]);
            Primitive::Map(Map { dims: vec![9], inputs, program: wide(96), outputs })
        }),
    ] {
        match encoded(step) {
            Err(Error::Capacity { step: 0, what: found, .. }) => assert_eq!(found, what),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn extrema_share_a_warp_where_it_pays() {
    for (length, stride, outputs, lanes) in [(10, 1, 100, 1), (784, 1, 100, 32), (50, 100_000, 100_000, 1)] {
        let step = Primitive::ArgReduce(ArgReduce {
            largest: true,
            dims: vec![outputs],
            length,
            input: access(0, 0, DType::F32, &[if stride == 1 { length } else { 1 }, stride]),
            output: access(1, 0, DType::I32, &[1]),
        });
        let encoded = encoded(step).unwrap();
        assert_eq!(read::<layout::ArgReduce>(&encoded.words, 0).lanes, lanes, "{outputs} of {length}");
    }
}
