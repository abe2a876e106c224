use crate::{
    DType, Error, Graph,
    build::node::NodeId,
    lower::layout,
    plan::{Binding, Emitted, Fetched, Plan},
};
use minutia_tensor::{Device, Executable, Memory, MemoryLayout, Shape, Slot, Tensor};
use std::collections::BTreeMap;

/// What outlives a run: the memory, and what lies in it.
#[derive(Debug)]
pub(crate) struct State {
    pub device: Device,
    /// How variables lie in the memory.
    pub layout: MemoryLayout,
    pub memory: Memory,
    pub variables: BTreeMap<usize, Cell>,
    pub counters: BTreeMap<NodeId, Slot>,
}

/// A variable's place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub slot: Slot,
    pub initialized: bool,
}

impl State {
    pub fn new(device: &Device) -> State {
        State {
            device: device.clone(),
            layout: device.layout(),
            memory: Memory::new(device),
            variables: BTreeMap::new(),
            counters: BTreeMap::new(),
        }
    }

    pub fn variable(&mut self, index: usize, bytes: usize) -> Result<Slot, Error> {
        if let Some(cell) = self.variables.get(&index) {
            return Ok(cell.slot);
        }
        let slot = self.memory.allocate(bytes)?;
        self.variables.insert(index, Cell { slot, initialized: false });
        Ok(slot)
    }

    /// Gives a variable a value.
    pub fn assign(&mut self, index: usize, value: &Tensor) -> Result<(), Error> {
        let (dtype, dims) = (value.dtype(), value.dims());
        let slot = self.variable(index, layout::padded(self.layout, dtype, dims).1)?;
        self.memory.write(slot, &layout::to_padded(self.layout, dtype, dims, value.as_bytes())?)?;
        self.variables.insert(index, Cell { slot, initialized: true });
        Ok(())
    }

    pub fn is_initialized(&self, index: usize) -> bool {
        self.variables.get(&index).is_some_and(|cell| cell.initialized)
    }

    /// A variable's value, which has this type and these extents, if it has one.
    pub fn value(&self, index: usize, dtype: DType, dims: &[usize]) -> Result<Option<Tensor>, Error> {
        let Some(cell) = self.variables.get(&index).filter(|c| c.initialized) else { return Ok(None) };
        let mut bytes = layout::zeros(layout::padded(self.layout, dtype, dims).1)?;
        self.memory.read(cell.slot, 0, &mut bytes)?;
        let dense = layout::from_padded(self.layout, dtype, dims, &bytes)?;
        Ok(Some(Tensor::from_bytes(dtype, dims, &dense)?))
    }

    pub fn counter(&mut self, node: NodeId) -> Result<Slot, Error> {
        if let Some(&slot) = self.counters.get(&node) {
            return Ok(slot);
        }
        let slot = self.memory.allocate(DType::I32.size())?;
        self.counters.insert(node, slot);
        Ok(slot)
    }

    pub fn read(&self, slot: Slot, offset: usize, dtype: DType, dims: &[usize]) -> Result<Tensor, Error> {
        let mut bytes = layout::zeros(size(dtype, dims))?;
        self.memory.read(slot, offset, &mut bytes)?;
        Ok(Tensor::from_bytes(dtype, dims, &bytes)?)
    }
}

/// Bytes of a dense tensor; more than there is memory for stops at the greatest number.
fn size(dtype: DType, dims: &[usize]) -> usize {
    Shape::from(dims).elements().saturating_mul(dtype.size())
}

/// A plan made ready for a device.
#[derive(Debug)]
pub(crate) struct Compiled {
    main: Part,
    commit: Option<Part>,
    pub fetches: Vec<Placed>,
    checks: Vec<(NodeId, Placed)>,
    pub feeds: BTreeMap<NodeId, FeedSlot>,
    reads: Vec<usize>,
    assigns: Vec<usize>,
    /// Slots that belong to this plan alone.
    owned: Vec<Slot>,
    /// What it needs of the arena.
    pub arena_bytes: usize,
    /// Bytes that it holds otherwise, roughly.
    pub bytes: usize,
    /// Whether every variable that is read was seen to have a value.
    ready: bool,
}

#[derive(Debug)]
struct Part {
    executable: Executable,
    slots: Vec<Slot>,
    /// What errors call each step.
    names: Vec<String>,
}

/// A tensor in memory.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub slot: Slot,
    pub offset: usize,
    pub dtype: DType,
    pub dims: Vec<usize>,
}

/// Where a placeholder's tensor is.
#[derive(Clone, Debug)]
pub(crate) struct FeedSlot {
    pub slot: Slot,
    pub dtype: DType,
    pub dims: Vec<usize>,
    /// Whether the slot is memory of our own, rather than a host tensor.
    pub owned: bool,
}

