//! Lists from bytes on CPUs with AVX2, which moves the bytes that a mask names by a table of permutations.

use super::{Bytes, Decode};
use crate::cpu::{
    gemm::sparse::{LONGEST, nonzeros::CompressedRows},
    simd::{
        prefetch,
        vector::{COMPRESSED, interleave},
    },
};
use std::{arch::x86_64::*, mem::MaybeUninit};

/// Numbers in a vector, of which a mask has a byte.
const EIGHT: usize = 8;
/// Bytes in half a vector.
const HALF: usize = 16;
/// Bytes in a vector.
const WIDTH: usize = 32;
/// Rows whose bytes are listed before numbers are made of them.
const FEW: usize = 16;

/// Compresses rows one by one.
///
/// # Safety
/// The CPU must have the instructions; see also [`Bytes::fill`].
#[target_feature(enable = "avx2,popcnt")]
pub(in crate::cpu) unsafe fn rows(lists: &CompressedRows, from: Bytes, [rows, depth]: [usize; 2], all: bool) {
    let mut codes = [MaybeUninit::<u8>::uninit(); FEW * LONGEST + EIGHT];
    let mut places = [MaybeUninit::<u8>::uninit(); FEW * LONGEST + EIGHT];
    let (codes, places) = (codes.as_mut_ptr().cast::<u8>(), places.as_mut_ptr().cast::<u8>());
    // SAFETY: the caller's promise; there is room for eight bytes beyond the last list.
    unsafe {
        let mut done = 0;
        for top in (0..rows).step_by(FEW) {
            let mut length = 0;
            for row in top..rows.min(top + FEW) {
                let start = from.row(row);
                // The next rows, and the next piece of this one: it may be a far row of a large table.
                if row + FEW < rows {
                    prefetch(from.row(row + FEW), depth + HALF);
                }
                prefetch(start.wrapping_add(depth), depth + HALF);
                for p in (0..depth).step_by(HALF) {
                    let within = HALF.min(depth - p);
                    let bytes = load_half(start.add(p), within);
                    let zeros = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
                    let here = u32::from(u16::MAX >> (HALF - within));
                    let mask = if all { here } else { !zeros as u32 & here };
                    for (bytes, mask, p) in
                        [(bytes, mask & 0xff, p), (_mm_srli_si128::<8>(bytes), mask >> 8, p + EIGHT)]
                    {
                        let order = _mm_loadl_epi64(COMPRESSED[mask as usize].as_ptr().cast());
                        let place = _mm_add_epi8(order, _mm_set1_epi8(p as i8));
                        _mm_storel_epi64(codes.add(length).cast(), _mm_shuffle_epi8(bytes, order));
                        _mm_storel_epi64(places.add(length).cast(), place);
                        length += mask.count_ones() as usize;
                    }
                }
                lists.end(row + 1, done + length);
            }
            for i in (0..length).step_by(EIGHT) {
                let code = _mm256_cvtepu8_epi32(_mm_loadl_epi64(codes.add(i).cast()));
                let place = _mm256_cvtepu8_epi32(_mm_loadl_epi64(places.add(i).cast()));
                interleave(place, number(from.decode, code), lists.firsts.add(done + i));
            }
            done += length;
        }
    }
}

