use super::{
    AsFeedKey, Fetch,
    feeds::resolve_key,
    lock,
    state::{Compiled, State},
};
use crate::{Error, Graph, Output, Signature, build::node::NodeId};
use minutia_tensor::{DType, Element, Tensor};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// A compiled run; see [`Session::make_callable`](crate::Session::make_callable). Several callables of one
/// session share its variables.
///
/// ```
/// use minutia_graph::{DType, Graph, Session, feeds};
/// let graph = Graph::new();
/// let x = graph.placeholder("x", DType::F32, [2]);
/// let total = graph.variable("total", 0.0_f32);
/// let add = total.assign_add(x.reduce_sum(..));
/// let mut session = Session::new(&graph, &minutia_tensor::Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), feeds! {})?;
///
/// let mut step = session.make_callable(&add, feeds! { x => [0.0_f32, 0.0] })?;
/// for i in 1..=3 {
///     step.set(&x, &[i as f32, 1.0])?;
///     step.run()?;
/// }
/// assert_eq!(step.value::<f32>(&add)?, 9.0);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[derive(Debug)]
pub struct Callable<F> {
    pub(super) graph: Graph,
    pub(super) state: Arc<Mutex<State>>,
    pub(super) compiled: Compiled,
    /// All that it was given to feed, also what no fetch needs.
    pub(super) feeds: BTreeMap<NodeId, (DType, Vec<usize>)>,
    pub(super) outputs: Vec<NodeId>,
    pub(super) fetches: F,
    /// Whether the latest run gave values.
    pub(super) ran: bool,
}

impl<F: Fetch> Callable<F> {
    /// Runs once, over what is fed now.
    ///
    /// # Errors
    /// A variable without a value, an index out of range; in check-numerics mode, a NaN or an infinity.
    pub fn run(&mut self) -> Result<(), Error> {
        self.ran = false;
        self.compiled.run(&mut lock(&self.state), &self.graph)?;
        self.ran = true;
        Ok(())
    }

    /// The fetches' values after the latest run.
    ///
    /// # Errors
    /// [`Error::NotRun`] where the latest run failed or there was none; when the device cannot be read.
    pub fn fetch(&self) -> Result<F::Value, Error> {
        self.has_run()?;
        let values = self.compiled.values(&lock(&self.state))?;
        Ok(self.fetches.take(&mut values.into_iter()))
    }

    /// The single value of a fetched output after the latest run. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::NotRun`], [`Error::NotInCallable`], or another type or number of elements.
    pub fn value<T: Element>(&self, output: impl AsRef<Output>) -> Result<T, Error> {
        let mut value = [T::default()];
        self.read(output, &mut value)?;
        Ok(value[0])
    }

    /// Copies a fetched output's elements after the latest run. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::NotRun`], [`Error::NotInCallable`], or another type or number of elements.
    pub fn read<T: Element>(&self, output: impl AsRef<Output>, elements: &mut [T]) -> Result<(), Error> {
        self.has_run()?;
        let output = output.as_ref();
        let place = self.outputs.iter().position(|&id| id == output.id && output.graph.same(&self.graph));
        let place = place.ok_or_else(|| Error::NotInCallable { name: output.name(), role: "fetches" })?;
        let fetched = &self.compiled.fetches[place];
        expect(fetched.dtype, &fetched.dims, elements)?;
        Ok(lock(&self.state).memory.load(fetched.slot, fetched.offset, elements)?)
    }

    /// Feeds a host tensor, which is shared and not copied where the device can read it. It must have the
    /// shape that the callable was made for. What was fed to `make_callable`, but no fetch needs, is checked
    /// and ignored.
    ///
    /// # Errors
    /// [`Error::NotInCallable`], [`Error::Feed`].
    pub fn feed(&mut self, placeholder: impl AsFeedKey, tensor: &Tensor) -> Result<(), Error> {
        let id = self.placeholder(&placeholder)?;
        let (dtype, dims) = &self.feeds[&id];
        if *dtype != tensor.dtype() || dims != tensor.dims() {
            let name = self.graph.lock().nodes[id].name.clone();
            let expected = Signature::new(*dtype, &dims[..]);
            let (dtype, shape) = (tensor.dtype(), tensor.shape().clone());
            return Err(Error::Feed { name, expected, dtype, shape });
        }
        self.compiled.feed(&mut lock(&self.state), id, tensor)
    }

    /// Copies elements into a placeholder's tensor. Allocates nothing but at its first call.
    ///
    /// # Errors
    /// [`Error::NotInCallable`], or another type or number of elements.
    pub fn set<T: Element>(&mut self, placeholder: impl AsFeedKey, elements: &[T]) -> Result<(), Error> {
        let id = self.placeholder(&placeholder)?;
        let (dtype, dims) = &self.feeds[&id];
        expect(*dtype, dims, elements)?;
        let state = &mut lock(&self.state);
        match self.compiled.feeds.get(&id).map(|feed| feed.owned) {
            None => return Ok(()),
            Some(true) => {}
            Some(false) => self.compiled.own_feed(state, id)?,
        }
        Ok(state.memory.store(self.compiled.feeds[&id].slot, elements)?)
    }

    fn has_run(&self) -> Result<(), Error> {
        if self.ran { Ok(()) } else { Err(Error::NotRun) }
    }

    fn placeholder(&self, placeholder: &impl AsFeedKey) -> Result<NodeId, Error> {
        let id = resolve_key(&self.graph, placeholder.feed_key())?;
        if self.feeds.contains_key(&id) {
            return Ok(id);
        }
        let name = self.graph.lock().nodes[id].name.clone();
        Err(Error::NotInCallable { name, role: "feeds" })
    }
}

impl<F> Drop for Callable<F> {
    fn drop(&mut self) {
        self.compiled.free(&mut lock(&self.state));
    }
}

fn expect<T: Element>(dtype: DType, dims: &[usize], elements: &[T]) -> Result<(), Error> {
    if dtype != T::DTYPE {
        return Err(minutia_tensor::Error::DType { expected: T::DTYPE, found: dtype }.into());
    }
    // Not by a Shape, which would allocate.
    if dims.iter().fold(1, |n: usize, &dim| n.saturating_mul(dim)) != elements.len() {
        return Err(minutia_tensor::Error::ElementCount { shape: dims.into(), found: elements.len() }.into());
    }
    Ok(())
}
