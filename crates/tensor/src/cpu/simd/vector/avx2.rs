//! Vectors of AVX2: two registers of eight floats.

use crate::cpu::simd::vector::{COMPRESSED, IndexedValue, Vector};
use std::arch::x86_64::*;

/// AVX2 and FMA.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Avx2(__m256, __m256);

/// The lanes that a mask of eight names, as bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn lanes(mask: u32) -> __m128i {
    // SAFETY: a row of the table has eight bytes.
    unsafe { _mm_loadl_epi64(COMPRESSED[mask as usize % 256].as_ptr().cast()) }
}

/// Writes eight numbers, each after its place.
///
/// # Safety
/// There must be room.
#[inline]
#[target_feature(enable = "avx2")]
pub(in crate::cpu) unsafe fn interleave(places: __m256i, numbers: __m256, to: *mut IndexedValue) {
    let numbers = _mm256_castps_si256(numbers);
    let [low, high] = [_mm256_unpacklo_epi32(places, numbers), _mm256_unpackhi_epi32(places, numbers)];
    // SAFETY: the caller's promise.
    unsafe {
        _mm256_storeu_si256(to.cast(), _mm256_permute2x128_si256::<0x20>(low, high));
        _mm256_storeu_si256(to.add(4).cast(), _mm256_permute2x128_si256::<0x31>(low, high));
    }
}

/// Transposes eight vectors of eight numbers.
#[inline]
#[target_feature(enable = "avx2")]
pub(in crate::cpu) fn transpose8(a: &mut [__m256; 8]) {
    // Pairs, then quadruples, within halves of vectors.
    let mut b = *a;
    for i in (0..8).step_by(2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    for i in (0..8).step_by(4) {
        for j in 0..2 {
            let (low, high) = (_mm256_castps_pd(b[i + j]), _mm256_castps_pd(b[i + j + 2]));
            a[i + 2 * j] = _mm256_castpd_ps(_mm256_unpacklo_pd(low, high));
            a[i + 2 * j + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low, high));
        }
    }
    // Then the halves themselves.
    for i in 0..4 {
        let (low, high) = (a[i], a[i + 4]);
        a[i] = _mm256_permute2f128_ps::<0x20>(low, high);
        a[i + 4] = _mm256_permute2f128_ps::<0x31>(low, high);
    }
}

/// Masks of the first `n` of sixteen lanes.
#[inline]
#[target_feature(enable = "avx2")]
fn halves(n: usize) -> (__m256i, __m256i) {
    let (count, lanes) = (_mm256_set1_epi32(n as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    let high = _mm256_add_epi32(lanes, _mm256_set1_epi32(8));
    (_mm256_cmpgt_epi32(count, lanes), _mm256_cmpgt_epi32(count, high))
}

// SAFETY, for every block of the implementation: the caller has the instructions and good pointers.
impl Vector for Avx2 {
    type Floats = Avx2;
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: see above.
        unsafe { Avx2(_mm256_setzero_ps(), _mm256_setzero_ps()) }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see above.
        unsafe { Avx2(_mm256_set1_ps(x), _mm256_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { Avx2(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, n: usize) -> Self {
        // SAFETY: see above; lanes beyond the masks are not touched.
        unsafe {
            let (low, high) = halves(n);
            Avx2(_mm256_maskload_ps(from, low), _mm256_maskload_ps(from.wrapping_add(8), high))
        }
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, n: usize) {
        // SAFETY: likewise.
        unsafe {
            let (low, high) = halves(n);
            _mm256_maskstore_ps(to, low, self.0);
            _mm256_maskstore_ps(to.wrapping_add(8), high, self.1);
        }
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        // SAFETY: see above.
        unsafe { Avx2(_mm256_fmadd_ps(self.0, x.0, y.0), _mm256_fmadd_ps(self.1, x.1, y.1)) }
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe { Avx2(_mm256_add_ps(self.0, x.0), _mm256_add_ps(self.1, x.1)) }
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe { Avx2(_mm256_sub_ps(self.0, x.0), _mm256_sub_ps(self.1, x.1)) }
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe { Avx2(_mm256_mul_ps(self.0, x.0), _mm256_mul_ps(self.1, x.1)) }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: see above.
        unsafe {
            let half = |x| _mm256_and_ps(x, _mm256_cmp_ps::<_CMP_NLE_UQ>(x, _mm256_setzero_ps()));
            Avx2(half(self.0), half(self.1))
        }
    }
    #[inline(always)]
    unsafe fn where_positive(self, x: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let half = |s, x| _mm256_and_ps(s, _mm256_cmp_ps::<_CMP_GT_OQ>(x, _mm256_setzero_ps()));
            Avx2(half(self.0, x.0), half(self.1, x.1))
        }
    }
    #[inline(always)]
    unsafe fn nonzero(self) -> u32 {
        // SAFETY: see above.
        unsafe {
            let zero = _mm256_setzero_ps();
            let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NEQ_UQ>(self.0, zero));
            let high = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NEQ_UQ>(self.1, zero));
            (low | high << 8) as u32
        }
    }
    #[inline(always)]
    unsafe fn transpose(block: &mut [Self; 16]) {
        // SAFETY: see above.
        unsafe {
            // Each quarter of eight vectors by itself; those beside the diagonal change places.
            let (upper, lower) = block.split_at_mut(8);
            let mut quarters = [[_mm256_setzero_ps(); 8]; 4];
            for i in 0..8 {
                quarters[0][i] = upper[i].0;
                quarters[1][i] = upper[i].1;
                quarters[2][i] = lower[i].0;
                quarters[3][i] = lower[i].1;
            }
            quarters.iter_mut().for_each(|quarter| transpose8(quarter));
            for i in 0..8 {
                upper[i] = Avx2(quarters[0][i], quarters[2][i]);
                lower[i] = Avx2(quarters[1][i], quarters[3][i]);
            }
        }
    }
    #[inline(always)]
    unsafe fn compress(self, mask: u32, to: *mut f32) {
        // SAFETY: see above.
        unsafe {
            let [low, high] = [mask & 0xff, mask >> 8];
            let pack = |half, mask| _mm256_permutevar8x32_ps(half, _mm256_cvtepu8_epi32(lanes(mask)));
            _mm256_storeu_ps(to, pack(self.0, low));
            _mm256_storeu_ps(to.add(low.count_ones() as usize), pack(self.1, high));
        }
    }
    #[inline(always)]
    unsafe fn compress_with_places(self, mask: u32, first: u32, to: *mut IndexedValue) {
        // SAFETY: see above.
        unsafe {
            let [low, high] = [mask & 0xff, mask >> 8];
            let pack = |half, mask, first: u32, to| {
                let order = _mm256_cvtepu8_epi32(lanes(mask));
                let places = _mm256_add_epi32(order, _mm256_set1_epi32(first as i32));
                interleave(places, _mm256_permutevar8x32_ps(half, order), to);
            };
            pack(self.0, low, first, to);
            pack(self.1, high, first + 8, to.add(low.count_ones() as usize));
        }
    }
}
