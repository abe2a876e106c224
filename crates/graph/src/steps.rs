//! What a kernel primitive reads and writes.

use minutia_tensor::program::{Access, Operand, Step};

/// Whether a step gives nothing and can find nothing wrong. Rows without elements have indices that are
/// looked at, and a random step counts.
pub(crate) fn is_idle(step: &Step) -> bool {
    match step {
        Step::Map(s) => s.dims.contains(&0),
        Step::Reduce(s) => s.dims.contains(&0),
        Step::ArgReduce(s) => s.dims.contains(&0),
        Step::Gemm(s) => s.m == 0 || s.n == 0,
        Step::GatherRows(s) => s.count == 0,
        Step::ScatterAddRows(s) => s.count == 0 && (s.rows == 0 || s.width == 0),
        Step::Random(_) => false,
    }
}

/// How many elements a step goes through.
pub(crate) fn work(step: &Step) -> usize {
    let product = |dims: &[usize]| dims.iter().fold(1, |n: usize, &dim| n.saturating_mul(dim));
    match step {
        Step::Map(s) => product(&s.dims),
        Step::Reduce(s) => product(&s.dims).saturating_mul(product(&s.reduced)),
        Step::ArgReduce(s) => product(&s.dims).saturating_mul(s.length),
        Step::Gemm(s) => product(&[s.m, s.n, s.k]),
        Step::GatherRows(s) => product(&[s.count, s.width]),
        Step::ScatterAddRows(s) => product(&[s.count.saturating_add(s.rows), s.width]),
        Step::Random(s) => s.count,
    }
}

/// How a step touches an operand.
pub(crate) enum Touch<'a> {
    /// By loops of these extents.
    Walk { access: &'a mut Access, dims: &'a [usize], written: bool },
    /// As elements that lie one after the other.
    Whole { operand: &'a mut Operand, written: bool },
}

impl Touch<'_> {
    /// Whether the operand is written; a random step's counter is.
    pub(crate) fn writes(&self) -> bool {
        let (Touch::Walk { written, .. } | Touch::Whole { written, .. }) = self;
        *written
    }
}

/// Visits every operand, and how it is touched.
pub(crate) fn for_each_touch(step: &mut Step, visit: &mut dyn FnMut(Touch)) {
    fn walk(accesses: &mut [Access], dims: &[usize], written: bool, visit: &mut dyn FnMut(Touch)) {
        for access in accesses {
            visit(Touch::Walk { access, dims, written });
        }
    }
    use std::slice::from_mut;
    match step {
        Step::Map(s) => {
            walk(&mut s.inputs, &s.dims, false, visit);
            walk(&mut s.outputs, &s.dims, true, visit);
        }
        Step::Reduce(s) => {
            walk(&mut s.inputs, &[&s.dims[..], &s.reduced].concat(), false, visit);
            walk(&mut s.epilogue_inputs, &s.dims, false, visit);
            walk(&mut s.outputs, &s.dims, true, visit);
        }
        Step::ArgReduce(s) => {
            walk(from_mut(&mut s.input), &[&s.dims[..], &[s.length]].concat(), false, visit);
            walk(from_mut(&mut s.output), &s.dims, true, visit);
        }
        Step::Gemm(s) => {
            walk(from_mut(&mut s.a), &[s.m, s.k], false, visit);
            walk(from_mut(&mut s.b), &[s.k, s.n], false, visit);
            walk(&mut s.epilogue_inputs, &[s.m, s.n], false, visit);
            walk(&mut s.outputs, &[s.m, s.n], true, visit);
        }
        Step::GatherRows(s) => {
            visit(Touch::Whole { operand: &mut s.table, written: false });
            visit(Touch::Whole { operand: &mut s.indices, written: false });
            visit(Touch::Whole { operand: &mut s.output, written: true });
        }
        Step::ScatterAddRows(s) => {
            visit(Touch::Whole { operand: &mut s.updates, written: false });
            visit(Touch::Whole { operand: &mut s.indices, written: false });
            visit(Touch::Whole { operand: &mut s.output, written: true });
        }
        Step::Random(s) => {
            visit(Touch::Whole { operand: &mut s.counter, written: true });
            visit(Touch::Whole { operand: &mut s.output, written: true });
        }
    }
}

/// Visits every operand: `visit(operand, written)`. A random step's counter counts as written.
pub(crate) fn for_each_operand(step: &mut Step, visit: &mut dyn FnMut(&mut Operand, bool)) {
    for_each_touch(step, &mut |touch| match touch {
        Touch::Walk { access, written, .. } => visit(&mut access.operand, written),
        Touch::Whole { operand, written } => visit(operand, written),
    });
}

/// The values that a step reads, and those that it writes.
pub(crate) fn reads_and_writes(step: &Step) -> (Vec<usize>, Vec<usize>) {
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for_each_operand(&mut step.clone(), &mut |operand, written| {
        let list = if written { &mut writes } else { &mut reads };
        if !list.contains(&operand.buffer) {
            list.push(operand.buffer);
        }
    });
    (reads, writes)
}

/// The accesses of a step that may coincide with its output: it reads each element just before it writes it.
pub(crate) fn elementwise_inputs(step: &Step) -> &[Access] {
    match step {
        Step::Map(s) => &s.inputs,
        Step::Reduce(s) => &s.epilogue_inputs,
        Step::Gemm(s) => &s.epilogue_inputs,
        Step::ArgReduce(_) | Step::GatherRows(_) | Step::ScatterAddRows(_) | Step::Random(_) => &[],
    }
}
