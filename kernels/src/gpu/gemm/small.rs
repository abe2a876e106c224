//! Tiles of 16 x 16: small enough that small products use the whole GPU.
//!
//! A thread computes two by two elements, eight rows and columns apart. Both operands are copied to shared
//! memory with the terms of an element side by side, so that four terms are one load.

use super::repeat;
use crate::{
    abi::shape::{ANY_DEPTH as DEPTH, ANY_PITCH as PITCH, ANY_THREADS as THREADS, ANY_TILE as TILE},
    gpu::{
        machine::{Elements, Machine, each},
        sys::{self, Shared},
    },
    math,
};

/// Elements of an operand that a thread copies at once.
pub(super) const COPIES: usize = 16;
const _: () = assert!(THREADS * COPIES as u32 == TILE * DEPTH && COPIES as u32 == TILE);
/// Rows or columns between the two of a thread.
const APART: u32 = TILE / 2;
/// Bytes between the two lines of a thread.
const FAR: u32 = APART * PITCH * 4;

/// How a thread copies its part of an operand to a panel, the next terms of each call after those of the
/// last.
pub(super) trait OperandCopier {
    /// Loads this thread's part of the next terms; zeros stand for what is outside the operand.
    ///
    /// # Safety
    /// The operand must be there.
    unsafe fn load(&mut self) -> [u32; COPIES];

    /// Stores what was loaded.
    ///
    /// # Safety
    /// No thread may read the panel meanwhile.
    unsafe fn store(&self, values: [u32; COPIES]);
}

/// Where the two operands' panels are.
#[inline(always)]
pub(super) fn panels() -> [Shared; 2] {
    [sys::shared(), sys::shared().at(TILE * PITCH * 4)]
}

/// A thread's place in the tile.
#[inline(always)]
fn own() -> (u32, u32) {
    (sys::thread() / APART, sys::thread() % APART)
}

/// The sums of this thread's four elements over `k` terms.
///
/// # Safety
/// The operands must be there, and all threads of the block come here.
#[inline(always)]
pub(super) unsafe fn multiply(
    k: u32,
    left: &mut impl OperandCopier,
    right: &mut impl OperandCopier,
) -> [f32; 4] {
    let ((first, second), panels) = (own(), panels());
    let lines = [line(panels[0], first), line(panels[1], second)];
    let mut sums = [0.0f32; 4];
    // SAFETY: the caller's promise.
    unsafe {
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
    }
    sums
}

/// Runs a program on the sums of a tile that begins at `row` and `column` of a matrix of `m x n` elements,
/// the first of which has the number `above` in the nest.
///
/// # Safety
/// As [`Machine::run`]; all threads of the block must come here.
#[inline(always)]
pub(super) unsafe fn finish(
    machine: &Machine,
    sums: [f32; 4],
    [row, column]: [u32; 2],
    ([m, n], above): ([u32; 2], u32),
    (code, nest): (u32, u32),
) {
    let (first, second) = own();
    let place = |i: usize| (row + first + i as u32 / 2 * APART, column + second + i as u32 % 2 * APART);
    let live = each(|i| (place(i).0 < m) & (place(i).1 < n));
    let number = |i: usize| place(i).0.wrapping_mul(n).wrapping_add(place(i).1).wrapping_add(above);
    // SAFETY: the caller's promise.
    unsafe {
        // Registers lie over the panels.
        sys::barrier();
        machine.register(0).set_words(each(|i| (sums[i] + 0.0).to_bits()));
        machine.run(code, nest, Elements { numbers: each(number), live });
    }
}

#[inline(always)]
fn line(panel: Shared, number: u32) -> Shared {
    panel.at(number * PITCH * 4)
}
