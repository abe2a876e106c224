//! Large products in tiles of 128 x 128 by 256 threads, each with eight by eight elements in registers.
//!
//! The next eight terms are loaded while the last ones are multiplied; two pairs of panels in shared memory
//! take turns. The finished tile goes through shared memory a quarter at a time, so that neighbouring threads
//! run the program that follows on neighbouring elements.

use super::repeat;
use crate::{
    abi::{
        GROUP,
        layout::{Gemm, Matrix},
        shape::{TILE, TILE_DEPTH as DEPTH, TILE_PITCH as PITCH, TILE_SHARED, TILE_THREADS as THREADS},
    },
    gpu::{
        machine::{Elements, Group, Machine, each},
        sys::{self, Global, Shared},
    },
    math,
};

/// Words of a panel.
const PANEL: u32 = DEPTH * PITCH;
/// Rows or columns of a thread that lie together; the others begin half a tile on.
const TOGETHER: u32 = 4;
/// Rows of the tile that pass through shared memory together.
const QUARTER: u32 = TILE / 4;
const _: () = assert!(QUARTER * TILE * 4 <= TILE_SHARED);
const _: () = assert!(THREADS * GROUP == TILE * DEPTH);

/// How a thread copies four neighbouring words of an operand: of one *line*, a row or column of the result,
/// along its terms, or of one term along four lines.
struct Copier<const ALONG_TERMS: bool> {
    from: Global,
    to: Shared,
    line: u32,
    term: u32,
    depth_step: u64,
    lines: u32,
    terms: u32,
}

impl<const ALONG_TERMS: bool> Copier<ALONG_TERMS> {
    /// `stride` is the distance between neighbours that are not next to each other in memory.
    #[inline(always)]
    fn new(start: Global, panel: Shared, stride: u32, size: [u32; 3]) -> Self {
        let [first, lines, terms] = size;
        let thread = sys::thread();
        let (line, term) =
            if ALONG_TERMS { (thread / 2, thread % 2 * 4) } else { (thread % 32 * 4, thread / 32) };
        let (far, near) = if ALONG_TERMS { (first + line, term) } else { (term, first + line) };
        Copier {
            from: start.at((far as u64 * stride as u64 + near as u64) * 4),
            to: panel.at((term * PITCH + line) * 4),
            line: first + line,
            term,
            depth_step: if ALONG_TERMS { DEPTH as u64 * 4 } else { DEPTH as u64 * stride as u64 * 4 },
            lines,
            terms,
        }
    }

    /// Loads this thread's part of the next terms; zeros stand for what is outside the operand.
    ///
    /// # Safety
    /// The operand must be there.
    #[inline(always)]
    unsafe fn load(&mut self) -> Group {
        let (far, far_end, near, near_end) = if ALONG_TERMS {
            (self.line, self.lines, self.term, self.terms)
        } else {
            (self.term, self.terms, self.line, self.lines)
        };
        let mut values = [0; 4];
        if far < far_end {
            // SAFETY: the caller's promise.
            unsafe {
                if (near.wrapping_add(3) < near_end) & (self.from.0 % 16 == 0) {
                    values = self.from.words();
                } else {
                    repeat!(4, i, {
                        if near.wrapping_add(i as u32) < near_end {
                            values[i] = self.from.at(i as u64 * 4).word();
                        }
                    });
                }
            }
        }
        self.from = self.from.at(self.depth_step);
        self.term = self.term.wrapping_add(DEPTH);
        values
    }

    /// # Safety
    /// No thread may read the panel, `offset` bytes on, meanwhile.
    #[inline(always)]
    unsafe fn store(&self, offset: u32, values: Group) {
        let to = self.to.at(offset);
        // SAFETY: the caller's promise.
        unsafe {
            if ALONG_TERMS {
                repeat!(4, i, to.at(i as u32 * PITCH * 4).set_word(values[i]));
            } else {
                to.set_words(values);
            }
        }
    }
}

/// Eight lines of a thread at one term.
///
/// # Safety
/// The panel must be filled.
#[inline(always)]
unsafe fn factors(panel: Shared, term: u32) -> [f32; 8] {
    let at = panel.at(term * PITCH * 4);
    // SAFETY: the caller's promise.
    let (near, far) = unsafe { (at.words(), at.at(TILE / 2 * 4).words()) };
    let x = |i: usize| f32::from_bits(if i < 4 { near[i] } else { far[i - 4] });
    [x(0), x(1), x(2), x(3), x(4), x(5), x(6), x(7)]
}

