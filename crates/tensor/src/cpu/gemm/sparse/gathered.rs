//! A gather of `u8` rows, fused into the sparse products that read it. They compress the rows straight from
//! the table of bytes, a quarter of the memory traffic of the floats that the gather would write; where no
//! other primitive reads those floats, the gather is skipped.

use crate::{
    DType,
    cpu::{
        context::{Build, Run},
        gemm::{
            seeks_zeros,
            sparse::{Bytes, Decode, Lister},
        },
    },
    program::{GatherRows, Gemm, MemoryAccess, Operand, Primitive, Program},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// The rows of one gather, as the gather and its products know them.
#[derive(Clone, Debug)]
pub(in crate::cpu) struct GatheredRows {
    table: Operand,
    indices: Operand,
    count: usize,
    width: usize,
    decode: Decode,
    lister: Lister,
    /// Whether nothing but products that know the rows reads the numbers.
    enough: bool,
    /// Whether the gather has made no numbers in this run.
    left_out: Arc<AtomicBool>,
}

impl GatheredRows {
    fn new(gather: &GatherRows, decode: Decode, lister: Lister, enough: bool) -> GatheredRows {
        let &GatherRows { table, indices, count, width, .. } = gather;
        GatheredRows { table, indices, count, width, decode, lister, enough, left_out: Arc::default() }
    }

    /// The rows, once the gather has seen that they are all in the table.
    pub(in crate::cpu) fn bytes(&self, run: &Run) -> Bytes {
        let start = |operand: Operand| run.buffers()[operand.buffer].wrapping_add(operand.offset);
        Bytes {
            table: start(self.table).cast_const(),
            indices: start(self.indices).cast_const().cast(),
            width: self.width,
            decode: self.decode,
            lister: self.lister,
        }
    }

    /// Whether the gather need not make numbers in this run: all products will leave out zeros, since there
    /// are many.
    ///
    /// # Safety
    /// The rows must be in the table.
    pub(in crate::cpu) unsafe fn leave_out(&self, run: &Run) -> bool {
        // SAFETY: the caller's promise.
        let out = self.enough && unsafe { self.bytes(run).mostly_zeros(self.count) };
        self.left_out.store(out, Relaxed);
        out
    }

    /// What [`GatheredRows::leave_out`] said.
    pub(in crate::cpu) fn left_out(&self) -> bool {
        self.left_out.load(Relaxed)
    }
}

/// For each step the rows that it picks, or that its left operand is made from.
pub(in crate::cpu) fn find(program: &Program, build: &Build) -> Vec<Option<GatheredRows>> {
    let mut picked: Vec<Option<GatheredRows>> = vec![None; program.steps.len()];
    let Some(lister) = Lister::at(build.level) else { return picked };
    for (at, step) in program.steps.iter().enumerate() {
        let Primitive::GatherRows(gather) = step else { continue };
        let Some(decode) = decode(gather) else { continue };
        let (products, enough) = products(program, at, gather);
        if !products.is_empty() {
            let rows = GatheredRows::new(gather, decode, lister, enough);
            products.iter().chain([&at]).for_each(|&step| picked[step] = Some(rows.clone()));
        }
    }
    picked
}

/// How a gather of bytes makes numbers, if it does so in a simple way.
fn decode(gather: &GatherRows) -> Option<Decode> {
    let bytes = (gather.table.dtype, gather.output.dtype) == (DType::U8, DType::F32);
    if bytes { Decode::of(&gather.program) } else { None }
}

/// The products that find the rows of the gather that is step `at` where they lie, and whether nothing else
/// reads what the gather writes.
fn products(program: &Program, at: usize, gather: &GatherRows) -> (Vec<usize>, bool) {
    // Table, indices and result.
    let own = program.touched(&program.steps[at]);
    let mut enough = program.temporary.get(at) == Some(&true);
    let (mut products, mut whole, mut written) = (Vec::new(), true, Vec::<MemoryAccess>::new());
    for (number, step) in program.steps.iter().enumerate().skip(at + 1) {
        let (writes, mut reads): (Vec<MemoryAccess>, Vec<MemoryAccess>) =
            program.touched(step).into_iter().partition(|touch| touch.written);
        match step {
            Primitive::Gemm(product) if whole && reads_all(product, gather) => {
                products.push(number);
                reads.remove(0);
            }
            _ => {}
        }
        // What has been written over is another value.
        let result = |read: &MemoryAccess| own[2].meets(read) && !written.iter().any(|w| read.is_within(w));
        enough &= !reads.iter().any(result);
        whole &= !writes.iter().any(|write| own.iter().any(|touch| touch.meets(write)));
        written.extend(writes);
    }
    (products, enough)
}

/// Whether zeros are looked for in the left operand, which is what the gather gives or its transpose.
fn reads_all(product: &Gemm, gather: &GatherRows) -> bool {
    let &GatherRows { count, width, output, .. } = gather;
    let Gemm { n, a, .. } = product;
    let Some(strides) = product.as_matrices() else { return false };
    let (m, k) = (product.m(), product.k());
    let as_it_is = [m, k] == [count, width] && a.strides == [width, 1];
    let transposed = [m, k] == [width, count] && a.strides == [1, width] && width > 1;
    a.operand == output && (as_it_is || transposed) && seeks_zeros([m, *n, k], strides[0], strides[1])
}
