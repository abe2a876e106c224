//! Instruction sets.

mod dispatch;
mod peak;
pub(in crate::cpu) mod vector;

pub(in crate::cpu) use dispatch::{by_level, by_vector};
pub use peak::fma_peak;

use std::{fmt, str::FromStr};

/// The vector instructions that loops use. The choice changes no bit of any result.
///
/// ```
/// use minutia_tensor::cpu::Level;
/// assert_eq!("avx2".parse(), Ok(Level::Avx2));
/// assert!(Level::Scalar.is_available());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// What every CPU of the architecture has.
    Scalar,
    /// AVX2, FMA and POPCNT (x86-64).
    Avx2,
    /// AVX-512 F, BW, DQ and VL (x86-64).
    Avx512,
    /// NEON (aarch64).
    Neon,
}

/// A name that is no [`Level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected scalar, avx2, avx512 or neon")]
pub struct UnknownLevel;

impl Level {
    /// Every level, narrowest first.
    pub const ALL: [Level; 4] = [Level::Scalar, Level::Neon, Level::Avx2, Level::Avx512];

    /// Whether this CPU has the instructions.
    #[must_use]
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = || {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("popcnt")
            };
            match self {
                Level::Scalar => true,
                Level::Avx2 => avx2(),
                Level::Avx512 => {
                    avx2()
                        && is_x86_feature_detected!("avx512f")
                        && is_x86_feature_detected!("avx512bw")
                        && is_x86_feature_detected!("avx512dq")
                        && is_x86_feature_detected!("avx512vl")
                }
                Level::Neon => false,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Level::Scalar || self == Level::Neon && cfg!(target_arch = "aarch64")
        }
    }

    /// The widest level that this CPU has.
    #[must_use]
    pub fn detect() -> Level {
        Level::ALL.into_iter().rev().find(|l| l.is_available()).unwrap_or(Level::Scalar)
    }

    /// The name, as `MINUTIA_SIMD` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Scalar => "scalar",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
            Level::Neon => "neon",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;
    fn from_str(name: &str) -> Result<Level, UnknownLevel> {
        Level::ALL.into_iter().find(|l| l.name() == name).ok_or(UnknownLevel)
    }
}

/// The fused multiply-add of AVX2 and above. The call of an intrinsic, not of the standard library, so that
/// it is the instruction even where nothing is inlined.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct HardwareFma;

#[cfg(target_arch = "x86_64")]
impl minutia_kernels::math::Fma for HardwareFma {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        use std::arch::x86_64::{_mm_cvtss_f32, _mm_fmadd_ss, _mm_set_ss};
        // SAFETY: the type is used by loops that are compiled for CPUs with the instruction, and run on no
        // others.
        unsafe { _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c))) }
    }
}

/// Asks for memory that is read soon. It may be any address, and is not read.
#[inline(always)]
pub(super) fn prefetch(start: *const u8, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    for offset in (0..bytes).step_by(crate::layout::CACHE_LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 has the instruction, and it faults at no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(offset).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (start, bytes);
}
