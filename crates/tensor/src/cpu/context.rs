//! What steps are given: while a program is compiled, once its scratch is placed, and when it runs.

use crate::{
    Error,
    cpu::{
        block::{ALIGNMENT, Block},
        map::{Engine, Loops, Sink, Source, instructions::LANES},
        simd::Level,
        threads::pool::Pool,
    },
    program::MapProgram,
};

/// What the steps of a program ask for while they are compiled.
pub(in crate::cpu) struct Build {
    pub(in crate::cpu) level: Level,
    pub(in crate::cpu) threads: usize,
    constants: Vec<u32>,
    parts: usize,
    part_bytes: usize,
    shared_bytes: usize,
    kept_bytes: usize,
}

impl Build {
    pub(in crate::cpu) fn new(level: Level, threads: usize) -> Build {
        let (constants, parts) = (Vec::new(), 1);
        Build { level, threads, constants, parts, part_bytes: 0, shared_bytes: 0, kept_bytes: 0 }
    }

    /// Whether several threads may run, and some step has scratch for several parts.
    pub(in crate::cpu) fn has_parts(&self) -> bool {
        self.threads > 1 && self.parts > 1
    }

    /// Allocates what was asked for, and says where it lies.
    pub(in crate::cpu) fn place(&self) -> Result<(Scratch, [Block; 4]), Error> {
        let stride = self.part_bytes.next_multiple_of(ALIGNMENT);
        let scratch = Block::zeroed(self.parts.saturating_mul(stride))?;
        let shared = Block::zeroed(self.shared_bytes)?;
        let kept = Block::zeroed(self.kept_bytes)?;
        let constants = Block::zeroed(self.constants.len() * LANES * 4)?;
        let place = Scratch {
            scratch: scratch.start(),
            stride,
            shared: shared.start(),
            constants: constants.start().cast(),
            kept: kept.start(),
        };
        for (i, &word) in self.constants.iter().enumerate() {
            // SAFETY: the block has a group of lanes for each constant.
            unsafe { place.constants.cast::<[u32; LANES]>().add(i).write([word; LANES]) };
        }
        Ok((place, [scratch, shared, constants, kept]))
    }

    /// Compiles a map; see [`Engine::new`].
    pub(in crate::cpu) fn engine(
        &mut self,
        loops: Loops,
        program: &MapProgram,
        sources: &[Source],
        sinks: &[Sink],
    ) -> Engine {
        Engine::new(self.level, loops, program, sources, sinks, &mut self.constants)
    }

    /// Asks for scratch in each of `parts` parts.
    pub(in crate::cpu) fn reserve(&mut self, parts: usize, bytes: usize) {
        self.parts = self.parts.max(parts);
        self.part_bytes = self.part_bytes.max(bytes);
    }

    /// Asks for memory of a step's own, which keeps what is in it. Gives where it starts; see
    /// [`Scratch::kept`].
    pub(in crate::cpu) fn keep(&mut self, bytes: usize) -> usize {
        let start = self.kept_bytes;
        let end = start.saturating_add(bytes).checked_next_multiple_of(ALIGNMENT);
        // No memory has so much, which is found out when it is asked for.
        self.kept_bytes = end.unwrap_or(usize::MAX);
        start
    }

    /// Asks for scratch that all parts of a step share.
    pub(in crate::cpu) fn reserve_shared(&mut self, bytes: usize) {
        self.shared_bytes = self.shared_bytes.max(bytes);
    }
}

/// Addresses of the scratch memory, which is allocated when every step has said how much it needs.
pub(in crate::cpu) struct Scratch {
    scratch: *mut u8,
    stride: usize,
    /// Scratch memory that the parts of one step share.
    pub(in crate::cpu) shared: *mut u8,
    /// The table of constants, [`LANES`] words each.
    pub(in crate::cpu) constants: *mut u32,
    /// Memory of single steps, which keeps its contents from run to run.
    pub(in crate::cpu) kept: *mut u8,
}

impl Scratch {
    /// Scratch memory that one thread needs for one primitive: that of part `i`, as if it were the only part.
    pub(in crate::cpu) fn of_part(&self, i: usize) -> Scratch {
        Scratch { scratch: self.part(i), ..*self }
    }

    /// Scratch memory of part `i`, which no other part uses.
    pub(in crate::cpu) fn part(&self, i: usize) -> *mut u8 {
        self.scratch.wrapping_add(i * self.stride)
    }
}

/// A run of the program: addresses, what has changed since the last one, and threads.
pub(in crate::cpu) struct Run<'a> {
    buffers: &'a [*mut u8],
    bindings: u64,
    /// Whether the buffers that this program does not write are what they were in its last run.
    unchanged: bool,
    /// None where the parts of a step run one after the other.
    pool: Option<&'a Pool>,
}

// SAFETY: parts read the addresses; what they do with them is for each step to justify.
unsafe impl Sync for Run<'_> {}

impl<'a> Run<'a> {
    /// A run over these buffers, whose parts the threads of a pool take, or else the caller alone.
    pub(in crate::cpu) fn new(
        (buffers, bindings): (&'a [*mut u8], u64),
        unchanged: bool,
        pool: Option<&'a Pool>,
    ) -> Run<'a> {
        Run { buffers, bindings, unchanged, pool }
    }
}

impl Run<'_> {
    /// Addresses of the program's buffers.
    #[inline]
    pub(in crate::cpu) fn buffers(&self) -> &[*mut u8] {
        self.buffers
    }

    /// A number, never 0, that changes whenever an address does.
    #[inline]
    pub(in crate::cpu) fn bindings(&self) -> u64 {
        self.bindings
    }

    /// Whether what the program does not write is what it was in its last run.
    #[inline]
    pub(in crate::cpu) fn unchanged(&self) -> bool {
        self.unchanged
    }

    /// The same run for a step of a region, whose parts must not wait for other threads.
    #[inline]
    pub(in crate::cpu) fn alone(&self) -> Run<'_> {
        Run { pool: None, ..*self }
    }

    /// Calls `f` for every part, on several threads if there are several parts.
    #[inline]
    pub(in crate::cpu) fn each_part(&self, parts: usize, f: &(impl Fn(usize) + Sync)) {
        match self.pool {
            Some(pool) if parts > 1 => pool.run(parts, f),
            _ => (0..parts).for_each(f),
        }
    }
}