impl Compiled {
    /// Compiles a plan, whose arena is its own unless there is one that it may use when it is run.
    pub fn new(
        state: &mut State,
        plan: Plan,
        feeds: &BTreeMap<NodeId, Tensor>,
        arena: Option<Slot>,
    ) -> Result<Compiled, Error> {
        let known = arena.iter().map(|&slot| (Binding::Arena.key(), slot)).collect();
        let mut slots = Slots { owned: Vec::new(), known, feeds: BTreeMap::new(), bytes: 0 };
        let result = Compiled::build(state, &plan, feeds, &mut slots);
        if result.is_err() {
            slots.owned.iter().for_each(|&slot| state.memory.free(slot));
        }
        result
    }

    fn build(
        state: &mut State,
        plan: &Plan,
        feeds: &BTreeMap<NodeId, Tensor>,
        slots: &mut Slots,
    ) -> Result<Compiled, Error> {
        if !plan.setup.program.steps.is_empty() {
            let mut setup = slots.part(state, plan, &plan.setup, feeds)?;
            setup.executable.run(&mut state.memory, &setup.slots)?;
        }
        let main = slots.part(state, plan, &plan.main, feeds)?;
        let commit = match plan.commit.program.steps.is_empty() {
            true => None,
            false => Some(slots.part(state, plan, &plan.commit, feeds)?),
        };
        let mut place = |fetched: &Fetched| {
            let bytes = size(fetched.dtype, &fetched.dims);
            let slot = slots.bind(state, plan, &fetched.binding, bytes, feeds)?;
            let (offset, dtype, dims) = (fetched.offset, fetched.dtype, fetched.dims.clone());
            Ok::<_, Error>(Placed { slot, offset, dtype, dims })
        };
        let fetches = plan.fetches.iter().map(&mut place).collect::<Result<_, _>>()?;
        let checks = plan.checks.iter().map(|(id, f)| Ok((*id, place(f)?))).collect::<Result<_, Error>>()?;
        let parts = [Some(&main), commit.as_ref()];
        let bytes = parts.iter().flatten().map(|part| part.bytes()).sum::<usize>() + slots.bytes;
        Ok(Compiled {
            arena_bytes: plan.arena_bytes,
            bytes,
            main,
            commit,
            fetches,
            checks,
            feeds: std::mem::take(&mut slots.feeds),
            reads: plan.reads.clone(),
            assigns: plan.assigns.clone(),
            owned: std::mem::take(&mut slots.owned),
            ready: false,
        })
    }

    /// Runs the plan over what is fed now.
    pub fn run(&mut self, state: &mut State, graph: &Graph) -> Result<(), Error> {
        if !self.ready {
            self.check_initialized(state, graph)?;
        }
        self.main.run(state)?;
        if !self.checks.is_empty() {
            self.check_finite(state, graph)?;
        }
        if let Some(commit) = &mut self.commit {
            commit.run(state)?;
        }
        if !self.ready {
            // Variables are marked as initialized when the device has finished: a queued run may still fail.
            state.memory.wait()?;
            for variable in &self.assigns {
                if let Some(cell) = state.variables.get_mut(variable) {
                    cell.initialized = true;
                }
            }
            self.ready = true;
        }
        Ok(())
    }

    fn check_initialized(&self, state: &State, graph: &Graph) -> Result<(), Error> {
        let missing = |v: &&usize| !state.is_initialized(**v);
        let inner = graph.lock();
        let name = |v: &usize| format!("'{}'", inner.nodes[inner.variables[*v].node].name);
        let variables: Vec<String> = self.reads.iter().filter(missing).map(name).collect();
        if variables.is_empty() { Ok(()) } else { Err(Error::Uninitialized { variables }) }
    }

    fn check_finite(&self, state: &State, graph: &Graph) -> Result<(), Error> {
        for (id, flag) in &self.checks {
            let kind = state.read(flag.slot, flag.offset, flag.dtype, &flag.dims)?.value::<i32>()?;
            if kind > 0 {
                let what = if kind > 1 { "NaN" } else { "an infinity" };
                let node = &graph.lock().nodes[*id];
                let (op, name, place) = (node.op.name(), node.name.clone(), node.place.clone());
                return Err(Error::NotFinite { op, name, what, place });
            }
        }
        Ok(())
    }

    /// The fetched tensors, in order.
    pub fn values(&self, state: &State) -> Result<Vec<Tensor>, Error> {
        self.fetches.iter().map(|f| state.read(f.slot, f.offset, f.dtype, &f.dims)).collect()
    }

    /// Puts a host tensor in a placeholder's place.
    pub fn feed(&mut self, state: &mut State, id: NodeId, tensor: &Tensor) -> Result<(), Error> {
        let Some(feed) = self.feeds.get_mut(&id) else { return Ok(()) };
        if feed.owned {
            state.memory.write(feed.slot, tensor.as_bytes())?;
        } else {
            state.memory.replace(feed.slot, tensor)?;
        }
        Ok(())
    }

