//! Lists from bytes on CPUs with NEON, which moves the bytes that a mask names by a table of permutations.

use super::{Bytes, Decode};
use crate::cpu::{
    gemm::sparse::{LONGEST, nonzeros::CompressedRows},
    simd::{prefetch, vector::COMPRESSED},
};
use std::{arch::aarch64::*, mem::MaybeUninit};

/// Bytes that one mask is made of.
const EIGHT: usize = 8;
/// Bytes in a vector.
const WIDTH: usize = 16;
/// Rows whose bytes are listed before numbers are made of them.
const FEW: usize = 16;

/// Compresses rows one by one.
///
/// # Safety
/// The CPU must have the instructions; see also [`Bytes::fill`].
#[target_feature(enable = "neon")]
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
                    prefetch(from.row(row + FEW), depth + WIDTH);
                }
                prefetch(start.wrapping_add(depth), depth + WIDTH);
                for p in (0..depth).step_by(EIGHT) {
                    let within = EIGHT.min(depth - p);
                    let bytes = load_eight(start.add(p), within);
                    let here = u32::from(u8::MAX >> (EIGHT - within));
                    let mask = if all { here } else { mask(vtst_u8(bytes, bytes)) };
                    let order = vld1_u8(COMPRESSED[mask as usize].as_ptr());
                    vst1_u8(codes.add(length), vtbl1_u8(bytes, order));
                    vst1_u8(places.add(length), vadd_u8(order, vdup_n_u8(p as u8)));
                    length += mask.count_ones() as usize;
                }
                lists.end(row + 1, done + length);
            }
            for i in (0..length).step_by(EIGHT) {
                let place = words(vld1_u8(places.add(i)));
                let numbers = numbers(from.decode, vld1_u8(codes.add(i)));
                for (half, (place, numbers)) in place.into_iter().zip(numbers).enumerate() {
                    let to = lists.firsts.add(done + i + half * EIGHT / 2);
                    vst2q_u32(to.cast(), uint32x4x2_t(place, vreinterpretq_u32_f32(numbers)));
                }
            }
            done += length;
        }
    }
}

/// Compresses pairs of rows, whose bytes are neighbours.
///
/// # Safety
/// The CPU must have the instructions; see also [`Bytes::fill`].
#[target_feature(enable = "neon")]
pub(in crate::cpu) unsafe fn pairs(
    lists: &CompressedRows,
    from: Bytes,
    [rows, depth]: [usize; 2],
    all: bool,
) {
    const ROOM: usize = EIGHT * LONGEST + EIGHT;
    let mut codes = [[MaybeUninit::<u8>::uninit(); ROOM]; 2];
    let mut places = [MaybeUninit::<u8>::uninit(); ROOM];
    let codes = codes.each_mut().map(|codes| codes.as_mut_ptr().cast::<u8>());
    let places = places.as_mut_ptr().cast::<u8>();
    // SAFETY: the caller's promise; there is room for eight bytes beyond the last list.
    unsafe {
        let mut blocks = [[vdupq_n_u16(0); EIGHT]; LONGEST / EIGHT];
        let mut done = 0;
        for top in (0..rows).step_by(WIDTH) {
            let count = WIDTH.min(rows - top);
            // Pairs of rows: the bytes of a column, as words of two, are made a row.
            for (block, p) in blocks.iter_mut().zip((0..depth).step_by(EIGHT)) {
                for (i, column) in block.iter_mut().enumerate() {
                    *column =
                        if p + i < depth { load(from.row(p + i).add(top), count) } else { vdupq_n_u16(0) };
                }
                transpose(block);
            }
            let mut length = 0;
            for row in (0..count).step_by(2) {
                for (block, p) in blocks.iter().zip((0..depth).step_by(EIGHT)) {
                    let pairs = block[row / 2];
                    let here = 0xff >> EIGHT.saturating_sub(depth - p);
                    let mask = if all { here } else { mask(vmovn_u16(vtstq_u16(pairs, pairs))) };
                    let order = vld1_u8(COMPRESSED[mask as usize].as_ptr());
                    let [first, second] = [vmovn_u16(pairs), vshrn_n_u16::<8>(pairs)];
                    vst1_u8(codes[0].add(length), vtbl1_u8(first, order));
                    vst1_u8(codes[1].add(length), vtbl1_u8(second, order));
                    vst1_u8(places.add(length), vadd_u8(order, vdup_n_u8(p as u8)));
                    length += mask.count_ones() as usize;
                }
                lists.end((top + row) / 2 + 1, done + length);
            }
            for i in (0..length).step_by(EIGHT) {
                let place = words(vld1_u8(places.add(i)));
                let [firsts, seconds] = codes.map(|codes| numbers(from.decode, vld1_u8(codes.add(i))));
                for half in 0..2 {
                    let at = done + i + half * EIGHT / 2;
                    let first = uint32x4x2_t(place[half], vreinterpretq_u32_f32(firsts[half]));
                    vst2q_u32(lists.firsts.add(at).cast(), first);
                    vst1q_f32(lists.seconds.add(at), seconds[half]);
                }
            }
            done += length;
        }
    }
}

