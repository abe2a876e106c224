//! From a checked program to what kernels read and how they are launched. Everything here is plain numbers;
//! nothing touches a device.

mod block;
mod code;
mod extrema;
mod first_positions;
mod limits;
mod lines;
mod map;
mod product;
mod random;
mod reduction;
mod rows;
mod sums_of_rows;
#[cfg(test)]
mod tests;
mod update_rows;

use crate::{
    Error,
    program::{Primitive, Program},
};
use limits::Limits;
use minutia_kernels::abi::{Kernel, SHARED, WARP};

/// A program as kernels run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Encoded {
    /// The blocks of all launches.
    pub(super) words: Vec<u32>,
    /// In the order of the steps; each runs when the one before is finished.
    pub(super) launches: Vec<EncodedLaunch>,
    /// Bytes of memory that the steps use for themselves. Where there are any, they are the buffer after the
    /// program's last one.
    pub(super) scratch: usize,
    /// What can fail. Each is tagged by its number here.
    pub(super) checks: Vec<Check>,
}

/// A check that a kernel makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// Where its tag is among the words.
    pub(super) word: usize,
    /// The step of the program.
    pub(super) step: usize,
    /// Rows of the table that row numbers must be inside of.
    pub(super) rows: usize,
}

/// One kernel to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EncodedLaunch {
    pub(super) kernel: Kernel,
    /// The step of the program that it belongs to.
    pub(super) step: usize,
    /// Where its block begins among the words; a multiple of four.
    pub(super) block: usize,
    /// Blocks of threads.
    pub(super) blocks: u32,
    /// Threads in each.
    pub(super) threads: u32,
    /// Bytes of shared memory for each block of threads.
    pub(super) shared: u32,
}

/// Encodes a checked program for a GPU with so many multiprocessors.
///
/// # Errors
/// [`Error::Capacity`] when a step is larger than kernels can count.
pub(super) fn encode(program: &Program, multiprocessors: u32) -> Result<Encoded, Error> {
    let mut encoder = Encoder {
        encoded: Encoded { words: Vec::new(), launches: Vec::new(), scratch: 0, checks: Vec::new() },
        multiprocessors: multiprocessors.max(1),
        scratch_buffer: program.buffers.len(),
        limits: Limits { step: 0 },
    };
    for (number, step) in program.steps.iter().enumerate() {
        encoder.limits = Limits { step: number };
        match step {
            Primitive::Map(s) => map::encode(&mut encoder, s),
            Primitive::Reduce(s) => reduction::encode(&mut encoder, s),
            Primitive::ArgReduce(s) => extrema::encode(&mut encoder, s),
            Primitive::Gemm(s) => product::encode(&mut encoder, s),
            Primitive::GatherRows(s) => rows::encode(&mut encoder, s),
            Primitive::ScatterAddRows(s) => sums_of_rows::encode(&mut encoder, s),
            Primitive::Scan(s) => lines::scan(&mut encoder, s),
            Primitive::ArgSort(s) => lines::arg_sort(&mut encoder, s),
            Primitive::UpdateRows(s) => update_rows::encode(&mut encoder, s),
            Primitive::FirstPositions(s) => first_positions::encode(&mut encoder, s),
            Primitive::Random(s) => random::encode(&mut encoder, s),
            Primitive::Loop(_) => unreachable!("loops are run around programs, not in them"),
        }?;
    }
    Ok(encoder.encoded)
}

/// What the steps share while they are encoded.
struct Encoder {
    encoded: Encoded,
    multiprocessors: u32,
    /// The number of the buffer that holds the scratch.
    scratch_buffer: usize,
    limits: Limits,
}

/// A kernel that is to be launched, but for its block.
#[derive(Clone, Copy)]
struct Grid {
    kernel: Kernel,
    blocks: u32,
    threads: u32,
    shared: u32,
}

impl Encoder {
    /// Adds a launch with its block, in which positions count from the block's start; where the block begins.
    fn launch(&mut self, shape: Grid, block: Vec<u32>) -> usize {
        let Grid { kernel, blocks, threads, shared } = shape;
        let words = &mut self.encoded.words;
        words.resize(words.len().next_multiple_of(4), 0);
        let launch =
            EncodedLaunch { kernel, step: self.limits.step, block: words.len(), blocks, threads, shared };
        words.extend(block);
        self.encoded.launches.push(launch);
        launch.block
    }

    /// Makes sure that there are so many bytes of scratch. Steps follow each other and share them.
    fn reserve(&mut self, bytes: usize) {
        self.encoded.scratch = self.encoded.scratch.max(bytes);
    }

    /// Threads of a block, given how many elements a thread takes and how many bytes of shared memory it
    /// needs: as many as fit, but few enough that every multiprocessor has a block to run.
    ///
    /// # Errors
    /// [`Error::Capacity`] when the shared memory is not enough for a warp.
    fn threads(&self, elements: u32, per_thread: u32, shared: u32) -> Result<u32, Error> {
        self.limits.shared(shared.saturating_mul(WARP))?;
        let mut threads = MOST_THREADS;
        while threads > WARP
            && (threads * shared > SHARED || elements.div_ceil(threads * per_thread) < self.multiprocessors)
        {
            threads /= 2;
        }
        Ok(threads)
    }
}

/// More threads in a block would only wait for each other.
const MOST_THREADS: u32 = 128;
