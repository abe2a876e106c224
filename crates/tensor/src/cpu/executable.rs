//! A program made ready: its compiled steps, their scratch, and the addresses of its buffers. Regions are
//! steps of steps: each thread takes some rows through several, and waits for no other in between.

use crate::{
    Error, Slot,
    backend::BackendExecutable,
    binding::Bindings,
    cpu::{
        ExactFloats, Memory,
        block::Block,
        calls::Calls,
        context::{Build, Run, Scratch},
        gemm::{GemmStep, sparse::gathered},
        map::MapStep,
        reduce::ReduceStep,
        steps::{
            arg_reduce::ArgReduceStep, arg_sort::ArgSortStep, first_positions::FirstPositionsStep,
            gather::GatherStep, random::RandomStep, scan::ScanStep, scatter_add::ScatterAddStep,
            transpose::TransposeStep, update_rows::UpdateRowsStep,
        },
        threads::{
            autotune::Autotune,
            chunks::{part, parts},
            pool::Pool,
        },
    },
    program::{Numbering, Primitive, Program, Region},
};
use std::{sync::Arc, time::Instant};

/// A step made ready, or several.
#[derive(Debug)]
enum Routine {
    Map(MapStep),
    Transpose(TransposeStep),
    Reduce(ReduceStep),
    ArgReduce(ArgReduceStep),
    Gemm(Box<GemmStep>),
    Gather(GatherStep),
    ScatterAdd(ScatterAddStep),
    UpdateRows(UpdateRowsStep),
    FirstPositions(FirstPositionsStep),
    Scan(ScanStep),
    ArgSort(ArgSortStep),
    Random(RandomStep),
    Region(RegionStep),
}

