//! The same arithmetic, compiled for CPUs that fuse multiplications and additions: without, each costs a call.
#![allow(unsafe_code)]

use super::{evaluate::evaluate, file::File};
use crate::{fault::Trouble, instruction::Op};

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
        evaluate(op, file, active)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn fused(op: &Op, file: &mut File<'_>, active: u32) -> Result<bool, Trouble> {
    evaluate(op, file, active)
}
