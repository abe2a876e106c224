//! Operands whose rows or terms lie along several axes: images under the windows of a convolution.

use crate::{
    cpu::{
        gemm::{COLUMNS, pack::Pack},
        simd::{Level, by_vector, vector::Vector},
    },
    nest::Nest,
};
use std::ops::Range;

/// Lines or terms that are copied at once, at most: what bounds their offsets on the stack.
pub(super) const MOST: usize = 256;

/// An axis of several loops.
#[derive(Debug)]
struct Axis {
    /// Extents and strides in elements, outermost first; at least one.
    loops: Box<[[usize; 2]]>,
}

/// The lines of an operand, which are rows of the left one and columns of the right one, and its terms, along
/// which products are added. Element `[line, term]` lies where the offsets of both add up to.
#[derive(Debug)]
pub(in crate::cpu) struct Walk {
    lines: Axis,
    terms: Axis,
    copy: unsafe fn(&RunsCall),
}

/// A copied block: strides from one line to the next, and from one term.
pub(super) type BlockStrides = [usize; 2];

/// From one copied row of so many numbers to the next: rows start at cache lines, an odd number of them
/// apart.
pub(super) fn pitch(numbers: usize) -> usize {
    (numbers.div_ceil(COLUMNS) | 1) * COLUMNS
}

impl Axis {
    fn new(dims: &[usize], strides: &[usize]) -> Axis {
        let nest = Nest::new(dims, [strides]).at_least_one();
        Axis { loops: nest.dims.iter().zip(&nest.strides[0]).map(|(&dim, &stride)| [dim, stride]).collect() }
    }

    /// Extent and stride of its runs.
    fn inner(&self) -> [usize; 2] {
        self.loops[self.loops.len() - 1]
    }

    /// Visits runs of neighbours: offset and length of each.
    fn runs(&self, range: Range<usize>, mut visit: impl FnMut(usize, usize)) {
        let (inner, outer) = self.loops.split_last().expect("at least one loop");
        let mut at = range.start;
        while at < range.end {
            let (mut rest, first) = (at / inner[0], at % inner[0]);
            let mut offset = first * inner[1];
            for &[dim, stride] in outer.iter().rev() {
                offset += rest % dim * stride;
                rest /= dim;
            }
            let length = (inner[0] - first).min(range.end - at);
            visit(offset, length);
            at += length;
        }
    }

    /// Visits the offset of each element.
    fn each(&self, range: Range<usize>, mut visit: impl FnMut(usize)) {
        let [_, stride] = self.inner();
        self.runs(range, |offset, length| (0..length).for_each(|i| visit(offset + i * stride)));
    }
}

impl Walk {
    /// A walk over lines and terms, each of these extents and strides.
    pub(in crate::cpu) fn new(
        level: Level,
        (line_dims, line_strides): (&[usize], &[usize]),
        (term_dims, term_strides): (&[usize], &[usize]),
    ) -> Walk {
        let (lines, terms) = (Axis::new(line_dims, line_strides), Axis::new(term_dims, term_strides));
        Walk { lines, terms, copy: copy_runs::at(level) }
    }

    /// The strides along lines and terms, where there is one of each.
    pub(super) fn uniform(&self) -> Option<[usize; 2]> {
        match (&self.lines.loops[..], &self.terms.loops[..]) {
            ([[_, line]], [[_, term]]) => Some([*line, *term]),
            _ => None,
        }
    }

    /// Floats that a copied block needs, with a vector after the last.
    pub(super) fn block(lines: usize, terms: usize) -> usize {
        pitch(lines) * pitch(terms) + COLUMNS
    }

    /// Copies a block by the longest runs of neighbours, which stay neighbours.
    ///
    /// # Safety
    /// As for [`Walk::copy_along`].
    pub(super) unsafe fn copy(
        &self,
        from: *const f32,
        lines: Range<usize>,
        terms: Range<usize>,
        to: *mut f32,
    ) -> BlockStrides {
        let run = |axis: &Axis| match axis.inner() {
            [length, 1] => length,
            _ => 0,
        };
        let along_terms = run(&self.terms) >= run(&self.lines);
        // SAFETY: the caller's promise.
        let pitch = unsafe { self.copy_along(along_terms, from, lines, terms, to) };
        if along_terms { [pitch, 1] } else { [1, pitch] }
    }

