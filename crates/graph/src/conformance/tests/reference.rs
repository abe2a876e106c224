//! The lowered graph in `f64`, one element at a time: what results and gradients are compared with.
#![expect(clippy::disallowed_methods, reason = "a reference within a tolerance, no result")]

use crate::{Graph, Output, lower::Source, plan};
use minutia_kernels::map::Code;
use minutia_tensor::{
    DType, Tensor,
    program::{
        Access, ArgReduce, ArgSort, Change, Loop, MapProgram, Operand, Primitive, ReduceOp, Scan, UpdateRows,
    },
};
use std::slice;

/// A tensor of numbers; integers and truth values are exact in `f64`.
#[derive(Clone, Debug)]
pub struct Array {
    pub dims: Vec<usize>,
    pub values: Vec<f64>,
}

impl From<&Tensor> for Array {
    fn from(t: &Tensor) -> Array {
        let values = match t.dtype() {
            DType::F32 => t.as_slice::<f32>().unwrap().iter().map(|&x| f64::from(x)).collect(),
            DType::I32 => t.as_slice::<i32>().unwrap().iter().map(|&x| f64::from(x)).collect(),
            DType::Bool => t.as_slice::<bool>().unwrap().iter().map(|&x| f64::from(u8::from(x))).collect(),
            DType::U8 => t.as_slice::<u8>().unwrap().iter().map(|&x| f64::from(x)).collect(),
        };
        Array { dims: t.dims().to_vec(), values }
    }
}

/// Evaluates an output over fed arrays.
pub fn evaluate(graph: &Graph, target: &Output, feeds: &[(Output, Array)]) -> Array {
    let inner = graph.lock();
    let shapes = feeds.iter().map(|(o, a)| (o.id, a.dims.clone())).collect();
    let (lowering, view) = plan::lower_one(&inner, target.id, &shapes).unwrap();
    let mut values: Vec<Vec<f64>> = Vec::new();
    for value in &lowering.values {
        values.push(match &value.source {
            Source::Constant(tensor) => spread(&Array::from(tensor).values, value.dtype),
            Source::Feed(id) => {
                spread(&feeds.iter().find(|(o, _)| o.id == *id).unwrap().1.values, value.dtype)
            }
            Source::Computed | Source::Variable(_) | Source::Counter(_) => vec![0.0; value.bytes],
            Source::Outer(_) => unreachable!("it is of the body of a loop"),
        });
    }
    lowering.primitives.iter().for_each(|primitive| run(&primitive.step, &mut values));
    let indices = nest(&view.dims);
    let read = |i: &Vec<usize>| values[view.operand.buffer][address(&view.access(), i)];
    Array { values: indices.iter().map(read).collect(), dims: view.dims.clone() }
}

/// Numbers where their bytes would begin, as types may share a buffer.
fn spread(numbers: &[f64], dtype: DType) -> Vec<f64> {
    let mut values = vec![0.0; numbers.len() * dtype.size()];
    numbers.iter().enumerate().for_each(|(i, x)| values[i * dtype.size()] = *x);
    values
}

