//! Runs a map program over a loop nest, block by block: each instruction is one call that computes a block of
//! a few hundred elements, whose intermediates stay in the first-level cache.

mod compile;
pub(in crate::cpu) mod convert;
pub(in crate::cpu) mod instructions;
mod registers;
mod run;
mod step;

pub(super) use compile::{Loops, Sink, Source};
pub(super) use step::MapStep;

use crate::cpu::map::{
    convert::Conversion,
    instructions::{InstructionLoop, LANES},
};

/// A map program compiled for one nest and one set of operands.
///
/// Elements are numbered in row-major order. A *row* is a run of elements through which every operand walks
/// with one stride; nests whose innermost loop is short are one row, and operands that do not walk evenly
/// through it are gathered.
#[derive(Debug)]
pub(super) struct Engine {
    elements: usize,
    row: usize,
    block: usize,
    /// Extents of the loops over rows; empty where there is one row.
    outer: Box<[usize]>,
    /// Extents of all loops, for operands that are gathered.
    dims: Box<[usize]>,
    walks: Box<[StridedAccess]>,
    /// Inputs that are one word throughout: their place and walk.
    constants: Box<[(u16, u16)]>,
    /// Inputs that are one word throughout a row.
    row_constants: Box<[(u16, u16)]>,
    cycles: Box<[BroadcastPattern]>,
    direct: Box<[Direct]>,
    loads: Box<[Load]>,
    /// Operations on constants alone, done once.
    once: Box<[Op]>,
    ops: Box<[Op]>,
    stores: Box<[Store]>,
    places: Box<[Location]>,
    /// Whether addresses are fixed while the bindings are: the nest is one block of operands that are used in
    /// place. Streamed operands are set by the caller in any case.
    fixed_addresses: bool,
    /// The place of the output that the caller reads.
    streamed: u16,
    scratch: usize,
    cost: usize,
}

/// How an operand in memory is walked.
#[derive(Debug)]
struct StridedAccess {
    buffer: usize,
    offset: usize,
    transfer: Conversion,
    /// For each of the nest's loops, in elements.
    strides: Box<[usize]>,
}

/// A small array that repeats through the nest, written out far enough that any block of it is contiguous.
#[derive(Debug)]
struct BroadcastPattern {
    walk: u16,
    period: usize,
    pattern: usize,
}

/// An operand that is used where it lies: neighbouring words.
#[derive(Debug)]
struct Direct {
    place: u16,
    walk: u16,
    /// Bytes into the scratch: stands in for blocks shorter than a group of lanes.
    cell: usize,
    output: bool,
}

/// An input that is loaded into the scratch for each block.
#[derive(Debug)]
struct Load {
    place: u16,
    walk: u16,
    /// Bytes into the scratch: where the block goes.
    cell: usize,
    how: LoadKind,
}

#[derive(Clone, Copy, Debug)]
enum LoadKind {
    /// Elements a stride apart, or narrower than a word.
    Strided(usize),
    /// Walks that change direction within a row.
    Nested,
    /// A repeating pattern.
    Cyclic(usize),
    /// Words from the caller.
    Streamed,
    /// Narrower elements from the caller.
    GivenNarrow(Conversion),
}

/// An output that is stored from the scratch after each block.
#[derive(Debug)]
struct Store {
    place: u16,
    walk: u16,
    /// Elements from one to the next; none where the walk changes direction within a row.
    stride: Option<usize>,
}

/// An instruction, its result and its operands by their places.
#[derive(Clone, Copy, Debug)]
struct Op {
    kernel: InstructionLoop,
    to: u16,
    from: [u16; 3],
    /// A bit for each operand: set where it is a vector, clear where it is one group of lanes throughout.
    vectors: u8,
}

/// Where a value lives.
#[derive(Clone, Copy, Debug)]
enum Location {
    /// A group of lanes in the table of constants.
    Constant(usize),
    /// Bytes into the scratch.
    Scratch(usize),
}

/// The state of one thread that runs an engine.
#[derive(Debug)]
pub(super) struct ThreadState {
    scratch: *mut u8,
    places: Box<[*mut u32]>,
    /// The first element of each walk.
    starts: Box<[*mut u8]>,
    /// The first element of the current row of each walk.
    rows: Box<[*mut u8]>,
    /// The state of the buffers' addresses that the walks start from.
    bindings: u64,
    index: Box<[usize]>,
}

impl Engine {
    /// How many elements the nest has.
    pub(super) fn elements(&self) -> usize {
        self.elements
    }

    /// Elements in a block.
    pub(super) fn block(&self) -> usize {
        self.block
    }

    /// Whether any `length` elements from a multiple of it on lie in one row, and fit a block.
    pub(super) fn holds(&self, length: usize) -> bool {
        length <= self.block && (length == 0 || self.row.is_multiple_of(length))
    }

    /// Bytes of scratch that a frame needs.
    pub(super) fn scratch(&self) -> usize {
        self.scratch
    }

    /// Roughly how long an element takes, in units of an addition in the first-level cache.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    /// A frame over `scratch`, which must offer [`Engine::scratch`] bytes aligned to 64, and the finished
    /// table of constants.
    pub(super) fn frame(&self, scratch: *mut u8, constants: *mut u32) -> ThreadState {
        let place = |location: &Location| match *location {
            Location::Constant(i) => constants.wrapping_add(i * LANES),
            Location::Scratch(offset) => scratch.wrapping_add(offset).cast(),
        };
        ThreadState {
            scratch,
            places: self.places.iter().map(place).collect(),
            starts: self.walks.iter().map(|_| std::ptr::null_mut()).collect(),
            rows: self.walks.iter().map(|_| std::ptr::null_mut()).collect(),
            bindings: 0,
            index: self.dims.iter().map(|_| 0).collect(),
        }
    }
}
