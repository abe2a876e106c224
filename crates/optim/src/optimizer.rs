use crate::Error;
use minutia_graph::{Graph, Operation, Output, Variable};

/// An optimizer: builds the updates of variables into their graph. What it remembers from step to step (its slots) are
/// variables of the graph, which `Saver` keeps with the others.
pub trait Optimizer: Sized {
    /// TensorFlow's name, which is also the name scope of the updates.
    fn name(&self) -> &'static str;

    /// Builds the update of each variable from its gradient. Every update computes with the variables as they are at
    /// the beginning of the run.
    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output>;

    /// The gradients of a loss with respect to variables, to be changed (clipped, say) and handed to
    /// [`apply_gradients`](Optimizer::apply_gradients).
    ///
    /// # Errors
    /// [`minutia_graph::Error::Unreached`] for a variable that the loss does not depend on.
    #[track_caller]
    fn compute_gradients(
        &self,
        loss: &Output,
        variables: &[Variable],
    ) -> Result<Vec<(Output, Variable)>, Error> {
        let handles: Vec<&Output> = variables.iter().map(|v| &**v).collect();
        let gradients = loss.graph().gradients(loss, &handles)?;
        let pair = |(gradient, variable): (Option<Output>, &Variable)| match gradient {
            Some(gradient) => Ok((gradient, variable.clone())),
            None => {
                Err(minutia_graph::Error::Unreached { loss: loss.name(), variable: variable.name() }.into())
            }
        };
        gradients.into_iter().zip(variables).map(pair).collect()
    }

    /// The operation that updates the variables by their gradients.
    ///
    /// # Errors
    /// The first error of building.
    #[track_caller]
    fn apply_gradients(&self, gradients: &[(Output, Variable)]) -> Result<Operation, Error> {
        let Some((first, _)) = gradients.first() else {
            return Err(Error::NoVariables { loss: String::new() });
        };
        let graph = first.graph();
        let updates = {
            let _scope = graph.name_scope(self.name());
            self.updates(graph, gradients)
        };
        updates.iter().try_for_each(Output::check)?;
        let updates: Vec<Operation> = updates.iter().map(Output::operation).collect();
        Ok(graph.group(&updates).with_name(self.name()))
    }

    /// The operation that makes one step towards a smaller loss, over all trainable variables that it depends on.
    ///
    /// # Errors
    /// [`Error::NoVariables`] when there is none, or the first error of building.
    #[track_caller]
    fn minimize(&self, loss: &Output) -> Result<Operation, Error> {
        let variables = loss.graph().trainable_variables();
        let handles: Vec<&Output> = variables.iter().map(|v| &**v).collect();
        let gradients = loss.graph().gradients(loss, &handles)?;
        let reached: Vec<(Output, Variable)> =
            gradients.into_iter().zip(variables).filter_map(|(g, v)| g.map(|g| (g, v))).collect();
        if reached.is_empty() {
            return Err(Error::NoVariables { loss: loss.name() });
        }
        self.apply_gradients(&reached)
    }

    /// The same optimizer over these variables alone; all others are frozen.
    fn with_var_list(self, variables: &[&Variable]) -> WithVarList<Self> {
        WithVarList { optimizer: self, variables: variables.iter().map(|&v| v.clone()).collect() }
    }
}

/// An optimizer over some variables; see [`Optimizer::with_var_list`].
#[derive(Clone, Debug)]
pub struct WithVarList<O> {
    optimizer: O,
    variables: Vec<Variable>,
}

impl<O: Optimizer> WithVarList<O> {
    /// The operation that makes one step towards a smaller loss.
    ///
    /// # Errors
    /// [`minutia_graph::Error::Unreached`] for a variable that the loss does not depend on, or the first error of
    /// building.
    #[track_caller]
    pub fn minimize(&self, loss: &Output) -> Result<Operation, Error> {
        if self.variables.is_empty() {
            return Err(Error::NoVariables { loss: loss.name() });
        }
        self.optimizer.apply_gradients(&self.optimizer.compute_gradients(loss, &self.variables)?)
    }
}

/// A slot: a variable beside another, of its shape, filled with one number.
#[track_caller]
pub(crate) fn slot(variable: &Variable, name: &str, value: f32) -> Variable {
    let dims = variable.shape().known().unwrap_or_default();
    let initial = variable.graph().fill(dims, value);
    let local = variable.name().rsplit('/').next().unwrap_or_default().to_string();
    variable.graph().untrainable_variable(&format!("{local}/{name}"), initial)
}
