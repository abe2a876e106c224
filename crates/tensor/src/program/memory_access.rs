//! What steps touch in memory.

use super::*;

/// Bytes of a buffer that a step touches.
#[derive(Clone, Debug)]
pub(crate) struct MemoryAccess {
    pub(crate) buffer: usize,
    /// From the first byte to the end of the last.
    pub(crate) bytes: Range<usize>,
    pub(crate) written: bool,
    /// Whether there are none in between that it does not touch.
    pub(crate) dense: bool,
    /// Bytes from one row of the step to the next, and from the first to the last of a row; none if all rows
    /// touch the same.
    pub(crate) row: Option<(usize, usize)>,
}

impl MemoryAccess {
    /// Whether they have bytes in common, as far as the first and the last tell.
    pub(crate) fn meets(&self, other: &MemoryAccess) -> bool {
        self.buffer == other.buffer
            && self.bytes.start < other.bytes.end
            && other.bytes.start < self.bytes.end
    }

    /// Whether all that it touches, and more, is touched by another.
    pub(crate) fn is_within(&self, other: &MemoryAccess) -> bool {
        self.buffer == other.buffer
            && other.dense
            && other.bytes.start <= self.bytes.start
            && self.bytes.end <= other.bytes.end
    }
}

impl Program {
    /// What a checked step touches, in the order of [`Primitive::visit_operands`].
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
