//! A program made ready: its compiled steps, their scratch, and the addresses of its buffers.

use super::{
    Cpu, ExactFloats, Level, Memory,
    arg_reduce::ArgReduceStep,
    codes::LANES,
    copy::TransposeStep,
    gather::GatherStep,
    gemm_step::GemmStep,
    map::{Engine, MapStep, Sink, Source},
    memory::{ALIGNMENT, Block},
    picked,
    pool::Pool,
    random::RandomStep,
    reduce::ReduceStep,
    region::{self, RegionStep},
    scatter_add::ScatterAddStep,
    trial::Trial,
};
use crate::{
    Error, Slot,
    binding::Bindings,
    program::{MapProgram, Primitive, Program},
};
use std::{sync::Arc, time::Instant};

/// What the steps of a program ask for while they are compiled.
pub(super) struct Build {
    pub(super) level: Level,
    pub(super) threads: usize,
    constants: Vec<u32>,
    parts: usize,
    part_bytes: usize,
    shared_bytes: usize,
    kept_bytes: usize,
}

impl Build {
    /// Compiles a map; see [`Engine::new`].
    pub(super) fn engine(
        &mut self,
        dims: &[usize],
        program: &MapProgram,
        sources: &[Source],
        sinks: &[Sink],
        free: bool,
    ) -> Engine {
        Engine::new(self.level, dims, program, sources, sinks, &mut self.constants, free)
    }

    /// Asks for scratch in each of `parts` parts.
    pub(super) fn reserve(&mut self, parts: usize, bytes: usize) {
        self.parts = self.parts.max(parts);
        self.part_bytes = self.part_bytes.max(bytes);
    }

    /// Asks for memory of a step's own, which keeps what is in it. Gives where it starts; see
    /// [`Place::kept`].
    pub(super) fn keep(&mut self, bytes: usize) -> usize {
        let start = self.kept_bytes;
        let end = start.saturating_add(bytes).checked_next_multiple_of(ALIGNMENT);
        // No memory has so much, which is found out when it is asked for.
        self.kept_bytes = end.unwrap_or(usize::MAX);
        start
    }

    /// Asks for scratch that all parts of a step share.
    pub(super) fn reserve_shared(&mut self, bytes: usize) {
        self.shared_bytes = self.shared_bytes.max(bytes);
    }
}

/// Where the scratch lies once every step has asked.
pub(super) struct Place {
    scratch: *mut u8,
    stride: usize,
    /// Scratch that the parts of one step share.
    pub(super) shared: *mut u8,
    /// The table of constants, [`LANES`] words each.
    pub(super) constants: *mut u32,
    /// What steps keep.
    pub(super) kept: *mut u8,
}

impl Place {
    /// Where a part finds what a step of one part does.
    pub(super) fn of_part(&self, i: usize) -> Place {
        Place { scratch: self.part(i), ..*self }
    }

    /// The scratch of a part.
    pub(super) fn part(&self, i: usize) -> *mut u8 {
        self.scratch.wrapping_add(i * self.stride)
    }
}

/// What steps need to run.
pub(super) struct Run<'a> {
    buffers: &'a [*mut u8],
    bindings: u64,
    /// Whether the buffers that this program does not write are what they were in its last run.
    unchanged: bool,
    /// None where the parts of a step run one after the other.
    pool: Option<&'a Pool>,
}

// SAFETY: parts read the addresses; what they do with them is for each step to justify.
unsafe impl Sync for Run<'_> {}

impl Run<'_> {
    /// Where the buffers start.
    #[inline]
    pub(super) fn buffers(&self) -> &[*mut u8] {
        self.buffers
    }

    /// A number, never 0, that changes whenever an address does.
    #[inline]
    pub(super) fn bindings(&self) -> u64 {
        self.bindings
    }

    /// Whether what the program does not write is what it was in its last run.
    #[inline]
    pub(super) fn unchanged(&self) -> bool {
        self.unchanged
    }

    /// The same on one thread.
    #[inline]
    pub(super) fn alone(&self) -> Run<'_> {
        Run { pool: None, ..*self }
    }

    /// Calls `f` for every part, on several threads if there are several parts.
    #[inline]
    pub(super) fn each_part(&self, parts: usize, f: &(impl Fn(usize) + Sync)) {
        match self.pool {
            Some(pool) if parts > 1 => pool.run(parts, f),
            _ => (0..parts).for_each(f),
        }
    }
}

/// A step made ready, or several.
#[derive(Debug)]
pub(super) enum Compiled {
    Map(MapStep),
    Transpose(TransposeStep),
    Reduce(ReduceStep),
    ArgReduce(ArgReduceStep),
    Gemm(Box<GemmStep>),
    Gather(GatherStep),
    ScatterAdd(ScatterAddStep),
    Random(RandomStep),
    Region(RegionStep),
}

