//! Many products of one shape.

use crate::{
    cpu::threads::chunks::part,
    program::{Access, Gemm},
};
use std::ops::Range;

/// The products of a step, which are numbered in row-major order of the batch's axes.
#[derive(Debug)]
pub(in crate::cpu) struct Batch {
    dims: Box<[usize]>,
    /// Strides of `a`, of `b`, and of the output that products go to directly.
    strides: [Box<[usize]>; 3],
    count: usize,
    /// Into how many groups the products are divided, each for one thread or several.
    groups: usize,
    /// Into how many parts each of them may be cut.
    parts_a_product: usize,
}

impl Batch {
    /// The batch of a step, which pays for so many parts.
    pub(in crate::cpu) fn new(step: &Gemm, pays: usize) -> Batch {
        let count = step.batch_count();
        let axes = step.batch.len();
        let groups = pays.clamp(1, count.max(1));
        Batch {
            dims: step.batch[..].into(),
            strides: [step.a.strides[..axes].into(), step.b.strides[..axes].into(), Box::default()],
            count,
            groups,
            parts_a_product: pays.div_ceil(groups),
        }
    }

    /// The output for rows and columns of one product; its strides over the batch are kept here.
    pub(in crate::cpu) fn output(&mut self, output: &Access) -> Access {
        let (batch, matrix) = output.strides.split_at(self.dims.len());
        self.strides[2] = batch.into();
        Access { strides: matrix.to_vec(), ..*output }
    }

    /// How many axes it has.
    pub(in crate::cpu) fn axes(&self) -> usize {
        self.dims.len()
    }

    pub(in crate::cpu) fn is_one(&self) -> bool {
        self.dims.is_empty()
    }

    pub(in crate::cpu) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(in crate::cpu) fn groups(&self) -> usize {
        self.groups
    }

    pub(in crate::cpu) fn parts_a_product(&self) -> usize {
        self.parts_a_product
    }

    /// The products of a group.
    pub(in crate::cpu) fn products(&self, group: usize) -> Range<usize> {
        part(self.count, 1, self.groups, group)
    }

    /// Where a product's operands and its output start, in elements from those of the first.
    pub(in crate::cpu) fn offsets(&self, product: usize) -> [usize; 3] {
        let mut rest = product;
        let mut offsets = [0; 3];
        for axis in (0..self.dims.len()).rev() {
            let index = rest % self.dims[axis];
            rest /= self.dims[axis];
            for (offset, strides) in offsets.iter_mut().zip(&self.strides) {
                *offset += index * strides.get(axis).copied().unwrap_or(0);
            }
        }
        offsets
    }
}
