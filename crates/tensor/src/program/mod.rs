//! What a device runs: a straight list of kernel primitives over numbered buffers.
//!
//! A program says nothing of blocks, threads or instructions; a backend chooses those and may not change a
//! bit by its choice. [`Program::check`] proves that every access stays inside its buffer, so that backends
//! need no further test of bounds.

mod check;
mod elementwise;
mod facts;
mod gemm;
mod loops;
mod map;
mod memory_access;
mod operands;
mod regions;

pub use elementwise::ElementwisePart;
pub use loops::Loop;
pub(crate) use loops::Numbering;
pub use map::{Instruction, MapBuilder, MapProgram, Value};
pub(crate) use memory_access::MemoryAccess;
pub use operands::{OperandUse, Role};
pub use regions::Region;

use crate::DType;
use std::ops::Range;

/// A list of steps over numbered buffers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// What each buffer must offer.
    pub buffers: Vec<BufferSpec>,
    /// The steps, in order.
    pub steps: Vec<Primitive>,
    /// What errors call each step; those without a name are called by their numbers.
    pub names: Vec<String>,
    /// For each step whether what it writes is for later steps of this run alone: a backend may leave out
    /// whatever they do not read. Steps without an entry write for others too.
    pub temporary: Vec<bool>,
}

impl Program {
    /// What errors call a step.
    #[must_use]
    pub fn name(&self, step: usize) -> String {
        self.names.get(step).cloned().unwrap_or_else(|| format!("step {step}"))
    }
}

/// What a program expects of a buffer: its length, and whether it may be a host tensor, which no step
/// writes. Types are those of the [`Operand`]s in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferSpec {
    /// Size in bytes.
    pub bytes: usize,
    /// Whether any step writes it.
    pub written: bool,
}

/// Where a tensor starts: a buffer and an offset in bytes, a multiple of the element's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operand {
    /// Index into [`Program::buffers`].
    pub buffer: usize,
    /// Bytes from the buffer's start.
    pub offset: usize,
    /// Element type.
    pub dtype: DType,
}

/// How a loop nest walks over an operand: one stride, in elements, for each loop dimension; 0 broadcasts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// The operand.
    pub operand: Operand,
    /// Elements to step for each loop dimension, outermost first.
    pub strides: Vec<usize>,
}

/// One kernel primitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Primitive {
    /// Elementwise program; fills, copies and transposes are maps too.
    Map(Map),
    /// Reduction of a mapped input, with a map over the results.
    Reduce(Reduce),
    /// Index of the extremum.
    ArgReduce(ArgReduce),
    /// Matrix product with a map over the results.
    Gemm(Gemm),
    /// Selection of rows by index, with a map over them.
    GatherRows(GatherRows),
    /// Sums of the rows that have one index.
    ScatterAddRows(ScatterAddRows),
    /// Running sums.
    Scan(Scan),
    /// Positions in ascending or descending order.
    ArgSort(ArgSort),
    /// A table with some rows changed.
    UpdateRows(UpdateRows),
    /// Where each index stands first.
    FirstPositions(FirstPositions),
    /// Random numbers.
    Random(Random),
    /// Steps that run again and again.
    Loop(Loop),
}

/// For each index of the nest `dims`: load the inputs, run the program, store its outputs.
///
/// An output may be the very same access as an input (an update in place); any other overlap is an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Map {
    /// Extents of the loop nest, outermost first.
    pub dims: Vec<usize>,
    /// The program's inputs.
    pub inputs: Vec<Access>,
    /// What is computed for each element.
    pub program: MapProgram,
    /// Where the program's outputs go, in its order.
    pub outputs: Vec<Access>,
}

/// How a reduction combines; see [`minutia_kernels::reduce`] for the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceOp {
    /// Sum.
    Sum,
    /// Product.
    Prod,
    /// Maximum.
    Max,
    /// Minimum.
    Min,
}

/// For each index of `dims`: reduce `program` over all indices of `reduced` (row-major), then run `epilogue`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reduce {
    /// How elements combine.
    pub op: ReduceOp,
    /// `F32` or `I32`: how the elements are read.
    pub dtype: DType,
    /// Extents of the result.
    pub dims: Vec<usize>,
    /// Extents that are reduced over.
    pub reduced: Vec<usize>,
    /// Inputs of `program`; strides over `dims` then `reduced`.
    pub inputs: Vec<Access>,
    /// Computes the one element to combine.
    pub program: MapProgram,
    /// Inputs 1.. of `epilogue`; strides over `dims`.
    pub epilogue_inputs: Vec<Access>,
    /// Runs on each result, which is its input 0.
    pub epilogue: MapProgram,
    /// Where the epilogue's outputs go; strides over `dims`.
    pub outputs: Vec<Access>,
}

/// For each index of `dims`: the lowest position of the extremum among `length` elements, as `i32`. A NaN is
/// larger (and for the minimum smaller) than every number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArgReduce {
    /// The largest element rather than the smallest.
    pub largest: bool,
    /// Extents of the result.
    pub dims: Vec<usize>,
    /// Elements to choose from; at least 1.
    pub length: usize,
    /// `F32` or `I32`; strides over `dims` then the axis.
    pub input: Access,
    /// `I32`; strides over `dims`.
    pub output: Access,
}

