//! Sixteen floats in registers, for loops that the compiler would not keep there by itself.

use minutia_kernels::math::{fma, max};

/// Floats in a [`Vector`].
pub(in crate::cpu) const WIDTH: usize = 16;

/// Sixteen floats. Methods are unsafe: the CPU must have the type's instructions, and pointers must be good for
/// sixteen floats, aligned or not.
pub(in crate::cpu) trait Vector: Copy {
    /// Rows, and vectors in each, of the largest tile of a matrix product that stays in registers, beside a row of the
    /// right operand.
    const TILE: [usize; 2] = [6, 1];
    /// Vectors of such a tile.
    const SUMS: usize = Self::TILE[0] * Self::TILE[1];
    /// Sixteen zeros.
    unsafe fn zero() -> Self;
    /// Sixteen times one number.
    unsafe fn splat(x: f32) -> Self;
    /// Reads sixteen neighbours.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes sixteen neighbours.
    unsafe fn store(self, to: *mut f32);
    /// Reads the first `n` of sixteen neighbours and touches no other; the rest are zeros.
    #[inline(always)]
    unsafe fn load_part(from: *const f32, n: usize) -> Self {
        let mut all = [0.0_f32; WIDTH];
        // SAFETY: the caller's promise.
        unsafe {
            for (i, x) in all[..n].iter_mut().enumerate() {
                *x = from.add(i).read_unaligned();
            }
            Self::load(all.as_ptr())
        }
    }
    /// Writes the first `n` of sixteen neighbours and touches no other.
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, n: usize) {
        let mut all = [0.0_f32; WIDTH];
        // SAFETY: the caller's promise.
        unsafe {
            self.store(all.as_mut_ptr());
            for (i, x) in all[..n].iter().enumerate() {
                to.add(i).write_unaligned(*x);
            }
        }
    }
    /// `self * x + y`, each rounded once.
    unsafe fn mul_add(self, x: Self, y: Self) -> Self;
    /// `self + x`.
    unsafe fn add(self, x: Self) -> Self;
    /// `self - x`.
    unsafe fn sub(self, x: Self) -> Self;
    /// `self * x`.
    unsafe fn mul(self, x: Self) -> Self;
    /// `max(+0, self)`; NaN where there is NaN.
    unsafe fn relu(self) -> Self;
    /// Bit `i` is whether number `i` is other than zero; NaN is.
    unsafe fn nonzero(self) -> u32;
    /// Transposes sixteen vectors. In place: arrays handed over by value are copied where a function of the standard
    /// library is not inlined.
    #[inline(always)]
    unsafe fn transpose(block: &mut [Self; WIDTH]) {
        let mut numbers = [[0.0; WIDTH]; WIDTH];
        // SAFETY: the caller has the instructions.
        unsafe {
            for (row, to) in block.iter().zip(&mut numbers) {
                row.store(to.as_mut_ptr());
            }
            for (j, to) in block.iter_mut().enumerate() {
                let mut column = [0.0; WIDTH];
                for (x, row) in column.iter_mut().zip(&numbers) {
                    *x = row[j];
                }
                *to = Self::load(column.as_ptr());
            }
        }
    }
    /// Writes the numbers whose bits are set in `mask` one after the other. There must be room for sixteen: what lies
    /// beyond them is overwritten.
    #[inline(always)]
    unsafe fn compress(self, mask: u32, to: *mut f32) {
        let mut all = [0.0; WIDTH];
        // SAFETY: the caller's promise.
        unsafe {
            self.store(all.as_mut_ptr());
            let (mut rest, mut n) = (mask, 0);
            while rest != 0 {
                *to.add(n) = all[rest.trailing_zeros() as usize % WIDTH];
                rest &= rest - 1;
                n += 1;
            }
        }
    }
    /// Writes the numbers whose bits are set in `mask`, each after its place from `first` on. There must be room for
    /// sixteen.
    #[inline(always)]
    unsafe fn compress_with_places(self, mask: u32, first: u32, to: *mut Placed) {
        let mut all = [0.0_f32; WIDTH];
        // SAFETY: the caller's promise.
        unsafe {
            self.store(all.as_mut_ptr());
            let (mut rest, mut n) = (mask, 0);
            while rest != 0 {
                let place = rest.trailing_zeros();
                *to.add(n) = Placed::new(first + place, all[place as usize % WIDTH]);
                rest &= rest - 1;
                n += 1;
            }
        }
    }
}

