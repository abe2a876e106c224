//! All that is particular to the GPU: where a thread stands, its memories, and how threads meet.
//!
//! Loads and stores name their memory, which a Rust pointer cannot, so that the compiler never has to guess.

#[cfg_attr(feature = "rust-cuda", path = "rust_cuda.rs")]
mod rustc;

use core::arch::asm;
pub(super) use rustc::kernel;
pub use rustc::{barrier, block, shuffle_xor, thread, threads};

/// An address in device memory.
#[derive(Clone, Copy)]
pub struct Global(pub u64);

impl Global {
    /// So many bytes further on.
    #[inline(always)]
    pub fn at(self, bytes: u64) -> Global {
        Global(self.0.wrapping_add(bytes))
    }

    /// # Safety
    /// Four bytes must be there, at a multiple of four, which no other thread writes meanwhile.
    #[inline(always)]
    pub unsafe fn word(self) -> u32 {
        let value: u32;
        // SAFETY: the caller's promise.
        unsafe {
            asm!("ld.global.b32 {}, [{}];", out(reg32) value, in(reg64) self.0, options(pure, readonly, nostack))
        };
        value
    }

    /// # Safety
    /// As [`Global::word`], with eight bytes.
    #[inline(always)]
    pub unsafe fn long(self) -> u64 {
        let value: u64;
        // SAFETY: the caller's promise.
        unsafe {
            asm!("ld.global.b64 {}, [{}];", out(reg64) value, in(reg64) self.0, options(pure, readonly, nostack))
        };
        value
    }

    /// # Safety
    /// As [`Global::word`], with sixteen bytes.
    #[inline(always)]
    pub unsafe fn words(self) -> [u32; 4] {
        let [a, b, c, d]: [u32; 4];
        // SAFETY: the caller's promise.
        unsafe {
            asm!(
                "ld.global.v4.b32 {{{}, {}, {}, {}}}, [{}];",
                out(reg32) a, out(reg32) b, out(reg32) c, out(reg32) d, in(reg64) self.0,
                options(pure, readonly, nostack)
            );
        }
        [a, b, c, d]
    }

    /// # Safety
    /// As [`Global::word`], with one byte.
    #[inline(always)]
    pub unsafe fn byte(self) -> u32 {
        let value: u32;
        // SAFETY: the caller's promise.
        unsafe {
            asm!("ld.global.u8 {}, [{}];", out(reg32) value, in(reg64) self.0, options(pure, readonly, nostack))
        };
        value
    }

    /// # Safety
    /// Four bytes must be there, at a multiple of four, which no other thread touches meanwhile.
    #[inline(always)]
    pub unsafe fn set_word(self, value: u32) {
        // SAFETY: the caller's promise.
        unsafe { asm!("st.global.b32 [{}], {};", in(reg64) self.0, in(reg32) value, options(nostack)) }
    }

    /// # Safety
    /// As [`Global::set_word`], with one byte.
    #[inline(always)]
    pub unsafe fn set_byte(self, value: u32) {
        // SAFETY: the caller's promise.
        unsafe { asm!("st.global.u8 [{}], {};", in(reg64) self.0, in(reg32) value, options(nostack)) }
    }
}

/// An address in the memory that the threads of a block share.
#[derive(Clone, Copy)]
pub struct Shared(u32);

/// The start of the shared memory that the launch asked for, at a multiple of sixteen bytes.
#[inline(always)]
pub fn shared() -> Shared {
    Shared(rustc::shared_start())
}

impl Shared {
    /// So many bytes further on.
    #[inline(always)]
    pub fn at(self, bytes: u32) -> Shared {
        Shared(self.0.wrapping_add(bytes))
    }

    /// # Safety
    /// The launch must have asked for the word here; no other thread may write it without a barrier between.
    #[inline(always)]
    pub unsafe fn word(self) -> u32 {
        let value: u32;
        // SAFETY: the caller's promise.
        unsafe {
            asm!("ld.shared.b32 {}, [{}];", out(reg32) value, in(reg32) self.0, options(pure, readonly, nostack));
        }
        value
    }

    /// # Safety
    /// As [`Shared::word`], with four words at a multiple of sixteen bytes.
    #[inline(always)]
    pub unsafe fn words(self) -> [u32; 4] {
        let [a, b, c, d]: [u32; 4];
        // SAFETY: the caller's promise.
        unsafe {
            asm!(
                "ld.shared.v4.b32 {{{}, {}, {}, {}}}, [{}];",
                out(reg32) a, out(reg32) b, out(reg32) c, out(reg32) d, in(reg32) self.0,
                options(pure, readonly, nostack)
            );
        }
        [a, b, c, d]
    }

    /// # Safety
    /// The launch must have asked for the word here; no other thread may touch it without a barrier between.
    #[inline(always)]
    pub unsafe fn set_word(self, value: u32) {
        // SAFETY: the caller's promise.
        unsafe { asm!("st.shared.b32 [{}], {};", in(reg32) self.0, in(reg32) value, options(nostack)) }
    }

    /// # Safety
    /// As [`Shared::set_word`], with four words at a multiple of sixteen bytes.
    #[inline(always)]
    pub unsafe fn set_words(self, value: [u32; 4]) {
        let [a, b, c, d] = value;
        // SAFETY: the caller's promise.
        unsafe {
            asm!(
                "st.shared.v4.b32 [{}], {{{}, {}, {}, {}}};",
                in(reg32) self.0, in(reg32) a, in(reg32) b, in(reg32) c, in(reg32) d, options(nostack)
            );
        }
    }
}
