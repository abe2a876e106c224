//! Every step in plain loops over plain bytes: what devices must equal.

use minutia_kernels::{math, reduce, rng::Stream};
use minutia_tensor::{DType, Error, Shape, program::*};

type Buffers = Vec<Vec<u8>>;

fn load(buffers: &Buffers, operand: Operand, element: usize) -> u32 {
    let bytes = &buffers[operand.buffer][operand.offset + element * operand.dtype.size()..];
    match operand.dtype {
        DType::F32 | DType::I32 => u32::from_ne_bytes(bytes[..4].try_into().expect("four bytes")),
        DType::Bool => (bytes[0] != 0) as u32,
        DType::U8 => bytes[0] as u32,
    }
}

fn store(buffers: &mut Buffers, operand: Operand, element: usize, word: u32) {
    let bytes = &mut buffers[operand.buffer][operand.offset + element * operand.dtype.size()..];
    match operand.dtype {
        DType::F32 | DType::I32 => bytes[..4].copy_from_slice(&word.to_ne_bytes()),
        DType::Bool => bytes[0] = (word != 0) as u8,
        DType::U8 => bytes[0] = word as u8,
    }
}

fn at(access: &Access, index: &[usize]) -> usize {
    access.strides.iter().zip(index).map(|(s, i)| s * i).sum()
}

fn load_all(buffers: &Buffers, accesses: &[Access], index: &[usize]) -> Vec<u32> {
    accesses.iter().map(|a| load(buffers, a.operand, at(a, index))).collect()
}

fn store_all(buffers: &mut Buffers, accesses: &[Access], index: &[usize], words: &[u32]) {
    for (a, &word) in accesses.iter().zip(words) {
        store(buffers, a.operand, at(a, index), word);
    }
}

fn indices(dims: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let dims = dims.to_vec();
    (0..Shape::from(&dims[..]).elements()).map(move |mut flat| {
        let mut index = vec![0; dims.len()];
        for (i, &d) in index.iter_mut().zip(&dims).rev() {
            *i = flat % d;
            flat /= d;
        }
        index
    })
}

/// Runs a program over plain byte buffers, one element after the other.
pub fn run(program: &Program, buffers: &mut Buffers) -> Result<(), Error> {
    run_steps(program, None, buffers)
}

/// Runs the steps of a program, or those of a loop's body, which errors call by the loop's number.
fn run_steps(program: &Program, within: Option<usize>, buffers: &mut Buffers) -> Result<(), Error> {
    for (number, step) in program.steps.iter().enumerate() {
        let number = within.unwrap_or(number);
        match step {
            Primitive::Map(s) => {
                for index in indices(&s.dims) {
                    let words = s.program.eval(&load_all(buffers, &s.inputs, &index));
                    store_all(buffers, &s.outputs, &index, &words);
                }
            }
            Primitive::Reduce(s) => run_reduce(s, buffers),
            Primitive::ArgReduce(s) => run_arg_reduce(s, buffers),
            Primitive::Gemm(s) => run_gemm(s, buffers),
            Primitive::GatherRows(s) => run_gather(s, program, number, buffers)?,
            Primitive::ScatterAddRows(s) => run_scatter_add(s, program, number, buffers)?,
            Primitive::Scan(s) => run_scan(s, buffers),
            Primitive::ArgSort(s) => run_arg_sort(s, buffers),
            Primitive::UpdateRows(s) => run_update_rows(s, program, number, buffers)?,
            Primitive::FirstPositions(s) => run_first_positions(s, buffers),
            Primitive::Random(s) => run_random(s, buffers),
            Primitive::Loop(s) => {
                let names = s.names.clone();
                let body = Program { steps: s.body.clone(), names, ..program.clone() };
                let goes_on = |buffers: &Buffers| s.predicate.is_none_or(|p| load(buffers, p, 0) != 0);
                let mut left = s.most.unwrap_or(usize::MAX);
                while left > 0 && goes_on(buffers) {
                    run_steps(&body, Some(number), buffers)?;
                    left -= 1;
                }
            }
        }
    }
    Ok(())
}