/// A number and its place. One word, of which a loop makes both: on x86-64 the number then comes to all lanes without
/// another read of memory, and reads are what sparse products wait for.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Placed(u64);

impl Placed {
    #[inline(always)]
    fn new(place: u32, number: f32) -> Placed {
        Placed(u64::from(place) | u64::from(number.to_bits()) << 32)
    }

    #[inline(always)]
    pub(in crate::cpu) fn place(self) -> usize {
        self.0 as u32 as usize
    }

    #[inline(always)]
    pub(in crate::cpu) fn number(self) -> f32 {
        f32::from_bits((self.0 >> 32) as u32)
    }
}

/// What every CPU has.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Plain([f32; WIDTH]);

impl Vector for Plain {
    #[inline(always)]
    unsafe fn zero() -> Self {
        Plain([0.0; WIDTH])
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Plain([x; WIDTH])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Plain(unsafe { from.cast::<[f32; WIDTH]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; WIDTH]>().write_unaligned(self.0) };
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        Plain(std::array::from_fn(|l| fma(self.0[l], x.0[l], y.0[l])))
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        Plain(std::array::from_fn(|l| self.0[l] + x.0[l]))
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        Plain(std::array::from_fn(|l| self.0[l] - x.0[l]))
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        Plain(std::array::from_fn(|l| self.0[l] * x.0[l]))
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        Plain(std::array::from_fn(|l| max(0.0, self.0[l])))
    }
    #[inline(always)]
    unsafe fn nonzero(self) -> u32 {
        self.0.iter().enumerate().map(|(l, &x)| ((x != 0.0) as u32) << l).sum()
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Placed, Vector};
    use std::arch::x86_64::*;

    /// AVX2 and FMA.
    #[derive(Clone, Copy)]
    pub(in crate::cpu) struct Avx2(__m256, __m256);

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
        pub(in crate::cpu) unsafe fn store_with_places(self, places: __m512i, to: *mut Placed) {
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

    /// Masks of the first `n` of sixteen lanes.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn halves(n: usize) -> (__m256i, __m256i) {
        let (count, lanes) = (_mm256_set1_epi32(n as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
        let high = _mm256_add_epi32(lanes, _mm256_set1_epi32(8));
        (_mm256_cmpgt_epi32(count, lanes), _mm256_cmpgt_epi32(count, high))
    }

    // SAFETY, for every block of both implementations: the caller has the instructions and good pointers.
    impl Vector for Avx2 {
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
        unsafe fn nonzero(self) -> u32 {
            // SAFETY: see above.
            unsafe {
                let zero = _mm256_setzero_ps();
                let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NEQ_UQ>(self.0, zero));
                let high = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NEQ_UQ>(self.1, zero));
                (low | high << 8) as u32
            }
        }
    }

    impl Vector for Avx512 {
        // 24 sums, 2 vectors of the right operand, and a number of the left one. 12 rows of one vector, too, are more
        // than the latency of a sum asks for.
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
        unsafe fn compress_with_places(self, mask: u32, first: u32, to: *mut Placed) {
            // SAFETY: see above.
            unsafe {
                let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
                let places = _mm512_add_epi32(lanes, _mm512_set1_epi32(first as i32));
                let places = _mm512_maskz_compress_epi32(mask as u16, places);
                Avx512(_mm512_maskz_compress_ps(mask as u16, self.0)).store_with_places(places, to);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(in crate::cpu) use x86::{Avx2, Avx512};

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use super::Vector;
    use std::arch::aarch64::*;

    /// NEON.
    #[derive(Clone, Copy)]
    pub(in crate::cpu) struct Neon(float32x4_t, float32x4_t, float32x4_t, float32x4_t);

    // SAFETY, for every block: the caller has the instructions and good pointers.
    impl Vector for Neon {
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
        unsafe fn nonzero(self) -> u32 {
            // SAFETY: see above.
            unsafe {
                let bits = vld1q_u32([1, 2, 4, 8].as_ptr());
                // A comparison with NaN is false, so that NaN is other than zero.
                let four = |x| vaddvq_u32(vbicq_u32(bits, vceqzq_f32(x)));
                four(self.0) | four(self.1) << 4 | four(self.2) << 8 | four(self.3) << 12
            }
        }
    }
}

#[cfg(target_arch = "aarch64")]
pub(in crate::cpu) use aarch64::Neon;
