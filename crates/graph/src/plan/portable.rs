//! A plan as data, for programs that run it and know no graph.

use super::{Binding, Emitted, Fetched, Plan};
use crate::build::graph::Inner;
use minutia_tensor::{DType, Tensor, program::Program};

/// A run as data: its programs, and what each of their buffers is. Whoever has a device of `minutia-tensor`
/// can compile and run it without the graph; see [`Session::portable_plan`](crate::Session::portable_plan).
#[derive(Clone, Debug, PartialEq)]
pub struct PortablePlan {
    /// What depends on constants alone, to be run once. It may have no steps.
    pub setup: PortableProgram,
    /// What every run does.
    pub main: PortableProgram,
    /// Where the fetched values lie after a run, in the order of the fetches.
    pub fetches: Vec<PortableValue>,
}

/// A program of a [`PortablePlan`].
#[derive(Clone, Debug, PartialEq)]
pub struct PortableProgram {
    /// The steps over numbered buffers.
    pub program: Program,
    /// What each buffer of the program is. Those of one name, in all plans of one graph, are the same memory.
    pub buffers: Vec<BufferSource>,
}

/// What a buffer of a [`PortableProgram`] is.
#[derive(Clone, Debug, PartialEq)]
pub enum BufferSource {
    /// Intermediates of a run.
    Arena,
    /// What the setup left.
    Persistent,
    /// A constant of the graph.
    Constant(Tensor),
    /// What is fed for the tensor of this name, as it lies in a [`Tensor`].
    Feed(String),
    /// The variable of this name. Rows of wide matrices are padded, as the device's
    /// [`layout`](minutia_tensor::Device::layout) says.
    Variable(String),
    /// How often the random operation of this name ran: one `i32`, 0 at first.
    RandomRuns(String),
}

/// A fetched tensor, whose elements lie one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct PortableValue {
    /// The buffer.
    pub source: BufferSource,
    /// Bytes from its start.
    pub offset: usize,
    /// The type of its elements.
    pub dtype: DType,
    /// Its extents.
    pub dims: Vec<usize>,
}

impl PortablePlan {
    /// A plan that commits nothing apart, which is one without the check of numerics.
    pub(crate) fn new(plan: Plan, inner: &Inner) -> PortablePlan {
        let program = |Emitted { program, bindings, .. }: Emitted| {
            let buffers = bindings.iter().map(|binding| source(binding, inner)).collect();
            PortableProgram { program, buffers }
        };
        let value = |Fetched { binding, offset, dtype, dims }: Fetched| {
            let source = source(&binding, inner);
            PortableValue { source, offset, dtype, dims }
        };
        let fetches = plan.fetches.into_iter().map(value).collect();
        PortablePlan { setup: program(plan.setup), main: program(plan.main), fetches }
    }
}

fn source(binding: &Binding, inner: &Inner) -> BufferSource {
    let name = |id: usize| inner.nodes[id].name.clone();
    match binding {
        Binding::Arena => BufferSource::Arena,
        Binding::Persistent => BufferSource::Persistent,
        Binding::Constant(_, tensor) => BufferSource::Constant(tensor.clone()),
        Binding::Feed(id) => BufferSource::Feed(name(*id)),
        Binding::Variable(variable) => BufferSource::Variable(name(inner.variables[*variable].node)),
        Binding::Counter(id) => BufferSource::RandomRuns(name(*id)),
    }
}

#[cfg(test)]
mod tests {
    use crate::{BufferSource, DType, Device, Error, Graph, Session, feeds};
    use minutia_tensor::Memory;

    #[test]
    fn a_plan_runs_without_the_graph() -> Result<(), Error> {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, [2]);
        let total = graph.variable("total", [1.0_f32, 2.0]);
        let step = total.assign_add(&x * 10.0);
        let device = Device::cpu()?;
        let mut session = Session::new(&graph, &device)?;
        session.run(graph.global_variables_initializer(), ())?;
        let fed = || feeds! { x => [3.0_f32, 4.0] };
        let plan = session.portable_plan(&step, fed())?;
        let expected = session.run(&step, fed())?;

        let mut memory = Memory::new(&device);
        let mut slots = Vec::new();
        for (source, spec) in plan.main.buffers.iter().zip(&plan.main.program.buffers) {
            let slot = memory.allocate(spec.bytes)?;
            match source {
                BufferSource::Feed(name) if name == "x" => memory.store(slot, &[3.0_f32, 4.0])?,
                BufferSource::Variable(name) if name == "total" => memory.store(slot, &[1.0_f32, 2.0])?,
                BufferSource::Arena => {}
                other => panic!("{other:?}"),
            }
            slots.push(slot);
        }
        device.compile(&plan.main.program)?.run(&mut memory, &slots)?;
        let [fetched] = &plan.fetches[..] else { panic!("{:?}", plan.fetches) };
        let place = plan.main.buffers.iter().position(|source| *source == fetched.source);
        let mut found = [0.0_f32; 2];
        memory.load(slots[place.expect("a step writes it")], fetched.offset, &mut found)?;
        assert_eq!(expected.as_slice::<f32>()?, found);
        assert_eq!((fetched.dtype, &fetched.dims[..]), (DType::F32, &[2][..]));
        Ok(())
    }
}