impl Compiled {
    pub(super) fn place(&mut self, place: &Place) {
        match self {
            Compiled::Map(s) => s.place(place),
            Compiled::Reduce(s) => s.place(place),
            Compiled::Transpose(_)
            | Compiled::ArgReduce(_)
            | Compiled::ScatterAdd(_)
            | Compiled::Random(_) => {}
            Compiled::Gemm(s) => s.place(place),
            Compiled::Gather(s) => s.place(place),
            Compiled::Region(s) => s.place(place),
        }
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    #[inline(always)]
    pub(super) unsafe fn run(&self, run: &Run) -> Result<(), Error> {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Compiled::Map(s) => s.run(run),
                Compiled::Transpose(s) => s.run(run),
                Compiled::Reduce(s) => s.run(run),
                Compiled::ArgReduce(s) => s.run(run),
                Compiled::Gemm(s) => s.run(run),
                Compiled::Gather(s) => return s.run(run),
                Compiled::ScatterAdd(s) => return s.run(run),
                Compiled::Random(s) => s.run(run),
                Compiled::Region(s) => s.run(run),
            }
        }
        Ok(())
    }

    /// Roughly how long it takes, in units of an addition in the first-level cache, if rows can be taken
    /// apart.
    pub(super) fn cost_by_rows(&self) -> Option<usize> {
        match self {
            Compiled::Map(s) => Some(s.cost()),
            Compiled::Reduce(s) => s.cost_by_rows(),
            Compiled::ArgReduce(s) => Some(s.cost()),
            Compiled::Gemm(s) => s.cost_by_rows(),
            Compiled::Transpose(_)
            | Compiled::Gather(_)
            | Compiled::ScatterAdd(_)
            | Compiled::Random(_)
            | Compiled::Region(_) => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Executable {
    steps: Vec<Compiled>,
    pool: Arc<Pool>,
    /// If a step that needs scratch has several parts; the others alone are not worth the clock.
    trial: Option<Trial>,
    bindings: Bindings<*mut u8>,
    /// How often the bindings have changed.
    changes: u64,
    /// The state of the memory after the last run.
    seen: Option<u64>,
    blocks: [Block; 4],
}

// SAFETY: the pointers lead to blocks that the executable owns, and to buffers which it reads again from the
// memory unless that is known not to have changed.
unsafe impl Send for Executable {}
// SAFETY: nothing can be done through a shared reference.
unsafe impl Sync for Executable {}

impl Executable {
    pub(super) fn new(cpu: &Cpu, program: &Program) -> Result<Executable, Error> {
        let mut build = Build {
            level: cpu.level,
            threads: cpu.threads,
            constants: Vec::new(),
            parts: 1,
            part_bytes: 0,
            shared_bytes: 0,
            kept_bytes: 0,
        };
        let picked = picked::find(program, &build);
        let compile = |number: usize, step: &Primitive, build: &mut Build| match step {
            Primitive::Map(s) => match TransposeStep::new(s, build) {
                Some(transpose) => Compiled::Transpose(transpose),
                None => Compiled::Map(MapStep::new(s, build)),
            },
            Primitive::Reduce(s) => Compiled::Reduce(ReduceStep::new(s, build)),
            Primitive::ArgReduce(s) => Compiled::ArgReduce(ArgReduceStep::new(s, build)),
            Primitive::Gemm(s) => {
                let fixed = !program.buffers[s.b.operand.buffer].written;
                Compiled::Gemm(Box::new(GemmStep::new(s, picked[number].clone(), fixed, build)))
            }
            Primitive::GatherRows(s) => {
                let name = program.name(number);
                Compiled::Gather(GatherStep::new(s, number, name, picked[number].clone(), build))
            }
            Primitive::ScatterAddRows(s) => {
                Compiled::ScatterAdd(ScatterAddStep::new(s, number, program.name(number), build))
            }
            Primitive::Random(s) => Compiled::Random(RandomStep::new(s, build)),
        };
        let numbered = program.steps.iter().enumerate();
        let mut steps: Vec<_> = numbered.map(|(number, step)| compile(number, step, &mut build)).collect();
        region::join(&mut steps, program, &mut build, compile);

        let stride = build.part_bytes.next_multiple_of(ALIGNMENT);
        let scratch = Block::zeroed(build.parts.saturating_mul(stride))?;
        let shared = Block::zeroed(build.shared_bytes)?;
        let kept = Block::zeroed(build.kept_bytes)?;
        let constants = Block::zeroed(build.constants.len() * LANES * 4)?;
        let place = Place {
            scratch: scratch.start(),
            stride,
            shared: shared.start(),
            constants: constants.start().cast(),
            kept: kept.start(),
        };
        for (i, &word) in build.constants.iter().enumerate() {
            // SAFETY: the block has a group of lanes for each constant.
            unsafe { place.constants.cast::<[u32; LANES]>().add(i).write([word; LANES]) };
        }
        steps.iter_mut().for_each(|step| step.place(&place));
        Ok(Executable {
            steps,
            pool: Arc::clone(&cpu.pool),
            trial: (build.threads > 1 && build.parts > 1).then(Trial::default),
            bindings: Bindings::new(&program.buffers, std::ptr::null_mut()),
            changes: 0,
            seen: None,
            blocks: [scratch, shared, constants, kept],
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(Block::bytes_reserved).sum()
    }

    pub(crate) fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        let _exact = ExactFloats::enter();
        if self.bindings.update(slots, memory.stamp(), |slot| memory.bind(slot))? {
            (self.changes, self.seen) = (self.changes + 1, None);
        }
        let unchanged = self.seen.take() == Some(memory.writes());
        let together = self.trial.as_ref().is_none_or(|trial| !trial.alone());
        // The clock is too slow to read for programs that one thread runs in a moment.
        let start = self.trial.is_some().then(Instant::now);
        let pool = together.then_some(&*self.pool);
        let run = Run { buffers: self.bindings.addresses(), bindings: self.changes, unchanged, pool };
        for step in &self.steps {
            // SAFETY: the program was checked, and `bindings` found every buffer as long as it declares,
            // writable where it writes, and written ones distinct from all others; `&mut` keeps others away.
            unsafe { step.run(&run)? };
        }
        self.seen = Some(memory.touch());
        if let (Some(trial), Some(start)) = (&mut self.trial, start) {
            trial.took(start.elapsed());
        }
        Ok(())
    }
}
