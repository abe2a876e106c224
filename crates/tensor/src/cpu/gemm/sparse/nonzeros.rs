//! Compressed rows: the non-zeros of rows of the left operand, with their columns.

use super::{LONGEST, ROWS, byte_rows::Bytes};
use crate::cpu::{
    gemm::COLUMNS,
    simd::vector::{IndexedValue, Vector},
};
use std::ops::Range;

/// Rows `down` apart, whose numbers are `along` apart: either neighbours, or else the rows' first numbers
/// are.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct LhsBlock {
    pub(in crate::cpu) numbers: *const f32,
    pub(in crate::cpu) down: usize,
    pub(in crate::cpu) along: usize,
    /// The bytes that the numbers are made from, as they lie where `along` is 1; otherwise transposed.
    pub(in crate::cpu) bytes: Option<Bytes>,
}

impl LhsBlock {
    /// The numbers from a row and a column on.
    pub(in crate::cpu) fn at(self, row: usize, column: usize) -> LhsBlock {
        let [above, before] = if self.along == 1 { [row, column] } else { [column, row] };
        LhsBlock {
            numbers: self.numbers.wrapping_add(row * self.down + column * self.along),
            bytes: self.bytes.map(|bytes| bytes.at(above, before)),
            ..self
        }
    }

    /// How many rows share a list. Rows whose first numbers are neighbours (the same pixels of images, say)
    /// tend to be zero at the same places.
    pub(in crate::cpu) fn group(self) -> usize {
        if self.along == 1 { 1 } else { 2 }
    }
}

/// The non-zeros of rows, in groups of one row or of two neighbours: the list of a group of two has the
/// columns where either row has a non-zero. The lists follow each other.
pub(in crate::cpu) struct CompressedRows {
    /// The numbers of the first row of each group, and their columns.
    pub(in crate::cpu) firsts: *mut IndexedValue,
    /// The numbers of the second rows in the same columns.
    pub(in crate::cpu) seconds: *mut f32,
    /// Where each list ends, after a zero.
    ends: *mut u32,
}

/// Bytes that lists take: a vector may be stored beyond the last number.
pub(in crate::cpu) const BYTES: usize = FIRSTS * size_of::<IndexedValue>() + SECONDS * 4 + (ROWS + 1) * 4;
const FIRSTS: usize = ROWS * LONGEST + COLUMNS;
const SECONDS: usize = ROWS / 2 * LONGEST + COLUMNS;

impl CompressedRows {
    /// # Safety
    /// `start` must offer [`BYTES`], aligned to a word of eight.
    pub(in crate::cpu) unsafe fn new(start: *mut u8) -> CompressedRows {
        // SAFETY: the parts add up to the bytes.
        unsafe {
            let firsts = start.cast::<IndexedValue>();
            let seconds = firsts.add(FIRSTS).cast::<f32>();
            CompressedRows { firsts, seconds, ends: seconds.add(SECONDS).cast() }
        }
    }

    /// Where the list of a group lies.
    ///
    /// # Safety
    /// It must have been made.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn entries(&self, group: usize) -> Range<usize> {
        // SAFETY: inside the lists.
        let [start, end] = unsafe { self.ends.add(group).cast::<[u32; 2]>().read() };
        start as usize..end as usize
    }

    /// Says where the list before `group` ends.
    ///
    /// # Safety
    /// There must be such a list.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn end(&self, group: usize, end: usize) {
        // SAFETY: inside the lists.
        unsafe { *self.ends.add(group) = end as u32 };
    }

    /// Compresses the numbers other than zero (or `all` of them) of the first `depth` columns of `rows`
    /// rows.
    ///
    /// # Safety
    /// The CPU must have the instructions; the numbers must be there; at most [`ROWS`] rows of [`LONGEST`].
    #[inline(always)]
    pub(in crate::cpu) unsafe fn fill<V: Vector>(&self, a: LhsBlock, [rows, depth]: [usize; 2], all: bool) {
        // SAFETY: the caller's promise.
        unsafe {
            self.end(0, 0);
            match (a.bytes, a.group()) {
                (Some(bytes), group) => bytes.fill(self, group == 2, [rows, depth], all),
                (_, 1) => self.rows::<V>(a, [rows, depth], all),
                (_, _) => self.pairs::<V>(a, [rows, depth], all),
            }
        }
    }

    /// Compresses rows one by one.
    ///
    /// # Safety
    /// As for [`CompressedRows::fill`].
    #[inline(always)]
    unsafe fn rows<V: Vector>(&self, a: LhsBlock, [rows, depth]: [usize; 2], all: bool) {
        let mut length = 0;
        // SAFETY: the caller's promise.
        unsafe {
            for row in 0..rows {
                let numbers = a.at(row, 0).numbers;
                for p in (0..depth).step_by(COLUMNS) {
                    let (width, from) = (COLUMNS.min(depth - p), numbers.add(p));
                    let numbers = if width == COLUMNS { V::load(from) } else { V::load_part(from, width) };
                    length = self.append(length, p, [numbers], if all { width } else { 0 });
                }
                self.end(row + 1, length);
            }
        }
    }

    /// Compresses pairs of rows, whose first numbers are neighbours.
    ///
    /// # Safety
    /// As for [`CompressedRows::fill`].
    #[inline(always)]
    unsafe fn pairs<V: Vector>(&self, a: LhsBlock, [rows, depth]: [usize; 2], all: bool) {
        let mut length = 0;
        // SAFETY: the caller's promise.
        unsafe {
            let mut blocks = [[V::zero(); COLUMNS]; LONGEST / COLUMNS];
            for row in (0..rows).step_by(COLUMNS) {
                let count = COLUMNS.min(rows - row);
                for (block, p) in blocks.iter_mut().zip((0..depth).step_by(COLUMNS)) {
                    for (i, column) in block.iter_mut().enumerate() {
                        let from = a.at(row, p + i).numbers;
                        *column = match (p + i < depth, count == COLUMNS) {
                            (true, true) => V::load(from),
                            (true, false) => V::load_part(from, count),
                            (false, _) => V::zero(),
                        };
                    }
                    V::transpose(block);
                }
                for i in (0..count).step_by(2) {
                    for (block, p) in blocks.iter().zip((0..depth).step_by(COLUMNS)) {
                        let width = COLUMNS.min(depth - p);
                        length =
                            self.append(length, p, [block[i], block[i + 1]], if all { width } else { 0 });
                    }
                    self.end((row + i) / 2 + 1, length);
                }
            }
        }
    }

    /// Appends the numbers of a group from column `p` on, where one of its rows has a number other than zero,
    /// or is among the first `all`. Gives where the list ends.
    ///
    /// # Safety
    /// As for [`CompressedRows::fill`].
    #[inline(always)]
    unsafe fn append<V: Vector, const G: usize>(
        &self,
        length: usize,
        p: usize,
        numbers: [V; G],
        all: usize,
    ) -> usize {
        // SAFETY: the caller's promise; there is room for a vector beyond the last list.
        unsafe {
            let mut mask = (1 << all) - 1;
            for numbers in &numbers {
                mask |= numbers.nonzero();
            }
            numbers[0].compress_with_places(mask, p as u32, self.firsts.add(length));
            if let [_, second] = numbers[..] {
                second.compress(mask, self.seconds.add(length));
            }
            length + mask.count_ones() as usize
        }
    }
}
