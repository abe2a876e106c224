//! Regions: each thread takes some rows through several steps, and waits for no other in between.

use super::{
    executable::{Build, Compiled, Place, Run},
    parallel::{part, parts},
};
use crate::program::Step;

/// Steps for the rows of each part.
#[derive(Debug)]
pub(super) struct RegionStep {
    parts: Vec<Vec<Compiled>>,
}

impl RegionStep {
    /// The steps of a region, if they cost enough to be shared; `compile` makes one ready for a single thread.
    pub(super) fn new(
        rows: usize,
        steps: &[Step],
        cost: usize,
        build: &mut Build,
        mut compile: impl FnMut(&Step, &mut Build) -> Compiled,
    ) -> Option<RegionStep> {
        let threads = build.threads;
        let count = parts(threads, cost).min(rows).min(threads);
        if count < 2 {
            return None;
        }
        build.threads = 1;
        let of_rows = |i| move |step: &Step| step.of_rows(part(rows, 1, count, i));
        let mut of_part = |i| steps.iter().filter_map(of_rows(i)).map(|s| compile(&s, build)).collect();
        let parts = (0..count).map(&mut of_part).collect();
        build.threads = threads;
        build.reserve(count, 0);
        Some(RegionStep { parts })
    }

    pub(super) fn place(&mut self, place: &Place) {
        for (i, steps) in self.parts.iter_mut().enumerate() {
            let place = place.of_part(i);
            steps.iter_mut().for_each(|step| step.place(&place));
        }
    }

    /// # Safety
    /// The buffers must be what the checked program declares.
    pub(super) unsafe fn run(&self, run: &Run) {
        run.each_part(self.parts.len(), &|i| {
            let run = run.alone();
            for step in &self.parts[i] {
                // SAFETY: each part has its scratch and its rows, which no other part writes or, if written, reads.
                // Steps of a region cannot fail.
                let _ = unsafe { step.run(&run) };
            }
        });
    }
}
