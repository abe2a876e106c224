//! The state of a thread's floating-point unit.

use arch::State;

/// While this lives, the calling thread rounds to nearest even, keeps subnormals and stops at no exception;
/// then its floating-point unit goes back to the state that it had.
///
/// That state belongs to whoever calls (libraries for sound have subnormals flushed, for speed), and a thread
/// starts with its maker's. No result may depend on it: devices see to that by themselves, and this is for
/// what else a host computes for a graph.
///
/// ```
/// let _exact = minutia_tensor::cpu::ExactFloats::enter();
/// assert_eq!(f32::from_bits(3) * 0.5, f32::from_bits(2));
/// ```
#[must_use = "the state ends with this value"]
#[derive(Debug)]
pub struct ExactFloats {
    /// What to go back to, where that is another state.
    before: Option<State>,
    /// A state belongs to its thread.
    _here: std::marker::PhantomData<*const ()>,
}

impl ExactFloats {
    /// Changes the state, unless it is the right one already, which takes a nanosecond or two to see.
    #[inline]
    pub fn enter() -> ExactFloats {
        let state = arch::read();
        let before = (state & arch::CONTROL != arch::EXACT).then_some(state);
        if before.is_some() {
            // SAFETY: this is the state that Rust takes for granted.
            unsafe { arch::write(state & !arch::CONTROL | arch::EXACT) };
        }
        ExactFloats { before, _here: std::marker::PhantomData }
    }
}

impl Drop for ExactFloats {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.before {
            // SAFETY: the caller had this state before.
            unsafe { arch::write(state) };
        }
    }
}

/// MXCSR.
#[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2"))]
mod arch {
    use std::arch::asm;

    pub(in crate::cpu) type State = u32;
    /// All but the flags of what has happened.
    pub(in crate::cpu) const CONTROL: State = 0xffc0;
    /// Every exception masked.
    pub(in crate::cpu) const EXACT: State = 0x1f80;

    #[inline(always)]
    pub(in crate::cpu) fn read() -> State {
        let mut state = 0;
        // SAFETY: the instruction writes these four bytes.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut state, options(nostack, preserves_flags)) };
        state
    }

    /// # Safety
    /// The compiler takes [`EXACT`] for granted: nothing but [`read`] and this may run in another state.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn write(state: State) {
        // SAFETY: the caller's promise; reserved bits are as they were read.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const state, options(nostack, preserves_flags)) };
    }
}

/// FPCR.
#[cfg(target_arch = "aarch64")]
mod arch {
    use std::arch::asm;

    pub(in crate::cpu) type State = u64;
    pub(in crate::cpu) const CONTROL: State = State::MAX;
    pub(in crate::cpu) const EXACT: State = 0;

    #[inline(always)]
    pub(in crate::cpu) fn read() -> State {
        let state;
        // SAFETY: reading changes nothing.
        unsafe { asm!("mrs {}, fpcr", out(reg) state, options(nomem, nostack, preserves_flags)) };
        state
    }

    /// # Safety
    /// The compiler takes [`EXACT`] for granted: nothing but [`read`] and this may run in another state.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn write(state: State) {
        // SAFETY: the caller's promise. Memory counts as touched, so that computing does not move over it.
        unsafe { asm!("msr fpcr, {}", in(reg) state, options(nostack, preserves_flags)) };
    }
}

/// FPSCR.
#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
mod arch {
    use std::arch::asm;

    pub(in crate::cpu) type State = u32;
    /// Default NaN, flush to zero, rounding, and which exceptions stop the program.
    pub(in crate::cpu) const CONTROL: State = 0x03c0_9f00;
    pub(in crate::cpu) const EXACT: State = 0;

    #[inline(always)]
    pub(in crate::cpu) fn read() -> State {
        let state;
        // SAFETY: reading changes nothing.
        unsafe { asm!("vmrs {}, fpscr", out(reg) state, options(nomem, nostack)) };
        state
    }

    /// # Safety
    /// The compiler takes [`EXACT`] for granted: nothing but [`read`] and this may run in another state.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn write(state: State) {
        // SAFETY: the caller's promise.
        unsafe { asm!("vmsr fpscr, {}", in(reg) state, options(nostack)) };
    }
}

/// Machines without such a state, like WebAssembly, or where nothing is known to change it.
#[cfg(not(any(
    all(any(target_arch = "x86", target_arch = "x86_64"), target_feature = "sse2"),
    target_arch = "aarch64",
    all(target_arch = "arm", target_abi = "eabihf")
)))]
mod arch {
    pub(in crate::cpu) type State = u32;
    pub(in crate::cpu) const CONTROL: State = 0;
    pub(in crate::cpu) const EXACT: State = 0;
    #[cfg(test)]
    pub(in crate::cpu) const FAULTS: [State; 0] = [];

    #[inline(always)]
    pub(in crate::cpu) fn read() -> State {
        0
    }

    /// # Safety
    /// None is asked for: there is nothing to write.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn write(_: State) {}
}