/// # Safety
/// The block must be a [`Gemm`] that the host encoded for a checked program, with operands of this layout.
#[inline(always)]
unsafe fn gemm<const A_ALONG_TERMS: bool, const B_ALONG_TERMS: bool>(block: Global, buffers: Global) {
    let machine = Machine::new(block, buffers, TILE_SHARED);
    // SAFETY: the caller's promise; all threads come to each barrier.
    unsafe {
        let Gemm { m, n, k, a, b, across, nest, code } = machine.part(0);
        let (down, right) = across.split(sys::block());
        let (row, column) = (down * TILE, right * TILE);
        let thread = sys::thread();
        // This thread's first row and column within the tile.
        let (first, second) = (thread / 16 * TOGETHER, thread % 16 * TOGETHER);
        let shared = sys::shared();
        let start = |matrix: &Matrix| machine.address(matrix.place);
        let a_stride = if A_ALONG_TERMS { a.row } else { a.column };
        let b_stride = if B_ALONG_TERMS { b.column } else { b.row };
        let mut left = Copier::<A_ALONG_TERMS>::new(start(&a), shared, a_stride, [row, m, k]);
        let mut right =
            Copier::<B_ALONG_TERMS>::new(start(&b), shared.at(PANEL * 4), b_stride, [column, n, k]);

        let mut sums = [[0.0f32; 8]; 8];
        let mut turn = 0;
        let next = (left.load(), right.load());
        left.store(turn, next.0);
        right.store(turn, next.1);
        sys::barrier();
        let mut done = 0;
        while done < k {
            let next = (left.load(), right.load());
            let panels = shared.at(turn);
            repeat!(8, t, {
                let x = factors(panels.at(first * 4), t as u32);
                let y = factors(panels.at((PANEL + second) * 4), t as u32);
                repeat!(8, i, repeat!(8, j, sums[i][j] = math::fma(x[i], y[j], sums[i][j])));
            });
            turn ^= 2 * PANEL * 4;
            left.store(turn, next.0);
            right.store(turn, next.1);
            sys::barrier();
            done = done.wrapping_add(DEPTH);
        }

        for quarter in 0..4 {
            let half = quarter / 2 * (TILE / 2);
            repeat!(8, i, {
                if i as u32 / 2 == quarter {
                    let to = shared.at(((first / 2 + i as u32 % 2) * TILE + second) * 4);
                    let sum = |j: usize| (sums[i][j] + 0.0).to_bits();
                    to.set_words([sum(0), sum(1), sum(2), sum(3)]);
                    to.at(TILE / 2 * 4).set_words([sum(4), sum(5), sum(6), sum(7)]);
                }
            });
            sys::barrier();
            let mut done = 0;
            while done < QUARTER * TILE {
                let spot = |i: usize| done + i as u32 * THREADS + thread;
                let place = |i: usize| {
                    let staged = spot(i) / TILE;
                    let down = half + staged / 2 * TOGETHER + quarter % 2 * 2 + staged % 2;
                    (row + down, column + spot(i) % TILE)
                };
                let live = each(|i| (place(i).0 < m) & (place(i).1 < n));
                let numbers = each(|i| place(i).0.wrapping_mul(n).wrapping_add(place(i).1));
                machine.register(0).set_words(each(|i| shared.at(spot(i) * 4).word()));
                machine.run(code, nest, Elements { numbers, live });
                done += THREADS * GROUP;
            }
            sys::barrier();
        }
    }
}

macro_rules! layouts {
    ($($name:ident $a:literal $b:literal: $doc:literal;)*) => { $(
        #[doc = $doc]
        ///
        /// # Safety
        /// The block must be a [`Gemm`] that the host encoded for a checked program, with operands of this
        /// layout.
        #[inline(always)]
        pub unsafe fn $name(block: Global, buffers: Global, _: Global) {
            // SAFETY: the caller's promise.
            unsafe { gemm::<$a, $b>(block, buffers) }
        }
    )* };
}

layouts! {
    gemm_nn true false: "Rows of both operands are contiguous.";
    gemm_tn false false: "Columns of the left and rows of the right operand are contiguous.";
    gemm_nt true true: "Rows of the left and columns of the right operand are contiguous.";
}
