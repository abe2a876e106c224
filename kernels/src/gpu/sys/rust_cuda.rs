//! What the rust-cuda project offers, for its compiler: the functions of `rustc.rs` over `cuda_std`.

use core::arch::asm;

/// The thread's number within its block.
#[inline(always)]
pub fn thread() -> u32 {
    cuda_std::thread::thread_idx_x()
}

/// The block's number.
#[inline(always)]
pub fn block() -> u32 {
    cuda_std::thread::block_idx_x()
}

/// Threads of a block.
#[inline(always)]
pub fn threads() -> u32 {
    cuda_std::thread::block_dim_x()
}

/// Waits for all threads of the block, whose writes to shared memory are then seen.
///
/// # Safety
/// All threads of the block must come here.
#[inline(always)]
pub unsafe fn barrier() {
    cuda_std::thread::sync_threads();
}

/// The value of the thread whose number in the warp differs in the bits of `mask`.
///
/// # Safety
/// All threads of the warp must come here.
#[inline(always)]
pub unsafe fn shuffle_xor(value: u32, mask: u32) -> u32 {
    // SAFETY: the caller's promise; every lane takes part.
    unsafe { cuda_std::warp::warp_shuffle_xor(u32::MAX, value, mask, 32).0 }
}

/// Where the shared memory of the launch starts.
#[inline(always)]
pub fn shared_start() -> u32 {
    let generic = cuda_std::shared::dynamic_shared_mem::<u128>() as u64;
    let start: u64;
    // SAFETY: turns an address that any load takes into one that loads of shared memory take.
    unsafe {
        asm!("cvta.to.shared.u64 {}, {};", out(reg64) start, in(reg64) generic, options(pure, nomem, nostack));
    }
    start as u32
}

/// Makes a function an entry point.
macro_rules! kernel {
    ($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*) $body:block) => {
        $(#[$doc])*
        #[cuda_std::kernel]
        pub unsafe fn $name($($argument: $type),*) $body
    };
}
pub(in crate::gpu) use kernel;
