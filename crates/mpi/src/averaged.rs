//! Variables that shards change when they are computed.

use crate::{Cut, Error, update::elements};
use minutia_graph::{DType, Operation, Output, Session, Tensor, Variable};

/// Variables that are assigned beside the optimizer, such as moving averages of batch statistics. Each shard
/// begins with what they held before the step; after it they hold the mean of what the shards left.
#[derive(Debug)]
pub(crate) struct Averaged {
    variables: Vec<Variable>,
    /// What a shard leaves in them.
    pub after: Vec<Output>,
    /// What they held before the step.
    values: Vec<Tensor>,
    /// Which of the variables that are exchanged the first one is.
    first: usize,
}

impl Averaged {
    /// Those that the loss, its gradients or an operation beside them assign.
    pub fn find(
        loss: &Output,
        fetches: &[Output],
        trained: &[Variable],
        beside: Option<&Operation>,
    ) -> Result<Averaged, Error> {
        let graph = loss.graph();
        let operations = fetches.iter().map(Output::operation).chain(beside.cloned());
        let group = graph.group(operations.collect::<Vec<Operation>>());
        let variables = group.assigned_variables();
        let is_wrong = |variable: &&Variable| variable.dtype() != DType::F32 || trained.contains(variable);
        let wrong: Vec<String> = variables.iter().filter(is_wrong).map(|variable| variable.name()).collect();
        if !wrong.is_empty() {
            return Err(Error::Assigns { loss: loss.name(), variables: wrong });
        }
        let _after = graph.control_dependencies([&group]);
        let after = variables.iter().map(|variable| variable.read_value()).collect();
        Ok(Averaged { variables, after, values: Vec::new(), first: trained.len() })
    }

    /// How many elements each has.
    pub fn sizes(&self) -> impl Iterator<Item = usize> {
        self.variables.iter().map(elements)
    }

    /// Gives them, for the next shard, what they held before the step.
    pub fn reset(&self, session: &mut Session) -> Result<(), Error> {
        let mut pairs = self.variables.iter().zip(&self.values);
        Ok(pairs.try_for_each(|(variable, value)| session.set_variable(variable, value))?)
    }

    /// Notes what they hold before a step.
    pub fn note(&mut self, session: &Session) -> Result<(), Error> {
        let values = self.variables.iter().map(|variable| session.variable(variable));
        self.values = values.collect::<Result<Option<Vec<Tensor>>, _>>()?.unwrap_or_default();
        Ok(())
    }

    /// Takes the means of what is exchanged.
    pub fn take(&mut self, session: &mut Session, cut: &Cut, all: &[f32]) -> Result<(), Error> {
        for (index, value) in self.values.iter_mut().enumerate() {
            let mean = all[cut.place(self.first + index)].to_vec();
            *value = Tensor::from_vec(value.shape().clone(), mean)?;
        }
        self.reset(session)
    }
}