    /// Copies a block such that the terms of a line follow each other, or else the lines of a term: from one
    /// to the next of the others.
    ///
    /// # Safety
    /// The operand must start at `from`, and `to` have room for [`Walk::block`]; each range has at most
    /// [`MOST`] elements.
    pub(super) unsafe fn copy_along(
        &self,
        along_terms: bool,
        from: *const f32,
        lines: Range<usize>,
        terms: Range<usize>,
        to: *mut f32,
    ) -> usize {
        let (outer, inner) =
            if along_terms { (&self.lines, &self.terms) } else { (&self.terms, &self.lines) };
        let (outer_range, inner_range) = if along_terms { (lines, terms) } else { (terms, lines) };
        let pitch = pitch(inner_range.len());
        let (mut offsets, mut runs) = ([0; MOST], [(0, 0); MOST]);
        let (mut rows, mut count) = (0, 0);
        outer.each(outer_range, |offset| {
            offsets[rows] = offset;
            rows += 1;
        });
        inner.runs(inner_range, |offset, length| {
            runs[count] = (offset, length);
            count += 1;
        });
        let (rows, runs) = (&offsets[..rows], &runs[..count]);
        // SAFETY: the caller's promise.
        unsafe { (self.copy)(&RunsCall { from, rows, runs, stride: inner.inner()[1], to, pitch }) };
        pitch
    }

    /// Copies a block such that the lines of a term follow each other: from one term to the next.
    ///
    /// # Safety
    /// As for [`Walk::copy_along`], with a vector more of lines; the CPU must have what `pack` was compiled
    /// for.
    pub(super) unsafe fn copy_across(
        &self,
        pack: Pack,
        from: *const f32,
        lines: Range<usize>,
        terms: Range<usize>,
        to: *mut f32,
    ) -> usize {
        let ([_, line], [_, term]) = (self.lines.inner(), self.terms.inner());
        if line == 1 || term != 1 {
            // SAFETY: the caller's promise.
            return unsafe { self.copy_along(false, from, lines, terms, to) };
        }
        // With room for the vector that the last lines of a term are written as.
        let pitch = pitch(lines.len() + COLUMNS);
        let mut column = to;
        self.lines.runs(lines, |offset, length| {
            for first in (0..length).step_by(COLUMNS) {
                let width = COLUMNS.min(length - first);
                let (from, mut to) = (from.wrapping_add(offset + first * line), column);
                self.terms.runs(terms.clone(), |offset, length| {
                    // SAFETY: the lines and terms lie in the operand, and their copies in the block; what is
                    // written beyond them is copied over by the next lines.
                    unsafe { pack(from.wrapping_add(offset), [1, line], [length, width], to, pitch) };
                    to = to.wrapping_add(length * pitch);
                });
                column = column.wrapping_add(width);
            }
        });
        pitch
    }

    /// Copies panels of [`COLUMNS`] lines, whose rows are terms.
    ///
    /// # Safety
    /// The operand must start at `from`, and `to` have room for whole panels.
    pub(super) unsafe fn copy_panels(
        &self,
        from: *const f32,
        lines: Range<usize>,
        terms: Range<usize>,
        to: *mut f32,
    ) {
        for (panel, first) in lines.clone().step_by(COLUMNS).enumerate() {
            let mut row = to.wrapping_add(panel * terms.len() * COLUMNS);
            self.terms.each(terms.clone(), |term| {
                let mut to = row;
                self.lines.each(first..lines.end.min(first + COLUMNS), |line| {
                    // SAFETY: the caller's promise.
                    unsafe { *to = from.wrapping_add(line + term).read_unaligned() };
                    to = to.wrapping_add(1);
                });
                row = row.wrapping_add(COLUMNS);
            });
        }
    }
}

/// Rows that are each copied as some runs.
struct RunsCall<'a> {
    from: *const f32,
    /// Offsets of the rows.
    rows: &'a [usize],
    /// Offset in a row and length of each run.
    runs: &'a [(usize, usize)],
    /// From one element of a run to the next.
    stride: usize,
    to: *mut f32,
    /// From one copied row to the next.
    pitch: usize,
}

/// # Safety
/// The CPU must have the instructions; the runs must be there, and room for them and for a vector after the
/// last.
#[inline(always)]
unsafe fn copy_floats<V: Vector>(call: &RunsCall) {
    for (i, &row) in call.rows.iter().enumerate() {
        let (from, mut to) = (call.from.wrapping_add(row), call.to.wrapping_add(i * call.pitch));
        for &(offset, length) in call.runs {
            let from = from.wrapping_add(offset);
            // SAFETY: the caller's promise.
            unsafe {
                if call.stride == 1 {
                    let whole = length / COLUMNS * COLUMNS;
                    for j in (0..whole).step_by(COLUMNS) {
                        V::load(from.add(j)).store(to.add(j));
                    }
                    if whole < length {
                        // What is written beyond the run is no more than a vector, and of no use: the next
                        // run or row is copied there.
                        V::load_part(from.add(whole), length - whole).store(to.add(whole));
                    }
                } else {
                    for j in 0..length {
                        *to.add(j) = from.add(j * call.stride).read_unaligned();
                    }
                }
            }
            to = to.wrapping_add(length);
        }
    }
}

/// [`copy_floats`] by the vectors that move them.
///
/// # Safety
/// As for [`copy_floats`].
#[inline(always)]
unsafe fn copy<V: Vector>(call: &RunsCall) {
    // SAFETY: the caller's promise.
    unsafe { copy_floats::<V::Floats>(call) }
}

by_vector! {
    fn copy_runs(call: &RunsCall) = copy;
}
