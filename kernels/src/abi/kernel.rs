//! The table of kernels.

/// Calls `$callback! { rows }`, where a row is `Name name, barriers: how many, shuffles: how many; "what it
/// does"`. Both counts are of instructions in the compiled kernel: one more or fewer is a fault of the
/// compiler or of this table.
macro_rules! for_each_kernel {
    ($callback:ident) => {
        $callback! {
            Map map, barriers: 0, shuffles: 0;
            "Runs a map program for each element of a nest; head: [`layout::Map`](super::layout::Map).",
            ReduceRows reduce_rows, barriers: 0, shuffles: 4;
            "Reduces items of at most a block of elements by sixteen lanes each; head: [`layout::Reduce`](super::layout::Reduce).",
            ReduceColumns reduce_columns, barriers: 0, shuffles: 0;
            "The same with one thread for each item, for items that lie side by side.",
            ArgReduce arg_reduce, barriers: 0, shuffles: 15;
            "Positions of extrema; head: [`layout::ArgReduce`](super::layout::ArgReduce).",
            GemmAny gemm_any, barriers: 3, shuffles: 0;
            "Products of matrices of any layout in small tiles; head: [`layout::Gemm`](super::layout::Gemm).",
            GemmWalk gemm_walk, barriers: 4, shuffles: 0;
            "Products of operands that lie along several axes, many of one shape; head: [`layout::Products`](super::layout::Products).",
            GemmNn gemm_nn, barriers: 4, shuffles: 0;
            "Large products; rows of both operands are contiguous.",
            GemmTn gemm_tn, barriers: 4, shuffles: 0;
            "Large products; columns of the left and rows of the right operand are contiguous.",
            GemmNt gemm_nt, barriers: 4, shuffles: 0;
            "Large products; rows of the left and columns of the right operand are contiguous.",
            CheckRows check_rows, barriers: 1, shuffles: 5;
            "Reports the first row number that is outside its table; head: [`layout::CheckRows`](super::layout::CheckRows).",
            ScatterAddRows scatter_add_rows, barriers: 0, shuffles: 0;
            "Sums of the rows that have one number, in their order; head: [`layout::ScatterAddRows`](super::layout::ScatterAddRows).",
            Scan scan, barriers: 0, shuffles: 0;
            "Running sums; head: [`layout::Scan`](super::layout::Scan).",
            ArgSort arg_sort, barriers: 0, shuffles: 0;
            "Positions in the order of elements; head: [`layout::ArgSort`](super::layout::ArgSort).",
            UpdateRows update_rows, barriers: 0, shuffles: 0;
            "Changes the rows of a table that have a number, in their order; head: [`layout::UpdateRows`](super::layout::UpdateRows).",
            FirstPositions first_positions, barriers: 0, shuffles: 0;
            "Where each of some numbers stands first; head: [`layout::FirstPositions`](super::layout::FirstPositions).",
            Random random, barriers: 0, shuffles: 0;
            "Draws numbers of a stream; head: [`layout::Random`](super::layout::Random).",
        }
    };
}
#[cfg(target_arch = "nvptx64")]
pub(crate) use for_each_kernel;

/// What every kernel takes, in this order: addresses on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Arguments {
    /// The step's block, at a multiple of 16 bytes.
    pub step: u64,
    /// The table of the buffers' addresses, eight bytes each.
    pub buffers: u64,
    /// The record of a failed step; see [`status`](super::status).
    pub status: u64,
}

macro_rules! define_table {
    ($($name:ident $function:ident, barriers: $barriers:literal, shuffles: $shuffles:literal; $doc:literal,)*) => {
        /// A kernel that can be launched; each takes [`Arguments`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kernel { $( #[doc = $doc] $name, )* }

        impl Kernel {
            /// Every kernel.
            pub const ALL: &'static [Kernel] = &[$(Kernel::$name),*];

            /// The name of its entry point.
            #[inline]
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Kernel::$name => stringify!($function), )* }
            }

            /// Instructions of the compiled kernel that are barriers of a block.
            #[inline]
            #[must_use]
            pub const fn barriers(self) -> usize {
                match self { $( Kernel::$name => $barriers, )* }
            }

            /// Instructions of the compiled kernel that exchange values within a warp.
            #[inline]
            #[must_use]
            pub const fn shuffles(self) -> usize {
                match self { $( Kernel::$name => $shuffles, )* }
            }
        }
    };
}

for_each_kernel!(define_table);