fn run_reduce(s: &Reduce, buffers: &mut Buffers) {
    let inner: Vec<_> = indices(&s.reduced).collect();
    for index in indices(&s.dims) {
        let word = |i: usize| {
            let nest = [&index[..], &inner[i]].concat();
            s.program.eval(&load_all(buffers, &s.inputs, &nest))[0]
        };
        let n = inner.len();
        macro_rules! reduce {
            ($op:ident) => {
                match s.dtype {
                    DType::F32 => {
                        reduce::reduce::<f32, reduce::$op>(n, &mut |i| f32::from_bits(word(i))).to_bits()
                    }
                    _ => reduce::reduce::<i32, reduce::$op>(n, &mut |i| word(i) as i32) as u32,
                }
            };
        }
        let result = match s.op {
            ReduceOp::Sum => reduce!(Sum),
            ReduceOp::Prod => reduce!(Prod),
            ReduceOp::Max => reduce!(Max),
            ReduceOp::Min => reduce!(Min),
        };
        let inputs = [&[result][..], &load_all(buffers, &s.epilogue_inputs, &index)].concat();
        store_all(buffers, &s.outputs, &index, &s.epilogue.eval(&inputs));
    }
}

fn run_arg_reduce(s: &ArgReduce, buffers: &mut Buffers) {
    for index in indices(&s.dims) {
        let element = |i: usize| load(buffers, s.input.operand, at(&s.input, &[&index[..], &[i]].concat()));
        let better = |a: u32, b: u32| match (s.input.operand.dtype, s.largest) {
            (DType::F32, _) if f32::from_bits(b).is_nan() => false,
            (DType::F32, _) if f32::from_bits(a).is_nan() => true,
            (DType::F32, true) => f32::from_bits(a) > f32::from_bits(b),
            (DType::F32, false) => f32::from_bits(a) < f32::from_bits(b),
            (_, true) => a as i32 > b as i32,
            (_, false) => (a as i32) < b as i32,
        };
        let best = (1..s.length).fold(0, |best, i| if better(element(i), element(best)) { i } else { best });
        store(buffers, s.output.operand, at(&s.output, &index), best as u32);
    }
}

fn run_gemm(s: &Gemm, buffers: &mut Buffers) {
    let terms: Vec<_> = indices(&s.depth).collect();
    for index in indices(&s.dims()) {
        let f = |a: &Access, i: Vec<usize>| f32::from_bits(load(buffers, a.operand, at(a, &i)));
        let (batch, column) = (&index[..s.batch.len()], &index[index.len() - 1..]);
        let product = terms.iter().fold(0.0, |sum, p| {
            let row = [&index[..index.len() - 1], p].concat();
            math::fma(f(&s.a, row), f(&s.b, [batch, p, column].concat()), sum)
        });
        let inputs =
            [&[(product + 0.0).to_bits()][..], &load_all(buffers, &s.epilogue_inputs, &index)].concat();
        store_all(buffers, &s.outputs, &index, &s.epilogue.eval(&inputs));
    }
}

/// The rows that some indices pick.
fn rows(
    indices: Operand,
    [count, rows]: [usize; 2],
    program: &Program,
    step: usize,
    buffers: &Buffers,
) -> Result<Vec<usize>, Error> {
    let row = |position| {
        let index = load(buffers, indices, position) as i32;
        usize::try_from(index).ok().filter(|&row| row < rows).ok_or_else(|| {
            let name = program.name(step);
            Error::IndexOutOfRange { step, name, position, index, rows }
        })
    };
    (0..count).map(row).collect()
}

fn run_scatter_add(
    s: &ScatterAddRows,
    program: &Program,
    step: usize,
    buffers: &mut Buffers,
) -> Result<(), Error> {
    let rows = rows(s.indices, [s.count, s.rows], program, step, buffers)?;
    for element in 0..s.rows * s.width {
        let (row, column) = (element / s.width, element % s.width);
        let picked = (0..s.count).filter(|&position| rows[position] == row);
        let update = |position: usize| f32::from_bits(load(buffers, s.updates, position * s.width + column));
        let sum = picked.fold(0.0, |sum: f32, position| sum + update(position));
        store(buffers, s.output, element, sum.to_bits());
    }
    Ok(())
}

