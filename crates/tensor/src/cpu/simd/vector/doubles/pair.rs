//! Two `f64` in a register.

#[cfg(target_arch = "wasm32")]
pub(super) use wasm::WasmPair as Pair;
#[cfg(not(target_arch = "wasm32"))]
pub(super) use x86::SsePair as Pair;

/// SSE2, which the compiler takes for granted where this module is compiled.
#[cfg(not(target_arch = "wasm32"))]
mod x86 {
    #[cfg(target_arch = "x86")]
    use std::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use std::arch::x86_64::*;

    #[derive(Clone, Copy)]
    pub(in super::super) struct SsePair(__m128d);

    // SAFETY, for every block: every CPU has the instructions.
    impl SsePair {
        #[inline(always)]
        pub(in super::super) fn splat(x: f64) -> SsePair {
            // SAFETY: see above.
            SsePair(unsafe { _mm_set1_pd(x) })
        }

        /// Two `f32`.
        #[inline(always)]
        pub(in super::super) fn widen([x, y]: [f32; 2]) -> SsePair {
            // SAFETY: see above.
            SsePair(unsafe { _mm_cvtps_pd(_mm_setr_ps(x, y, 0.0, 0.0)) })
        }

        #[inline(always)]
        pub(in super::super) fn narrow(self) -> [f32; 2] {
            // SAFETY: see above; the first two lanes are two floats.
            unsafe {
                let bits = _mm_cvtsd_f64(_mm_castps_pd(_mm_cvtpd_ps(self.0))).to_bits();
                [f32::from_bits(bits as u32), f32::from_bits((bits >> 32) as u32)]
            }
        }

        #[inline(always)]
        pub(in super::super) fn mul(self, x: SsePair) -> SsePair {
            // SAFETY: see above.
            SsePair(unsafe { _mm_mul_pd(self.0, x.0) })
        }

        #[inline(always)]
        pub(in super::super) fn add(self, x: SsePair) -> SsePair {
            // SAFETY: see above.
            SsePair(unsafe { _mm_add_pd(self.0, x.0) })
        }

        #[inline(always)]
        pub(in super::super) fn and(self, x: SsePair) -> SsePair {
            // SAFETY: see above.
            SsePair(unsafe { _mm_and_pd(self.0, x.0) })
        }

        /// The sums of the bits as integers.
        #[inline(always)]
        pub(in super::super) fn add_bits(self, x: SsePair) -> SsePair {
            // SAFETY: see above.
            unsafe { SsePair::of(_mm_add_epi64(self.bits(), x.bits())) }
        }

        /// The greater of each two words of 16 bits.
        #[inline(always)]
        pub(in super::super) fn max_words(self, x: SsePair) -> SsePair {
            // SAFETY: see above.
            unsafe { SsePair::of(_mm_max_epi16(self.bits(), x.bits())) }
        }

        /// Whether any word of 16 bits exceeds that of `x`.
        #[inline(always)]
        pub(in super::super) fn exceeds_words(self, x: SsePair) -> bool {
            // SAFETY: see above.
            unsafe { _mm_movemask_epi8(_mm_cmpgt_epi16(self.bits(), x.bits())) != 0 }
        }

        #[inline(always)]
        pub(in super::super) fn lanes(self) -> [f64; 2] {
            // SAFETY: see above.
            unsafe { [_mm_cvtsd_f64(self.0), _mm_cvtsd_f64(_mm_unpackhi_pd(self.0, self.0))] }
        }

        #[inline(always)]
        pub(in super::super) fn from([low, high]: [f64; 2]) -> SsePair {
            // SAFETY: see above.
            SsePair(unsafe { _mm_setr_pd(low, high) })
        }

        #[inline(always)]
        fn bits(self) -> __m128i {
            // SAFETY: see above.
            unsafe { _mm_castpd_si128(self.0) }
        }

        #[inline(always)]
        fn of(bits: __m128i) -> SsePair {
            // SAFETY: see above.
            SsePair(unsafe { _mm_castsi128_pd(bits) })
        }
    }
}

/// Vectors of 128 bits.
#[cfg(target_arch = "wasm32")]
mod wasm {
    use std::arch::wasm32::*;

    #[derive(Clone, Copy)]
    pub(in super::super) struct WasmPair(v128);

    impl WasmPair {
        #[inline(always)]
        pub(in super::super) fn splat(x: f64) -> WasmPair {
            WasmPair(f64x2_splat(x))
        }

        /// Two `f32`.
        #[inline(always)]
        pub(in super::super) fn widen([x, y]: [f32; 2]) -> WasmPair {
            WasmPair(f64x2_promote_low_f32x4(f32x4(x, y, 0.0, 0.0)))
        }

        #[inline(always)]
        pub(in super::super) fn narrow(self) -> [f32; 2] {
            let both = f32x4_demote_f64x2_zero(self.0);
            [f32x4_extract_lane::<0>(both), f32x4_extract_lane::<1>(both)]
        }

        #[inline(always)]
        pub(in super::super) fn mul(self, x: WasmPair) -> WasmPair {
            WasmPair(f64x2_mul(self.0, x.0))
        }

        #[inline(always)]
        pub(in super::super) fn add(self, x: WasmPair) -> WasmPair {
            WasmPair(f64x2_add(self.0, x.0))
        }

        #[inline(always)]
        pub(in super::super) fn and(self, x: WasmPair) -> WasmPair {
            WasmPair(v128_and(self.0, x.0))
        }

        /// The sums of the bits as integers.
        #[inline(always)]
        pub(in super::super) fn add_bits(self, x: WasmPair) -> WasmPair {
            WasmPair(i64x2_add(self.0, x.0))
        }

        /// The greater of each two words of 16 bits.
        #[inline(always)]
        pub(in super::super) fn max_words(self, x: WasmPair) -> WasmPair {
            WasmPair(i16x8_max(self.0, x.0))
        }

        /// Whether any word of 16 bits exceeds that of `x`.
        #[inline(always)]
        pub(in super::super) fn exceeds_words(self, x: WasmPair) -> bool {
            v128_any_true(i16x8_gt(self.0, x.0))
        }

        #[inline(always)]
        pub(in super::super) fn lanes(self) -> [f64; 2] {
            [f64x2_extract_lane::<0>(self.0), f64x2_extract_lane::<1>(self.0)]
        }

        #[inline(always)]
        pub(in super::super) fn from([low, high]: [f64; 2]) -> WasmPair {
            WasmPair(f64x2(low, high))
        }
    }
}

impl Pair {
    #[inline(always)]
    pub(super) fn splat_bits(bits: u64) -> Pair {
        Pair::splat(f64::from_bits(bits))
    }
}
