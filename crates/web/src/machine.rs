//! Runs the plans of one model.

use crate::{
    Error,
    plan::{self, ResultPlace, Source, SourcedProgram},
};
use minutia_tensor::{Device, Element, Executable, Memory, Slot, Tensor, cpu::Options};
use std::collections::BTreeMap;

/// The plans of one model as bytes, and what errors call them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plans {
    pub name: &'static str,
    pub bytes: &'static [u8],
}

/// A model on a device of one thread: its memory, and its plans made ready. Variables, and how often random
/// operations ran, are those of all plans; what is fed belongs to the plan that takes it.
#[derive(Debug)]
pub(crate) struct Machine {
    memory: Memory,
    runs: Vec<Run>,
}

#[derive(Debug)]
struct Run {
    name: String,
    executable: Executable,
    slots: Vec<Slot>,
    feeds: BTreeMap<String, Slot>,
    results: Vec<(Slot, ResultPlace)>,
}

/// A plan of a [`Machine`] and a tensor that it takes, which is read where it lies.
pub(crate) type Table<'a> = (&'static str, &'static str, &'a Tensor);

impl Machine {
    /// Makes plans ready. What no table holds is zero until it is fed or assigned.
    pub(crate) fn new(plans: Plans, seed: u64, tables: &[Table<'_>]) -> Result<Machine, Error> {
        let damaged = |problem| Error::Plan { plan: plans.name, problem };
        let device = Device::cpu_with(Options { simd: None, threads: Some(1) })?;
        let mut machine = Machine { memory: Memory::new(&device), runs: Vec::new() };
        let mut variables = BTreeMap::new();
        for plan in plan::read(plans.bytes, seed).map_err(damaged)? {
            let tables = tables.iter().filter(|table| table.0 == plan.name);
            let mut places = Places { variables, ..Places::default() };
            for (_, name, tensor) in tables {
                places.feeds.insert(name.to_string(), machine.memory.share(tensor)?);
            }
            if !plan.setup.program.steps.is_empty() {
                let slots = places.of(&plan.setup, &mut machine.memory)?;
                device.compile(&plan.setup.program)?.run(&mut machine.memory, &slots)?;
            }
            let slots = places.of(&plan.main, &mut machine.memory)?;
            let executable = device.compile(&plan.main.program)?;
            let result = |place: ResultPlace| {
                let slot = places.known(&place.source).ok_or(damaged("a result lies nowhere"))?;
                Ok((slot, place))
            };
            let results = plan.results.into_iter().map(result).collect::<Result<_, Error>>()?;
            variables = places.variables;
            machine.runs.push(Run { name: plan.name, executable, slots, feeds: places.feeds, results });
        }
        Ok(machine)
    }

    fn run_at(&self, name: &'static str) -> Result<usize, Error> {
        let place = self.runs.iter().position(|run| run.name == name);
        place.ok_or(Error::Plan { plan: name, problem: "it is not there" })
    }

    /// Gives a plan what it is fed until the next call.
    pub(crate) fn feed<T: Element>(
        &mut self,
        run: &'static str,
        feed: &'static str,
        elements: &[T],
    ) -> Result<(), Error> {
        let slot = self.runs[self.run_at(run)?].feeds.get(feed).copied();
        let slot = slot.ok_or(Error::Plan { plan: run, problem: "it takes nothing of this name" })?;
        Ok(self.memory.store(slot, elements)?)
    }

    /// Runs a plan.
    pub(crate) fn run(&mut self, run: &'static str) -> Result<(), Error> {
        let place = self.run_at(run)?;
        let Run { executable, slots, .. } = &mut self.runs[place];
        Ok(executable.run(&mut self.memory, slots)?)
    }

    /// A result of the latest run of a plan.
    pub(crate) fn result(&self, run: &'static str, result: usize) -> Result<Vec<f32>, Error> {
        let results = &self.runs[self.run_at(run)?].results;
        let missing = Error::Plan { plan: run, problem: "it has no such result" };
        let (slot, place) = results.get(result).ok_or(missing)?;
        let mut elements = vec![0.0_f32; place.elements];
        self.memory.load(*slot, place.offset, &mut elements)?;
        Ok(elements)
    }
}

/// Where the buffers of a plan are.
#[derive(Default)]
struct Places {
    /// By name; those of random operations, too.
    variables: BTreeMap<String, Slot>,
    feeds: BTreeMap<String, Slot>,
    arena: Option<Slot>,
    persistent: Option<Slot>,
}

impl Places {
    fn known(&self, source: &Source) -> Option<Slot> {
        match source {
            Source::Arena => self.arena,
            Source::Persistent => self.persistent,
            Source::Constant(_) => None,
            Source::Feed(name) => self.feeds.get(name).copied(),
            Source::Variable(name) | Source::RandomRuns(name) => self.variables.get(name).copied(),
        }
    }

    /// The slots of a program, which are made where there are none.
    fn of(&mut self, program: &SourcedProgram, memory: &mut Memory) -> Result<Vec<Slot>, Error> {
        let mut slots = Vec::new();
        for (source, spec) in program.sources.iter().zip(&program.program.buffers) {
            let slot = match self.known(source) {
                Some(slot) => slot,
                None => memory.allocate(spec.bytes)?,
            };
            match source {
                Source::Arena => self.arena = Some(slot),
                Source::Persistent => self.persistent = Some(slot),
                Source::Constant(bytes) => memory.write(slot, bytes)?,
                Source::Feed(name) => drop(self.feeds.insert(name.clone(), slot)),
                Source::Variable(name) | Source::RandomRuns(name) => {
                    self.variables.insert(name.clone(), slot);
                }
            }
            slots.push(slot);
        }
        Ok(slots)
    }
}
