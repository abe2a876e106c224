//! Lists from bytes on CPUs with AVX-512 VBMI2, which packs the bytes that a mask names.

use super::{Bytes, Decode};
use crate::cpu::{
    gemm::{
        COLUMNS,
        sparse::{LONGEST, nonzeros::CompressedRows},
    },
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

/// Compresses rows one by one.
///
/// # Safety
/// The CPU must have the instructions; see also [`Bytes::fill`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt")]
pub(in crate::cpu) unsafe fn rows(lists: &CompressedRows, from: Bytes, [rows, depth]: [usize; 2], all: bool) {
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

/// Compresses pairs of rows, whose bytes are neighbours: words, of which a vector has 32.
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
