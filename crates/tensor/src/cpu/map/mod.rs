//! Runs a map program over a loop nest, block by block: each instruction is one call that computes a block of
//! a few hundred elements, whose intermediates stay in the first-level cache.

mod compile;
mod registers;
mod step;

pub(super) use compile::{Sink, Source};
pub(super) use step::MapStep;

use super::{
    codes::{Kernel, LANES},
    executable::Run,
    transfer::{Transfer, copy_words, fill},
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
    walks: Box<[Walk]>,
    /// Inputs that are one word throughout: their place and walk.
    constants: Box<[(u16, u16)]>,
    /// Inputs that are one word throughout a row.
    row_constants: Box<[(u16, u16)]>,
    cycles: Box<[Cycle]>,
    feeds: Box<[Feed]>,
    /// Operations on constants alone, done once.
    once: Box<[Op]>,
    ops: Box<[Op]>,
    drains: Box<[Drain]>,
    places: Box<[Home]>,
    /// The nest is one block, and operands are used where they lie: places change with the bindings alone.
    settled: bool,
    /// The place of the output that is kept for the caller.
    kept: u16,
    scratch: usize,
    cost: usize,
}

/// How an operand in memory is walked.
#[derive(Debug)]
struct Walk {
    buffer: usize,
    offset: usize,
    transfer: Transfer,
    /// For each of the nest's loops, in elements.
    strides: Box<[usize]>,
}

/// A small array that repeats through the nest, written out far enough that any block of it is contiguous.
#[derive(Debug)]
struct Cycle {
    walk: u16,
    period: usize,
    pattern: usize,
}

/// What brings an input to its place for each block.
#[derive(Debug)]
struct Feed {
    place: u16,
    walk: u16,
    /// Bytes into the scratch: where a block goes that cannot be used where it lies.
    cell: usize,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// Neighbouring words, used in place.
    Direct,
    /// Elements a stride apart, or narrower than a word.
    Strided(usize),
    /// Walks that change direction within a row.
    Nested,
    /// A repeating pattern.
    Cyclic(usize),
    /// Words from the caller.
    Given,
    /// Narrower elements from the caller.
    GivenNarrow(Transfer),
}

/// What takes an output from its place for each block.
#[derive(Debug)]
struct Drain {
    place: u16,
    walk: u16,
    cell: usize,
    how: How,
    /// The operation writes to memory itself.
    direct: bool,
}

#[derive(Clone, Copy, Debug)]
struct Op {
    kernel: Kernel,
    to: u16,
    from: [u16; 3],
    moving: u8,
}

/// Where a value lives.
#[derive(Clone, Copy, Debug)]
enum Home {
    /// A group of lanes in the table of constants.
    Constant(usize),
    /// Bytes into the scratch.
    Scratch(usize),
}

/// The state of one thread that runs an engine.
#[derive(Debug)]
pub(super) struct Frame {
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

    /// Bytes of scratch that a frame needs.
    pub(super) fn scratch(&self) -> usize {
        self.scratch
    }

    /// Roughly how long an element takes, in units of an addition in the first-level cache.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    /// A frame over `scratch`, which must offer [`Engine::scratch`] bytes aligned to 64, and the finished table
    /// of constants.
    pub(super) fn frame(&self, scratch: *mut u8, constants: *mut u32) -> Frame {
        let place = |home: &Home| match *home {
            Home::Constant(i) => constants.wrapping_add(i * LANES),
            Home::Scratch(offset) => scratch.wrapping_add(offset).cast(),
        };
        Frame {
            scratch,
            places: self.places.iter().map(place).collect(),
            starts: self.walks.iter().map(|_| std::ptr::null_mut()).collect(),
            rows: self.walks.iter().map(|_| std::ptr::null_mut()).collect(),
            bindings: 0,
            index: self.dims.iter().map(|_| 0).collect(),
        }
    }

