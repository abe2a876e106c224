//! What a launch is stopped for.

use std::fmt;

/// A fault of a kernel, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// The kernel.
    pub kernel: String,
    /// The block's position in the grid.
    pub block: [u32; 3],
    /// The position in its block of the first thread that met it.
    pub thread: [u32; 3],
    /// Line of the PTX, from 1.
    pub line: u32,
    /// The instruction on it.
    pub instruction: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { kind, kernel, block, thread, line, instruction } = self;
        write!(
            f,
            "{kind} (kernel '{kernel}', block {block:?}, thread {thread:?}, PTX line {line}: {instruction})"
        )
    }
}

impl std::error::Error for Fault {}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultKind {
    /// An access to what is no memory, or beyond its end.
    #[error("out of bounds: {bytes} bytes at {address:#x} of {space} memory; {nearest}")]
    OutOfBounds {
        /// The memory's name.
        space: &'static str,
        /// First byte.
        address: u64,
        /// Bytes that were accessed.
        bytes: u64,
        /// What lies there or nearest.
        nearest: String,
    },
    /// An access to memory that was freed.
    #[error("use after free: {bytes} bytes at {address:#x}, in {length} bytes that were freed")]
    UseAfterFree {
        /// First byte.
        address: u64,
        /// Bytes that were accessed.
        bytes: u64,
        /// Length of the freed allocation.
        length: u64,
    },
    /// An access at an address that is no multiple of its size.
    #[error("misaligned: {bytes} bytes at {address:#x} of {space} memory")]
    Misaligned {
        /// The memory's name.
        space: &'static str,
        /// First byte.
        address: u64,
        /// Bytes that were accessed.
        bytes: u64,
    },
    /// Two threads touch the same memory, one of them writes, and nothing orders them.
    #[error("race: a {this} of {space} memory at {address:#x} and a {other}, with no barrier between")]
    Race {
        /// The memory's name.
        space: &'static str,
        /// The address.
        address: u64,
        /// What this thread does.
        this: &'static str,
        /// What was done before, and by whom.
        other: String,
    },
    /// Memory or a register is read that was never written.
    #[error("uninitialised: {what} is read and was never written")]
    Uninitialised {
        /// The register or the memory.
        what: String,
    },
    /// Not all threads of a block came to the same barrier.
    #[error("divergent barrier: {missing}")]
    DivergentBarrier {
        /// Who is not there.
        missing: String,
    },
    /// Not all threads that a shuffle names came to it.
    #[error("divergent shuffle: threads {members:#010x} of the warp are to meet, {present:#010x} came")]
    DivergentShuffle {
        /// The threads that were to come, a bit each.
        members: u32,
        /// Those that came.
        present: u32,
    },
    /// A shuffle takes the value of a thread that does not take part.
    #[error("a shuffle reads thread {lane} of the warp, which does not take part")]
    ShuffleSource {
        /// That thread's number in the warp.
        lane: u32,
    },
    /// A whole number is divided by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A branch goes to a place that its table does not have.
    #[error("a branch to place {index} of a table of {length}")]
    BranchIndex {
        /// The place.
        index: u32,
        /// How many there are.
        length: usize,
    },
    /// Code is reached that the compiler thought nothing could reach.
    #[error("a trap is reached")]
    Trap,
    /// More instructions were executed than a launch may.
    #[error("the launch does not end: its warps executed as many instructions as a launch may")]
    Endless,
}

/// A fault of which the instruction is not yet known: a thread of the warp, and what happened to it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) lane: u32,
    pub(crate) kind: FaultKind,
}

impl Trouble {
    /// Of the first of some threads, which are bits.
    #[cold]
    pub(crate) fn first(lanes: u32, kind: FaultKind) -> Trouble {
        Trouble { lane: lanes.trailing_zeros().min(31), kind }
    }
}
