//! Lists of the numbers that are not zero, made from the bytes that these numbers come from: a vector has four times
//! as many bytes as numbers.

use super::lists::Lists;
use crate::{cpu::Level, program::MapProgram};

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

/// Rows of bytes, `pitch` apart. A vector may be read from any of them.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Bytes {
    pub(in crate::cpu) start: *mut u8,
    pub(in crate::cpu) pitch: usize,
    pub(in crate::cpu) decode: Decode,
}

/// Bytes that may be read beyond the last of a row.
pub(in crate::cpu) const BEYOND: usize = 64;

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

    /// Keeps a row of `width` bytes, and writes its numbers among `numbers`, where rows follow each other.
    ///
    /// # Safety
    /// [`Bytes::pay`] must have said so; the row must be there, and room for both.
    pub(in crate::cpu) unsafe fn take(self, from: *const u8, row: usize, width: usize, numbers: *mut u8) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's promise.
        unsafe {
            let to = (self.start.add(row * self.pitch), numbers.cast::<f32>().add(row * width));
            vbmi2::take(self.decode, from, width, to);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (from, row, width, numbers);
    }

    /// The bytes from a row and a column on.
    pub(super) fn at(self, row: usize, column: usize) -> Bytes {
        Bytes { start: self.start.wrapping_add(row * self.pitch + column), ..self }
    }

    /// Lists the numbers other than zero as [`Lists::fill`] does, of rows or of pairs of columns.
    ///
    /// # Safety
    /// [`Bytes::pay`] must have said so; the bytes must be there, and room for the lists.
    pub(super) unsafe fn fill(self, lists: &Lists, pairs: bool, [rows, depth]: [usize; 2]) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's promise.
        unsafe {
            match pairs {
                false => vbmi2::rows(lists, self, [rows, depth]),
                true => vbmi2::pairs(lists, self, [rows, depth]),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (lists, pairs, rows, depth);
    }
}

#[cfg(target_arch = "x86_64")]
mod vbmi2 {
    use super::{
        super::{COLUMNS, lists::Lists, sparse::LONGEST},
        Bytes, Decode,
    };
    use crate::cpu::simd::vector::{Avx512, Vector};
    use std::{arch::x86_64::*, mem::MaybeUninit};

    /// Bytes in a vector.
    const WIDTH: usize = 64;
    /// Rows whose bytes are listed before numbers are made of them.
    const FEW: usize = 16;

    /// See [`Bytes::take`]: to bytes and to numbers.
    ///
    /// # Safety
    /// The CPU must have the instructions; the row must be there, and room for both.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    pub(super) unsafe fn take(decode: Decode, from: *const u8, width: usize, to: (*mut u8, *mut f32)) {
        // SAFETY: the caller's promise; lanes beyond the masks are not touched.
        unsafe {
            for at in (0..width).step_by(COLUMNS) {
                let here = u16::MAX >> COLUMNS.saturating_sub(width - at);
                let bytes = _mm_maskz_loadu_epi8(here, from.add(at).cast());
                _mm_mask_storeu_epi8(to.0.add(at).cast(), here, bytes);
                number(decode, _mm512_cvtepu8_epi32(bytes))
                    .store_part(to.1.add(at), (width - at).min(COLUMNS));
            }
        }
    }

    /// Lists rows one by one.
    ///
    /// # Safety
    /// The CPU must have the instructions; see also [`Bytes::fill`].
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt")]
    pub(super) unsafe fn rows(lists: &Lists, from: Bytes, [rows, depth]: [usize; 2]) {
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
                    for p in (0..depth).step_by(WIDTH) {
                        let bytes = _mm512_loadu_si512(from.start.add(row * from.pitch + p).cast());
                        let here = u64::MAX >> WIDTH.saturating_sub(depth - p);
                        let mask = _mm512_test_epi8_mask(bytes, bytes) & here;
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

    /// Lists pairs of rows, whose bytes are neighbours: words, of which a vector has 32.
    ///
    /// # Safety
    /// The CPU must have the instructions; see also [`Bytes::fill`].
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt")]
    pub(super) unsafe fn pairs(lists: &Lists, from: Bytes, [rows, depth]: [usize; 2]) {
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
                // Quadruples of rows: the bytes of a column, as words of four, are made a row.
                for (block, p) in blocks.iter_mut().zip((0..depth).step_by(COLUMNS)) {
                    for (i, column) in block.iter_mut().enumerate() {
                        *column = if p + i < depth {
                            Avx512::load(from.start.add((p + i) * from.pitch + top).cast())
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
                        let mask = _mm512_test_epi16_mask(pairs, pairs);
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
