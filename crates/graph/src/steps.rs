//! What a kernel primitive reads and writes.

use minutia_tensor::program::{Access, Operand, Step};

/// The result of a step that writes one value and depends on nothing but what it reads.
pub(crate) fn pure_output(step: &Step) -> Option<Access> {
    match step {
        Step::Map(s) => single(&s.outputs),
        Step::Reduce(s) => single(&s.outputs),
        Step::Gemm(s) => single(&s.outputs),
        Step::ArgReduce(s) => Some(s.output.clone()),
        Step::GatherRows(s) => Some(Access { operand: s.output, strides: Vec::new() }),
        Step::ScatterAddRows(s) => Some(Access { operand: s.output, strides: Vec::new() }),
        Step::Random(_) => None,
    }
}

fn single(outputs: &[Access]) -> Option<Access> {
    if let [output] = outputs { Some(output.clone()) } else { None }
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
