use crate::{Argument, Error, argument};
use minutia_graph::{DType, Graph, Operation, Output, PartialShape, Variable};
use std::collections::HashSet;

/// An optimizer: builds the updates of variables into their graph. What it remembers from step to step (its
/// slots) are variables of the graph, which `Saver` keeps with the others.
///
/// An optimizer of another crate says its name, its arguments and its updates, and gets the rest:
///
/// ```
/// use minutia_graph::{Device, Graph, Output, Session, Variable};
/// use minutia_optim::{Argument, Optimizer, Rate};
///
/// /// Steps of one length, whatever the gradient's.
/// struct SignDescent(Rate);
///
/// impl Optimizer for SignDescent {
///     fn name(&self) -> &'static str {
///         "SignDescent"
///     }
///     fn arguments(&self) -> Vec<Argument> {
///         self.0.argument().into_iter().collect()
///     }
///     fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
///         let rate = self.0.output(graph);
///         gradients.iter().map(|(g, v)| v.assign_sub(g.sign() * &rate)).collect()
///     }
/// }
///
/// let graph = Graph::new();
/// let x = graph.variable("x", [1.0_f32, -3.0]);
/// let train = SignDescent(Rate::from(0.5)).minimize(x.square().reduce_sum(..))?;
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// session.run(&train, ())?;
/// assert_eq!(session.run(&x, ())?.as_slice::<f32>()?, [0.5, -2.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A reference to an optimizer is one, and so is a box, of `dyn Optimizer` too. (Of an `optimizer: &dyn
/// Optimizer`, the language wants `Optimizer::minimize(&optimizer, &loss)`.)
///
/// ```
/// use minutia_graph::Graph;
/// use minutia_optim::{Adam, GradientDescent, Optimizer};
///
/// let graph = Graph::new();
/// let x = graph.variable("x", 1.0_f32);
/// let optimizers: [Box<dyn Optimizer>; 2] =
///     [Box::new(Adam::new(0.1)), Box::new(GradientDescent::new(0.01).with_var_list([&x]))];
/// for optimizer in optimizers {
///     assert_eq!(optimizer.minimize(x.square())?.assigned_variables()[0], x);
/// }
/// # Ok::<(), minutia_optim::Error>(())
/// ```
pub trait Optimizer {
    /// TensorFlow's name, which is also the name scope of the updates.
    fn name(&self) -> &'static str;

    /// The numbers that it was given, each with what it may be.
    /// [`apply_gradients`](Optimizer::apply_gradients) refuses others.
    fn arguments(&self) -> Vec<Argument>;

    /// Builds the update of each variable from its gradient, and returns every assignment: those of the
    /// variables, and those of all [`slot`]s and other variables that it makes. What is returned runs, with
    /// all that it depends on; an assignment that is not among it would never happen, and
    /// [`apply_gradients`](Optimizer::apply_gradients) refuses it as [`Error::Unassigned`].
    ///
    /// Every update changes what variables and slots hold then: it reads them with
    /// [`read_value`](Variable::read_value) or changes them with [`assign_sub`](Variable::assign_sub), so
    /// that it adds to those that the same run makes before it.
    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output>;

    /// The variables that [`minimize`](Optimizer::minimize) trains, all of which the loss must depend on;
    /// `None` for all trainable ones that it depends on.
    fn var_list(&self) -> Option<&[Variable]> {
        None
    }

    /// What an update must see at once: who trains on many machines gives each of them no less than that.
    /// Unless an optimizer says otherwise, everything.
    fn coupling(&self) -> Coupling {
        Coupling::All
    }

    /// The gradients of a loss with respect to variables, to be changed (clipped, say) and handed to
    /// [`apply_gradients`](Optimizer::apply_gradients).
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// use minutia_optim::{GradientDescent, Optimizer};
    /// let graph = Graph::new();
    /// let x = graph.variable("x", 4.0_f32);
    /// let optimizer = GradientDescent::new(1.0);
    /// let mut gradients = optimizer.compute_gradients(x.square(), [&x])?;
    /// gradients.iter_mut().for_each(|(g, _)| *g = g.clip_by_value(-1.0, 1.0));
    /// let train = optimizer.apply_gradients(&gradients)?;
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// session.run(&train, ())?;
    /// assert_eq!(session.run(&x, ())?.value::<f32>()?, 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unreached`] for variables that the loss does not depend on, [`Error::Duplicate`] for one that
    /// is listed twice, or the first error of building.
    #[track_caller]
    fn compute_gradients(
        &self,
        loss: impl AsRef<Output>,
        variables: impl IntoIterator<Item = impl AsRef<Variable>>,
    ) -> Result<Vec<(Output, Variable)>, Error>
    where
        Self: Sized,
    {
        let (loss, variables) = (loss.as_ref(), list(variables));
        distinct(self.name(), variables.iter())?;
        match reached(loss, &variables)? {
            (reached, unreached) if unreached.is_empty() => Ok(reached),
            (_, variables) => Err(Error::Unreached { loss: loss.name(), variables }),
        }
    }

