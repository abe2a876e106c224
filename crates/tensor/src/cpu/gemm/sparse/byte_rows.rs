//! CompressedRows of the numbers that are not zero, made from the bytes that these numbers come from: a
//! vector has four times as many bytes as numbers.

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
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(dead_code, reason = "no other CPU makes lists from bytes")
    )]
    pub(in crate::cpu) decode: Decode,
}

impl Bytes {
    /// Whether lists are made from bytes on this CPU.
    pub(in crate::cpu) fn pay(level: Level) -> bool {
        #[cfg(target_arch = "x86_64")]
        return level == Level::Avx512
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("popcnt");
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = level;
            false
        }
    }

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

    /// CompressedRows the numbers other than zero (or `all` of them) as [`CompressedRows::fill`] does, of
    /// rows or of pairs of columns.
    ///
    /// # Safety
    /// [`Bytes::pay`] must have said so; the bytes must be there, and room for the lists.
    pub(in crate::cpu) unsafe fn fill(
        self,
        lists: &CompressedRows,
        pairs: bool,
        shape: [usize; 2],
        all: bool,
    ) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's promise.
        unsafe {
            match pairs {
                false => vbmi2::rows(lists, self, shape, all),
                true => vbmi2::pairs(lists, self, shape, all),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (lists, pairs, shape, all);
    }
}

#[cfg(target_arch = "x86_64")]
mod vbmi2 {
    use super::{
        super::{LONGEST, nonzeros::CompressedRows},
        Bytes, Decode,
    };
    use crate::cpu::{
        gemm::COLUMNS,
        simd::{
            prefetch,
            vector::{Avx512, Vector},
        },
    };
    use std::{arch::x86_64::*, mem::MaybeUninit};

    /// Bytes in a vector.
    const WIDTH: usize = 64;
    /// Rows whose bytes are listed before numbers are made of them.
    const FEW: usize = 16;

    /// CompressedRows rows one by one.
    ///
    /// # Safety
    /// The CPU must have the instructions; see also [`Bytes::fill`].
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt")]
    pub(in crate::cpu) unsafe fn rows(
        lists: &CompressedRows,
        from: Bytes,
        [rows, depth]: [usize; 2],
        all: bool,
    ) {
        let mut codes = [MaybeUninit::<u8>::uninit(); FEW * LONGEST + WIDTH];
        let mut places = [MaybeUninit::<u8>::uninit(); FEW * LONGEST + WIDTH];
        let (codes, places) = (codes.as_mut_ptr().cast::<u8>(), places.as_mut_ptr().cast::<u8>());
        // SAFETY: the caller's promise; there is room for a vector beyond the last list.
        unsafe {
            let lanes: [u8; WIDTH] = std::array::from_fn(|i| i as u8);
            let lanes = _mm512_loadu_si512(lanes.as_ptr().cast());
            let mut done = 0;
            for top in (0..rows).step_by(FEW) {
                let mut length = 0;
                for row in top..rows.min(top + FEW) {
                    let start = from.row(row);
                    // The next rows, and the next piece of this one: it may be a far row of a large table.
                    if row + FEW < rows {
                        prefetch(from.row(row + FEW), depth + WIDTH);
                    }
                    prefetch(start.wrapping_add(depth), depth + WIDTH);
                    for p in (0..depth).step_by(WIDTH) {
                        let here = u64::MAX >> WIDTH.saturating_sub(depth - p);
                        let bytes = _mm512_maskz_loadu_epi8(here, start.add(p).cast());
                        let mask = if all { here } else { _mm512_test_epi8_mask(bytes, bytes) };
                        let at = _mm512_add_epi8(lanes, _mm512_set1_epi8(p as i8));
                        let (code, place) = (codes.add(length), places.add(length));
                        _mm512_storeu_si512(code.cast(), _mm512_maskz_compress_epi8(mask, bytes));
                        _mm512_storeu_si512(place.cast(), _mm512_maskz_compress_epi8(mask, at));
                        length += mask.count_ones() as usize;
                    }
                    lists.end(row + 1, done + length);
                }
                for i in (0..length).step_by(COLUMNS) {
                    let code = _mm512_cvtepu8_epi32(_mm_loadu_si128(codes.add(i).cast()));
                    let place = _mm512_cvtepu8_epi32(_mm_loadu_si128(places.add(i).cast()));
                    number(from.decode, code).store_with_places(place, lists.firsts.add(done + i));
                }
                done += length;
            }
        }
    }

