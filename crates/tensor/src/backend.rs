//! The contract of a backend: what a kind of device offers, so that [`Device`](crate::Device),
//! [`Executable`](crate::Executable) and [`Memory`](crate::Memory) can be made of it.
//!
//! A backend is three types: the device, a program made ready for it, and memory that lies on it. Whoever
//! calls them has checked the program ([`Program::check`]), and never mixes the types of two backends. Every
//! backend computes the bits that the numeric contract of `minutia-kernels` fixes.

use crate::{
    Error, MemoryLayout, Slot, Tensor,
    program::{Numbering, Program},
};
use std::fmt::{Debug, Display};

/// A kind of device. Cloning is cheap and refers to the same one; its `Display` is what messages call it.
pub(crate) trait Backend: Clone + Debug + Display {
    /// A program made ready.
    type Executable: BackendExecutable<Memory = Self::Memory>;
    /// What programs read and write.
    type Memory: BackendMemory;

    /// How planners should lay tensors out. A hint for speed: programs may lay them out otherwise.
    fn layout(&self) -> MemoryLayout;

    /// Prepares a program that was checked and has no loops, whose steps errors call by this numbering. All
    /// that it needs besides the buffers is allocated here. Fails with [`Error::Capacity`] where the device
    /// cannot run a step of this size, and for want of memory.
    fn compile(&self, program: &Program, numbering: Numbering) -> Result<Self::Executable, Error>;

    /// Memory without any slots.
    fn memory(&self) -> Self::Memory;
}

/// A program made ready for a device.
pub(crate) trait BackendExecutable: Debug + Send + Sync {
    /// What it runs over.
    type Memory;

    /// Bytes of the device's memory that it holds for itself.
    fn bytes(&self) -> usize;

    /// What messages call the device that it was compiled for.
    fn compiled_for(&self) -> String;

    /// Whether the memory lies on a device that it can run on.
    fn runs_over(&self, memory: &Self::Memory) -> bool;

    /// Runs the program: its buffer `i` is `slots[i]`. Called only where [`runs_over`](Self::runs_over).
    ///
    /// It allocates nothing. Slots that are missing, short, read-only or the same as another's are found by
    /// [`Bindings`](crate::binding::Bindings) before anything runs. It may return before the device is done:
    /// then every later call that reads or writes the memory waits, and tells what was found wrong.
    fn run(&mut self, memory: &mut Self::Memory, slots: &[Slot]) -> Result<(), Error>;
}

/// Memory of a device: numbered slots, each a buffer of its own or a host tensor that programs may read.
pub(crate) trait BackendMemory: Debug + Send + Sync {
    /// What messages call the device that it lies on.
    fn lies_on(&self) -> String;

    /// Whether programs read host tensors where they lie, and the host reads slots at no more than the cost
    /// of a copy.
    fn reads_host(&self) -> bool;

    /// Reserves a buffer of zeros that starts at a multiple of [`MemoryLayout::alignment`].
    fn allocate(&mut self, bytes: usize) -> Result<Slot, Error>;

    /// Makes a host tensor readable by programs, which must not write it.
    fn share(&mut self, tensor: &Tensor) -> Result<Slot, Error>;

    /// Puts another host tensor into a slot that [`share`](Self::share) made.
    fn replace(&mut self, slot: Slot, tensor: &Tensor) -> Result<(), Error>;

    /// Releases a slot, whose number may be given out again. A slot that is none is ignored.
    fn free(&mut self, slot: Slot);

    /// Copies bytes to the start of an allocated slot, after all runs before.
    fn write(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), Error>;

    /// Copies bytes from a slot, starting `offset` bytes in, after all runs before.
    fn read(&self, slot: Slot, offset: usize, bytes: &mut [u8]) -> Result<(), Error>;

    /// Waits for all runs before, and tells what they found wrong.
    fn wait(&self) -> Result<(), Error>;
}
