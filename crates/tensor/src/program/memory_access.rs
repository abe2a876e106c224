//! Alias analysis: the bytes that a primitive reads and writes.

use super::*;

/// A range of bytes that one operand covers.
#[derive(Clone, Debug)]
pub(crate) struct MemoryAccess {
    pub(crate) buffer: usize,
    /// From the first byte to the end of the last.
    pub(crate) bytes: Range<usize>,
    pub(crate) written: bool,
    /// Whether the access is contiguous: it covers every byte of the range.
    pub(crate) dense: bool,
    /// Pitch from one row of the primitive to the next and length of a row, in bytes; none if all rows access
    /// the same.
    pub(crate) row: Option<(usize, usize)>,
}

impl MemoryAccess {
    /// Whether the two may alias: their ranges overlap.
    pub(crate) fn meets(&self, other: &MemoryAccess) -> bool {
        self.buffer == other.buffer
            && self.bytes.start < other.bytes.end
            && other.bytes.start < self.bytes.end
    }

    /// Whether the range is contained in that of another access, which covers all of its bytes.
    pub(crate) fn is_within(&self, other: &MemoryAccess) -> bool {
        self.buffer == other.buffer
            && other.dense
            && other.bytes.start <= self.bytes.start
            && self.bytes.end <= other.bytes.end
    }
}

impl Program {
    /// Memory accesses of a checked primitive, in the order of [`Primitive::visit_operands`].
    pub(crate) fn touched(&self, step: &Primitive) -> Vec<MemoryAccess> {
        let mut touches = Vec::new();
        step.visit_operands(&mut |operand_use| {
            let (access, dims) = (operand_use.access(), operand_use.dims);
            // Of a checked program, every access has a span.
            let (start, end) = self.span(&access, dims).unwrap_or_default();
            let size = access.operand.dtype.size();
            let elements = dims.iter().fold(1, |n: usize, &dim| n.saturating_mul(dim));
            // Strides over no elements may be any.
            let pitch = access.strides.first().map_or(0, |stride| stride.saturating_mul(size));
            let has_rows = operand_use.by_rows && pitch > 0 && start < end;
            touches.push(MemoryAccess {
                buffer: access.operand.buffer,
                bytes: start..end,
                written: operand_use.role.writes(),
                dense: elements.saturating_mul(size) == end - start,
                row: has_rows.then(|| (pitch, end - start - (dims[0] - 1) * pitch)),
            });
        });
        touches
    }
}
