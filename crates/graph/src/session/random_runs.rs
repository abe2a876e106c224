use crate::{DType, Error, Session};
use std::collections::BTreeMap;

impl Session {
    /// How often each random operation ran, by name; those that no run was planned with are left out. With
    /// the values of the variables it is all that later runs depend on: what an operation draws is a function
    /// of the seed, its name and this number.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let noise = graph.random_normal([3], 0.0, 1.0).with_name("noise");
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(&noise, ())?;
    /// let runs = session.random_runs()?;
    /// assert_eq!(runs["noise"], 1);
    /// let second = session.run(&noise, ())?;
    ///
    /// let mut other = Session::new(&graph, &Device::cpu()?)?;
    /// other.set_random_runs(&runs)?;
    /// assert_eq!(other.run(&noise, ())?, second);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the device cannot be read, which may tell of an earlier run.
    pub fn random_runs(&self) -> Result<BTreeMap<String, i32>, Error> {
        let state = self.state();
        let inner = self.graph().lock();
        let read = |(&id, &slot): (&crate::build::node::NodeId, &minutia_tensor::Slot)| {
            Ok((inner.nodes[id].name.clone(), state.read(slot, 0, DType::I32, &[])?.value::<i32>()?))
        };
        state.counters.iter().map(read).collect()
    }

    /// Goes on as a session would in which random operations ran so often; those that are not named go on as
    /// they were. [`random_runs`](Session::random_runs) has an example.
    ///
    /// # Errors
    /// [`Error::UnknownName`] and [`Error::NotRandom`] for names that are none of a random operation: the
    /// session then stays as it was.
    pub fn set_random_runs(&mut self, runs: &BTreeMap<String, i32>) -> Result<(), Error> {
        let graph = self.graph();
        let known = |(name, &count): (&String, &i32)| {
            let node = graph.get(name)?;
            if graph.is_random(&node) {
                Ok((node.id, count))
            } else {
                Err(Error::NotRandom { name: name.clone() })
            }
        };
        let counts = runs.iter().map(known).collect::<Result<Vec<_>, Error>>()?;
        let mut state = self.state();
        for (id, count) in counts {
            let slot = state.counter(id)?;
            state.memory.store(slot, &[count])?;
        }
        Ok(())
    }
}