fn run(step: &Primitive, values: &mut [Vec<f64>]) {
    match step {
        Primitive::Map(s) => {
            for i in nest(&s.dims) {
                let inputs = load(&s.inputs, &i, values);
                store(&s.outputs, &i, &map(&s.program, &inputs), values);
            }
        }
        Primitive::Reduce(s) => {
            for i in nest(&s.dims) {
                let combine: fn(f64, f64) -> f64 = match s.op {
                    ReduceOp::Sum => |a, b| a + b,
                    ReduceOp::Prod => |a, b| a * b,
                    ReduceOp::Max => f64::max,
                    ReduceOp::Min => f64::min,
                };
                let element =
                    |r: &Vec<usize>| map(&s.program, &load(&s.inputs, &[&i[..], &r[..]].concat(), values))[0];
                let empty = match s.op {
                    ReduceOp::Sum => 0.0,
                    ReduceOp::Prod => 1.0,
                    ReduceOp::Max => f64::NEG_INFINITY,
                    ReduceOp::Min => f64::INFINITY,
                };
                let reduced = nest(&s.reduced).iter().map(element).fold(empty, combine);
                let inputs = [&[reduced], &load(&s.epilogue_inputs, &i, values)[..]].concat();
                store(&s.outputs, &i, &map(&s.epilogue, &inputs), values);
            }
        }
        Primitive::Gemm(s) => {
            let terms = nest(&s.depth);
            for i in nest(&s.dims()) {
                let (batch, column) = (&i[..s.batch.len()], &i[i.len() - 1..]);
                let term = |p: &Vec<usize>| {
                    let a = address(&s.a, &[&i[..i.len() - 1], p].concat());
                    let b = address(&s.b, &[batch, p, column].concat());
                    values[s.a.operand.buffer][a] * values[s.b.operand.buffer][b]
                };
                let product = terms.iter().map(term).sum();
                let inputs = [&[product], &load(&s.epilogue_inputs, &i, values)[..]].concat();
                store(&s.outputs, &i, &map(&s.epilogue, &inputs), values);
            }
        }
        Primitive::GatherRows(s) => {
            for i in nest(&[s.count, s.width]) {
                let row = values[s.indices.buffer][at(&s.indices, i[0])] as usize;
                let x = values[s.table.buffer][at(&s.table, row * s.width + i[1])];
                values[s.output.buffer][at(&s.output, i[0] * s.width + i[1])] = map(&s.program, &[x])[0];
            }
        }
        Primitive::ScatterAddRows(s) => {
            let width = s.width;
            (0..s.rows * width).for_each(|i| values[s.output.buffer][at(&s.output, i)] = 0.0);
            for i in nest(&[s.count, width]) {
                let row = values[s.indices.buffer][at(&s.indices, i[0])] as usize;
                let update = values[s.updates.buffer][at(&s.updates, i[0] * width + i[1])];
                values[s.output.buffer][at(&s.output, row * width + i[1])] += update;
            }
        }
        Primitive::UpdateRows(s) => update_rows(s, values),
        Primitive::FirstPositions(s) => {
            let index = |i: usize| values[s.indices.buffer][at(&s.indices, i)];
            let found = |i: usize| (0..=i).position(|j| index(j) == index(i)).unwrap() as f64;
            let found: Vec<f64> = (0..s.count).map(found).collect();
            found.iter().enumerate().for_each(|(i, x)| values[s.output.buffer][at(&s.output, i)] = *x);
        }
        Primitive::ArgReduce(s) => arg_reduce(s, values),
        Primitive::Scan(s) => scan(s, values),
        Primitive::ArgSort(s) => arg_sort(s, values),
        Primitive::Random(_) => panic!("{step:?} is not to be foretold"),
        Primitive::Loop(s) => repeat(s, values),
    }
}

fn arg_reduce(s: &ArgReduce, values: &mut [Vec<f64>]) {
    for i in nest(&s.dims) {
        let element = |p: usize| {
            let x = load(std::slice::from_ref(&s.input), &[&i[..], &[p]].concat(), values)[0];
            if s.largest { x } else { -x }
        };
        let best = (0..s.length).fold(0, |best, p| if element(p) > element(best) { p } else { best });
        store(std::slice::from_ref(&s.output), &i, &[best as f64], values);
    }
}

fn repeat(s: &Loop, values: &mut [Vec<f64>]) {
    let goes_on = |values: &[Vec<f64>]| {
        s.predicate.is_none_or(|predicate| values[predicate.buffer][predicate.offset] != 0.0)
    };
    for _ in 0..s.most.unwrap_or(usize::MAX) {
        if !goes_on(values) {
            break;
        }
        s.body.iter().for_each(|step| run(step, values));
    }
}

fn scan(s: &Scan, values: &mut [Vec<f64>]) {
    for i in nest(&s.dims) {
        let mut sum = 0.0;
        for step in 0..s.length {
            let place = if s.reverse { s.length - 1 - step } else { step };
            let at = [&i[..], &[place]].concat();
            let next = sum + load(slice::from_ref(&s.input), &at, values)[0];
            store(slice::from_ref(&s.output), &at, &[if s.exclusive { sum } else { next }], values);
            sum = next;
        }
    }
}

fn arg_sort(s: &ArgSort, values: &mut [Vec<f64>]) {
    for i in nest(&s.dims) {
        let element = |p: usize| {
            let x = load(slice::from_ref(&s.input), &[&i[..], &[p]].concat(), values)[0];
            if s.descending { -x } else { x }
        };
        let mut order: Vec<usize> = (0..s.length).collect();
        order.sort_by(|&a, &b| element(a).total_cmp(&element(b)));
        for (place, position) in order.into_iter().enumerate() {
            let at = [&i[..], &[place]].concat();
            store(slice::from_ref(&s.output), &at, &[position as f64], values);
        }
    }
}

fn update_rows(s: &UpdateRows, values: &mut [Vec<f64>]) {
    let element = |access: &Access, row: usize, column: usize| address(access, &[row, column]);
    for i in nest(&[s.rows, s.width]) {
        let x = values[s.base.operand.buffer][element(&s.base, i[0], i[1])];
        values[s.output.operand.buffer][element(&s.output, i[0], i[1])] = x;
    }
    for i in nest(&[s.count, s.width]) {
        let row = values[s.indices.buffer][at(&s.indices, i[0])] as usize;
        let update = values[s.updates.buffer][at(&s.updates, i[0] * s.width + i[1])];
        let x = &mut values[s.output.operand.buffer][element(&s.output, row, i[1])];
        *x = match s.change {
            Change::Set => update,
            Change::Add => *x + update,
            Change::Sub => *x - update,
            Change::Max => x.max(update),
            Change::Min => x.min(update),
        };
    }
}

