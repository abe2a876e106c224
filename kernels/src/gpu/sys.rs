//! All that is particular to the GPU: where a thread stands, its memories, and how threads meet.
//!
//! Loads and stores name their memory, which a Rust pointer cannot, so that the compiler never has to guess. Barriers
//! and shuffles are intrinsics because the compiler may duplicate inline assembly, and duplicates of them are wrong.

use core::arch::{asm, global_asm, nvptx};

unsafe extern "C" {
    #[link_name = "llvm.nvvm.shfl.sync.bfly.i32"]
    fn shuffle_butterfly(mask: i32, value: i32, lane: i32, clamp: i32) -> i32;
}

global_asm!(".extern .shared .align 16 .b8 shared_memory[];");

/// The thread's number within its block.
#[inline(always)]
pub fn thread() -> u32 {
    // SAFETY: reads a register.
    unsafe { nvptx::_thread_idx_x() as u32 }
}

/// The block's number.
#[inline(always)]
pub fn block() -> u32 {
    // SAFETY: reads a register.
    unsafe { nvptx::_block_idx_x() as u32 }
}

/// Threads of a block.
#[inline(always)]
pub fn threads() -> u32 {
    // SAFETY: reads a register.
    unsafe { nvptx::_block_dim_x() as u32 }
}

/// Waits for all threads of the block, whose writes to shared memory are then seen.
///
/// # Safety
/// All threads of the block must come here.
#[inline(always)]
pub unsafe fn barrier() {
    // SAFETY: the caller's promise.
    unsafe { nvptx::_syncthreads() }
}

/// The value of the thread whose number in the warp differs in the bits of `mask`.
///
/// # Safety
/// All threads of the warp must come here.
#[inline(always)]
pub unsafe fn shuffle_xor(value: u32, mask: u32) -> u32 {
    // SAFETY: the caller's promise; every lane takes part.
    unsafe { shuffle_butterfly(-1, value as i32, mask as i32, 31) as u32 }
}

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
    let start: u32;
    // SAFETY: takes an address.
    unsafe {
        asm!("mov.u32 {}, shared_memory;", out(reg32) start, options(pure, nomem, nostack));
    }
    Shared(start)
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
