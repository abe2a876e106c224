//! A block of words: its head, and the parts that the head names by position.

use super::Limits;
use crate::{
    DType, Error,
    nest::Nest,
    program::{Access, Operand},
};
use minutia_kernels::abi::{self, Divisor, Element, Words, layout};

/// A block that is being written.
pub(super) struct ParameterBlock {
    words: Vec<u32>,
    limits: Limits,
}

impl ParameterBlock {
    /// A block with room for a head of this type.
    pub(super) fn new<Head: Words>(limits: Limits) -> ParameterBlock {
        ParameterBlock { words: vec![0; Head::WORDS as usize], limits }
    }

    /// Fills in the head.
    pub(super) fn finish<Head: Words>(mut self, head: Head) -> Vec<u32> {
        let mut at = 0;
        head.encode(&mut |word| {
            self.words[at] = word;
            at += 1;
        });
        self.words
    }

    /// Where the next part begins.
    pub(super) fn position(&self) -> u32 {
        self.words.len() as u32
    }

    /// Makes the next part begin at a multiple of four words.
    pub(super) fn align(&mut self) {
        self.words.resize(self.words.len().next_multiple_of(4), 0);
    }

    /// Adds a part of a fixed layout and returns its position.
    pub(super) fn part(&mut self, part: impl Words) -> u32 {
        let position = self.position();
        part.encode(&mut |word| self.words.push(word));
        position
    }

    /// Adds a nest.
    ///
    /// # Errors
    /// [`Error::Capacity`].
    pub(super) fn nest(&mut self, nest: &Nest) -> Result<u32, Error> {
        let elements = self.limits.elements(&nest.dims)?;
        self.limits.loops(nest.dims.len())?;
        let position = self.part(layout::Nest { elements, loops: nest.dims.len().max(1) as u32 });
        for &dim in innermost_first(&nest.dims) {
            // No longer than the nest has elements, or the nest has none.
            self.part(Divisor::new(dim.min(abi::MOST_ELEMENTS as usize) as u32));
        }
        if nest.dims.is_empty() {
            self.part(Divisor::new(1));
        }
        Ok(position)
    }

    /// Adds an access with these strides over a nest.
    ///
    /// # Errors
    /// [`Error::Capacity`].
    pub(super) fn access(&mut self, operand: Operand, strides: &[usize]) -> Result<u32, Error> {
        let operand = self.operand(operand)?;
        let position = self.part(operand);
        for &stride in innermost_first(strides) {
            let stride = self.limits.word("elements between neighbours", stride)?;
            self.part(stride);
        }
        if strides.is_empty() {
            self.part(0u32);
        }
        Ok(position)
    }

    /// An operand as kernels read it.
    ///
    /// # Errors
    /// [`Error::Capacity`].
    pub(super) fn operand(&self, operand: Operand) -> Result<layout::Operand, Error> {
        let element = match operand.dtype {
            DType::F32 | DType::I32 => Element::Word,
            DType::Bool => Element::Truth,
            DType::U8 => Element::Byte,
        };
        Ok(layout::Operand { place: self.place(operand)?, element: element as u32 })
    }

    /// Where an operand begins.
    ///
    /// # Errors
    /// [`Error::Capacity`].
    pub(super) fn place(&self, operand: Operand) -> Result<layout::Place, Error> {
        let buffer = self.limits.word("buffers", operand.buffer)?;
        Ok(layout::Place { buffer, offset: operand.offset as u64 })
    }
}

fn innermost_first(values: &[usize]) -> impl Iterator<Item = &usize> {
    values.iter().rev()
}

/// The nest of some accesses, which may be visited in no order but the one given.
pub(super) fn nest_of<'a>(dims: &[usize], accesses: impl IntoIterator<Item = &'a Access>) -> Nest {
    Nest::new(dims, accesses.into_iter().map(|access| &access.strides[..]))
}