    /// The operation that updates the variables by their gradients.
    ///
    /// # Errors
    /// [`Error::NoGradients`] for an empty list, [`Error::Duplicate`] for a variable that is listed twice,
    /// [`Error::Unassigned`] where [`updates`](Optimizer::updates) leaves an assignment out,
    /// [`minutia_graph::Error::Argument`] for a number that is not in its domain, or the first error of
    /// building.
    #[track_caller]
    fn apply_gradients(&self, gradients: &[(Output, Variable)]) -> Result<Operation, Error> {
        let Some((first, _)) = gradients.first() else {
            return Err(Error::NoGradients { optimizer: self.name() });
        };
        distinct(self.name(), gradients.iter().map(|(_, variable)| variable))?;
        argument::check(self.name(), self.arguments())?;
        let graph = first.graph();
        let before = graph.global_variables().len();
        let updates = {
            let _scope = graph.name_scope(self.name());
            self.updates(graph, gradients)
        };
        updates.iter().try_for_each(Output::check)?;
        let updates: Vec<Operation> = updates.iter().map(Output::operation).collect();
        let operation = graph.group(&updates).with_name(self.name());
        let own = graph.global_variables().split_off(before);
        complete(self.name(), &operation, gradients.iter().map(|(_, variable)| variable).chain(&own))?;
        Ok(operation)
    }

    /// The operation that makes one step towards a smaller loss, over all trainable variables that it depends
    /// on, or over the [listed ones](Optimizer::with_var_list).
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// use minutia_optim::{GradientDescent, Optimizer};
    /// let graph = Graph::new();
    /// let x = graph.variable("x", 4.0_f32);
    /// let train = GradientDescent::new(0.25).minimize(x.square())?;
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// session.run(&train, ())?;
    /// assert_eq!(session.run(&x, ())?.value::<f32>()?, 2.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoVariables`] when there is none; [`Error::Unreached`] for listed ones that the loss does not
    /// depend on, [`Error::Duplicate`] for one that is listed twice; or as
    /// [`apply_gradients`](Optimizer::apply_gradients).
    #[track_caller]
    fn minimize(&self, loss: impl AsRef<Output>) -> Result<Operation, Error>
    where
        Self: Sized,
    {
        self.apply_gradients(&self.minimized_gradients(loss)?)
    }

    /// The gradients that [`minimize`](Optimizer::minimize) applies, each with its variable.
    ///
    /// ```
    /// use minutia_graph::Graph;
    /// use minutia_optim::{GradientDescent, Optimizer};
    /// let graph = Graph::new();
    /// let (x, _unused) = (graph.variable("x", 4.0_f32), graph.variable("y", 1.0_f32));
    /// let gradients = GradientDescent::new(0.25).minimized_gradients(x.square())?;
    /// assert_eq!((gradients.len(), &gradients[0].1), (1, &x));
    /// # Ok::<(), minutia_optim::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoVariables`], [`Error::Unreached`] and [`Error::Duplicate`] as of
    /// [`minimize`](Optimizer::minimize), or the first error of building.
    #[track_caller]
    fn minimized_gradients(&self, loss: impl AsRef<Output>) -> Result<Vec<(Output, Variable)>, Error>
    where
        Self: Sized,
    {
        let loss = loss.as_ref();
        match self.var_list() {
            None => {}
            Some([]) => return Err(Error::NoVariables { loss: loss.name(), unreached: Vec::new() }),
            Some(listed) => return self.compute_gradients(loss, listed),
        }
        match reached(loss, &loss.graph().trainable_variables())? {
            (reached, unreached) if reached.is_empty() => {
                Err(Error::NoVariables { loss: loss.name(), unreached })
            }
            (reached, _) => Ok(reached),
        }
    }

