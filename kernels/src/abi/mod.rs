//! What the host writes for GPU kernels and what they read, defined once for both.
//!
//! Each step of a program becomes a *block* of `u32` words in device memory. A block begins with one of the
//! heads of [`layout`], which names the positions of the parts that follow; positions count words from the
//! block's start. Every kernel takes the same [`Arguments`], so that binding other buffers rewrites the table
//! of addresses alone.
//!
//! | part | words |
//! |---|---|
//! | head | [`layout::Map`], [`layout::Reduce`], [`layout::ArgReduce`], [`layout::Gemm`], [`layout::Products`], [`layout::CheckRows`], [`layout::ScatterAddRows`], [`layout::UpdateRows`], [`layout::FirstPositions`], [`layout::Scan`], [`layout::ArgSort`] or [`layout::Random`] |
//! | nest | [`layout::Nest`], then a [`Divisor`] for each loop, innermost first |
//! | access | [`layout::Operand`], then a stride in elements for each loop of the nest, innermost first |
//! | rows | [`layout::Rows`]: an access through a list of row numbers |
//! | code | groups of four words, see [`code`]; begins at a multiple of four words |
//!
//! Positions of elements are below 2^31 ([`MOST_ELEMENTS`]), so that a [`Divisor`] can split them; byte
//! offsets have 64 bits.

pub mod code;
mod divisor;
mod kernel;
pub mod layout;
mod words;

pub use divisor::Divisor;
#[cfg(target_arch = "nvptx64")]
pub(crate) use kernel::for_each_kernel;
pub use kernel::{Arguments, Kernel};
pub use words::Words;

/// Elements that a thread computes side by side.
pub const GROUP: u32 = 4;
/// Bytes of one register of a thread: a word for each of its elements.
pub const REGISTER: u32 = 4 * GROUP;
/// Shared memory that every GPU gives to a block of threads, in bytes.
pub const SHARED: u32 = 48 * 1024;
/// Loops of a nest.
pub const MOST_LOOPS: usize = 8;
/// Elements of a nest.
pub const MOST_ELEMENTS: u32 = (1 << 31) - 1;
/// Threads of a warp, which a block must consist of.
pub const WARP: u32 = 32;

/// Words of the record of a failed step, which the host fills with [`NO_FAILURE`] first. While the first word
/// is anything else, kernels return at once, so that nothing after the failed step runs.
pub mod status {
    /// The [`tag`](super::layout::CheckRows::tag) of the check that failed.
    pub const TAG: u32 = 0;
    /// The lowest position among the indices that holds a bad one.
    pub const POSITION: u32 = 1;
    /// The bad index.
    pub const INDEX: u32 = 2;
    /// How many words there are.
    pub const WORDS: u32 = 3;
}

/// What [`status`] holds while nothing has failed.
pub const NO_FAILURE: u32 = u32::MAX;

/// How the kernels read and write an element. A value is a word in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Element {
    /// Four bytes, an `f32` or an `i32`.
    Word = 0,
    /// One byte: 0 is false, anything else true; written as 0 or 1.
    Truth = 1,
    /// One byte, read as a number; the low eight bits are written.
    Byte = 2,
}

/// How a [`layout::Reduce`] combines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Combination {
    /// Sum of `f32`.
    Sum = 0,
    /// Product of `f32`.
    Prod = 1,
    /// Maximum of `f32`.
    Max = 2,
    /// Minimum of `f32`.
    Min = 3,
    /// Sum of `i32`.
    SumI = 4,
    /// Product of `i32`.
    ProdI = 5,
    /// Maximum of `i32`.
    MaxI = 6,
    /// Minimum of `i32`.
    MinI = 7,
}

/// What a [`layout::UpdateRows`] does with an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Change {
    /// It becomes the update.
    Set = 0,
    /// The update is added to it.
    Add = 1,
    /// The update is subtracted from it.
    Sub = 2,
    /// It becomes the larger of both.
    Max = 3,
    /// It becomes the smaller of both.
    Min = 4,
}

/// What a [`layout::Random`] draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Distribution {
    /// Uniform in `[0, 1)`.
    Uniform = 0,
    /// Standard normal.
    Normal = 1,
    /// Standard normal conditioned on `|z| <= 2`.
    TruncatedNormal = 2,
}

/// Shapes that kernels are built for and the host must launch them with.
pub mod shape {
    /// Lanes that reduce one item in [`super::Kernel::ReduceRows`].
    pub const ROW_LANES: u32 = crate::reduce::LANES as u32;
    /// Registers of a thread of [`super::Kernel::ReduceColumns`] that hold its sums.
    pub const COLUMN_SUMS: u32 = crate::reduce::LANES as u32 / super::GROUP;
    /// Threads of [`super::Kernel::CheckRows`], of which there is one block.
    pub const CHECK_THREADS: u32 = 1024;

    /// Threads of [`super::Kernel::GemmAny`].
    pub const ANY_THREADS: u32 = 64;
    /// Rows and columns of its tile.
    pub const ANY_TILE: u32 = 16;
    /// Factors of each product that it keeps in shared memory at once.
    pub const ANY_DEPTH: u32 = 64;
    /// Words from one row of factors to the next: a multiple of four, and four banks on.
    pub const ANY_PITCH: u32 = ANY_DEPTH + 4;
    /// Its shared memory beside registers, which may lie over it, in bytes.
    pub const ANY_SHARED: u32 = 2 * ANY_TILE * ANY_PITCH * 4;

    /// Shared memory of [`super::Kernel::GemmWalk`], which has the same tiles and threads: the offsets of a
    /// tile's rows and columns beside its factors.
    pub const WALK_SHARED: u32 = ANY_SHARED + 2 * ANY_TILE * 8;

    /// Threads of the kernels for large products.
    pub const TILE_THREADS: u32 = 256;
    /// Rows and columns of their tiles.
    pub const TILE: u32 = 128;
    /// Factors of each product that they keep in shared memory at once.
    pub const TILE_DEPTH: u32 = 8;
    /// Words from one row of factors to the next: a multiple of four that spreads rows over the banks.
    pub const TILE_PITCH: u32 = TILE + 4;
    /// Their shared memory below the registers, in bytes: two pairs of panels.
    pub const TILE_SHARED: u32 = 2 * 2 * TILE_DEPTH * TILE_PITCH * 4;
}