    /// Prepares a frame for calls of [`Engine::run`] over these buffers.
    ///
    /// # Safety
    /// The buffers must be what the checked program declares, and the frame this engine's.
    #[inline]
    pub(super) unsafe fn begin(&self, frame: &mut Frame, run: &Run) {
        if self.elements == 0 {
            // No access is made, so none was checked.
            return;
        }
        // SAFETY: the checked program keeps every access inside its buffer; cells and patterns are in the
        // scratch by construction.
        unsafe {
            if frame.bindings != run.bindings() {
                frame.bindings = run.bindings();
                for (i, walk) in self.walks.iter().enumerate() {
                    frame.starts[i] = run.buffers()[walk.buffer].add(walk.offset);
                    frame.rows[i] = frame.starts[i];
                }
                if self.settled {
                    let feeds = self.feeds.iter().map(|f| (f.place, f.walk));
                    for (place, walk) in feeds.chain(self.drains.iter().map(|d| (d.place, d.walk))) {
                        frame.places[place as usize] = frame.starts[walk as usize].cast();
                    }
                }
            }
            for &(place, walk) in &self.constants {
                let word = self.walks[walk as usize].transfer.one(frame.starts[walk as usize]);
                fill(word, frame.places[place as usize], LANES);
            }
            for cycle in &self.cycles {
                self.write_cycle(frame, cycle);
            }
            for op in &self.once {
                op.run(&frame.places, LANES);
            }
        }
    }

    /// Runs elements `start..end`. `given` is where the caller's input has its element `start`. `keep` is called
    /// after each block with its first element, where the kept output lies, and its length.
    ///
    /// # Safety
    /// As for [`Engine::begin`], which must have been called since the buffers changed; `end` at most
    /// [`Engine::elements`]; `given` good for `end - start` elements if there is such an input.
    #[inline]
    pub(super) unsafe fn run(
        &self,
        frame: &mut Frame,
        start: usize,
        end: usize,
        given: *const u8,
        mut keep: impl FnMut(usize, *mut u32, usize),
    ) {
        if self.settled && end - start == self.elements {
            for op in &self.ops {
                // SAFETY: `begin` set the places.
                unsafe { op.run(&frame.places, self.elements) };
            }
            keep(0, frame.places[self.kept as usize], self.elements);
            return;
        }
        let mut at = start;
        while at < end {
            let (mut column, stop) = if self.outer.is_empty() {
                (at, end)
            } else {
                let row = at / self.row;
                // SAFETY: the row exists.
                unsafe { self.enter(frame, row) };
                (at - row * self.row, end.min((row + 1) * self.row))
            };
            while at < stop {
                let left = stop - at;
                // A last piece of fewer elements than lanes would take a detour.
                let n = if left <= self.block {
                    left
                } else if left < self.block + LANES {
                    self.block - LANES
                } else {
                    self.block
                };
                // SAFETY: the caller's promise; the block lies within the row.
                unsafe { self.run_block(frame, at, column, n, given, at - start) };
                keep(at, frame.places[self.kept as usize], n);
                at += n;
                column += n;
            }
        }
    }

    /// Moves every walk to a row.
    unsafe fn enter(&self, frame: &mut Frame, mut row: usize) {
        let loops = self.outer.len();
        for (index, &dim) in frame.index[..loops].iter_mut().zip(&self.outer).rev() {
            (row, *index) = if loops == 1 { (0, row) } else { (row / dim, row % dim) };
        }
        for (i, walk) in self.walks.iter().enumerate() {
            let steps: usize = frame.index[..loops].iter().zip(&walk.strides).map(|(i, s)| i * s).sum();
            // SAFETY: an element that the checked program visits.
            frame.rows[i] = unsafe { frame.starts[i].add(steps * walk.transfer.size()) };
        }
        for &(place, walk) in &self.row_constants {
            // SAFETY: likewise; the place is a cell.
            unsafe {
                let word = self.walks[walk as usize].transfer.one(frame.rows[walk as usize]);
                fill(word, frame.places[place as usize], LANES);
            }
        }
    }

