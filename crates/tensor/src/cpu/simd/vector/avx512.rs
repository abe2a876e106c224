//! Vectors of AVX-512.

use crate::cpu::simd::vector::{IndexedValue, Vector};
use std::arch::x86_64::*;

/// AVX-512F.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Avx512(__m512);

impl Avx512 {
    /// The vector of these numbers.
    #[inline(always)]
    pub(in crate::cpu) fn of(numbers: __m512) -> Avx512 {
        Avx512(numbers)
    }

    /// The bits of the numbers.
    ///
    /// # Safety
    /// The CPU must have the instructions.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn bits(self) -> __m512i {
        // SAFETY: the caller's promise.
        unsafe { _mm512_castps_si512(self.0) }
    }

    /// Writes the numbers, each after its place.
    ///
    /// # Safety
    /// The CPU must have the instructions, and there must be room.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn store_with_places(self, places: __m512i, to: *mut IndexedValue) {
        // SAFETY: the caller's promise.
        unsafe {
            let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
            let numbers = self.bits();
            _mm512_storeu_epi32(to.cast(), _mm512_permutex2var_epi32(places, low, numbers));
            _mm512_storeu_epi32(to.add(8).cast(), _mm512_permutex2var_epi32(places, high, numbers));
        }
    }
}

// SAFETY, for every block of the implementation: the caller has the instructions and good pointers.
impl Vector for Avx512 {
    type Floats = Avx512;
    // 24 sums, 2 vectors of the right operand, and a number of the left one. 12 rows of one vector, too, are
    // more than the latency of a sum asks for.
    const TILE: [usize; 2] = [12, 2];
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Avx512(_mm512_setzero_ps()) }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see above.
        unsafe { Avx512(_mm512_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { Avx512(_mm512_loadu_ps(from)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to, self.0) };
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, n: usize) -> Self {
        // SAFETY: see above; lanes beyond the mask are not touched.
        unsafe { Avx512(_mm512_maskz_loadu_ps(((1_u32 << n) - 1) as u16, from)) }
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, n: usize) {
        // SAFETY: likewise.
        unsafe { _mm512_mask_storeu_ps(to, ((1_u32 << n) - 1) as u16, self.0) };
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        // SAFETY: see above.
        unsafe { Avx512(_mm512_fmadd_ps(self.0, x.0, y.0)) }
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe { Avx512(_mm512_add_ps(self.0, x.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe { Avx512(_mm512_sub_ps(self.0, x.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe { Avx512(_mm512_mul_ps(self.0, x.0)) }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: see above.
        unsafe {
            let above = _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(self.0, _mm512_setzero_ps());
            Avx512(_mm512_maskz_mov_ps(above, self.0))
        }
    }
    #[inline(always)]
    unsafe fn where_positive(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let above = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(x.0, _mm512_setzero_ps());
            Avx512(_mm512_maskz_mov_ps(above, self.0))
        }
    }
    #[inline(always)]
    unsafe fn nonzero(self) -> u32 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(self.0, _mm512_setzero_ps()) as u32 }
    }
    #[inline(always)]
    unsafe fn transpose(block: &mut [Self; 16]) {
        // SAFETY: see above.
        unsafe {
            let mut a = [_mm512_setzero_ps(); 16];
            for (x, row) in a.iter_mut().zip(block.iter()) {
                *x = row.0;
            }
            // Pairs, then quadruples, within quarters of vectors.
            let mut b = a;
            for i in (0..16).step_by(2) {
                b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
                b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
            }
            for i in (0..16).step_by(4) {
                for j in 0..2 {
                    let (low, high) = (_mm512_castps_pd(b[i + j]), _mm512_castps_pd(b[i + j + 2]));
                    a[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
                    a[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
                }
            }
            // Then the quarters themselves.
            for i in 0..4 {
                b[i] = _mm512_shuffle_f32x4::<0x88>(a[i], a[i + 4]);
                b[i + 4] = _mm512_shuffle_f32x4::<0xdd>(a[i], a[i + 4]);
                b[i + 8] = _mm512_shuffle_f32x4::<0x88>(a[i + 8], a[i + 12]);
                b[i + 12] = _mm512_shuffle_f32x4::<0xdd>(a[i + 8], a[i + 12]);
            }
            for i in 0..8 {
                block[i] = Avx512(_mm512_shuffle_f32x4::<0x88>(b[i], b[i + 8]));
                block[i + 8] = Avx512(_mm512_shuffle_f32x4::<0xdd>(b[i], b[i + 8]));
            }
        }
    }
    #[inline(always)]
    unsafe fn compress(self, mask: u32, to: *mut f32) {
        // SAFETY: see above. Storing a whole vector is many times faster than compressing into memory.
        unsafe { _mm512_storeu_ps(to, _mm512_maskz_compress_ps(mask as u16, self.0)) };
    }
    #[inline(always)]
    unsafe fn compress_with_places(self, mask: u32, first: u32, to: *mut IndexedValue) {
        // SAFETY: see above.
        unsafe {
            let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let places = _mm512_add_epi32(lanes, _mm512_set1_epi32(first as i32));
            let places = _mm512_maskz_compress_epi32(mask as u16, places);
            Avx512(_mm512_maskz_compress_ps(mask as u16, self.0)).store_with_places(places, to);
        }
    }
}
