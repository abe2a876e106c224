//! The same arithmetic, compiled for CPUs that fuse multiplications and additions: without, each costs a
//! call.
#![allow(unsafe_code)]

use super::{evaluate::evaluate, file::File};
use crate::{fault::Trouble, instruction::Op};
use minutia_kernels::fma::Portable;

/// How arithmetic is executed on this CPU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arithmetic {
    #[cfg(target_arch = "x86_64")]
    fma: bool,
}

impl Arithmetic {
    pub(super) fn detect() -> Arithmetic {
        Arithmetic {
            #[cfg(target_arch = "x86_64")]
            fma: is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
        }
    }

    /// [`evaluate`].
    #[inline]
    pub(super) fn evaluate(self, op: &Op, file: &mut File<'_>, active: u32) -> Result<bool, Trouble> {
        #[cfg(target_arch = "x86_64")]
        if self.fma {
            // SAFETY: the CPU has these instructions.
            return unsafe { fused(op, file, active) };
        }
        evaluate::<Portable>(op, file, active)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn fused(op: &Op, file: &mut File<'_>, active: u32) -> Result<bool, Trouble> {
    evaluate::<HardwareFma>(op, file, active)
}

/// The multiply-add of such a CPU.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct HardwareFma;

#[cfg(target_arch = "x86_64")]
impl minutia_kernels::fma::Fma for HardwareFma {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        use std::arch::x86_64::{_mm_cvtss_f32, _mm_fmadd_ss, _mm_set_ss};
        // SAFETY: `fused` alone uses the type.
        unsafe { _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c))) }
    }
}
