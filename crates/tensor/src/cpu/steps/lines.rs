//! Lines of elements along one axis, of which each is done by itself.

use crate::{
    cpu::{
        context::{Build, Run},
        threads::chunks::{part, parts},
    },
    nest::Nest,
    program::{Access, Operand},
};

/// The lines of an input and of an output, whose elements are all of four bytes.
#[derive(Debug)]
pub(in crate::cpu) struct Lines {
    operands: [Operand; 2],
    dims: Box<[usize]>,
    /// Elements from line to line.
    strides: [Box<[usize]>; 2],
    count: usize,
    /// Elements of a line.
    pub(in crate::cpu) length: usize,
    /// Elements from one to the next.
    pub(in crate::cpu) along: [usize; 2],
    /// Roughly how long all take, in units of an addition in the first-level cache.
    pub(in crate::cpu) cost: usize,
    parts: usize,
}

impl Lines {
    /// Lines around which there are these loops. `cost` is that of an element.
    pub(in crate::cpu) fn new(
        dims: &[usize],
        length: usize,
        accesses: [&Access; 2],
        cost: usize,
        build: &Build,
    ) -> Lines {
        let [input, output] = accesses.map(|access| access.strides.split_at(dims.len()));
        let nest = Nest::new(dims, [input.0, output.0]);
        let count = nest.elements();
        let cost = count.saturating_mul(length).saturating_mul(cost);
        Lines {
            operands: accesses.map(|access| access.operand),
            strides: [nest.strides[0][..].into(), nest.strides[1][..].into()],
            dims: nest.dims.into(),
            count,
            length,
            along: [input.1[0], output.1[0]],
            cost,
            parts: parts(build.threads, cost),
        }
    }

    /// Calls `each` with the first byte of every line of the input and of the output, on any thread.
    ///
    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn each(&self, run: &Run, each: &(dyn Fn(*const u8, *mut u8) + Sync)) {
        run.each_part(self.parts, &|i| {
            for line in part(self.count, 1, self.parts, i) {
                let (mut rest, mut elements) = (line, [0; 2]);
                for (axis, &dim) in self.dims.iter().enumerate().rev() {
                    for (sum, strides) in elements.iter_mut().zip(&self.strides) {
                        *sum += rest % dim * strides[axis];
                    }
                    rest /= dim;
                }
                let first = |which: usize| {
                    let Operand { buffer, offset, .. } = self.operands[which];
                    // SAFETY: the checked program visits this element.
                    unsafe { run.buffers()[buffer].add(offset + elements[which] * 4) }
                };
                each(first(0), first(1));
            }
        });
    }
}
