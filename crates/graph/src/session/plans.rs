use super::state::{Compiled, State};
use crate::{Error, node::NodeId};
use std::collections::{BTreeMap, HashMap};

/// The fetches, and whether each one's value is asked for.
pub(super) type Targets = Vec<(NodeId, bool)>;
/// The extents of what is fed.
pub(super) type Shapes = BTreeMap<NodeId, Vec<usize>>;
type Key = (Targets, Shapes);

/// Plans that are kept. Each has memory of its own, and a program that feeds ever new shapes would fill the device.
const MOST: usize = 32;

/// The plans that were used last.
#[derive(Debug, Default)]
pub(super) struct Plans {
    /// When each was used last, and the plan.
    plans: HashMap<Key, (u64, Compiled)>,
    uses: u64,
}

impl Plans {
    /// The plan for these fetches and shapes, which `compile` makes if there is none; the one that was longest unused
    /// gives way where there are too many.
    pub(super) fn get(
        &mut self,
        key: &Key,
        state: &mut State,
        compile: impl FnOnce(&mut State) -> Result<Compiled, Error>,
    ) -> Result<&mut Compiled, Error> {
        self.uses += 1;
        if !self.plans.contains_key(key) {
            if self.plans.len() >= MOST
                && let Some(oldest) = self.plans.iter().min_by_key(|(_, plan)| plan.0).map(|(k, _)| k.clone())
                && let Some((_, mut plan)) = self.plans.remove(&oldest)
            {
                plan.free(state);
            }
            self.plans.insert(key.clone(), (0, compile(state)?));
        }
        let plan = self.plans.get_mut(key).expect("inserted above");
        plan.0 = self.uses;
        Ok(&mut plan.1)
    }

    pub(super) fn clear(&mut self, state: &mut State) {
        self.plans.drain().for_each(|(_, (_, mut plan))| plan.free(state));
    }
}

#[cfg(test)]
mod tests {
    use super::MOST;
    use crate::{DType, Error, Graph, Session, feeds};
    use minutia_tensor::{Device, Tensor};

    #[test]
    fn the_plan_that_was_longest_unused_gives_way() -> Result<(), Error> {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, [None]);
        let sum = x.reduce_sum(..);
        let mut session = Session::new(&graph, &Device::cpu()?)?;
        let run = |session: &mut Session, n: usize| -> Result<f32, Error> {
            let ones = Tensor::from_vec([n], vec![1.0_f32; n])?;
            Ok(session.run(&sum, feeds! { x => ones })?.value()?)
        };
        for n in 1..=2 * MOST {
            assert_eq!((run(&mut session, 1)?, run(&mut session, n)?), (1.0, n as f32), "{n} elements");
            assert!(session.plans.plans.len() <= MOST, "after {n} shapes");
        }
        let shapes: Vec<usize> =
            session.plans.plans.keys().map(|(_, s)| s.values().next().unwrap()[0]).collect();
        assert!(shapes.contains(&1) && !shapes.contains(&2), "{shapes:?} were kept");
        Ok(())
    }
}
