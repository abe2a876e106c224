mod callable;
mod checkpoint;
mod feeds;
mod fetch;
mod plans;
mod random_runs;
mod saver;
pub(crate) mod state;

pub use callable::Callable;
pub use checkpoint::Checkpoint;
pub use feeds::{AsFeedKey, FeedKey, Feeds};
pub use fetch::{Fetch, FetchKey};
pub use saver::{Restored, Saver};

use crate::{
    Error, Graph, Variable,
    build::node::NodeId,
    plan::{ExecutionPlan, Plan, PortablePlan},
};
use minutia_tensor::{Device, MemoryLayout, Tensor};
use plans::{Plans, Shapes, Targets};
use state::{Compiled, State};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Runs a graph on a device, and holds the values of its variables.
///
/// A run computes the ancestors of the fetches and nothing else. Its plan is made once for each set of
/// fetches and shapes of feeds, and kept; of many, those used last (see
/// [`set_plan_cache_bytes`](Session::set_plan_cache_bytes)).
#[derive(Debug)]
pub struct Session {
    graph: Graph,
    state: Arc<Mutex<State>>,
    /// How the device wants tensors to lie.
    layout: MemoryLayout,
    plans: Plans,
    /// The graph's version that the plans were made of.
    version: u64,
    check_numerics: bool,
}

