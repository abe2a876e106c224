use crate::{
    Error, Graph, Operand, Operation, Output, SourceLine,
    build::{graph::VariableEntry, node::NodeId},
    ops::{AnyOp, variable as op},
};
use minutia_tensor::Tensor;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

/// A tensor that lives in the session and keeps its value from run to run.
///
/// A variable is an [`Output`] (it derefs to it): its value at the beginning of the run. What a run itself
/// assigns is seen by [`read_value`](Variable::read_value), by the results of assignments, by
/// [`assign_add`](Variable::assign_add), [`assign_sub`](Variable::assign_sub) and every optimizer, which
/// change what the variable holds then, and by what is built under [control
/// dependencies](Graph::control_dependencies) of an operation that assigns the variable. All of these act in
/// the order in which they were built, also where TensorFlow leaves the order open. Gradients are taken at
/// the values that the differentiated operations were given.
///
/// ```
/// use minutia_graph::{Graph, Session, feeds};
/// use minutia_tensor::Device;
///
/// let graph = Graph::new();
/// let counter = graph.variable("counter", 0.0_f32);
/// let next = counter.assign_add(1.0);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), feeds! {})?;
/// for _ in 0..3 {
///     session.run(&next, feeds! {})?;
/// }
/// assert_eq!(session.run(&counter, feeds! {})?.value::<f32>()?, 3.0);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    output: Output,
    index: usize,
}

impl Variable {
    /// Gives the variable a new value, which is the result. The value has the variable's type and shape; it
    /// may be a plain number for a scalar.
    ///
    /// A value that is computed from the variable itself is computed from the beginning of the run: of two
    /// such assignments in one run the one built last holds. [`assign_add`](Variable::assign_add) and
    /// [`assign_sub`](Variable::assign_sub) add up.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", [1.0_f32, 2.0]);
    /// let double = v.assign(&v * 2.0);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), feeds! {})?;
    /// assert_eq!(session.run(&double, feeds! {})?.as_slice::<f32>()?, [2.0, 4.0]);
    /// assert_eq!(session.run(&v, feeds! {})?.as_slice::<f32>()?, [2.0, 4.0]);
    /// assert!(v.assign(graph.constant([1.0_f32, 2.0, 3.0])).check().is_err());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn assign(&self, value: impl Operand) -> Output {
        let value = value.operand(&self.output);
        self.output.graph.add(op::Assign { variable: self.index }, &[&self.output, &value])
    }

    /// Adds to the variable's value, as it is after the assignments built before; the sum is the result.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", 1.0_f32);
    /// let (once, twice) = (v.assign_add(1.0), v.assign_add(10.0));
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), feeds! {})?;
    /// let (once, twice) = session.run((&once, &twice), feeds! {})?;
    /// assert_eq!((once.value::<f32>()?, twice.value::<f32>()?), (2.0, 12.0));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn assign_add(&self, value: impl Operand) -> Output {
        let now = self.read_value();
        self.assign(now + value)
    }

    /// Subtracts from the variable's value, as it is after the assignments built before; the difference is
    /// the result. See [`read_value`](Variable::read_value).
    #[track_caller]
    pub fn assign_sub(&self, value: impl Operand) -> Output {
        let now = self.read_value();
        self.assign(now - value)
    }

    /// The value after those assignments of the same run that were built before this.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", 1.0_f32);
    /// let (step, after) = (v.assign_sub(0.25), v.read_value());
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// let (before, _, after) = session.run((&v, &step, &after), ())?;
    /// assert_eq!((before.value::<f32>()?, after.value::<f32>()?), (1.0, 0.75));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn read_value(&self) -> Output {
        self.output.graph.add(op::ReadVariable { variable: self.index }, &[&self.output])
    }

    /// The operation that sets the initial value.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", 1.0_f32);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(v.initializer(), ())?;
    /// assert_eq!(session.run(&v, ())?.value::<f32>()?, 1.0);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[must_use]
    pub fn initializer(&self) -> Operation {
        let id = self.output.graph.lock().variables[self.index].initializer;
        Output { graph: self.output.graph.clone(), id }.operation()
    }

    /// Whether optimizers train it unless told otherwise.
    #[must_use]
    pub fn trainable(&self) -> bool {
        self.output.graph.lock().variables[self.index].trainable
    }

    pub(crate) fn from_index(graph: &Graph, index: usize) -> Variable {
        let id = graph.lock().variables[index].node;
        Variable { output: Output { graph: graph.clone(), id }, index }
    }
}

impl Deref for Variable {
    type Target = Output;
    fn deref(&self) -> &Output {
        &self.output
    }
}

impl AsRef<Variable> for Variable {
    fn as_ref(&self) -> &Variable {
        self
    }
}

impl AsRef<Output> for Variable {
    fn as_ref(&self) -> &Output {
        &self.output
    }
}

/// What a variable starts with: an output of the graph, or a value, which is whatever
/// [`constant`](Graph::constant) takes.
#[derive(Clone, Debug)]
pub enum Initial {
    /// Computed when the initializer runs.
    Output(Output),
    /// Known now.
    Value(Tensor),
    /// What was given is no value.
    Invalid(minutia_tensor::Error),
}

impl From<&Output> for Initial {
    fn from(output: &Output) -> Initial {
        Initial::Output(output.clone())
    }
}

impl From<Output> for Initial {
    fn from(output: Output) -> Initial {
        Initial::Output(output)
    }
}

impl From<&Variable> for Initial {
    fn from(variable: &Variable) -> Initial {
        Initial::Output(Output::clone(variable))
    }
}

impl<T: TryInto<Tensor, Error: Into<minutia_tensor::Error>>> From<T> for Initial {
    fn from(value: T) -> Initial {
        value.try_into().map_or_else(|error| Initial::Invalid(error.into()), Initial::Value)
    }
}

