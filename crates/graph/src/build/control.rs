//! Control dependencies that are open while a graph is built.

use crate::{
    ControlGuard, Error, Graph, Operation, SourceLine, Variable,
    build::{
        graph::{Inner, Open},
        node::{Node, NodeId},
    },
    ops::{AnyOp, variable::ReadVariable},
};
use std::collections::BTreeSet;

/// Operations after which everything runs that is built while they are open.
pub(crate) struct Control {
    pub operations: Vec<NodeId>,
    /// Whether those that were opened before do not hold.
    pub suspends: bool,
    /// The variables that they assign, once somebody has asked.
    assigned: Option<BTreeSet<usize>>,
}

impl Control {
    pub fn new(operations: Vec<NodeId>) -> Control {
        Control { operations, suspends: false, assigned: None }
    }

    /// No operation, and none of those before.
    pub fn suspended() -> Control {
        Control { operations: Vec::new(), suspends: true, assigned: Some(BTreeSet::new()) }
    }

    /// Whether one of the operations assigns this variable, itself or by what it depends on.
    pub fn assigns(&mut self, nodes: &[Node], variable: usize) -> bool {
        self.assigned.get_or_insert_with(|| assigned(nodes, &self.operations)).contains(&variable)
    }
}

/// The variables that these nodes and what they depend on assign.
fn assigned(nodes: &[Node], ids: &[NodeId]) -> BTreeSet<usize> {
    let mut assigned = BTreeSet::new();
    let mut seen = vec![false; ids.iter().max().map_or(0, |last| last + 1)];
    let mut open = ids.to_vec();
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut seen[id], true) {
            if let AnyOp::Assign(op) = &nodes[id].op {
                assigned.insert(op.variable);
            }
            open.extend(nodes[id].dependencies());
        }
    }
    assigned
}

impl Operation {
    /// The variables that a run of this operation assigns, itself or by what it depends on, in the order of
    /// building. Whoever builds updates can see by it that none was forgotten.
    ///
    /// ```
    /// use minutia_graph::Graph;
    /// let graph = Graph::new();
    /// let (v, w) = (graph.variable("v", 1.0_f32), graph.variable("w", 2.0_f32));
    /// let update = w.assign(v.assign_add(1.0)).operation();
    /// assert_eq!(update.assigned_variables(), [v, w]);
    /// ```
    #[must_use]
    pub fn assigned_variables(&self) -> Vec<Variable> {
        let assigned = assigned(&self.graph().lock().nodes, &[self.0.id]);
        assigned.into_iter().map(|index| Variable::from_index(self.graph(), index)).collect()
    }
}

impl Graph {
    /// Makes everything built until the guard is dropped run after these operations, as TensorFlow's
    /// `control_dependencies` does. It orders what is built inside, not what was built before and is used
    /// inside. What is built inside after an operation of another graph remembers [`Error::OtherGraph`].
    ///
    /// A variable that one of these operations assigns, itself or by what it depends on, is read inside as
    /// [`read_value`](crate::Variable::read_value) reads it: after that assignment. `v.identity()` built
    /// before keeps the value of the run's beginning, and so do gradients, which differentiate what was
    /// computed. Variables that are made inside depend on none of the operations.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", 0.75_f32);
    /// let step = v.assign_add(0.5).operation();
    /// let projected = {
    ///     let _after = graph.control_dependencies([&step]);
    ///     v.assign(v.clip_by_value(0.0, 1.0))
    /// };
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), feeds! {})?;
    /// assert_eq!(session.run(&projected, feeds! {})?.value::<f32>()?, 1.0);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[must_use = "the dependency ends when the guard is dropped"]
    pub fn control_dependencies(
        &self,
        operations: impl IntoIterator<Item = impl AsRef<Operation>>,
    ) -> ControlGuard {
        self.after(operations, "control dependency")
    }

    /// Control dependencies; `role` is what an error calls them.
    pub(crate) fn after(
        &self,
        operations: impl IntoIterator<Item = impl AsRef<Operation>>,
        role: &'static str,
    ) -> ControlGuard {
        let (mut what, mut error) = (Vec::new(), None);
        for operation in operations {
            let operation = operation.as_ref();
            if operation.graph().same(self) {
                what.push(operation.0.id);
            } else {
                error.get_or_insert_with(|| Error::OtherGraph { role, name: operation.name() });
            }
        }
        self.open(Control::new(what), error)
    }

    /// Suspends the control dependencies that are open, until the guard is dropped: TensorFlow's
    /// `control_dependencies(None)`.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", 1.0_f32);
    /// let _after = graph.control_dependencies([&v.assign_add(1.0).operation()]);
    /// let one = {
    ///     let _outside = graph.outside_control_dependencies();
    ///     graph.constant(1.0_f32)
    /// };
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(&one, feeds! {})?; // which would have to add to a variable without a value
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[must_use = "the dependencies are back when the guard is dropped"]
    pub fn outside_control_dependencies(&self) -> ControlGuard {
        let error = self.lock().control_error();
        self.open(Control::suspended(), error)
    }

    /// Until the guard is dropped, what is built still runs after the operations that are open, but reads
    /// variables as they are named.
    pub(crate) fn without_late_reads(&self) -> ControlGuard {
        let (operations, error) = {
            let inner = self.lock();
            (inner.control_inputs(), inner.control_error())
        };
        self.open(Control { operations, ..Control::suspended() }, error)
    }

    fn open(&self, what: Control, error: Option<Error>) -> ControlGuard {
        let mut inner = self.lock();
        let depth = inner.control.len();
        inner.control.push(Open { what, error });
        ControlGuard { graph: self.clone(), depth }
    }
}

impl Inner {
    /// A node's inputs, where each variable that open control dependencies assign is read after them.
    pub fn read_late(&mut self, op: &AnyOp, mut inputs: Vec<NodeId>, place: &SourceLine) -> Vec<NodeId> {
        let named = match op {
            AnyOp::ReadVariable(_) => return inputs,
            // The first input of an assignment says which variable it is.
            AnyOp::Assign(_) => 1,
            _ => 0,
        };
        for input in inputs.iter_mut().skip(named) {
            if let Some(variable) = self.variable_at(*input)
                && self.open_control_assigns(variable)
            {
                *input = self.append(ReadVariable { variable }.into(), vec![*input], place.clone());
            }
        }
        inputs
    }

    /// The index of the variable whose node this is.
    pub fn variable_at(&self, id: NodeId) -> Option<usize> {
        matches!(self.nodes[id].op, AnyOp::VariableOp(_))
            .then(|| self.variables.iter().position(|v| v.node == id))?
    }

    /// The control dependencies that hold now, after the last that suspends those before it.
    fn open_control(&self) -> usize {
        self.control.iter().rposition(|open| open.what.suspends).unwrap_or(0)
    }

    fn open_control_assigns(&mut self, variable: usize) -> bool {
        let first = self.open_control();
        self.control[first..].iter_mut().any(|open| open.what.assigns(&self.nodes, variable))
    }

    pub fn control_inputs(&self) -> Vec<NodeId> {
        self.control[self.open_control()..].iter().flat_map(|open| &open.what.operations).copied().collect()
    }

    pub fn control_error(&self) -> Option<Error> {
        self.control.iter().find_map(|open| open.error.clone())
    }
}
