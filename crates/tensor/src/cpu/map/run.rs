//! The loops around an engine's blocks.

use crate::cpu::{
    calls::{Call, Calls, MapCall},
    context::Run,
    map::{
        BroadcastPattern, Engine, Load, LoadKind, Op, Store, StridedAccess, ThreadState,
        convert::{Conversion, copy_words, fill},
        instructions::LANES,
    },
};

/// A block of one row: what each pass through the program computes.
#[derive(Clone, Copy)]
struct Span {
    /// Its first element, in the nest.
    first: usize,
    /// Its first element, in the row.
    column: usize,
    /// Its first element, in what the caller streams.
    streamed: usize,
    /// How many elements it has.
    n: usize,
}

impl Engine {
    /// Prepares a frame for calls of [`Engine::run`] over these buffers.
    ///
    /// # Safety
    /// The buffers must be what the checked program declares, and the frame this engine's.
    #[inline]
    pub(in crate::cpu) unsafe fn begin(&self, frame: &mut ThreadState, run: &Run) {
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
                if self.fixed_addresses {
                    for operand in &self.direct {
                        frame.places[operand.place as usize] = frame.starts[operand.walk as usize].cast();
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

    /// Runs elements `start..end`. `given` is where the caller's input has its element `start`. `keep` is
    /// called after each block with its first element, where the kept output lies, and its length.
    ///
    /// # Safety
    /// As for [`Engine::begin`], which must have been called since the buffers changed; `end` at most
    /// [`Engine::elements`]; `given` good for `end - start` elements if there is such an input.
    #[inline]
    pub(in crate::cpu) unsafe fn run(
        &self,
        frame: &mut ThreadState,
        start: usize,
        end: usize,
        given: *const u8,
        mut keep: impl FnMut(usize, *mut u32, usize),
    ) {
        if self.fixed_addresses && end - start == self.elements {
            for load in &self.loads {
                frame.places[load.place as usize] = given.cast_mut().cast();
            }
            for op in &self.ops {
                // SAFETY: `begin` set the places.
                unsafe { op.run(&frame.places, self.elements) };
            }
            keep(0, frame.places[self.streamed as usize], self.elements);
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
                unsafe { self.run_block(frame, Span { first: at, column, streamed: at - start, n }, given) };
                keep(at, frame.places[self.streamed as usize], n);
                at += n;
                column += n;
            }
        }
    }

    /// Records the calls of [`Engine::run`] for all elements, with the caller's input at `given`, and says
    /// where the output lies that the caller reads; nothing where other calls may follow in the next run over
    /// these buffers, or other work: scratch is shared, so that constants are written in each run.
    ///
    /// # Safety
    /// As for [`Engine::begin`].
    pub(in crate::cpu) unsafe fn record(
        &self,
        frame: &mut ThreadState,
        run: &Run,
        given: *const u8,
        calls: &mut Calls,
    ) -> Option<*const u32> {
        if !self.fixed_addresses || !self.constants.is_empty() || !self.once.is_empty() {
            return None;
        }
        // SAFETY: the caller's promise; the places are the frame's.
        unsafe {
            self.begin(frame, run);
            for load in &self.loads {
                frame.places[load.place as usize] = given.cast_mut().cast();
            }
            for op in &self.ops {
                calls.push(Call::Map(op.call(&frame.places, self.elements)))?;
            }
        }
        Some(frame.places[self.streamed as usize])
    }

    /// Moves every walk to a row.
    ///
    /// # Safety
    /// As for [`Engine::run`]; the row must exist.
    unsafe fn enter(&self, frame: &mut ThreadState, mut row: usize) {
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
    /// As for [`Engine::run`]. The elements of the block must be there, at most [`Engine::block`] of them.
    #[inline]
    unsafe fn run_block(&self, frame: &mut ThreadState, block: Span, given: *const u8) {
        let Span { column, n, .. } = block;
        // SAFETY: walks stay inside buffers that the program declares; cells and registers hold a block and
        // padding, and `n` is at most a block.
        unsafe {
            let whole = n >= LANES;
            for operand in &self.direct {
                let memory = frame.rows[operand.walk as usize].add(column * 4).cast::<u32>();
                frame.places[operand.place as usize] = if whole {
                    memory
                } else {
                    // A kernel would go beyond these words.
                    let cell = frame.scratch.add(operand.cell).cast();
                    if !operand.output {
                        copy_words(memory.cast(), cell, n);
                    }
                    cell
                };
            }
            for load in &self.loads {
                self.load(frame, load, block, given);
            }
            for op in &self.ops {
                op.run(&frame.places, n.max(LANES));
            }
            if !whole {
                for operand in self.direct.iter().filter(|d| d.output) {
                    let memory = frame.rows[operand.walk as usize].add(column * 4).cast();
                    copy_words(frame.places[operand.place as usize].cast(), memory, n);
                }
            }
            for store in &self.stores {
                self.store(frame, store, block);
            }
        }
    }

    /// # Safety
    /// As for `run_block`.
    #[inline]
    unsafe fn load(&self, frame: &mut ThreadState, load: &Load, block: Span, given: *const u8) {
        let Span { first, column, streamed, n } = block;
        let walk = load.walk as usize;
        // SAFETY: as for `run_block`.
        unsafe {
            let cell = frame.scratch.add(load.cell).cast::<u32>();
            match &load.how {
                LoadKind::Streamed if n >= LANES => {
                    frame.places[load.place as usize] = given.add(streamed * 4).cast_mut().cast();
                }
                LoadKind::Streamed => {
                    copy_words(given.add(streamed * 4), cell, n);
                    frame.places[load.place as usize] = cell;
                }
                LoadKind::Cyclic(period) => frame.places[load.place as usize] = cell.add(first % period),
                LoadKind::GivenNarrow(transfer) => {
                    transfer.load(given.add(streamed * transfer.size()), 1, cell, n);
                }
                LoadKind::Strided(stride) => {
                    let transfer = &self.walks[walk].transfer;
                    let from = frame.rows[walk].add(column * stride * transfer.size());
                    transfer.load(from, *stride, cell, n);
                }
                LoadKind::Nested => {
                    self.each_run(frame, walk, first, n, |transfer, memory, stride, done, run| {
                        transfer.load(memory, stride, cell.add(done), run);
                    });
                }
            }
        }
    }

    /// # Safety
    /// As for `run_block`.
    #[inline]
    unsafe fn store(&self, frame: &mut ThreadState, store: &Store, block: Span) {
        let Span { first, column, n, .. } = block;
        let (walk, from) = (store.walk as usize, frame.places[store.place as usize]);
        // SAFETY: as for `run_block`.
        unsafe {
            if let Some(stride) = store.stride {
                let transfer = &self.walks[walk].transfer;
                let to = frame.rows[walk].add(column * stride * transfer.size());
                transfer.store(from, to, stride, n);
            } else {
                self.each_run(frame, walk, first, n, |transfer, memory, stride, done, run| {
                    transfer.store(from.add(done), memory, stride, run);
                });
            }
        }
    }

    /// Cuts `n` elements from `at` into runs of one stride and calls `f` with the walk's transfer, where the
    /// run starts, its stride, how many elements came before, and its length.
    ///
    /// # Safety
    /// `begin` must have set where walks start, and the nest must have these elements.
    #[inline(always)]
    unsafe fn each_run(
        &self,
        frame: &mut ThreadState,
        walk: usize,
        at: usize,
        n: usize,
        f: impl Fn(&Conversion, *mut u8, usize, usize, usize),
    ) {
        let (start, index) = (frame.starts[walk], &mut frame.index);
        let StridedAccess { transfer, strides, .. } = &self.walks[walk];
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

    /// # Safety
    /// `begin` must have set where walks start; the frame must be this engine's.
    unsafe fn write_cycle(&self, frame: &mut ThreadState, cycle: &BroadcastPattern) {
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
    /// # Safety
    /// `places` must be those of the operation's engine. Every place that the operation names must be good
    /// for `n` words, at least [`LANES`], and a group of lanes where it is a scalar.
    #[inline(always)]
    unsafe fn run(&self, places: &[*mut u32], n: usize) {
        // SAFETY: the compiler gave every value a place of a block and more; see `InstructionLoop`.
        unsafe { self.call(places, n).make() };
    }

    /// What [`Op::run`] calls.
    ///
    /// # Safety
    /// `places` must be those of the operation's engine.
    #[inline(always)]
    unsafe fn call(&self, places: &[*mut u32], n: usize) -> MapCall {
        // SAFETY: the engine has a place for every value.
        let place = |number: u16| unsafe { *places.get_unchecked(number as usize) };
        let from = self.from.map(|number| place(number).cast_const());
        MapCall { kernel: self.kernel, to: place(self.to), from, moving: self.vectors as usize, n }
    }
}