    /// As [`minimize`](Optimizer::minimize), and adds 1 to `global_step` after the update: TensorFlow 1's
    /// `minimize(loss, global_step=global_step)`. The step is one number, `i32` or `f32`; an `f32` stands
    /// still at 2^24, to which 1 cannot be added. What the run computes from it, such as a
    /// [schedule](crate::schedule), is of the number at its beginning.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// use minutia_optim::{GradientDescent, Optimizer, schedule};
    /// let graph = Graph::new();
    /// let x = graph.variable("x", 4.0_f32);
    /// let global_step = graph.untrainable_variable("global_step", 0);
    /// let rate = schedule::piecewise_constant(&global_step, &[0.0], &[1.0, 0.5]).expect("a value more");
    /// let train = GradientDescent::new(rate).minimize_counting(&x * 1.0, &global_step)?;
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// for _ in 0..3 {
    ///     session.run(&train, ())?;
    /// }
    /// let (x, steps) = session.run((&x, &global_step), ())?;
    /// assert_eq!((x.value::<f32>()?, steps.value::<i32>()?), (4.0 - 1.0 - 0.5 - 0.5, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::GlobalStep`] for a step that is no number, or as [`minimize`](Optimizer::minimize).
    #[doc(alias = "global_step")]
    #[track_caller]
    fn minimize_counting(&self, loss: impl AsRef<Output>, global_step: &Variable) -> Result<Operation, Error>
    where
        Self: Sized,
    {
        let loss = loss.as_ref();
        counter(self.name(), loss.graph(), global_step)?;
        counted(self.name(), &self.minimize(loss)?, global_step)
    }

    /// As [`apply_gradients`](Optimizer::apply_gradients), and adds 1 to `global_step` after the update; see
    /// [`minimize_counting`](Optimizer::minimize_counting).
    ///
    /// # Errors
    /// [`Error::GlobalStep`] for a step that is no number, or as
    /// [`apply_gradients`](Optimizer::apply_gradients).
    #[track_caller]
    fn apply_gradients_counting(
        &self,
        gradients: &[(Output, Variable)],
        global_step: &Variable,
    ) -> Result<Operation, Error> {
        if let Some((gradient, _)) = gradients.first() {
            counter(self.name(), gradient.graph(), global_step)?;
        }
        counted(self.name(), &self.apply_gradients(gradients)?, global_step)
    }

    /// The same optimizer over these variables alone; all others are frozen.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// use minutia_optim::{GradientDescent, Optimizer};
    ///
    /// let graph = Graph::new();
    /// let (x, frozen) = (graph.variable("x", 1.0_f32), graph.variable("frozen", 3.0_f32));
    /// let train = GradientDescent::new(0.5).with_var_list([&x]).minimize(&(&x * &frozen))?;
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), feeds! {})?;
    /// session.run(&train, feeds! {})?;
    /// let (x, frozen) = session.run((&x, &frozen), feeds! {})?;
    /// assert_eq!((x.value::<f32>()?, frozen.value::<f32>()?), (1.0 - 0.5 * 3.0, 3.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "var_list")]
    fn with_var_list(self, variables: impl IntoIterator<Item = impl AsRef<Variable>>) -> WithVarList<Self>
    where
        Self: Sized,
    {
        WithVarList { optimizer: self, variables: list(variables) }
    }
}

/// What an optimizer's update must see at once; see [`Optimizer::coupling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coupling {
    /// One element of a variable, of its gradient and of its slots: any part of a variable may be updated by
    /// itself. So are all optimizers of this crate.
    Element,
    /// A whole variable, such as where a step depends on the norm of its gradient.
    Variable,
    /// All variables together.
    All,
}

/// An optimizer over some variables; see [`Optimizer::with_var_list`].
#[derive(Clone, Debug)]
pub struct WithVarList<O> {
    optimizer: O,
    variables: Vec<Variable>,
}

impl<O: Optimizer> Optimizer for WithVarList<O> {
    fn name(&self) -> &'static str {
        self.optimizer.name()
    }

    fn arguments(&self) -> Vec<Argument> {
        self.optimizer.arguments()
    }

    fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
        self.optimizer.updates(graph, gradients)
    }

    fn var_list(&self) -> Option<&[Variable]> {
        Some(&self.variables)
    }

    fn coupling(&self) -> Coupling {
        self.optimizer.coupling()
    }
}

impl<O: Optimizer> WithVarList<O> {
    /// The gradients of a loss with respect to the listed variables, to be changed and handed to
    /// [`apply_gradients`](Optimizer::apply_gradients).
    ///
    /// # Errors
    /// As [`minimize`](Optimizer::minimize).
    #[track_caller]
    pub fn compute_gradients(&self, loss: impl AsRef<Output>) -> Result<Vec<(Output, Variable)>, Error> {
        let loss = loss.as_ref();
        if self.variables.is_empty() {
            return Err(Error::NoVariables { loss: loss.name(), unreached: Vec::new() });
        }
        self.optimizer.compute_gradients(loss, &self.variables)
    }
}

/// Refuses to count in what is no counter of this graph.
fn counter(optimizer: &'static str, graph: &Graph, global_step: &Variable) -> Result<(), Error> {
    let (name, signature) = (global_step.name(), global_step.signature());
    if !graph.global_variables().contains(global_step) {
        return Err(minutia_graph::Error::OtherGraph { role: "global step", name }.into());
    }
    let counts = matches!(signature.dtype, DType::I32 | DType::F32) && signature.shape.is_empty();
    if counts { Ok(()) } else { Err(Error::GlobalStep { optimizer, name, signature }) }
}