/// Compresses pairs of rows, whose bytes are neighbours.
///
/// # Safety
/// The CPU must have the instructions; see also [`Bytes::fill`].
#[target_feature(enable = "avx2,popcnt")]
pub(in crate::cpu) unsafe fn pairs(
    lists: &CompressedRows,
    from: Bytes,
    [rows, depth]: [usize; 2],
    all: bool,
) {
    const PAIRS: usize = WIDTH / 2;
    let mut codes = [MaybeUninit::<u32>::uninit(); PAIRS * LONGEST + EIGHT];
    let mut places = [MaybeUninit::<u8>::uninit(); PAIRS * LONGEST + EIGHT];
    let (codes, places) = (codes.as_mut_ptr().cast::<u32>(), places.as_mut_ptr().cast::<u8>());
    // SAFETY: the caller's promise; there is room for a vector beyond the last list.
    unsafe {
        let mut blocks = [[_mm256_setzero_si256(); EIGHT]; LONGEST / EIGHT];
        let mut done = 0;
        for top in (0..rows).step_by(WIDTH) {
            let count = WIDTH.min(rows - top);
            // Quadruples of rows: the bytes of a column, as words of four, are made a row.
            for (block, p) in blocks.iter_mut().zip((0..depth).step_by(EIGHT)) {
                for (i, column) in block.iter_mut().enumerate() {
                    *column = if p + i < depth {
                        load(from.row(p + i).add(top), count)
                    } else {
                        _mm256_setzero_si256()
                    };
                }
                transpose(block);
            }
            let mut length = 0;
            for row in (0..count).step_by(2) {
                for (block, p) in blocks.iter().zip((0..depth).step_by(EIGHT)) {
                    let quadruple = block[row / 4];
                    let pairs = if row % 4 == 0 {
                        _mm256_and_si256(quadruple, _mm256_set1_epi32(0xffff))
                    } else {
                        _mm256_srli_epi32::<16>(quadruple)
                    };
                    let zeros = _mm256_cmpeq_epi32(pairs, _mm256_setzero_si256());
                    let zeros = _mm256_movemask_ps(_mm256_castsi256_ps(zeros)) as u32;
                    let here = 0xff >> EIGHT.saturating_sub(depth - p);
                    let mask = if all { here } else { !zeros & here };
                    let order = _mm_loadl_epi64(COMPRESSED[mask as usize].as_ptr().cast());
                    let code = _mm256_permutevar8x32_epi32(pairs, _mm256_cvtepu8_epi32(order));
                    let place = _mm_add_epi8(order, _mm_set1_epi8(p as i8));
                    _mm256_storeu_si256(codes.add(length).cast(), code);
                    _mm_storel_epi64(places.add(length).cast(), place);
                    length += mask.count_ones() as usize;
                }
                lists.end((top + row) / 2 + 1, done + length);
            }
            for i in (0..length).step_by(EIGHT) {
                let code = _mm256_loadu_si256(codes.add(i).cast());
                let place = _mm256_cvtepu8_epi32(_mm_loadl_epi64(places.add(i).cast()));
                let first = number(from.decode, _mm256_and_si256(code, _mm256_set1_epi32(0xff)));
                interleave(place, first, lists.firsts.add(done + i));
                let second = number(from.decode, _mm256_srli_epi32::<8>(code));
                _mm256_storeu_ps(lists.seconds.add(done + i), second);
            }
            done += length;
        }
    }
}

/// The first `n` of sixteen bytes; the rest are zeros, and not read.
///
/// # Safety
/// The bytes must be there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load_half(from: *const u8, n: usize) -> __m128i {
    // SAFETY: the caller's promise; the copy has room for all.
    unsafe {
        if n == HALF {
            return _mm_loadu_si128(from.cast());
        }
        let mut all = [0; HALF];
        from.copy_to_nonoverlapping(all.as_mut_ptr(), n);
        _mm_loadu_si128(all.as_ptr().cast())
    }
}

/// The first `n` of thirty-two bytes; the rest are zeros, and not read.
///
/// # Safety
/// The bytes must be there.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load(from: *const u8, n: usize) -> __m256i {
    // SAFETY: the caller's promise; the copy has room for all.
    unsafe {
        if n == WIDTH {
            return _mm256_loadu_si256(from.cast());
        }
        let mut all = [0; WIDTH];
        from.copy_to_nonoverlapping(all.as_mut_ptr(), n);
        _mm256_loadu_si256(all.as_ptr().cast())
    }
}

/// Transposes eight vectors of eight words.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose(block: &mut [__m256i; EIGHT]) {
    let mut numbers = block.map(|row| _mm256_castsi256_ps(row));
    crate::cpu::simd::vector::transpose8(&mut numbers);
    *block = numbers.map(|row| _mm256_castps_si256(row));
}

/// Numbers of bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn number(decode: Decode, bytes: __m256i) -> __m256 {
    let bytes = _mm256_cvtepi32_ps(bytes);
    match decode {
        Decode::Times(scale) => _mm256_mul_ps(bytes, _mm256_set1_ps(scale)),
        Decode::Over(scale) => _mm256_div_ps(bytes, _mm256_set1_ps(scale)),
    }
}
