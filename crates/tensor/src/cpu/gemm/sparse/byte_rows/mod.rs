//! Compressed rows made from the bytes that the numbers come from: a vector has four times as many bytes as
//! numbers.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
#[cfg(target_arch = "x86_64")]
mod vbmi2;

use super::{
    nonzeros::CompressedRows,
    sample::{SAMPLE, SAMPLES, few},
};
use crate::{
    cpu::simd::{Level, prefetch},
    program::MapProgram,
};

/// How a number is made from a byte, for every byte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cpu) enum Decode {
    /// The byte times a number.
    Times(f32),
    /// The byte divided by a number.
    Over(f32),
}

impl Decode {
    /// What a map of bytes does, if it is no more than that. A byte of zero is then a zero.
    pub(in crate::cpu) fn of(program: &MapProgram) -> Option<Decode> {
        let number = |byte: u8| f32::from_bits(program.eval(&[u32::from(byte)])[0]);
        let scale = number(1);
        let all = |decode: Decode| {
            number(0) == 0.0 && (0..=255).all(|byte| decode.number(byte).to_bits() == number(byte).to_bits())
        };
        let inverse = 1.0 / scale;
        let decodes = [Decode::Times(scale), Decode::Over(inverse), Decode::Over(inverse.round())];
        decodes.into_iter().find(|&decode| all(decode))
    }

    fn number(self, byte: u8) -> f32 {
        match self {
            Decode::Times(scale) => f32::from(byte) * scale,
            Decode::Over(scale) => f32::from(byte) / scale,
        }
    }
}

/// Rows of a table of bytes, which indices pick.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Bytes {
    pub(in crate::cpu) table: *const u8,
    pub(in crate::cpu) indices: *const i32,
    /// Bytes in a row of the table.
    pub(in crate::cpu) width: usize,
    pub(in crate::cpu) decode: Decode,
    pub(in crate::cpu) lister: Lister,
}

/// The instructions that make lists from bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cpu) enum Lister {
    Avx2,
    Vbmi2,
    Neon,
}

impl Lister {
    /// What a device of this level uses on this CPU; nothing where lists are made from numbers alone.
    pub(in crate::cpu) fn at(level: Level) -> Option<Lister> {
        #[cfg(target_arch = "x86_64")]
        let vbmi2 = is_x86_feature_detected!("avx512vbmi2");
        #[cfg(not(target_arch = "x86_64"))]
        let vbmi2 = false;
        match level {
            Level::Avx512 if vbmi2 => Some(Lister::Vbmi2),
            Level::Avx512 | Level::Avx2 => Some(Lister::Avx2),
            // Places lie before numbers in a word.
            Level::Neon => cfg!(target_endian = "little").then_some(Lister::Neon),
            Level::Scalar => None,
        }
    }
}

impl Bytes {
    /// Where a row starts.
    ///
    /// # Safety
    /// Its index must be there, and be a row's.
    #[inline(always)]
    unsafe fn row(&self, row: usize) -> *const u8 {
        // SAFETY: the caller's promise.
        unsafe { self.table.add(self.indices.add(row).read_unaligned() as usize * self.width) }
    }

    /// The bytes from a row and a column on.
    pub(in crate::cpu) fn at(self, row: usize, column: usize) -> Bytes {
        let (table, indices) = (self.table.wrapping_add(column), self.indices.wrapping_add(row));
        Bytes { table, indices, ..self }
    }

    /// Whether [`few`] bytes of `rows` rows seem to be other than zero.
    ///
    /// # Safety
    /// The rows must be there, one at least.
    pub(in crate::cpu) unsafe fn mostly_zeros(&self, rows: usize) -> bool {
        let size = SAMPLE.min(self.width);
        let place = |n: usize, i: usize| n * (i % SAMPLES) / (SAMPLES - 1);
        // Other columns in every row: what is drawn on images is in their middle.
        let start = |i: usize| {
            let column = place(self.width - size, 7 * i);
            // SAFETY: inside the row.
            unsafe { self.row(place(rows - 1, i)).add(column) }
        };
        (0..SAMPLES).for_each(|i| prefetch(start(i), size));
        let nonzero = |i: usize| {
            // SAFETY: inside the row.
            let sample = unsafe { std::slice::from_raw_parts(start(i), size) };
            sample.iter().map(|&byte| u8::from(byte != 0)).sum::<u8>() as usize
        };
        few((0..SAMPLES).map(nonzero).sum(), size)
    }

    /// Compresses the numbers other than zero (or `all` of them) as [`CompressedRows::fill`] does, of rows or
    /// of pairs of columns.
    ///
    /// # Safety
    /// [`Lister::at`] must have given the lister; the bytes must be there, and room for the lists.
    pub(in crate::cpu) unsafe fn fill(
        self,
        lists: &CompressedRows,
        pairs: bool,
        shape: [usize; 2],
        all: bool,
    ) {
        #[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")))]
        // SAFETY: the caller's promise.
        unsafe {
            match (self.lister, pairs) {
                #[cfg(target_arch = "x86_64")]
                (Lister::Avx2, false) => avx2::rows(lists, self, shape, all),
                #[cfg(target_arch = "x86_64")]
                (Lister::Avx2, true) => avx2::pairs(lists, self, shape, all),
                #[cfg(target_arch = "x86_64")]
                (Lister::Vbmi2, false) => vbmi2::rows(lists, self, shape, all),
                #[cfg(target_arch = "x86_64")]
                (Lister::Vbmi2, true) => vbmi2::pairs(lists, self, shape, all),
                #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
                (Lister::Neon, false) => neon::rows(lists, self, shape, all),
                #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
                (Lister::Neon, true) => neon::pairs(lists, self, shape, all),
                (lister, _) => unreachable!("no CPU of this architecture has {lister:?}"),
            }
        }
        #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
        // No lister is made there.
        let _ = (self.decode, self.lister, lists, pairs, shape, all);
    }
}
