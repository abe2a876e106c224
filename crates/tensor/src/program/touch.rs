//! What steps touch in memory.

use super::*;

/// Bytes of a buffer that a step touches.
#[derive(Clone, Debug)]
pub(crate) struct Touch {
    pub(crate) buffer: usize,
    /// From the first byte to the end of the last.
    pub(crate) bytes: Range<usize>,
    pub(crate) written: bool,
    /// Whether there are none in between that it does not touch.
    pub(crate) dense: bool,
    /// Bytes from one row of the step to the next, and from the first to the last of a row; none if all rows touch the
    /// same.
    pub(crate) row: Option<(usize, usize)>,
}

impl Touch {
    /// Whether they have bytes in common, as far as the first and the last tell.
    pub(crate) fn meets(&self, other: &Touch) -> bool {
        self.buffer == other.buffer
            && self.bytes.start < other.bytes.end
            && other.bytes.start < self.bytes.end
    }

    /// Whether all that it touches, and more, is touched by another.
    pub(crate) fn is_within(&self, other: &Touch) -> bool {
        self.buffer == other.buffer
            && other.dense
            && other.bytes.start <= self.bytes.start
            && self.bytes.end <= other.bytes.end
    }
}

impl Program {
    /// What a checked step touches, first what it reads: of a product the left operand, then the right one; of a gather
    /// the table, then the indices.
    pub(crate) fn touched(&self, step: &Step) -> Vec<Touch> {
        use std::slice::from_ref;
        let mut touches = Vec::new();
        // `by_rows` says whether the outermost of the loops is the step's.
        let mut add = |accesses: &[Access], dims: &[usize], written, by_rows| {
            for access in accesses {
                // Of a checked program, every access has a span.
                let (start, end) = self.span(access, dims).unwrap_or_default();
                let size = access.operand.dtype.size();
                let elements = dims.iter().fold(1, |n: usize, &dim| n.saturating_mul(dim));
                // Strides over no elements may be any.
                let pitch = access.strides.first().map_or(0, |stride| stride.saturating_mul(size));
                let has_rows = by_rows && pitch > 0 && start < end;
                touches.push(Touch {
                    buffer: access.operand.buffer,
                    bytes: start..end,
                    written,
                    dense: elements.saturating_mul(size) == end - start,
                    row: has_rows.then(|| (pitch, end - start - (dims[0] - 1) * pitch)),
                });
            }
        };
        match step {
            Step::Map(s) => {
                add(&s.inputs, &s.dims, false, true);
                add(&s.outputs, &s.dims, true, true);
            }
            Step::Reduce(s) => {
                add(&s.inputs, &[&s.dims[..], &s.reduced].concat(), false, true);
                add(&s.epilogue_inputs, &s.dims, false, true);
                add(&s.outputs, &s.dims, true, true);
            }
            Step::ArgReduce(s) => {
                add(from_ref(&s.input), &[&s.dims[..], &[s.length]].concat(), false, true);
                add(from_ref(&s.output), &s.dims, true, true);
            }
            Step::Gemm(s) => {
                add(from_ref(&s.a), &[s.m, s.k], false, true);
                add(from_ref(&s.b), &[s.k, s.n], false, false);
                add(&s.epilogue_inputs, &[s.m, s.n], false, true);
                add(&s.outputs, &[s.m, s.n], true, true);
            }
            Step::GatherRows(s) => {
                let (table, result) = ([s.rows, s.width], [s.count, s.width]);
                add(&[contiguous(s.table, &table)], &table, false, false);
                add(&[contiguous(s.indices, &[s.count])], &[s.count], false, true);
                add(&[contiguous(s.output, &result)], &result, true, true);
            }
            Step::ScatterAddRows(s) => {
                let (updates, sums) = ([s.count, s.width], [s.rows, s.width]);
                add(&[contiguous(s.updates, &updates)], &updates, false, true);
                add(&[contiguous(s.indices, &[s.count])], &[s.count], false, true);
                // An update may go to any row.
                add(&[contiguous(s.output, &sums)], &sums, true, false);
            }
            Step::Random(s) => {
                let counter = [contiguous(s.counter, &[1])];
                add(&counter, &[1], false, false);
                add(&counter, &[1], true, false);
                add(&[contiguous(s.output, &[s.count])], &[s.count], true, true);
            }
        }
        touches
    }
}
