//! Products of any layout in tiles of 16 x 16: small enough that small products use the whole GPU.
//!
//! A thread computes two by two elements, eight rows and columns apart. Both operands are copied to shared
//! memory with the terms of an element side by side, so that four terms are one load.

use super::repeat;
use crate::{
    abi::{
        layout::{Gemm, Matrix},
        shape::{ANY_DEPTH as DEPTH, ANY_PITCH as PITCH, ANY_THREADS as THREADS, ANY_TILE as TILE},
    },
    gpu::{
        machine::{Elements, Machine, each},
        sys::{self, Global, Shared},
    },
    math,
};

/// Elements of an operand that a thread copies at once.
const COPIES: usize = 16;
const _: () = assert!(THREADS * COPIES as u32 == TILE * DEPTH && COPIES as u32 == TILE);
/// Rows or columns between the two of a thread.
const APART: u32 = TILE / 2;

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

    /// Loads this thread's part of the next terms; zeros stand for what is outside the operand.
    ///
    /// # Safety
    /// The operand must be there.
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

    /// # Safety
    /// No thread may read the panel meanwhile.
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
        let panels = [sys::shared(), sys::shared().at(TILE * PITCH * 4)];
        let (first, second) = (sys::thread() / APART, sys::thread() % APART);
        let mut left = StridedCopier::new(start(&machine, &a), panels[0], a.row, a.column, [row, m, k]);
        let mut right = StridedCopier::new(start(&machine, &b), panels[1], b.column, b.row, [column, n, k]);
        let lines = [line(panels[0], first), line(panels[1], second)];

        let mut sums = [0.0f32; 4];
        let mut next = (left.load(), right.load());
        let mut done = 0;
        while done < k {
            sys::barrier();
            left.store(next.0);
            right.store(next.1);
            sys::barrier();
            next = (left.load(), right.load());
            let terms = k.wrapping_sub(done).min(DEPTH);
            let mut term = 0;
            while term < terms {
                let [x, y] = lines.map(|line| [line.at(term * 4).words(), line.at(FAR + term * 4).words()]);
                repeat!(4, t, {
                    repeat!(4, i, {
                        sums[i] =
                            math::fma(f32::from_bits(x[i / 2][t]), f32::from_bits(y[i % 2][t]), sums[i]);
                    });
                });
                term += 4;
            }
            done = done.wrapping_add(DEPTH);
        }

        // Registers lie over the panels.
        sys::barrier();
        machine.register(0).set_words(each(|i| (sums[i] + 0.0).to_bits()));
        let place = |i: usize| (row + first + i as u32 / 2 * APART, column + second + i as u32 % 2 * APART);
        let live = each(|i| (place(i).0 < m) & (place(i).1 < n));
        let numbers = each(|i| place(i).0.wrapping_mul(n).wrapping_add(place(i).1));
        machine.run(code, nest, Elements { numbers, live });
    }
}

/// Bytes between the two lines of a thread.
const FAR: u32 = APART * PITCH * 4;

#[inline(always)]
fn line(panel: Shared, number: u32) -> Shared {
    panel.at(number * PITCH * 4)
}

/// # Safety
/// As [`Machine::address`].
#[inline(always)]
unsafe fn start(machine: &Machine, matrix: &Matrix) -> Global {
    // SAFETY: the caller's promise.
    unsafe { machine.address(matrix.place) }
}
