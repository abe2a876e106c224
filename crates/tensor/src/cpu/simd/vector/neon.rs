//! Vectors of aarch64.

use crate::cpu::simd::vector::{IndexedValue, Vector};
use std::arch::aarch64::*;

/// NEON.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Neon(float32x4_t, float32x4_t, float32x4_t, float32x4_t);

/// For each mask of four lanes, the bytes of the lanes that it names one after the other, then zeros.
static FOURS: [[u8; 16]; 16] = {
    let mut all = [[0; 16]; 16];
    let mut mask = 0;
    while mask < 16 {
        let (mut byte, mut n) = (0, 0);
        while byte < 16 {
            if mask >> (byte / 4) & 1 == 1 {
                all[mask][n] = byte as u8;
                n += 1;
            }
            byte += 1;
        }
        mask += 1;
    }
    all
};

/// The lanes of four that `mask` names, one after the other.
#[inline]
#[target_feature(enable = "neon")]
fn packed(four: uint32x4_t, mask: u32) -> uint32x4_t {
    // SAFETY: a row of the table has sixteen bytes.
    let order = unsafe { vld1q_u8(FOURS[mask as usize % 16].as_ptr()) };
    vreinterpretq_u32_u8(vqtbl1q_u8(vreinterpretq_u8_u32(four), order))
}

// SAFETY, for every block: the caller has the instructions and good pointers.
impl Vector for Neon {
    type Floats = Neon;
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Self::splat(0.0) }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see above.
        unsafe { Neon(vdupq_n_f32(x), vdupq_n_f32(x), vdupq_n_f32(x), vdupq_n_f32(x)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe {
            Neon(vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12)))
        }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe {
            vst1q_f32(to, self.0);
            vst1q_f32(to.add(4), self.1);
            vst1q_f32(to.add(8), self.2);
            vst1q_f32(to.add(12), self.3);
        }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, n: usize) -> Self {
        // SAFETY: see above; numbers beyond the first `n` are not touched.
        unsafe {
            let four = |i: usize| {
                let from = from.wrapping_add(i * 4);
                let mut part = vdupq_n_f32(0.0);
                if n >= i * 4 + 4 {
                    return vld1q_f32(from);
                }
                if n > i * 4 {
                    part = vld1q_lane_f32::<0>(from, part);
                }
                if n > i * 4 + 1 {
                    part = vld1q_lane_f32::<1>(from.add(1), part);
                }
                if n > i * 4 + 2 {
                    part = vld1q_lane_f32::<2>(from.add(2), part);
                }
                part
            };
            Neon(four(0), four(1), four(2), four(3))
        }
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            Neon(
                vfmaq_f32(y.0, self.0, x.0),
                vfmaq_f32(y.1, self.1, x.1),
                vfmaq_f32(y.2, self.2, x.2),
                vfmaq_f32(y.3, self.3, x.3),
            )
        }
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            Neon(
                vaddq_f32(self.0, x.0),
                vaddq_f32(self.1, x.1),
                vaddq_f32(self.2, x.2),
                vaddq_f32(self.3, x.3),
            )
        }
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            Neon(
                vsubq_f32(self.0, x.0),
                vsubq_f32(self.1, x.1),
                vsubq_f32(self.2, x.2),
                vsubq_f32(self.3, x.3),
            )
        }
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            Neon(
                vmulq_f32(self.0, x.0),
                vmulq_f32(self.1, x.1),
                vmulq_f32(self.2, x.2),
                vmulq_f32(self.3, x.3),
            )
        }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: see above.
        unsafe {
            let four = |x| vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), vclezq_f32(x)));
            Neon(four(self.0), four(self.1), four(self.2), four(self.3))
        }
    }
    #[inline(always)]
    unsafe fn where_positive(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let four = |s, x| vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(s), vcgtzq_f32(x)));
            Neon(four(self.0, x.0), four(self.1, x.1), four(self.2, x.2), four(self.3, x.3))
        }
    }
    #[inline(always)]
    unsafe fn nonzero(self) -> u32 {
        // SAFETY: see above.
        unsafe {
            let bits = vld1q_u32([1, 2, 4, 8].as_ptr());
            // A comparison with NaN is false, so that NaN is other than zero.
            let four = |x| vaddvq_u32(vbicq_u32(bits, vceqzq_f32(x)));
            four(self.0) | four(self.1) << 4 | four(self.2) << 8 | four(self.3) << 12
        }
    }
    #[inline(always)]
    unsafe fn compress(self, mask: u32, to: *mut f32) {
        // SAFETY: see above.
        unsafe {
            let mut to = to;
            for (i, four) in [self.0, self.1, self.2, self.3].into_iter().enumerate() {
                let mask = mask >> (4 * i) & 0xf;
                vst1q_f32(to, vreinterpretq_f32_u32(packed(vreinterpretq_u32_f32(four), mask)));
                to = to.add(mask.count_ones() as usize);
            }
        }
    }
    #[inline(always)]
    #[cfg(target_endian = "little")]
    unsafe fn compress_with_places(self, mask: u32, first: u32, to: *mut IndexedValue) {
        // SAFETY: see above.
        unsafe {
            let (mut to, mut places) = (to, vaddq_u32(vdupq_n_u32(first), vld1q_u32([0, 1, 2, 3].as_ptr())));
            for (i, four) in [self.0, self.1, self.2, self.3].into_iter().enumerate() {
                let mask = mask >> (4 * i) & 0xf;
                let numbers = packed(vreinterpretq_u32_f32(four), mask);
                vst2q_u32(to.cast(), uint32x4x2_t(packed(places, mask), numbers));
                to = to.add(mask.count_ones() as usize);
                places = vaddq_u32(places, vdupq_n_u32(4));
            }
        }
    }
}