fn map(program: &MapProgram, inputs: &[f64]) -> Vec<f64> {
    let mut values = inputs.to_vec();
    values.extend(program.constants().iter().map(|&c| constant(c)));
    for i in program.instructions() {
        let v = i.operands.map(|o| values[o.index()]);
        values.push(code(i.code, v));
    }
    program.outputs().iter().map(|o| values[o.index()]).collect()
}

/// Constants are raw bits; small patterns are integers and truth values, which no float constant in use looks
/// like.
fn constant(bits: u32) -> f64 {
    if bits < 1 << 16 { f64::from(bits) } else { f64::from(f32::from_bits(bits)) }
}

fn code(code: Code, [a, b, c]: [f64; 3]) -> f64 {
    let truth = |x: bool| f64::from(u8::from(x));
    match code {
        Code::Neg | Code::NegI => -a,
        Code::Abs | Code::AbsI => a.abs(),
        Code::Sign | Code::SignI => {
            if a == 0.0 {
                0.0
            } else {
                a.signum()
            }
        }
        Code::Sqrt => a.sqrt(),
        Code::Rsqrt => 1.0 / a.sqrt(),
        Code::Exp => a.exp(),
        Code::Ln => a.ln(),
        Code::Tanh => a.tanh(),
        Code::Sigmoid => 1.0 / (1.0 + (-a).exp()),
        Code::Erf => erf(a),
        Code::Sin => a.sin(),
        Code::Cos => a.cos(),
        Code::Expm1 => a.exp_m1(),
        Code::Log1p => a.ln_1p(),
        Code::Floor => a.floor(),
        Code::Round => a.round_ties_even(),
        Code::Add | Code::AddI => a + b,
        Code::Sub | Code::SubI => a - b,
        Code::Mul | Code::MulI => a * b,
        Code::Div => a / b,
        Code::Max | Code::MaxI => a.max(b),
        Code::Min | Code::MinI => a.min(b),
        Code::Pow => a.powf(b),
        Code::Atan2 => a.atan2(b),
        Code::Rem => a % b,
        Code::DivI => {
            if b == 0.0 {
                0.0
            } else {
                (a / b).trunc()
            }
        }
        Code::RemI => {
            if b == 0.0 {
                0.0
            } else {
                a % b
            }
        }
        Code::Lt | Code::LtI => truth(a < b),
        Code::Le | Code::LeI => truth(a <= b),
        Code::Eq | Code::EqI => truth(a == b),
        Code::Ne | Code::NeI => truth(a != b),
        Code::And => truth(a != 0.0 && b != 0.0),
        Code::Or => truth(a != 0.0 || b != 0.0),
        Code::Not => truth(a == 0.0),
        Code::ToFloat => a,
        Code::ToInt => a.trunc(),
        Code::Fma => a * b + c,
        Code::Select => {
            if a != 0.0 {
                b
            } else {
                c
            }
        }
    }
}

/// The error function by its series of positive terms.
fn erf(x: f64) -> f64 {
    let terms = (1..200).scan(1.0, |term, n| {
        *term *= 2.0 * x * x / f64::from(2 * n + 1);
        Some(*term)
    });
    (-x * x).exp() * x * std::f64::consts::FRAC_2_SQRT_PI * (1.0 + terms.sum::<f64>())
}

fn load(accesses: &[Access], index: &[usize], values: &[Vec<f64>]) -> Vec<f64> {
    accesses.iter().map(|a| values[a.operand.buffer][address(a, index)]).collect()
}

fn store(accesses: &[Access], index: &[usize], results: &[f64], values: &mut [Vec<f64>]) {
    for (a, &result) in accesses.iter().zip(results) {
        values[a.operand.buffer][address(a, index)] = result;
    }
}

fn at(operand: &Operand, element: usize) -> usize {
    operand.offset + element * operand.dtype.size()
}

fn address(access: &Access, index: &[usize]) -> usize {
    at(&access.operand, access.strides.iter().zip(index).map(|(s, i)| s * i).sum())
}

/// Every index, row-major.
fn nest(dims: &[usize]) -> Vec<Vec<usize>> {
    dims.iter().fold(vec![Vec::new()], |indices, &dim| {
        indices.iter().flat_map(|i| (0..dim).map(move |j| [&i[..], &[j]].concat())).collect()
    })
}