    /// CompressedRows pairs of rows, whose bytes are neighbours: words, of which a vector has 32.
    ///
    /// # Safety
    /// The CPU must have the instructions; see also [`Bytes::fill`].
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt")]
    pub(in crate::cpu) unsafe fn pairs(
        lists: &CompressedRows,
        from: Bytes,
        [rows, depth]: [usize; 2],
        all: bool,
    ) {
        const WORDS: usize = WIDTH / 2;
        let mut codes = [MaybeUninit::<u16>::uninit(); WORDS * LONGEST + WORDS];
        let mut places = [MaybeUninit::<u8>::uninit(); WORDS * LONGEST + WORDS];
        let (codes, places) = (codes.as_mut_ptr().cast::<u16>(), places.as_mut_ptr().cast::<u8>());
        // SAFETY: the caller's promise; there is room for a vector beyond the last list.
        unsafe {
            let lanes: [u8; WORDS] = std::array::from_fn(|i| i as u8);
            let lanes = _mm256_loadu_si256(lanes.as_ptr().cast());
            let words: [[u16; WORDS]; 2] =
                std::array::from_fn(|half| std::array::from_fn(|i| (2 * i + half) as u16));
            let words = words.map(|words| _mm512_loadu_si512(words.as_ptr().cast()));
            let mut blocks = [[Avx512::zero(); COLUMNS]; (LONGEST / COLUMNS).next_multiple_of(2)];
            let mut done = 0;
            for top in (0..rows).step_by(WIDTH) {
                let here = u64::MAX >> WIDTH.saturating_sub(rows - top);
                // Quadruples of rows: the bytes of a column, as words of four, are made a row.
                for (block, p) in blocks.iter_mut().zip((0..depth).step_by(COLUMNS)) {
                    for (i, column) in block.iter_mut().enumerate() {
                        *column = if p + i < depth {
                            Avx512::of(_mm512_castsi512_ps(_mm512_maskz_loadu_epi8(
                                here,
                                from.row(p + i).add(top).cast(),
                            )))
                        } else {
                            Avx512::zero()
                        };
                    }
                    Avx512::transpose(block);
                }
                let mut length = 0;
                for row in (top..rows.min(top + WIDTH)).step_by(2) {
                    let (quadruple, half) = ((row - top) / 4, (row - top) / 2 % 2);
                    for (block, p) in blocks.chunks_exact(2).zip((0..depth).step_by(WORDS)) {
                        let [low, high] = [block[0][quadruple].bits(), block[1][quadruple].bits()];
                        let pairs = _mm512_permutex2var_epi16(low, words[half], high);
                        let within = u32::MAX >> WORDS.saturating_sub(depth - p);
                        let mask = if all { within } else { _mm512_test_epi16_mask(pairs, pairs) };
                        let at = _mm256_add_epi8(lanes, _mm256_set1_epi8(p as i8));
                        let (code, place) = (codes.add(length), places.add(length));
                        _mm512_storeu_si512(code.cast(), _mm512_maskz_compress_epi16(mask, pairs));
                        _mm256_storeu_si256(place.cast(), _mm256_maskz_compress_epi8(mask, at));
                        length += mask.count_ones() as usize;
                    }
                    lists.end(row / 2 + 1, done + length);
                }
                for i in (0..length).step_by(COLUMNS) {
                    let code = _mm512_cvtepu16_epi32(_mm256_loadu_si256(codes.add(i).cast()));
                    let place = _mm512_cvtepu8_epi32(_mm_loadu_si128(places.add(i).cast()));
                    let first = _mm512_and_si512(code, _mm512_set1_epi32(0xff));
                    number(from.decode, first).store_with_places(place, lists.firsts.add(done + i));
                    let second = number(from.decode, _mm512_srli_epi32::<8>(code));
                    second.store(lists.seconds.add(done + i));
                }
                done += length;
            }
        }
    }

    /// Numbers of bytes.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn number(decode: Decode, bytes: __m512i) -> Avx512 {
        let bytes = _mm512_cvtepi32_ps(bytes);
        Avx512::of(match decode {
            Decode::Times(scale) => _mm512_mul_ps(bytes, _mm512_set1_ps(scale)),
            Decode::Over(scale) => _mm512_div_ps(bytes, _mm512_set1_ps(scale)),
        })
    }
}
