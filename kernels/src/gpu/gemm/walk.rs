//! Products whose operands lie along several axes, many of one shape, in small tiles: convolutions, whose
//! windows are never written out, and batches.

use super::{
    repeat,
    small::{COPIES, OperandCopier, finish, multiply, panels},
};
use crate::{
    abi::{
        layout::{Operand, Products, Walk},
        shape::{
            ANY_DEPTH as DEPTH, ANY_PITCH as PITCH, ANY_SHARED, ANY_THREADS as THREADS, ANY_TILE as TILE,
        },
    },
    gpu::{
        machine::Machine,
        sys::{self, Global, Shared},
    },
};

const _: () = assert!(THREADS == DEPTH && THREADS >= 2 * TILE);

/// How a thread copies its part of an operand: one term of each line of the tile.
struct WalkCopier<'a> {
    machine: &'a Machine,
    walk: Walk,
    start: Global,
    /// Offsets of the lines in elements, two words each.
    lines: Shared,
    to: Shared,
    /// How many of the lines there are.
    count: u32,
    term: u32,
    terms: u32,
}

impl WalkCopier<'_> {
    /// Writes the offsets of the tile's lines, the first of which has the number `first`, and of which there
    /// are `count`.
    ///
    /// # Safety
    /// The walk must be one of the block's. Offsets may be read after a barrier.
    #[inline(always)]
    unsafe fn new(
        machine: &Machine,
        walk: Walk,
        [panel, lines]: [Shared; 2],
        [first, count, terms]: [u32; 3],
    ) -> WalkCopier<'_> {
        let term = sys::thread();
        // SAFETY: the caller's promise.
        let start = unsafe {
            if (term < TILE) & (term < count) {
                let [offset, ..] =
                    machine.offsets(walk.lines_nest, walk.lines, [first.wrapping_add(term); 4]);
                let own = lines.at(term * 8);
                own.set_word(offset as u32);
                own.at(4).set_word((offset >> 32) as u32);
            }
            machine.address(machine.part::<Operand>(walk.lines).place)
        };
        WalkCopier { machine, walk, start, lines, to: panel.at(term * 4), count, term, terms }
    }
}

impl OperandCopier for WalkCopier<'_> {
    #[inline(always)]
    unsafe fn load(&mut self) -> [u32; COPIES] {
        let mut values = [0; COPIES];
        if self.term < self.terms {
            // SAFETY: the caller's promise.
            unsafe {
                let Walk { terms_nest, terms, .. } = self.walk;
                let [offset, ..] = self.machine.offsets(terms_nest, terms, [self.term; 4]);
                let from = self.start.at(offset.wrapping_mul(4));
                repeat!(16, i, {
                    if (i as u32) < self.count {
                        let line = self.lines.at(i as u32 * 8);
                        let offset = line.word() as u64 | (line.at(4).word() as u64) << 32;
                        values[i] = from.at(offset.wrapping_mul(4)).word();
                    }
                });
            }
        }
        self.term = self.term.wrapping_add(DEPTH);
        values
    }

    #[inline(always)]
    unsafe fn store(&self, values: [u32; COPIES]) {
        let mut to = self.to;
        repeat!(16, i, {
            // SAFETY: the caller's promise.
            unsafe { to.set_word(values[i]) };
            to = to.at(PITCH * 4);
        });
    }
}

/// # Safety
/// The block must be [`Products`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn gemm_walk(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    // SAFETY: the caller's promise; all threads come to each barrier.
    unsafe {
        let Products { m, n, k, a, b, across, down, nest, code } = machine.part(0);
        let (above, right) = across.split(sys::block());
        let (product, below) = down.split(above);
        let (row, column) = (below * TILE, right * TILE);
        let offsets = sys::shared().at(ANY_SHARED);
        let [lefts, rights] = panels();
        let (first_row, first_column) = (product.wrapping_mul(m), product.wrapping_mul(n));
        let left = [first_row.wrapping_add(row), m.wrapping_sub(row), k];
        let mut left = WalkCopier::new(&machine, a, [lefts, offsets], left);
        let right = [first_column.wrapping_add(column), n.wrapping_sub(column), k];
        let mut right = WalkCopier::new(&machine, b, [rights, offsets.at(TILE * 8)], right);
        sys::barrier();
        let sums = multiply(k, &mut left, &mut right);
        let above = first_row.wrapping_mul(n);
        finish(&machine, sums, [row, column], ([m, n], above), (code, nest));
    }
}
