//! Regions: each thread takes some rows through several steps, and waits for no other in between.

use super::{
    executable::{Build, Compiled, Place, Run},
    parallel::{part, parts},
};
use crate::program::{Primitive, Program, Region};

/// Steps for the rows of each part.
#[derive(Debug)]
pub(super) struct RegionStep {
    parts: Vec<Vec<Compiled>>,
}

/// Puts one step in the place of those of a region that threads can share by rows, where these cost enough;
/// `compile` makes a step of the program ready.
pub(super) fn join(
    steps: &mut Vec<Compiled>,
    program: &Program,
    build: &mut Build,
    compile: impl Fn(usize, &Primitive, &mut Build) -> Compiled,
) {
    if build.threads < 2 {
        return;
    }
    // From the end, so that the numbers of those before stay.
    for Region { steps: mut rest, rows } in program.regions().into_iter().rev() {
        while !rest.is_empty() {
            let costs = steps[rest.clone()].iter().rev().map_while(Compiled::cost_by_rows);
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
                steps.splice(joined.clone(), [Compiled::Region(RegionStep { parts })]);
            }
            // The step before these is none that can be joined.
            rest.end = joined.start.saturating_sub(1).max(rest.start);
        }
    }
}

impl RegionStep {
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