    /// Gives a placeholder memory of our own, which can be written without allocating.
    pub fn own_feed(&mut self, state: &mut State, id: NodeId) -> Result<(), Error> {
        let Some(feed) = self.feeds.get_mut(&id) else { return Ok(()) };
        let bytes = size(feed.dtype, &feed.dims);
        let (old, new) = (feed.slot, state.memory.allocate(bytes)?);
        (feed.slot, feed.owned) = (new, true);
        self.rebind(old, new);
        state.memory.free(old);
        Ok(())
    }

    /// Puts another slot in the place of one.
    pub fn rebind(&mut self, old: Slot, new: Slot) {
        let bound = self.main.slots.iter_mut().chain(self.commit.iter_mut().flat_map(|c| &mut c.slots));
        let read = self.fetches.iter_mut().chain(self.checks.iter_mut().map(|c| &mut c.1));
        let fed = self.feeds.values_mut().map(|f| &mut f.slot);
        let all = bound.chain(read.map(|f| &mut f.slot)).chain(fed).chain(&mut self.owned);
        all.filter(|slot| **slot == old).for_each(|slot| *slot = new);
    }

    /// Lets go of the host tensors that were fed, where they are not copied. Another run must be fed anew.
    pub fn release_feeds(&mut self, state: &mut State, nothing: &Tensor) -> Result<(), Error> {
        if state.memory.reads_host() {
            for feed in self.feeds.values().filter(|feed| !feed.owned) {
                state.memory.replace(feed.slot, nothing)?;
            }
        }
        Ok(())
    }

    /// Gives the plan's own slots back.
    pub fn free(&mut self, state: &mut State) {
        for slot in self.owned.drain(..) {
            state.memory.free(slot);
        }
    }
}

impl Part {
    /// Bytes that it holds: the device's, and what a step and its name take on the host, roughly.
    fn bytes(&self) -> usize {
        const STEP: usize = 1 << 10;
        self.executable.bytes().saturating_add(self.names.len() * STEP)
    }

    fn run(&mut self, state: &mut State) -> Result<(), Error> {
        self.executable.run(&mut state.memory, &self.slots).map_err(|source| {
            // A bad index names its node itself, for it may be told of by a later call.
            let named = matches!(source, minutia_tensor::Error::IndexOutOfRange { .. });
            let step = source.step().filter(|_| !named);
            let context = step.and_then(|step| self.names.get(step).cloned());
            Error::Tensor { context, source }
        })
    }
}

/// Binds buffers to slots while a plan is compiled.
struct Slots {
    owned: Vec<Slot>,
    known: BTreeMap<(u8, usize), Slot>,
    feeds: BTreeMap<NodeId, FeedSlot>,
    /// Of the slots that are owned, but for what is shared with the host.
    bytes: usize,
}

impl Slots {
    fn part(
        &mut self,
        state: &mut State,
        plan: &Plan,
        emitted: &Emitted,
        feeds: &BTreeMap<NodeId, Tensor>,
    ) -> Result<Part, Error> {
        let buffers = emitted.bindings.iter().zip(&emitted.program.buffers);
        let slots = buffers
            .map(|(b, spec)| self.bind(state, plan, b, spec.bytes, feeds))
            .collect::<Result<_, _>>()?;
        let executable = state.device.compile(&emitted.program)?;
        Ok(Part { executable, slots, names: emitted.program.names.clone() })
    }

    fn bind(
        &mut self,
        state: &mut State,
        plan: &Plan,
        binding: &Binding,
        bytes: usize,
        feeds: &BTreeMap<NodeId, Tensor>,
    ) -> Result<Slot, Error> {
        if let Some(&slot) = self.known.get(&binding.key()) {
            return Ok(slot);
        }
        let slot = match binding {
            Binding::Arena => state.memory.allocate(plan.arena_bytes)?,
            Binding::Persistent => state.memory.allocate(plan.persistent_bytes)?,
            Binding::Constant(_, tensor) => state.memory.share(tensor)?,
            Binding::Feed(node) => {
                let tensor = &feeds[node];
                let slot = state.memory.share(tensor)?;
                let feed =
                    FeedSlot { slot, dtype: tensor.dtype(), dims: tensor.dims().to_vec(), owned: false };
                self.feeds.insert(*node, feed);
                slot
            }
            Binding::Variable(variable) => return self.keep(binding, state.variable(*variable, bytes)?),
            Binding::Counter(node) => return self.keep(binding, state.counter(*node)?),
        };
        let shared = matches!(binding, Binding::Constant(..) | Binding::Feed(_)) && state.memory.reads_host();
        if !shared && !matches!(binding, Binding::Arena) {
            self.bytes = self.bytes.saturating_add(bytes);
        }
        self.owned.push(slot);
        self.keep(binding, slot)
    }

    fn keep(&mut self, binding: &Binding, slot: Slot) -> Result<Slot, Error> {
        self.known.insert(binding.key(), slot);
        Ok(slot)
    }
}