/// For each index of `batch`: products of all rows of `a` and all columns of `b`, then `epilogue` on each.
///
/// Each product starts at `+0` and adds `a[i, p] * b[p, j]` by [`minutia_kernels::math::fma`] with `p`
/// ascending in row-major order of `depth`; `+0` is added to the result, so that a zero is always `+0`.
///
/// Rows and depth may have several axes each, of any strides: a convolution is the product of the filter and
/// of windows of the images, which overlap and are never written out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gemm {
    /// Extents that both operands and the result have: a product for each of their indices.
    pub batch: Vec<usize>,
    /// Extents whose product is `m`, the rows of the result.
    pub rows: Vec<usize>,
    /// Columns of the result.
    pub n: usize,
    /// Extents whose product is `k`, the length of each inner product.
    pub depth: Vec<usize>,
    /// `F32`; strides over `batch`, `rows` and `depth`.
    pub a: Access,
    /// `F32`; strides over `batch`, `depth` and `n`.
    pub b: Access,
    /// Inputs 1.. of `epilogue`; strides over `batch`, `rows` and `n`.
    pub epilogue_inputs: Vec<Access>,
    /// Runs on each product, which is its input 0.
    pub epilogue: MapProgram,
    /// Where the epilogue's outputs go; strides over `batch`, `rows` and `n`.
    pub outputs: Vec<Access>,
}

/// Row `i` of the result is `program` over row `indices[i]` of the table; an index outside it is an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GatherRows {
    /// First element of the table, `rows x width`, contiguous.
    pub table: Operand,
    /// Rows of the table.
    pub rows: usize,
    /// Elements in a row.
    pub width: usize,
    /// `I32`, contiguous: the rows to take.
    pub indices: Operand,
    /// How many indices there are.
    pub count: usize,
    /// Runs on each element, which is its input 0 (a `u8` arrives as an integer).
    pub program: MapProgram,
    /// `count x width`, contiguous: the program's only output.
    pub output: Operand,
}

/// Row `r` of the result is the sum of the rows of `updates` whose index is `r`: it starts at `+0` and adds
/// them by position, ascending. An index outside the result is an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScatterAddRows {
    /// `F32`, `count x width`, contiguous: the rows to add.
    pub updates: Operand,
    /// `I32`, contiguous: the row of the result that each goes to.
    pub indices: Operand,
    /// How many updates there are.
    pub count: usize,
    /// Rows of the result.
    pub rows: usize,
    /// Elements in a row.
    pub width: usize,
    /// `F32`, `rows x width`, contiguous.
    pub output: Operand,
}

/// For each index of `dims`: the sum of `length` elements up to each of them. It starts at `+0` and adds one
/// element after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    /// From the last element to the first.
    pub reverse: bool,
    /// Each sum is that of the elements before, without the one at its place.
    pub exclusive: bool,
    /// Extents of the loop nest around the axis.
    pub dims: Vec<usize>,
    /// Elements along the axis.
    pub length: usize,
    /// `F32` or `I32`, whose sums wrap around; strides over `dims` then the axis.
    pub input: Access,
    /// Of the same type; strides over `dims` then the axis.
    pub output: Access,
}

/// For each index of `dims`: the positions of `length` elements, as `i32`, in the order of the elements. Of
/// equal ones the lowest position comes first. A NaN is larger than every number; zeros are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArgSort {
    /// The largest element first.
    pub descending: bool,
    /// Extents of the loop nest around the axis.
    pub dims: Vec<usize>,
    /// Elements along the axis.
    pub length: usize,
    /// `F32` or `I32`; strides over `dims` then the axis.
    pub input: Access,
    /// `I32`; strides over `dims` then the axis, along which the positions lie side by side.
    pub output: Access,
}

/// What an update does with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The row becomes the update.
    Set,
    /// The update is added to the row.
    Add,
    /// The update is subtracted from the row.
    Sub,
    /// Elements of the row become the larger of both; NaN where one of them is.
    Max,
    /// Elements of the row become the smaller of both; NaN where one of them is.
    Min,
}

/// The rows of `base`, changed by those of `updates` where `indices` say, by position, ascending. An index
/// outside the table is an error.
///
/// The result may be the very same access as `base`: then the named rows are all that is touched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpdateRows {
    /// What is done with a row. `Set` takes `I32` too, all others `F32` alone.
    pub change: Change,
    /// The table; strides over (`rows`, `width`), of which the second is 1.
    pub base: Access,
    /// `count x width`, contiguous, of the table's type.
    pub updates: Operand,
    /// `I32`, contiguous: the row that each changes.
    pub indices: Operand,
    /// How many updates there are.
    pub count: usize,
    /// Rows of the table.
    pub rows: usize,
    /// Elements in a row.
    pub width: usize,
    /// The changed table, of its type; strides over (`rows`, `width`), of which the second is 1.
    pub output: Access,
}

/// Element `i` of the result is the lowest position whose index is `indices[i]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FirstPositions {
    /// `I32`, contiguous.
    pub indices: Operand,
    /// How many indices there are, at most `i32::MAX`.
    pub count: usize,
    /// `I32`, contiguous.
    pub output: Operand,
}

/// What is drawn; see [`minutia_kernels::rng::Stream`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Uniform in `[0, 1)`.
    Uniform,
    /// Standard normal.
    Normal,
    /// Standard normal conditioned on `|z| <= 2`.
    TruncatedNormal,
}

/// `count` numbers of run `counter` of a stream, after which `counter` is one larger.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Random {
    /// What is drawn.
    pub distribution: Distribution,
    /// The stream's [`key`](minutia_kernels::rng::Stream::key).
    pub key: u64,
    /// `I32`, one element: the run.
    pub counter: Operand,
    /// How many numbers.
    pub count: usize,
    /// `F32`, contiguous.
    pub output: Operand,
}
