//! Products of any layout in small tiles.

use super::{
    repeat,
    small::{COPIES, OperandCopier, finish, multiply, panels},
};
use crate::{
    abi::{
        layout::{Gemm, Matrix},
        shape::{ANY_DEPTH as DEPTH, ANY_PITCH as PITCH, ANY_THREADS as THREADS, ANY_TILE as TILE},
    },
    gpu::{
        machine::Machine,
        sys::{self, Global, Shared},
    },
};

/// How a thread copies its part of an operand: an element of the result's row or column (*line*) and a term.
struct StridedCopier {
    from: Global,
    to: Shared,
    line: u32,
    term: u32,
    /// From one copied element to the next: lines, terms, bytes.
    line_step: u32,
    term_step: u32,
    byte_step: u64,
    /// Bytes to the same place in the next terms.
    depth_step: u64,
    lines: u32,
    terms: u32,
}

impl StridedCopier {
    /// Neighbouring threads take neighbouring words: along the terms or along the lines.
    #[inline(always)]
    fn new(
        start: Global,
        panel: Shared,
        line_stride: u32,
        term_stride: u32,
        size: [u32; 3],
    ) -> StridedCopier {
        let [first, lines, terms] = size;
        let thread = sys::thread();
        let (line, term, line_step, term_step) = if term_stride == 1 {
            (thread / DEPTH, thread % DEPTH, THREADS / DEPTH, 0)
        } else {
            (thread % TILE, thread / TILE, 0, THREADS / TILE)
        };
        let bytes = |lines: u32, terms: u32| {
            (lines as u64 * line_stride as u64 + terms as u64 * term_stride as u64) * 4
        };
        StridedCopier {
            from: start.at(bytes(first.wrapping_add(line), term)),
            to: panel.at((line * PITCH + term) * 4),
            line: first.wrapping_add(line),
            term,
            line_step,
            term_step,
            byte_step: bytes(line_step, term_step),
            depth_step: bytes(0, DEPTH),
            lines,
            terms,
        }
    }
}

impl OperandCopier for StridedCopier {
    #[inline(always)]
    unsafe fn load(&mut self) -> [u32; COPIES] {
        let mut values = [0; COPIES];
        let (mut from, mut line, mut term) = (self.from, self.line, self.term);
        repeat!(16, i, {
            if (line < self.lines) & (term < self.terms) {
                // SAFETY: the caller's promise.
                values[i] = unsafe { from.word() };
            }
            from = from.at(self.byte_step);
            line = line.wrapping_add(self.line_step);
            term = term.wrapping_add(self.term_step);
        });
        self.from = self.from.at(self.depth_step);
        self.term = self.term.wrapping_add(DEPTH);
        values
    }

    #[inline(always)]
    unsafe fn store(&self, values: [u32; COPIES]) {
        let step = (self.line_step * PITCH + self.term_step) * 4;
        let mut to = self.to;
        repeat!(16, i, {
            // SAFETY: the caller's promise.
            unsafe { to.set_word(values[i]) };
            to = to.at(step);
        });
    }
}

/// # Safety
/// The block must be a [`Gemm`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn gemm_any(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; all threads come to each barrier.
    unsafe {
        let Gemm { m, n, k, a, b, across, nest, code } = machine.part(0);
        let (down, right) = across.split(sys::block());
        let (row, column) = (down * TILE, right * TILE);
        let [left, right] = panels();
        let mut left = StridedCopier::new(start(&machine, &a), left, a.row, a.column, [row, m, k]);
        let mut right = StridedCopier::new(start(&machine, &b), right, b.column, b.row, [column, n, k]);
        let sums = multiply(k, &mut left, &mut right);
        finish(&machine, sums, [row, column], ([m, n], 0), (code, nest));
    }
}

/// # Safety
/// As [`Machine::address`].
#[inline(always)]
unsafe fn start(machine: &Machine, matrix: &Matrix) -> Global {
    // SAFETY: the caller's promise.
    unsafe { machine.address(matrix.place) }
}
