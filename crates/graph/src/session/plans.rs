use super::state::{Compiled, State};
use crate::{Error, build::node::NodeId, plan::Plan};
use minutia_tensor::{Slot, Tensor};
use std::collections::{BTreeMap, HashMap};

/// The fetches, and whether each one's value is asked for.
pub(super) type Targets = Vec<(NodeId, bool)>;
/// The extents of what is fed.
pub(super) type Shapes = BTreeMap<NodeId, Vec<usize>>;
type PlanKey = (Targets, Shapes);

/// What plans may hold beyond the one that was used last.
const BUDGET: usize = 256 << 20;

/// The plans that were used last. They share one arena, as each run is over before the next begins.
#[derive(Debug)]
pub(super) struct Plans {
    /// When each was used last, and the plan.
    plans: HashMap<PlanKey, (u64, Compiled)>,
    uses: u64,
    /// The arena, and its bytes.
    arena: Option<(Slot, usize)>,
    /// Bytes.
    budget: usize,
    /// What lies in the place of tensors that are not fed now.
    pub nothing: Tensor,
}

impl Default for Plans {
    fn default() -> Plans {
        let nothing = Tensor::from(Vec::<u8>::new());
        Plans { plans: HashMap::new(), uses: 0, arena: None, budget: BUDGET, nothing }
    }
}

impl Plans {
    /// The plan for these fetches and shapes, which `plan` makes if there is none. Those that were longest
    /// unused give way where all but the new one hold more than they may.
    pub(super) fn get(
        &mut self,
        key: &PlanKey,
        state: &mut State,
        feeds: &BTreeMap<NodeId, Tensor>,
        plan: impl FnOnce() -> Result<Plan, Error>,
    ) -> Result<&mut Compiled, Error> {
        self.uses += 1;
        if let Some((used, compiled)) = self.plans.get_mut(key) {
            *used = self.uses;
            let needed = compiled.arena_bytes;
            self.reserve(state, needed)?;
        } else {
            let plan = plan()?;
            let arena = self.reserve(state, plan.arena_bytes)?;
            let compiled = Compiled::new(state, plan, feeds, Some(arena))?;
            self.plans.insert(key.clone(), (self.uses, compiled));
            self.evict(state)?;
        }
        Ok(&mut self.plans.get_mut(key).expect("inserted above").1)
    }

    /// How many bytes the plans hold.
    pub(super) fn bytes(&self) -> usize {
        let arena = self.arena.map_or(0, |arena| arena.1);
        self.plans.values().fold(arena, |sum, plan| sum.saturating_add(plan.1.bytes))
    }

    /// Changes what plans may hold beyond the one that was used last.
    pub(super) fn set_budget(&mut self, state: &mut State, bytes: usize) -> Result<(), Error> {
        self.budget = bytes;
        self.evict(state)
    }

    /// The arena, of so many bytes at least.
    fn reserve(&mut self, state: &mut State, bytes: usize) -> Result<Slot, Error> {
        match self.arena {
            Some((slot, found)) if bytes <= found => Ok(slot),
            _ => self.resize(state, bytes),
        }
    }

    /// Another arena. No plan needs what is in the old one.
    fn resize(&mut self, state: &mut State, bytes: usize) -> Result<Slot, Error> {
        let old = self.arena.map(|arena| arena.0);
        // It goes first, so that never both are held. Where there is no memory for the new one, a small one
        // stays.
        old.into_iter().for_each(|slot| state.memory.free(slot));
        let (allocated, bytes) = match state.memory.allocate(bytes) {
            Ok(slot) => (Ok(slot), bytes),
            Err(error) => (Err(error), 0),
        };
        let slot = allocated.clone().or_else(|_| state.memory.allocate(0))?;
        self.arena = Some((slot, bytes));
        if let Some(old) = old {
            self.plans.values_mut().for_each(|plan| plan.1.rebind(old, slot));
        }
        Ok(allocated?)
    }