fn run_update_rows(
    s: &UpdateRows,
    program: &Program,
    step: usize,
    buffers: &mut Buffers,
) -> Result<(), Error> {
    let rows = rows(s.indices, [s.count, s.rows], program, step, buffers)?;
    for index in indices(&[s.rows, s.width]) {
        let word = load(buffers, s.base.operand, at(&s.base, &index));
        store(buffers, s.output.operand, at(&s.output, &index), word);
    }
    for (position, row) in rows.into_iter().enumerate() {
        for column in 0..s.width {
            let update = load(buffers, s.updates, position * s.width + column);
            let element = at(&s.output, &[row, column]);
            let [old, by] = [load(buffers, s.output.operand, element), update].map(f32::from_bits);
            let word = match s.change {
                Change::Set => update,
                Change::Add => (old + by).to_bits(),
                Change::Sub => (old - by).to_bits(),
                Change::Max => math::max(old, by).to_bits(),
                Change::Min => math::min(old, by).to_bits(),
            };
            store(buffers, s.output.operand, element, word);
        }
    }
    Ok(())
}

fn run_first_positions(s: &FirstPositions, buffers: &mut Buffers) {
    for i in 0..s.count {
        let index = load(buffers, s.indices, i);
        let first = (0..i).find(|&j| load(buffers, s.indices, j) == index).unwrap_or(i);
        store(buffers, s.output, i, first as u32);
    }
}

fn run_gather(s: &GatherRows, program: &Program, step: usize, buffers: &mut Buffers) -> Result<(), Error> {
    let rows = rows(s.indices, [s.count, s.rows], program, step, buffers)?;
    for (position, row) in rows.into_iter().enumerate() {
        for j in 0..s.width {
            let word = s.program.eval(&[load(buffers, s.table, row * s.width + j)])[0];
            store(buffers, s.output, position * s.width + j, word);
        }
    }
    Ok(())
}

fn run_scan(s: &Scan, buffers: &mut Buffers) {
    for index in indices(&s.dims) {
        let mut sum = 0;
        for step in 0..s.length {
            let place = [&index[..], &[if s.reverse { s.length - 1 - step } else { step }]].concat();
            let x = load(buffers, s.input.operand, at(&s.input, &place));
            let next = match s.input.operand.dtype {
                DType::F32 => (f32::from_bits(sum) + f32::from_bits(x)).to_bits(),
                _ => (sum as i32).wrapping_add(x as i32) as u32,
            };
            store(buffers, s.output.operand, at(&s.output, &place), if s.exclusive { sum } else { next });
            sum = next;
        }
    }
}

fn run_arg_sort(s: &ArgSort, buffers: &mut Buffers) {
    for index in indices(&s.dims) {
        let element = |i: usize| load(buffers, s.input.operand, at(&s.input, &[&index[..], &[i]].concat()));
        let ascending = |a: u32, b: u32| match s.input.operand.dtype {
            DType::F32 => {
                let (a, b) = (f32::from_bits(a), f32::from_bits(b));
                a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
            }
            _ => (a as i32).cmp(&(b as i32)),
        };
        let mut order: Vec<usize> = (0..s.length).collect();
        order.sort_by(|&a, &b| {
            let order = ascending(element(a), element(b));
            if s.descending { order.reverse() } else { order }
        });
        for (place, position) in order.into_iter().enumerate() {
            let place = at(&s.output, &[&index[..], &[place]].concat());
            store(buffers, s.output.operand, place, position as u32);
        }
    }
}

fn run_random(s: &Random, buffers: &mut Buffers) {
    let (stream, counter) = (Stream::from_key(s.key), load(buffers, s.counter, 0));
    for i in 0..s.count {
        let x = match s.distribution {
            Distribution::Uniform => stream.uniform(counter, i as u64),
            Distribution::Normal => stream.normal(counter, i as u64),
            Distribution::TruncatedNormal => stream.truncated_normal(counter, i as u64),
        };
        store(buffers, s.output, i, x.to_bits());
    }
    store(buffers, s.counter, 0, counter.wrapping_add(1));
}
