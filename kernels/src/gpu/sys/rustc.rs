//! What rustc's own target offers. Barriers and shuffles are intrinsics because the compiler may duplicate
//! inline assembly, and duplicates of them are wrong.

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

/// Where the shared memory of the launch starts.
#[inline(always)]
pub fn shared_start() -> u32 {
    let start: u32;
    // SAFETY: takes an address.
    unsafe {
        asm!("mov.u32 {}, shared_memory;", out(reg32) start, options(pure, nomem, nostack));
    }
    start
}

/// Makes a function an entry point.
macro_rules! kernel {
    ($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*) $body:block) => {
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "ptx-kernel" fn $name($($argument: $type),*) $body
    };
}
pub(in crate::gpu) use kernel;