/// The update, and after it one more step.
#[track_caller]
fn counted(name: &'static str, update: &Operation, global_step: &Variable) -> Result<Operation, Error> {
    let _after = update.graph().control_dependencies([update]);
    let count = global_step.assign_add(1);
    count.check()?;
    Ok(count.operation().with_name(name))
}

macro_rules! behind {
    ($($pointer:ty),*) => { $(
        impl<O: Optimizer + ?Sized> Optimizer for $pointer {
            fn name(&self) -> &'static str {
                (**self).name()
            }

            fn arguments(&self) -> Vec<Argument> {
                (**self).arguments()
            }

            fn updates(&self, graph: &Graph, gradients: &[(Output, Variable)]) -> Vec<Output> {
                (**self).updates(graph, gradients)
            }

            fn var_list(&self) -> Option<&[Variable]> {
                (**self).var_list()
            }

            fn coupling(&self) -> Coupling {
                (**self).coupling()
            }
        }
    )* };
}

behind!(&O, Box<O>);

fn list(variables: impl IntoIterator<Item = impl AsRef<Variable>>) -> Vec<Variable> {
    variables.into_iter().map(|variable| variable.as_ref().clone()).collect()
}

/// Gradients with their variables, and the names of the variables that have none.
type Reached = (Vec<(Output, Variable)>, Vec<String>);

/// The gradients of those variables that the loss depends on, and the names of the others.
#[track_caller]
fn reached(loss: &Output, variables: &[Variable]) -> Result<Reached, minutia_graph::Error> {
    let (mut reached, mut unreached) = (Vec::new(), Vec::new());
    for (gradient, variable) in loss.graph().gradients(loss, variables)?.into_iter().zip(variables) {
        match gradient {
            Some(gradient) => reached.push((gradient, variable.clone())),
            None => unreached.push(variable.name()),
        }
    }
    Ok((reached, unreached))
}

fn distinct<'a>(optimizer: &'static str, variables: impl Iterator<Item = &'a Variable>) -> Result<(), Error> {
    let mut seen: Vec<&Variable> = Vec::new();
    for variable in variables {
        if seen.contains(&variable) {
            return Err(Error::Duplicate { optimizer, variable: variable.name() });
        }
        seen.push(variable);
    }
    Ok(())
}

/// Refuses updates that leave one of these variables as it is.
fn complete<'a>(
    optimizer: &'static str,
    operation: &Operation,
    variables: impl Iterator<Item = &'a Variable>,
) -> Result<(), Error> {
    let assigned = operation.assigned_variables();
    let names: HashSet<String> = assigned.iter().map(|variable| variable.name()).collect();
    let forgotten = variables.map(|variable| variable.name()).filter(|name| !names.contains(name));
    match forgotten.collect::<Vec<String>>() {
        variables if variables.is_empty() => Ok(()),
        variables => Err(Error::Unassigned { optimizer, variables }),
    }
}

/// A slot: what an optimizer remembers of a variable from step to step, as a variable beside it, of its
/// shape, filled with one number at first. As in TensorFlow 1 it is named after its variable and its
/// optimizer, whatever scope is open: `W/Adam`, and `W/Adam_1` for a second one.
///
/// ```
/// use minutia_graph::Graph;
/// let graph = Graph::new();
/// let w = graph.variable("W", graph.zeros([2, 3]));
/// let (mean, square) = (minutia_optim::slot(&w, "Mine", 0.0), minutia_optim::slot(&w, "Mine", 1.0));
/// assert_eq!([mean.name(), square.name()], ["W/Mine", "W/Mine_1"]);
/// assert_eq!(mean.shape(), w.shape());
/// assert_eq!(graph.trainable_variables(), [w]);
/// ```
#[track_caller]
#[must_use = "a slot that is not assigned remembers nothing"]
pub fn slot(variable: &Variable, name: &str, value: f32) -> Variable {
    beside(variable, name, &variable.shape(), value)
}

/// A variable beside a tensor, in whose scope it is, filled with one number at first.
#[track_caller]
pub(crate) fn beside(owner: &Output, name: &str, shape: &PartialShape, value: f32) -> Variable {
    let (graph, owner) = (owner.graph(), owner.name());
    let _outside = graph.outside_control_dependencies();
    let initial = {
        let _scope = graph.name_scope(&format!("{owner}/{name}/Initializer/"));
        graph.fill(shape.known().unwrap_or_default(), value)
    };
    let _scope = graph.name_scope(&format!("{owner}/"));
    graph.untrainable_variable(name, initial)
}