    /// # Safety
    /// `n` elements from `at`, which is `column` in its row and `skip` elements after `given`.
    #[inline]
    unsafe fn run_block(
        &self,
        frame: &mut Frame,
        at: usize,
        column: usize,
        n: usize,
        given: *const u8,
        skip: usize,
    ) {
        // SAFETY: walks stay inside buffers that the program declares; cells and registers hold a block and
        // padding, and `n` is at most a block.
        unsafe {
            for feed in &self.feeds {
                let walk = feed.walk as usize;
                let cell = frame.scratch.add(feed.cell).cast::<u32>();
                let place = match feed.how {
                    How::Direct => in_place(frame.rows[walk].add(column * 4), cell, n),
                    How::Given => in_place(given.add(skip * 4).cast_mut(), cell, n),
                    How::Cyclic(period) => cell.add(at % period),
                    How::Strided(stride) => {
                        let transfer = &self.walks[walk].transfer;
                        let from = frame.rows[walk].add(column * stride * transfer.size());
                        transfer.load(from, stride, cell, n);
                        continue;
                    }
                    How::GivenNarrow(transfer) => {
                        transfer.load(given.add(skip * transfer.size()), 1, cell, n);
                        continue;
                    }
                    How::Nested => {
                        self.each_run(frame, walk, at, n, |transfer, memory, stride, done, run| {
                            transfer.load(memory, stride, cell.add(done), run);
                        });
                        continue;
                    }
                };
                frame.places[feed.place as usize] = place;
            }
            for drain in self.drains.iter().filter(|d| d.direct) {
                frame.places[drain.place as usize] = if n >= LANES {
                    frame.rows[drain.walk as usize].add(column * 4).cast()
                } else {
                    frame.scratch.add(drain.cell).cast()
                };
            }
            for op in &self.ops {
                op.run(&frame.places, n.max(LANES));
            }
            for drain in &self.drains {
                if drain.direct && n >= LANES {
                    continue;
                }
                let (walk, from) = (drain.walk as usize, frame.places[drain.place as usize]);
                match drain.how {
                    How::Nested => {
                        self.each_run(frame, walk, at, n, |transfer, memory, stride, done, run| {
                            transfer.store(from.add(done), memory, stride, run);
                        })
                    }
                    how => {
                        let stride = if let How::Strided(stride) = how { stride } else { 1 };
                        let transfer = &self.walks[walk].transfer;
                        let to = frame.rows[walk].add(column * stride * transfer.size());
                        transfer.store(from, to, stride, n);
                    }
                }
            }
        }
    }

    /// Cuts `n` elements from `at` into runs of one stride and calls `f` with the walk's transfer, where the run
    /// starts, its stride, how many elements came before, and its length.
    #[inline(always)]
    unsafe fn each_run(
        &self,
        frame: &mut Frame,
        walk: usize,
        at: usize,
        n: usize,
        f: impl Fn(&Transfer, *mut u8, usize, usize, usize),
    ) {
        let (start, index) = (frame.starts[walk], &mut frame.index);
        let Walk { transfer, strides, .. } = &self.walks[walk];
        let (dims, last) = (&self.dims, self.dims.len() - 1);
        let (mut rest, mut element) = (at, 0);
        for axis in (0..=last).rev() {
            index[axis] = rest % dims[axis];
            rest /= dims[axis];
            element += index[axis] * strides[axis];
        }
        let mut done = 0;
        while done < n {
            let run = (dims[last] - index[last]).min(n - done);
            // SAFETY: an element that the checked program visits.
            f(transfer, unsafe { start.add(element * transfer.size()) }, strides[last], done, run);
            done += run;
            element -= index[last] * strides[last];
            index[last] = 0;
            // The next row: the innermost loop has ended, so the loop around it takes a step, and so on.
            for axis in (0..last).rev() {
                index[axis] += 1;
                element += strides[axis];
                if index[axis] < dims[axis] {
                    break;
                }
                element -= index[axis] * strides[axis];
                index[axis] = 0;
            }
        }
    }

    unsafe fn write_cycle(&self, frame: &mut Frame, cycle: &Cycle) {
        // SAFETY: the pattern has room for a period, a block and padding; a period is at most the nest.
        unsafe {
            let pattern = frame.scratch.add(cycle.pattern).cast::<u32>();
            self.each_run(
                frame,
                cycle.walk as usize,
                0,
                cycle.period,
                |transfer, memory, stride, done, run| {
                    transfer.load(memory, stride, pattern.add(done), run);
                },
            );
            let (mut filled, wanted) = (cycle.period, cycle.period + self.block + LANES);
            while filled < wanted {
                let n = filled.min(wanted - filled);
                std::ptr::copy_nonoverlapping(pattern, pattern.add(filled), n);
                filled += n;
            }
        }
    }
}

impl Op {
    #[inline(always)]
    unsafe fn run(&self, places: &[*mut u32], n: usize) {
        let [a, b, c] = self.from.map(|place| places[place as usize].cast_const());
        // SAFETY: the compiler gave every value a place of a block and more; see `Kernel`.
        unsafe { (self.kernel)(places[self.to as usize], a, b, c, self.moving as usize, n) };
    }
}

/// Where to use `n` words: where they lie, or, if a kernel would read past them, in a cell.
#[inline(always)]
unsafe fn in_place(words: *mut u8, cell: *mut u32, n: usize) -> *mut u32 {
    if n >= LANES {
        return words.cast();
    }
    // SAFETY: the caller has `n` words, the cell has LANES.
    unsafe { copy_words(words, cell, n) };
    cell
}