    fn evict(&mut self, state: &mut State) -> Result<(), Error> {
        let latest = self.plans.values().find(|plan| plan.0 == self.uses);
        let own = latest.map_or((0, 0), |plan| (plan.1.arena_bytes, plan.1.bytes));
        let mut by_use: Vec<(u64, PlanKey)> =
            self.plans.iter().map(|(k, plan)| (plan.0, k.clone())).collect();
        by_use.sort_unstable();
        let largest = |plans: &Self| plans.plans.values().map(|plan| plan.1.arena_bytes).max().unwrap_or(0);
        let mut others =
            self.plans.values().fold(0, |sum: usize, plan| sum.saturating_add(plan.1.bytes)) - own.1;
        for (used, key) in by_use {
            if used == self.uses || others.saturating_add(largest(self) - own.0) <= self.budget {
                break;
            }
            if let Some((_, mut plan)) = self.plans.remove(&key) {
                others -= plan.bytes;
                plan.free(state);
            }
        }
        let needed = largest(self);
        if self.arena.is_some_and(|arena| arena.1 > needed) {
            self.resize(state, needed)?;
        }
        Ok(())
    }

    pub(super) fn clear(&mut self, state: &mut State) {
        self.plans.drain().for_each(|(_, (_, mut plan))| plan.free(state));
        self.arena.take().into_iter().for_each(|(slot, _)| state.memory.free(slot));
    }
}

#[cfg(test)]
mod tests {
    use crate::{DType, Device, Error, Graph, Output, Session, Tensor, feeds};
    use std::sync::Arc;

    /// A session over a graph whose intermediates are as long as what is fed.
    fn session() -> Result<(Session, Output, Output), Error> {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, [None]);
        let partly = (&x + 1.0).tanh();
        let sum = (&partly * partly.reduce_sum(..)).reduce_max(..);
        Ok((Session::new(&graph, &Device::cpu()?)?, x, sum))
    }

    fn run(session: &mut Session, (x, sum): (&Output, &Output), n: usize) -> Result<(), Error> {
        let numbers = Arc::new(vec![0.5_f32; n]);
        let fed = Tensor::from_shared([n], Arc::clone(&numbers))?;
        session.run(sum, feeds! { x => fed })?;
        assert_eq!(Arc::strong_count(&numbers), 1, "what was fed is not kept");
        Ok(())
    }

    #[test]
    fn many_shapes_share_one_arena() -> Result<(), Error> {
        let (mut session, x, sum) = session()?;
        run(&mut session, (&x, &sum), 1_000_000)?;
        let one = session.plan_cache_bytes();
        assert!((4_000_000..8_000_000).contains(&one), "{one} bytes");
        for round in 0..2 {
            for n in 0..100 {
                run(&mut session, (&x, &sum), 1_000_000 - n)?;
            }
            assert_eq!(session.plans.plans.len(), 100, "round {round}");
        }
        let all = session.plan_cache_bytes();
        assert!(all < 3 * one, "{all} bytes for a hundred shapes, {one} for one");
        Ok(())
    }

    #[test]
    fn plans_that_were_longest_unused_give_way() -> Result<(), Error> {
        let (mut session, x, sum) = session()?;
        let kept = |session: &Session| {
            let mut kept: Vec<usize> =
                session.plans.plans.keys().map(|(_, shapes)| shapes.values().next().unwrap()[0]).collect();
            kept.sort_unstable();
            kept
        };
        for n in [1, 2, 3, 1, 4] {
            run(&mut session, (&x, &sum), n)?;
        }
        assert_eq!(kept(&session), [1, 2, 3, 4]);
        let two = 2 * (session.plan_cache_bytes() / 4) + 1000;
        session.set_plan_cache_bytes(two)?;
        assert_eq!(kept(&session), [1, 3, 4]);
        run(&mut session, (&x, &sum), 5)?;
        assert_eq!(kept(&session), [1, 4, 5]);
        // The largest arena goes with the plan that needs it.
        run(&mut session, (&x, &sum), 1_000_000)?;
        assert!(session.plan_cache_bytes() > 4_000_000);
        run(&mut session, (&x, &sum), 6)?;
        assert!(session.plan_cache_bytes() < 100_000, "{}", session.plan_cache_bytes());
        session.set_plan_cache_bytes(0)?;
        assert_eq!(kept(&session), [6]);
        run(&mut session, (&x, &sum), 2)?;
        assert_eq!(kept(&session), [2]);
        Ok(())
    }

    #[test]
    fn a_plan_that_memory_is_too_small_for_leaves_the_others_as_they_are() -> Result<(), Error> {
        let (mut session, x, sum) = session()?;
        run(&mut session, (&x, &sum), 3)?;
        let state = Arc::clone(&session.state);
        assert!(session.plans.reserve(&mut crate::session::lock(&state), usize::MAX / 2).is_err());
        run(&mut session, (&x, &sum), 3)?;
        Ok(())
    }
}
