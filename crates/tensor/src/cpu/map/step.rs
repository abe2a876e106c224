use crate::{
    cpu::{
        calls::Calls,
        context::{Build, Run, Scratch},
        map::{Engine, Loops, Sink, Source, ThreadState, instructions::LANES},
        threads::chunks::{PerPart, part, parts},
    },
    program::Map,
};

/// A `Map` step.
#[derive(Debug)]
pub(in crate::cpu) struct MapStep {
    engine: Engine,
    cost: usize,
    parts: usize,
    frames: PerPart<ThreadState>,
}

impl MapStep {
    pub(in crate::cpu) fn new(step: &Map, build: &mut Build) -> MapStep {
        let sources: Vec<_> = step.inputs.iter().map(Source::Access).collect();
        let sinks: Vec<_> = step.outputs.iter().map(Sink::Access).collect();
        let engine = build.engine(Loops::in_any_order(&step.dims), &step.program, &sources, &sinks);
        let cost = engine.elements().saturating_mul(engine.cost());
        let parts = parts(build.threads, cost);
        build.reserve(parts, engine.scratch());
        MapStep { engine, cost, parts, frames: PerPart::new([]) }
    }

    /// Roughly how long it takes, in units of an addition in the first-level cache.
    pub(in crate::cpu) fn cost(&self) -> usize {
        self.cost
    }

    pub(in crate::cpu) fn place(&mut self, place: &Scratch) {
        self.frames =
            PerPart::new((0..self.parts).map(|i| self.engine.frame(place.part(i), place.constants)));
    }

    /// Records the calls of [`MapStep::run`], if they stay the same.
    ///
    /// # Safety
    /// As for [`MapStep::run`].
    pub(in crate::cpu) unsafe fn record(&self, run: &Run, calls: &mut Calls) -> Option<()> {
        if self.parts > 1 {
            return None;
        }
        // SAFETY: the caller's promise.
        unsafe { self.engine.record(self.frames.get(0), run, std::ptr::null(), calls).map(|_| ()) }
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(in crate::cpu) unsafe fn run(&self, run: &Run) {
        run.each_part(self.parts, &|i| {
            let range = part(self.engine.elements(), LANES, self.parts, i);
            // SAFETY: each part has its frame and its range of outputs, which no other part reads: an output
            // meets an input only where both are the same element.
            unsafe {
                let frame = self.frames.get(i);
                self.engine.begin(frame, run);
                self.engine.run(frame, range.start, range.end, std::ptr::null(), |_, _, _| {});
            }
        });
    }
}