impl Routine {
    pub(in crate::cpu) fn place(&mut self, place: &Scratch) {
        match self {
            Routine::Map(s) => s.place(place),
            Routine::Reduce(s) => s.place(place),
            Routine::Transpose(_)
            | Routine::ArgReduce(_)
            | Routine::ScatterAdd(_)
            | Routine::UpdateRows(_)
            | Routine::Scan(_)
            | Routine::ArgSort(_)
            | Routine::Random(_) => {}
            Routine::FirstPositions(s) => s.place(place),
            Routine::Gemm(s) => s.place(place),
            Routine::Gather(s) => s.place(place),
            Routine::Region(s) => s.place(place),
        }
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) -> Result<(), Error> {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Routine::Map(s) => s.run(run),
                Routine::Transpose(s) => s.run(run),
                Routine::Reduce(s) => s.run(run),
                Routine::ArgReduce(s) => s.run(run),
                Routine::Gemm(s) => s.run(run),
                Routine::Gather(s) => return s.run(run),
                Routine::ScatterAdd(s) => return s.run(run),
                Routine::UpdateRows(s) => return s.run(run),
                Routine::FirstPositions(s) => s.run(run),
                Routine::Scan(s) => s.run(run),
                Routine::ArgSort(s) => s.run(run),
                Routine::Random(s) => s.run(run),
                Routine::Region(s) => s.run(run),
            }
        }
        Ok(())
    }

    /// Records what it calls, if it calls the same in each run over these buffers.
    ///
    /// # Safety
    /// As for [`Routine::run`].
    unsafe fn record(&self, run: &Run, calls: &mut Calls) -> Option<()> {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Routine::Map(s) => s.record(run, calls),
                Routine::Reduce(s) => s.record(run, calls),
                Routine::Gemm(s) => s.record(run, calls),
                _ => None,
            }
        }
    }

    /// Roughly how long it takes, in units of an addition in the first-level cache, if rows can be taken
    /// apart.
    pub(in crate::cpu) fn cost_by_rows(&self) -> Option<usize> {
        match self {
            Routine::Map(s) => Some(s.cost()),
            Routine::Reduce(s) => s.cost_by_rows(),
            Routine::ArgReduce(s) => Some(s.cost()),
            Routine::Scan(s) => Some(s.cost()),
            Routine::ArgSort(s) => Some(s.cost()),
            Routine::Gemm(s) => s.cost_by_rows(),
            Routine::Transpose(_)
            | Routine::Gather(_)
            | Routine::ScatterAdd(_)
            | Routine::UpdateRows(_)
            | Routine::FirstPositions(_)
            | Routine::Random(_)
            | Routine::Region(_) => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Executable {
    steps: Vec<Routine>,
    pool: Arc<Pool>,
    /// If a step that needs scratch has several parts; the others alone are not worth the clock.
    autotune: Option<Autotune>,
    bindings: Bindings<*mut u8>,
    /// How often the bindings have changed.
    changes: u64,
    /// The state of the memory after the last run.
    seen: Option<u64>,
    /// What all steps call, if that is known; see [`Executable::record`].
    calls: Calls,
    /// The `changes` for which recording was tried last.
    recorded: u64,
    blocks: [Block; 4],
}

// SAFETY: the pointers lead to blocks that the executable owns, and to buffers which it reads again from the
// memory unless that is known not to have changed.
unsafe impl Send for Executable {}
// SAFETY: nothing can be done through a shared reference.
unsafe impl Sync for Executable {}

impl Executable {
    pub(in crate::cpu) fn new(
        mut build: Build,
        pool: &Arc<Pool>,
        program: &Program,
        numbering: Numbering,
    ) -> Result<Executable, Error> {
        let picked = gathered::find(program, &build);
        let compile = |number: usize, step: &Primitive, build: &mut Build| match step {
            Primitive::Map(s) => match TransposeStep::new(s, build) {
                Some(transpose) => Routine::Transpose(transpose),
                None => Routine::Map(MapStep::new(s, build)),
            },
            Primitive::Reduce(s) => Routine::Reduce(ReduceStep::new(s, build)),
            Primitive::ArgReduce(s) => Routine::ArgReduce(ArgReduceStep::new(s, build)),
            Primitive::Gemm(s) => {
                let fixed = !program.buffers[s.b.operand.buffer].written;
                let merged = if s.as_matrices().is_none() { Some(s.merged()) } else { None };
                let s = merged.as_ref().unwrap_or(s);
                Routine::Gemm(Box::new(GemmStep::new(s, picked[number].clone(), fixed, build)))
            }
            Primitive::GatherRows(s) => {
                let (place, name) = (numbering.of(number), program.name(number));
                Routine::Gather(GatherStep::new(s, place, name, picked[number].clone(), build))
            }
            Primitive::ScatterAddRows(s) => {
                let (place, name) = (numbering.of(number), program.name(number));
                Routine::ScatterAdd(ScatterAddStep::new(s, place, name, build))
            }
            Primitive::UpdateRows(s) => {
                let (place, name) = (numbering.of(number), program.name(number));
                Routine::UpdateRows(UpdateRowsStep::new(s, place, name, build))
            }
            Primitive::FirstPositions(s) => Routine::FirstPositions(FirstPositionsStep::new(s, build)),
            Primitive::Scan(s) => Routine::Scan(ScanStep::new(s, build)),
            Primitive::ArgSort(s) => Routine::ArgSort(ArgSortStep::new(s, build)),
            Primitive::Random(s) => Routine::Random(RandomStep::new(s, build)),
            Primitive::Loop(_) => unreachable!("loops are run around programs, not in them"),
        };
        let numbered = program.steps.iter().enumerate();
        let mut steps: Vec<_> = numbered.map(|(number, step)| compile(number, step, &mut build)).collect();
        join(&mut steps, program, &mut build, compile);

        let (place, blocks) = build.place()?;
        steps.iter_mut().for_each(|step| step.place(&place));
        Ok(Executable {
            steps,
            pool: Arc::clone(pool),
            autotune: build.has_parts().then(Autotune::default),
            bindings: Bindings::new(&program.buffers, std::ptr::null_mut()),
            changes: 0,
            seen: None,
            calls: Calls::new(),
            recorded: 0,
            blocks,
        })
    }

    /// Records what the steps call, if all of them call the same in each run over these buffers.
    fn record(&mut self) {
        self.recorded = self.changes;
        let run = Run::new((self.bindings.addresses(), self.changes), false, None);
        // SAFETY: as in `run`.
        let all = self.steps.iter().all(|step| unsafe { step.record(&run, &mut self.calls) }.is_some());
        if !all {
            self.calls.clear();
        }
    }
}

impl BackendExecutable for Executable {
    type Memory = Memory;

    fn bytes(&self) -> usize {
        self.blocks.iter().map(Block::bytes_reserved).sum()
    }

    fn compiled_for(&self) -> String {
        super::NAME.to_string()
    }

    fn runs_over(&self, _: &Memory) -> bool {
        true
    }

    fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        let _exact = ExactFloats::enter();
        if self.bindings.update(slots, memory.stamp(), |slot| memory.bind(slot))? {
            (self.changes, self.seen) = (self.changes + 1, None);
            self.calls.clear();
        } else if self.recorded != self.changes {
            // Not in the first run over new addresses: before the next they may change again.
            self.record();
        }
        let unchanged = self.seen.take() == Some(memory.writes());
        let together = self.autotune.as_ref().is_none_or(|autotune| !autotune.alone());
        // The clock is too slow to read for programs that one thread runs in a moment.
        let start = self.autotune.is_some().then(Instant::now);
        let pool = together.then_some(&*self.pool);
        let run = Run::new((self.bindings.addresses(), self.changes), unchanged, pool);
        // SAFETY: the program was checked, and `bindings` found every buffer as long as it declares, writable
        // where it writes, and written ones distinct from all others; `&mut` keeps others away.
        unsafe {
            match self.calls.as_slice() {
                [] => self.steps.iter().try_for_each(|step| step.run(&run))?,
                calls => calls.iter().for_each(|call| call.make()),
            }
        }
        self.seen = Some(memory.touch());
        if let (Some(autotune), Some(start)) = (&mut self.autotune, start) {
            autotune.took(start.elapsed());
        }
        Ok(())
    }
}

/// Steps for the rows of each part.
#[derive(Debug)]
struct RegionStep {
    parts: Vec<Vec<Routine>>,
}

/// Replaces the steps of each region, whose rows are independent, by one step that gives each thread some
/// rows of all of them, where they cost enough for several threads. `compile` compiles one primitive.
fn join(
    steps: &mut Vec<Routine>,
    program: &Program,
    build: &mut Build,
    compile: impl Fn(usize, &Primitive, &mut Build) -> Routine,
) {
    if build.threads < 2 {
        return;
    }
    // From the end, so that the numbers of those before stay.
    for Region { steps: mut rest, rows } in program.regions().into_iter().rev() {
        while !rest.is_empty() {
            let costs = steps[rest.clone()].iter().rev().map_while(Routine::cost_by_rows);
            let (count, cost) =
                costs.fold((0, 0_usize), |(count, sum), cost| (count + 1, sum.saturating_add(cost)));
            let joined = rest.end - count..rest.end;
            let shares = parts(build.threads, cost).min(rows).min(build.threads);
            if count > 1 && shares > 1 {
                let threads = std::mem::replace(&mut build.threads, 1);
                let of_part = |i| {
                    let rows = part(rows, 1, shares, i);
                    let steps =
                        joined.clone().map(|number| (number, program.steps[number].of_rows(rows.clone())));
                    steps.filter_map(|(number, step)| Some(compile(number, &step?, build))).collect()
                };
                let parts = (0..shares).map(of_part).collect();
                build.threads = threads;
                build.reserve(shares, 0);
                steps.splice(joined.clone(), [Routine::Region(RegionStep { parts })]);
            }
            // The step before these is none that can be joined.
            rest.end = joined.start.saturating_sub(1).max(rest.start);
        }
    }
}

impl RegionStep {
    pub(in crate::cpu) fn place(&mut self, place: &Scratch) {
        for (i, steps) in self.parts.iter_mut().enumerate() {
            let place = place.of_part(i);
            steps.iter_mut().for_each(|step| step.place(&place));
        }
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) {
        run.each_part(self.parts.len(), &|i| {
            let run = run.alone();
            for step in &self.parts[i] {
                // SAFETY: each part has its scratch and its rows, which no other part writes or, if written,
                // reads.
                let done = unsafe { step.run(&run) };
                debug_assert!(
                    done.is_ok(),
                    "what picks rows by index, which alone can fail, belongs to no region"
                );
            }
        });
    }
}