impl Session {
    /// A session without values: run the graph's
    /// [`global_variables_initializer`](Graph::global_variables_initializer) first.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let sum = graph.constant(1.0_f32) + 2.0;
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(&sum, ())?.value::<f32>()?, 3.0);
    ///
    /// let _wrong = graph.zeros([2]) + graph.zeros([3]);
    /// assert!(Session::new(&graph, &Device::cpu()?).is_err());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first error of building the graph.
    pub fn new(graph: &Graph, device: &Device) -> Result<Session, Error> {
        graph.check()?;
        Ok(Session {
            graph: graph.clone(),
            state: Arc::new(Mutex::new(State::new(device))),
            layout: device.layout(),
            plans: Plans::default(),
            version: graph.lock().version,
            check_numerics: false,
        })
    }

    /// The graph that it runs.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// In this mode a run that meets a NaN or an infinity fails, names the first node that produced one, and
    /// leaves the variables as they were. It is slower. Callables made before keep their mode.
    pub fn set_check_numerics(&mut self, on: bool) {
        if self.check_numerics != on {
            self.check_numerics = on;
            self.forget_plans();
        }
    }

    /// Sets how many bytes kept plans may hold, beyond what the plan of the latest run needs: 256 MiB unless
    /// told otherwise, 0 to keep that one alone. Where they would hold more, those that were longest unused
    /// are forgotten, and made again when they are needed. Plans share the memory of their intermediates and
    /// keep nothing that was fed; each has what its primitives work with and the constants that it computed.
    /// Callables have memory of their own, which does not count.
    ///
    /// # Errors
    /// When the device has no memory left to put smaller intermediates in.
    pub fn set_plan_cache_bytes(&mut self, bytes: usize) -> Result<(), Error> {
        self.plans.set_budget(&mut lock(&self.state), bytes)
    }

    /// How many bytes the kept plans hold: their intermediates' and their primitives', and about 1 KiB for
    /// each primitive.
    #[must_use]
    pub fn plan_cache_bytes(&self) -> usize {
        self.plans.bytes()
    }

    fn plan(&self, targets: &Targets, shapes: &Shapes) -> Result<Plan, Error> {
        Plan::new(&self.graph.lock(), targets, shapes, self.check_numerics, self.layout)
    }

    fn forget_plans(&mut self) {
        self.plans.clear(&mut lock(&self.state));
    }

    /// Runs what the fetches need and returns their values, in the shape in which they were asked for.
    ///
    /// ```
    /// use minutia_graph::{DType, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, [None, Some(2)]);
    /// let (sum, count) = (x.reduce_sum(0), x.size());
    /// let mut session = Session::new(&graph, &minutia_tensor::Device::cpu()?)?;
    /// let (sum, count) = session.run((&sum, &count), feeds! { "x" => [[1.0_f32, 2.0], [3.0, 4.0]] })?;
    /// assert_eq!((sum.as_slice::<f32>()?, count.value::<i32>()?), (&[4.0, 6.0][..], 4));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// An error of building, of a feed, an unfed placeholder, a variable without a value, an index out of
    /// range.
    #[doc(alias = "eval")]
    pub fn run<F: Fetch>(&mut self, fetches: F, feeds: impl Into<Feeds>) -> Result<F::Value, Error> {
        let feeds = feeds.into().resolve(&self.graph)?;
        let targets = targets(&self.graph, &fetches)?;
        let shapes: Shapes = feeds.iter().map(|(&id, t)| (id, t.dims().to_vec())).collect();
        let key = (targets, shapes);
        let version = self.graph.lock().version;
        if self.version != version {
            self.version = version;
            self.forget_plans();
        }
        let mut state = lock(&self.state);
        let nothing = self.plans.nothing.clone();
        let (numerics, layout) = (self.check_numerics, self.layout);
        let plan = || Plan::new(&self.graph.lock(), &key.0, &key.1, numerics, layout);
        let compiled = self.plans.get(&key, &mut state, &feeds, plan)?;
        feeds.iter().try_for_each(|(&id, tensor)| compiled.feed(&mut state, id, tensor))?;
        let values = compiled.run(&mut state, &self.graph).and_then(|()| compiled.values(&state));
        compiled.release_feeds(&mut state, &nothing)?;
        Ok(fetches.take(&mut values?.into_iter()))
    }

    /// Compiles a run for hot loops, as TensorFlow 1's `Session.make_callable` does: calling it again
    /// allocates nothing. The feeds give shapes and first values.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", 0.0_f32);
    /// let next = v.assign_add(2.0);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// let mut step = session.make_callable(&next, ())?;
    /// for _ in 0..5 {
    ///     step.run()?;
    /// }
    /// assert_eq!(step.value::<f32>(&next)?, 10.0);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Session::run), but for those of the values.
    #[doc(alias = "prepare")]
    pub fn make_callable<F: Fetch>(&self, fetches: F, feeds: impl Into<Feeds>) -> Result<Callable<F>, Error> {
        let feeds = feeds.into().resolve(&self.graph)?;
        let targets = targets(&self.graph, &fetches)?;
        let shapes: Shapes = feeds.iter().map(|(&id, t)| (id, t.dims().to_vec())).collect();
        let plan = self.plan(&targets, &shapes)?;
        let compiled = Compiled::new(&mut lock(&self.state), plan, &feeds, None)?;
        let outputs = targets.iter().filter(|t| t.1).map(|t| t.0).collect();
        let feeds = feeds.iter().map(|(&id, t)| (id, (t.dtype(), t.dims().to_vec()))).collect();
        let (graph, state) = (self.graph.clone(), self.state.clone());
        Ok(Callable { graph, state, compiled, feeds, outputs, fetches, ran: false })
    }

    /// What a run of these fetches does: the primitives that it was planned to, and what was fused.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, [2, 3]);
    /// let w = graph.variable("w", graph.ones([3, 4]));
    /// let y = (x.matmul(&w) + 1.0).relu();
    /// let session = Session::new(&graph, &Device::cpu()?)?;
    /// let plan = session.explain(&y, feeds! { x => [[0.0_f32; 3]; 2] })?;
    /// // The sum and the relu are the epilogue of one product.
    /// assert_eq!(plan.primitives.len(), 1);
    /// println!("{}", plan.explain());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`make_callable`](Session::make_callable).
    pub fn explain<F: Fetch>(&self, fetches: F, feeds: impl Into<Feeds>) -> Result<ExecutionPlan, Error> {
        let feeds = feeds.into().resolve(&self.graph)?;
        let shapes = feeds.iter().map(|(&id, t)| (id, t.dims().to_vec())).collect();
        let plan = self.plan(&targets(&self.graph, &fetches)?, &shapes)?;
        Ok(ExecutionPlan::new(&plan, &self.graph.lock()))
    }

    /// What a run of these fetches does, as data for a program that has a device and no graph: plans that are
    /// made here need no planner where they run. They give the bits of [`run`](Session::run), without the
    /// check of numerics.
    ///
    /// ```
    /// use minutia_graph::{BufferSource, Device, Graph, Session};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", [1.0_f32, 2.0]);
    /// let session = Session::new(&graph, &Device::cpu()?)?;
    /// let plan = session.portable_plan(v.assign_add(1.0).operation(), ())?;
    /// assert!(plan.main.buffers.contains(&BufferSource::Variable("v".to_string())));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`make_callable`](Session::make_callable).
    pub fn portable_plan<F: Fetch>(
        &self,
        fetches: F,
        feeds: impl Into<Feeds>,
    ) -> Result<PortablePlan, Error> {
        let feeds = feeds.into().resolve(&self.graph)?;
        let shapes: Shapes = feeds.iter().map(|(&id, t)| (id, t.dims().to_vec())).collect();
        let targets = targets(&self.graph, &fetches)?;
        let inner = self.graph.lock();
        let plan = Plan::new(&inner, &targets, &shapes, false, self.layout)?;
        Ok(PortablePlan::new(plan, &inner))
    }

    /// A variable's value, if it has one.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, Tensor};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", [1.0_f32, 2.0]);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.variable(&v)?, None);
    /// session.set_variable(&v, &Tensor::from([3.0_f32, 4.0]))?;
    /// assert_eq!(session.variable(&v)?, Some(Tensor::from([3.0_f32, 4.0])));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OtherGraph`]; when the device cannot be read, which may tell of an earlier run.
    #[doc(alias = "eval")]
    pub fn variable(&self, variable: &Variable) -> Result<Option<Tensor>, Error> {
        let index = self.index_of(variable)?;
        let dims = variable.shape().known().unwrap_or_default();
        lock(&self.state).value(index, variable.dtype(), &dims)
    }

    /// Gives a variable a value; [`variable`](Session::variable) has an example.
    ///
    /// # Errors
    /// [`Error::Feed`] when type or shape differ, [`Error::OtherGraph`].
    #[doc(alias = "load")]
    pub fn set_variable(&mut self, variable: &Variable, value: &Tensor) -> Result<(), Error> {
        let index = self.index_of(variable)?;
        let expected = variable.signature();
        if expected.dtype != value.dtype() || !expected.shape.admits(value.dims()) {
            let (name, dtype, shape) = (variable.name(), value.dtype(), value.shape().clone());
            return Err(Error::Feed { name, expected, dtype, shape });
        }
        lock(&self.state).assign(index, value)
    }

    fn index_of(&self, variable: &Variable) -> Result<usize, Error> {
        let index =
            variable.graph.same(&self.graph).then(|| self.graph.lock().variable_at(variable.id)).flatten();
        index.ok_or_else(|| Error::OtherGraph { role: "variable", name: variable.name() })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

pub(crate) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn targets(graph: &Graph, fetches: &impl Fetch) -> Result<Targets, Error> {
    let mut targets = Vec::new();
    let mut wrong = None;
    fetches.targets(&mut |key| match target(graph, key) {
        Ok(target) => targets.push(target),
        Err(error) => drop(wrong.get_or_insert(error)),
    });
    wrong.map_or(Ok(targets), Err)
}

fn target(graph: &Graph, key: FetchKey<'_>) -> Result<(NodeId, bool), Error> {
    let (output, value) = match key {
        FetchKey::Output(output) => (output, true),
        FetchKey::Operation(operation) => (&operation.0, false),
        FetchKey::Name(name) => return Ok((graph.get(name)?.id, true)),
    };
    match output.graph.same(graph) {
        true => Ok((output.id, value)),
        false => Err(Error::OtherGraph { role: "fetch", name: output.name() }),
    }
}
