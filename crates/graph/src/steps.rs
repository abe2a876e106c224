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
        Step::Random(_) => None,
    }
}

fn single(outputs: &[Access]) -> Option<Access> {
    if let [output] = outputs { Some(output.clone()) } else { None }
}

/// Visits every operand: `visit(operand, written)`. A random step's counter counts as written.
pub(crate) fn for_each_operand(step: &mut Step, visit: &mut dyn FnMut(&mut Operand, bool)) {
    fn all(accesses: &mut [Access], written: bool, visit: &mut dyn FnMut(&mut Operand, bool)) {
        accesses.iter_mut().for_each(|a| visit(&mut a.operand, written));
    }
    match step {
        Step::Map(s) => {
            all(&mut s.inputs, false, visit);
            all(&mut s.outputs, true, visit);
        }
        Step::Reduce(s) => {
            all(&mut s.inputs, false, visit);
            all(&mut s.epilogue_inputs, false, visit);
            all(&mut s.outputs, true, visit);
        }
        Step::ArgReduce(s) => {
            visit(&mut s.input.operand, false);
            visit(&mut s.output.operand, true);
        }
        Step::Gemm(s) => {
            visit(&mut s.a.operand, false);
            visit(&mut s.b.operand, false);
            all(&mut s.epilogue_inputs, false, visit);
            all(&mut s.outputs, true, visit);
        }
        Step::GatherRows(s) => {
            visit(&mut s.table, false);
            visit(&mut s.indices, false);
            visit(&mut s.output, true);
        }
        Step::Random(s) => {
            visit(&mut s.counter, true);
            visit(&mut s.output, true);
        }
    }
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
        Step::ArgReduce(_) | Step::GatherRows(_) | Step::Random(_) => &[],
    }
}
