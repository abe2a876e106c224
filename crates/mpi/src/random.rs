//! Random numbers that depend on step and shard alone.

use minutia_graph::{Error, Session};
use std::collections::BTreeMap;

/// The random operations of a training step. What one draws is a function of its name and of how often it
/// ran, so that this number says which shard of which step it is of.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// Operations that the gradients need: they run once for each shard.
    gradients: BTreeMap<String, i32>,
    /// Operations that the update needs: they run once for each step.
    update: BTreeMap<String, i32>,
}

impl Streams {
    /// Notes what the gradients need: all that a session knows which has planned nothing else.
    pub fn gradients(session: &Session) -> Result<Streams, Error> {
        Ok(Streams { gradients: session.random_runs()?, update: BTreeMap::new() })
    }

    /// Notes what the update needs besides.
    pub fn with_update(self, session: &Session) -> Result<Streams, Error> {
        let all = session.random_runs()?.into_iter();
        Ok(Streams { update: all.filter(|(name, _)| !self.gradients.contains_key(name)).collect(), ..self })
    }

    /// Goes to a shard of a step, counted from the first shard of all steps.
    pub fn go_to_shard(&mut self, session: &mut Session, index: u64) -> Result<(), Error> {
        go(&mut self.gradients, session, index)
    }

    /// Goes to the update of a step, at which operations that the gradients need draw what its first shard
    /// did.
    pub fn go_to_update(&mut self, session: &mut Session, step: u64, shards: usize) -> Result<(), Error> {
        go(&mut self.gradients, session, step.wrapping_mul(shards as u64))?;
        go(&mut self.update, session, step)
    }

    /// How often they ran when a step begins, in the bits that the engine counts with.
    pub fn at_step(&self, step: u64, shards: usize) -> BTreeMap<String, i32> {
        let index = step.wrapping_mul(shards as u64);
        let gradients = self.gradients.keys().map(|name| (name.clone(), index as i32));
        gradients.chain(self.update.keys().map(|name| (name.clone(), step as i32))).collect()
    }
}

fn go(runs: &mut BTreeMap<String, i32>, session: &mut Session, index: u64) -> Result<(), Error> {
    if runs.is_empty() {
        return Ok(());
    }
    runs.values_mut().for_each(|run| *run = index as i32);
    session.set_random_runs(runs)
}
