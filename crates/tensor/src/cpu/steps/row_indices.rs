//! The indices of steps that pick rows.

use crate::{Error, cpu::context::Run, program::Operand};

/// Where a step finds the rows that it picks, and what errors call it.
#[derive(Debug)]
pub(in crate::cpu) struct RowIndices {
    pub(in crate::cpu) step: usize,
    pub(in crate::cpu) name: String,
    /// The first of `count` indices.
    pub(in crate::cpu) indices: Operand,
    pub(in crate::cpu) count: usize,
    /// How many rows there are to pick.
    pub(in crate::cpu) rows: usize,
}

impl RowIndices {
    /// The index at each position. All of them are looked at first, so that nothing is done for those before
    /// a bad one.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] with the first that is outside.
    ///
    /// # Safety
    /// The buffers must be what the checked program declares, and nobody may write the indices meanwhile.
    pub(in crate::cpu) unsafe fn checked(
        &self,
        run: &Run,
    ) -> Result<impl Fn(usize) -> usize + Copy + Sync, Error> {
        let &RowIndices { step, indices, count, rows, .. } = self;
        // SAFETY: the caller's promise: the checked program has `count` indices there.
        let index = move |position: usize| unsafe {
            run.buffers()[indices.buffer].add(indices.offset).cast::<i32>().add(position).read_unaligned()
        };
        if let Some(position) = (0..count).find(|&p| index(p) < 0 || index(p) as usize >= rows) {
            let (name, index) = (self.name.clone(), index(position));
            return Err(Error::IndexOutOfRange { step, name, position, index, rows });
        }
        Ok(move |position| index(position) as usize)
    }
}
