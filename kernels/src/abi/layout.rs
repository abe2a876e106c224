//! The fixed parts of a block. Positions are in words from the block's start.

use super::{Divisor, words::words};

words! {
    /// Where something lies in memory.
    Place {
        /// Position in the table of buffers.
        buffer: u32,
        /// Bytes from the buffer's start.
        offset: u64,
    }

    /// Where a tensor starts.
    Operand {
        /// Its first element.
        place: Place,
        /// An [`Element`](super::Element).
        element: u32,
    }

    /// A loop nest, followed by a [`Divisor`] for each loop, innermost first.
    Nest {
        /// Elements that it visits.
        elements: u32,
        /// Number of loops, at least 1.
        loops: u32,
    }

    /// Rows of a table picked by number. Element `i` of the nest is element `i % width` of row `numbers[i /
    /// width]`.
    Rows {
        /// The table.
        table: Operand,
        /// The first row number.
        numbers: Place,
        /// Elements in a row.
        width: Divisor,
    }

    /// Runs a program for each element of a nest.
    Map {
        /// Position of the nest.
        nest: u32,
        /// Position of the program.
        code: u32,
        /// Elements of the nest.
        elements: u32,
    }

    /// Reduces *items* of at most [`BLOCK`](crate::reduce::BLOCK) elements and runs a program on each result.
    ///
    /// There are `outputs` runs of `length` elements, each cut into blocks. Item `i` is block `i / outputs`
    /// of output `i % outputs` for [`ReduceColumns`](super::Kernel::ReduceColumns), and block `i % blocks` of
    /// output `i / blocks` for [`ReduceRows`](super::Kernel::ReduceRows). Element `e` of an output is element
    /// `output * length + e` of the nest.
    Reduce {
        /// A [`Combination`](super::Combination).
        combination: u32,
        /// The value that changes no other when combined with it.
        identity: u32,
        /// Number of items.
        items: u32,
        /// Elements of an output.
        length: u32,
        /// Splits an item's number: outputs or blocks.
        split: Divisor,
        /// Position of the nest over outputs and their elements.
        nest: u32,
        /// Position of the program that computes an element.
        code: u32,
        /// The element: an operand as in code.
        value: u32,
        /// Position of the nest over items.
        after_nest: u32,
        /// Position of the program that runs on each result.
        after_code: u32,
    }

    /// Positions of extrema.
    ArgReduce {
        /// Number of outputs.
        outputs: u32,
        /// Elements of an output.
        length: u32,
        /// Words from one to the next.
        stride: u32,
        /// Whether elements are `f32` rather than `i32`.
        float: u32,
        /// Whether the largest is looked for.
        largest: u32,
        /// Threads for each output: 1, or all of a warp.
        lanes: u32,
        /// Position of the nest over outputs.
        nest: u32,
        /// Position of the access to the first element of each output.
        input: u32,
        /// Position of the access to the outputs.
        output: u32,
    }

    /// An operand of a product.
    Matrix {
        /// Its first word.
        place: Place,
        /// Words from one row to the next.
        row: u32,
        /// Words from one column to the next.
        column: u32,
    }

    /// A matrix product and a program that runs on each element of it.
    Gemm {
        /// Rows of the result.
        m: u32,
        /// Columns of the result.
        n: u32,
        /// Terms of each element.
        k: u32,
        /// Left operand.
        a: Matrix,
        /// Right operand.
        b: Matrix,
        /// Tiles side by side.
        across: Divisor,
        /// Position of the nest over the result, row-major.
        nest: u32,
        /// Position of the program.
        code: u32,
    }

    /// How an operand of several axes is walked over.
    Walk {
        /// Position of the nest over the operand's lines: the batch, and its rows or columns.
        lines_nest: u32,
        /// Position of the access to the first term of each line.
        lines: u32,
        /// Position of the nest over terms.
        terms_nest: u32,
        /// Position of the access to the terms of the first line.
        terms: u32,
    }

    /// Products of one shape, whose operands lie along several axes, and a program that runs on each element.
    Products {
        /// Rows of each result.
        m: u32,
        /// Columns of each result.
        n: u32,
        /// Terms of each element.
        k: u32,
        /// Left operand; its lines are the rows of all products.
        a: Walk,
        /// Right operand; its lines are the columns of all products.
        b: Walk,
        /// Tiles side by side.
        across: Divisor,
        /// Tiles below each other in one product.
        down: Divisor,
        /// Position of the nest over all results, row-major.
        nest: u32,
        /// Position of the program.
        code: u32,
    }

    /// A check of row numbers.
    CheckRows {
        /// What the record says if the check fails; anything but [`NO_FAILURE`](super::NO_FAILURE).
        tag: u32,
        /// How many numbers there are.
        count: u32,
        /// Rows of the table.
        rows: u32,
        /// The first number.
        numbers: Place,
    }

    /// Rows of updates that are added to the rows of a result, each to the one that its number names.
    ///
    /// Thread `t` owns column `t % width` of every row whose number is `t / width` below the bits of `classes
    /// - 1`: it clears these elements and then adds to them, so that no other thread comes between two
    /// updates.
    ScatterAddRows {
        /// How many updates there are.
        count: u32,
        /// Rows of the result.
        rows: u32,
        /// Elements in a row.
        width: Divisor,
        /// Into how many classes the rows are split, a power of two.
        classes: u32,
        /// The updates.
        updates: Place,
        /// The first row number.
        numbers: Place,
        /// The result.
        output: Place,
    }

    /// Running sums; thread `t` takes line `t`.
    Scan {
        /// How many lines there are.
        lines: u32,
        /// Elements of a line.
        length: u32,
        /// Whether elements are `f32` rather than `i32`.
        float: u32,
        /// Whether a line is walked from its end.
        reverse: u32,
        /// Whether a sum is that of the elements before alone.
        exclusive: u32,
        /// Words from one element to the next.
        from: u32,
        /// Words from one sum to the next.
        to: u32,
        /// Position of the nest over lines.
        nest: u32,
        /// Position of the access to the first element of each line.
        input: u32,
        /// Position of the access to the first sum of each line.
        output: u32,
    }

    /// Positions in the order of elements; thread `t` finds the place of element `t % length` of line `t /
    /// length`.
    ArgSort {
        /// Elements of all lines.
        elements: u32,
        /// Elements of a line.
        length: Divisor,
        /// Words from one element to the next.
        stride: u32,
        /// Whether elements are `f32` rather than `i32`.
        float: u32,
        /// Whether the largest comes first.
        descending: u32,
        /// Position of the nest over lines.
        nest: u32,
        /// Position of the access to the first element of each line.
        input: u32,
        /// Position of the access to the first position of each line.
        output: u32,
    }

    /// Rows of a table that are changed by rows of updates, each the one that its number names.
    ///
    /// Thread `t` owns column `t % width` of every row whose number is `t / width` below the bits of `classes
    /// - 1`, so that no other thread comes between two updates.
    UpdateRows {
        /// A [`Change`](super::Change).
        change: u32,
        /// How many updates there are.
        count: u32,
        /// Elements in a row.
        width: Divisor,
        /// Words from one row of the table to the next.
        pitch: u32,
        /// Into how many classes the rows are split, a power of two.
        classes: u32,
        /// The updates.
        updates: Place,
        /// The first row number.
        numbers: Place,
        /// The table.
        output: Place,
    }

    /// Looks for each number's first position among all.
    FirstPositions {
        /// How many numbers there are.
        count: u32,
        /// The first number.
        numbers: Place,
        /// The first position.
        output: Place,
    }

    /// Numbers of one run of a stream.
    Random {
        /// A [`Distribution`](super::Distribution).
        distribution: u32,
        /// The stream's key.
        key: u64,
        /// How many numbers.
        count: u32,
        /// Where the run's number is.
        counter: Place,
        /// Where the numbers go.
        output: Place,
    }
}