impl Graph {
    /// A trainable variable. Its type and shape are those of the initial value, and must be known.
    ///
    /// Where the initial value depends on other variables, these are read when the initializer runs: after
    /// their own initializers, if the run has them.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let a = graph.variable("a", 3.0_f32);
    /// let b = graph.variable("b", &a * 2.0);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), feeds! {})?;
    /// assert_eq!(session.run(&b, feeds! {})?.value::<f32>()?, 6.0);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "get_variable")]
    #[doc(alias = "Parameter")]
    #[track_caller]
    pub fn variable(&self, name: &str, initial: impl Into<Initial>) -> Variable {
        self.new_variable(name, initial.into(), true)
    }

    /// A variable that optimizers leave alone: a counter, a slot, a frozen weight.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// let w = graph.variable("w", [1.0_f32, 2.0]);
    /// let step = graph.untrainable_variable("step", 0.0_f32);
    /// assert_eq!(graph.trainable_variables(), [w.clone()]);
    /// assert_eq!(graph.global_variables(), [w, step]);
    /// ```
    #[doc(alias = "trainable")]
    #[doc(alias = "requires_grad")]
    #[track_caller]
    pub fn untrainable_variable(&self, name: &str, initial: impl Into<Initial>) -> Variable {
        self.new_variable(name, initial.into(), false)
    }

    #[track_caller]
    fn new_variable(&self, name: &str, initial: Initial, trainable: bool) -> Variable {
        let place = SourceLine::caller();
        let _outside = self.outside_control_dependencies();
        let initial = match initial {
            Initial::Output(output) => output,
            Initial::Value(value) => self.constant(value).with_name(&format!("{name}/initial_value")),
            Initial::Invalid(error) => self.without_value(&format!("variable '{name}'"), error),
        };
        let index = self.lock().variables.len();
        let output = self.add(op::VariableOp { signature: initial.signature() }, &[]).with_name(name);
        {
            let error = if initial.graph.same(self) {
                initial.check().err()
            } else {
                Some(Error::OtherGraph { role: "initial value", name: initial.name() })
            };
            let mut inner = self.lock();
            let node = &mut inner.nodes[output.id];
            node.place = place;
            node.error = node.error.take().or(error);
            inner.variables.push(VariableEntry { node: output.id, initializer: output.id, trainable });
        }
        let variable = Variable { output, index };
        let full = variable.name();
        let assign = variable.assign(self.read_when_initialized(&full, &initial));
        let mut inner = self.lock();
        let local = inner.local(&full).to_string();
        inner.rename(assign.id, &format!("{local}/Assign"), SourceLine::caller());
        inner.variables[index].initializer = assign.id;
        drop(inner);
        variable
    }

    /// An initial value that reads the variables in it when it is computed, rather than at the beginning of
    /// the run, when they may have no value or one of an earlier initialization: what lies between them and
    /// it is built anew.
    fn read_when_initialized(&self, name: &str, initial: &Output) -> Output {
        if !initial.graph.same(self) {
            return initial.clone();
        }
        // What these give is not of the run's beginning anyway.
        let late = |op: &AnyOp| matches!(op, AnyOp::Assign(_) | AnyOp::ReadVariable(_));
        let mut inner = self.lock();
        let mut ancestors = BTreeSet::new();
        let mut open = vec![initial.id];
        while let Some(id) = open.pop() {
            if ancestors.insert(id) && !late(&inner.nodes[id].op) {
                open.extend(&inner.nodes[id].inputs);
            }
        }
        let mut anew = BTreeMap::new();
        for id in ancestors {
            let variable = inner.variable_at(id);
            let node = &inner.nodes[id];
            let (op, inputs): (AnyOp, Vec<NodeId>) = match variable {
                Some(variable) => (op::ReadVariable { variable }.into(), vec![id]),
                None if !late(&node.op) && node.inputs.iter().any(|i| anew.contains_key(i)) => {
                    let inputs = node.inputs.iter().map(|i| *anew.get(i).unwrap_or(i));
                    (node.op.clone(), inputs.collect())
                }
                None => continue,
            };
            let (local, control, place) = (op.name(), node.control.clone(), node.place.clone());
            let name = inner.unique(&format!("{name}/Initializer/{local}"));
            anew.insert(id, inner.push(op, name, inputs, control, place));
        }
        let id = *anew.get(&initial.id).unwrap_or(&initial.id);
        drop(inner);
        Output { graph: self.clone(), id }
    }

    /// Every variable, in the order of building.
    #[must_use]
    pub fn global_variables(&self) -> Vec<Variable> {
        let n = self.lock().variables.len();
        (0..n).map(|i| Variable::from_index(self, i)).collect()
    }

    /// The variables that optimizers train unless told otherwise.
    #[must_use]
    pub fn trainable_variables(&self) -> Vec<Variable> {
        self.global_variables().into_iter().filter(Variable::trainable).collect()
    }

    /// Sets every variable that exists now to its initial value.
    ///
    /// ```
    /// use minutia_graph::{Device, Error, Graph, Session};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", 1.0_f32);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert!(matches!(session.run(&v, ()), Err(Error::Uninitialized { .. })));
    /// session.run(graph.global_variables_initializer(), ())?;
    /// assert_eq!(session.run(&v, ())?.value::<f32>()?, 1.0);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "initialize_all_variables")]
    #[track_caller]
    pub fn global_variables_initializer(&self) -> Operation {
        let initializers: Vec<Operation> =
            self.global_variables().iter().map(Variable::initializer).collect();
        self.group(&initializers).with_name("init")
    }
}
