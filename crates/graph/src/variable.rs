use crate::{Error, Graph, Operand, Operation, Output, Place, graph::VariableEntry, ops::variable as op};
use minutia_tensor::Tensor;
use std::ops::Deref;

/// A tensor that lives in the session and keeps its value from run to run.
///
/// A variable is an [`Output`] (it derefs to it): its value at the beginning of the run. Only
/// [`read_value`](Variable::read_value) and the results of assignments see what a run itself assigns; these act
/// in the order in which they were built.
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
    /// Gives the variable a new value, which is the result. The value has the variable's type and shape; it may be a
    /// plain number for a scalar.
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

    /// Subtracts from the variable's value, as it is after the assignments built before; the difference is the
    /// result.
    #[track_caller]
    pub fn assign_sub(&self, value: impl Operand) -> Output {
        let now = self.read_value();
        self.assign(now - value)
    }

    /// The value after those assignments of the same run that were built before this.
    #[track_caller]
    pub fn read_value(&self) -> Output {
        self.output.graph.add(op::ReadVariable { variable: self.index }, &[&self.output])
    }

    /// The operation that sets the initial value.
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

impl AsRef<Output> for Variable {
    fn as_ref(&self) -> &Output {
        &self.output
    }
}

/// What a variable starts with: an output of the graph, or a value.
#[derive(Clone, Debug)]
pub enum Initial {
    /// Computed when the initializer runs.
    Output(Output),
    /// Known now.
    Value(Tensor),
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

impl<T: Into<Tensor>> From<T> for Initial {
    fn from(value: T) -> Initial {
        Initial::Value(value.into())
    }
}

impl Graph {
    /// A trainable variable. Its type and shape are those of the initial value, and must be known.
    #[track_caller]
    pub fn variable(&self, name: &str, initial: impl Into<Initial>) -> Variable {
        self.new_variable(name, initial.into(), true)
    }

    /// A variable that optimizers leave alone: a counter, a slot, a frozen weight.
    #[track_caller]
    pub fn untrainable_variable(&self, name: &str, initial: impl Into<Initial>) -> Variable {
        self.new_variable(name, initial.into(), false)
    }

    #[track_caller]
    fn new_variable(&self, name: &str, initial: Initial, trainable: bool) -> Variable {
        let place = Place::caller();
        let initial = match initial {
            Initial::Output(output) => output,
            Initial::Value(value) => self.constant(value).with_name(&format!("{name}/initial_value")),
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
        let assign = variable.assign(&initial);
        let mut inner = self.lock();
        let local = inner.local(&full).to_string();
        inner.rename(assign.id, &format!("{local}/Assign"), Place::caller());
        inner.variables[index].initializer = assign.id;
        drop(inner);
        variable
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
    #[track_caller]
    pub fn global_variables_initializer(&self) -> Operation {
        let initializers: Vec<Operation> =
            self.global_variables().iter().map(Variable::initializer).collect();
        self.group(&initializers).with_name("init")
    }
}