/// The first `n` of eight bytes; the rest are zeros, and not read.
///
/// # Safety
/// The bytes must be there.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn load_eight(from: *const u8, n: usize) -> uint8x8_t {
    // SAFETY: the caller's promise; the copy has room for all.
    unsafe {
        if n == EIGHT {
            return vld1_u8(from);
        }
        let mut all = [0; EIGHT];
        from.copy_to_nonoverlapping(all.as_mut_ptr(), n);
        vld1_u8(all.as_ptr())
    }
}

/// The first `n` of sixteen bytes, in pairs; the rest are zeros, and not read.
///
/// # Safety
/// The bytes must be there.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn load(from: *const u8, n: usize) -> uint16x8_t {
    // SAFETY: the caller's promise; the copy has room for all.
    unsafe {
        if n == WIDTH {
            return vreinterpretq_u16_u8(vld1q_u8(from));
        }
        let mut all = [0; WIDTH];
        from.copy_to_nonoverlapping(all.as_mut_ptr(), n);
        vreinterpretq_u16_u8(vld1q_u8(all.as_ptr()))
    }
}

/// Bit `i` is whether byte `i` is all ones rather than zero.
#[inline]
#[target_feature(enable = "neon")]
fn mask(bytes: uint8x8_t) -> u32 {
    let bits = vcreate_u8(0x8040_2010_0804_0201);
    u32::from(vaddv_u8(vand_u8(bytes, bits)))
}

/// Transposes eight vectors of eight pairs.
#[inline]
#[target_feature(enable = "neon")]
fn transpose(block: &mut [uint16x8_t; EIGHT]) {
    // Neighbours change places at distances of one, two and four.
    for i in (0..EIGHT).step_by(2) {
        let [a, b] = [block[i], block[i + 1]];
        (block[i], block[i + 1]) = (vtrn1q_u16(a, b), vtrn2q_u16(a, b));
    }
    for i in [0, 1, 4, 5] {
        let [a, b] = [block[i], block[i + 2]].map(|x| vreinterpretq_u32_u16(x));
        block[i] = vreinterpretq_u16_u32(vtrn1q_u32(a, b));
        block[i + 2] = vreinterpretq_u16_u32(vtrn2q_u32(a, b));
    }
    for i in 0..4 {
        let [a, b] = [block[i], block[i + 4]].map(|x| vreinterpretq_u64_u16(x));
        block[i] = vreinterpretq_u16_u64(vtrn1q_u64(a, b));
        block[i + 4] = vreinterpretq_u16_u64(vtrn2q_u64(a, b));
    }
}

/// Eight bytes as words.
#[inline]
#[target_feature(enable = "neon")]
fn words(bytes: uint8x8_t) -> [uint32x4_t; 2] {
    let halves = vmovl_u8(bytes);
    [vmovl_u16(vget_low_u16(halves)), vmovl_high_u16(halves)]
}

/// Numbers of bytes.
#[inline]
#[target_feature(enable = "neon")]
fn numbers(decode: Decode, bytes: uint8x8_t) -> [float32x4_t; 2] {
    words(bytes).map(|words| {
        let bytes = vcvtq_f32_u32(words);
        match decode {
            Decode::Times(scale) => vmulq_f32(bytes, vdupq_n_f32(scale)),
            Decode::Over(scale) => vdivq_f32(bytes, vdupq_n_f32(scale)),
        }
    })
}
