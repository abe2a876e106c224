//! Loops under construction, and what belongs to a loop.

use crate::{
    DType, Error, Graph, Output, SourceLine,
    build::node::{Node, NodeId},
    ops::{
        AnyOp,
        while_loop::{LoopParts, LoopResult, LoopStack, LoopVariable, While},
    },
};
use std::collections::{BTreeSet, HashMap};

/// A loop whose body is being built.
pub(crate) struct OpenLoop {
    graph: Graph,
    initial: Vec<Output>,
    /// What the loop variables hold at the beginning of an iteration.
    pub variables: Vec<Output>,
}

/// A loop that is built.
pub(crate) struct ClosedLoop {
    /// The loop's node: the number of its iterations.
    pub node: Output,
    initial: Vec<Output>,
    rows: Option<usize>,
}

impl Graph {
    /// Begins a loop over variables of these first values.
    #[track_caller]
    pub(crate) fn open_loop(&self, initial: &[Output]) -> OpenLoop {
        let variable = |first: &Output| match first.check() {
            Ok(()) => self.add(LoopVariable { signature: first.signature() }, &[]),
            Err(error) => self.invalid(error),
        };
        let variables = initial.iter().map(variable).collect();
        OpenLoop { graph: self.clone(), initial: initial.to_vec(), variables }
    }

    /// The input as it is to be used here: in the body of a loop that goes backwards through another one's
    /// iterations, a tensor of that one is the row that was kept of it.
    #[track_caller]
    pub(crate) fn seen_from_here(&self, input: &Output) -> Output {
        let found = {
            let inner = self.lock();
            let level = inner.backward.iter().rposition(|back| back.members.contains(&input.id));
            level.map(|level| (level, inner.backward[level].known.get(&input.id).copied()))
        };
        let id = match found {
            None => return input.clone(),
            Some((_, Some(row))) => row,
            Some((level, None)) => {
                let (stack, index) = self.keep(level, input.id);
                let row = stack.row(&Output { graph: self.clone(), id: index }, input.dtype()).id;
                self.lock().backward[level].known.insert(input.id, row);
                row
            }
        };
        Output { graph: self.clone(), id }
    }

    /// The values of a node in all iterations of a loop that is gone through backwards, and the iteration.
    #[track_caller]
    fn keep(&self, level: usize, node: NodeId) -> (Output, NodeId) {
        let mut inner = self.lock();
        let (of, rows, index) = {
            let back = &inner.backward[level];
            (back.of, back.rows, back.index)
        };
        let id = inner.append(LoopStack { rows }.into(), vec![of, node], SourceLine::caller());
        // It lies beside its loop, which may be in the body of another one.
        for back in inner.backward[..level].iter_mut().filter(|back| back.members.contains(&of)) {
            back.members.insert(id);
        }
        drop(inner);
        (Output { graph: self.clone(), id }, index)
    }
}

impl OpenLoop {
    /// Ends the loop: its variables become `next` while the predicate is true, at most so many times, and at
    /// most as often as `limit` has rows.
    #[track_caller]
    pub fn close(
        self,
        function: &'static str,
        next: &[Output],
        predicate: Option<&Output>,
        (most, limit): (Option<usize>, Option<&Output>),
    ) -> ClosedLoop {
        let OpenLoop { graph, initial, variables } = self;
        let rows = limit.and_then(|limit| limit.shape().first().copied().flatten());
        let op = While {
            variables: variables.len(),
            most,
            has_predicate: predicate.is_some(),
            has_limit: limit.is_some(),
        };
        let rows = op.rows(rows);
        let node = if next.len() == variables.len() {
            let inputs = initial.iter().chain(&variables).chain(next).chain(predicate).chain(limit);
            graph.add(op, &inputs.collect::<Vec<_>>())
        } else {
            let reason = format!(
                "the body gives {} tensors for {} loop variables; give one for each",
                next.len(),
                variables.len()
            );
            graph.invalid(Error::Build { function, reason, place: SourceLine::caller() })
        };
        // What was built inside cannot be used outside.
        let first = variables.iter().map(|variable| variable.id).min().unwrap_or_default();
        for back in &mut graph.lock().backward {
            back.known.retain(|_, row| *row < first);
        }
        ClosedLoop { node, initial, rows }
    }
}

impl ClosedLoop {
    /// The loop variables' last values.
    #[track_caller]
    pub fn results(&self) -> Vec<Output> {
        let initial = self.initial.iter().enumerate();
        initial.map(|(index, first)| self.node.apply(LoopResult { index }, &[first])).collect()
    }

    /// A tensor of the body, as it was in each iteration.
    #[track_caller]
    pub fn stack(&self, of: &Output) -> Output {
        self.node.apply(LoopStack { rows: self.rows }, &[of])
    }

    /// A tensor of the body, as it was in the only iteration; zeros if there was none.
    #[track_caller]
    pub fn last(&self, of: &Output) -> Output {
        self.stack(of).row(&self.node.graph().constant(0), of.dtype())
    }
}

impl Output {
    /// A row of a stack of tensors of this type.
    #[track_caller]
    fn row(&self, index: &Output, dtype: DType) -> Output {
        let row = self.gather(index);
        if row.dtype() == dtype { row } else { row.cast(dtype) }
    }
}

/// A loop of whose iterations another one makes the gradients, from the last to the first.
pub(crate) struct Backward {
    /// The loop.
    pub of: NodeId,
    /// The nodes of its body.
    pub members: BTreeSet<NodeId>,
    /// The most iterations.
    pub rows: Option<usize>,
    /// The iteration.
    pub index: NodeId,
    /// The rows that were asked for.
    pub known: HashMap<NodeId, NodeId>,
}

/// The parts of a loop's node; none if it is something else.
pub(crate) fn parts_of(node: &Node) -> Option<(While, LoopParts<'_, NodeId>)> {
    match &node.op {
        AnyOp::While(op) => Some((*op, op.parts(&node.inputs)?)),
        _ => None,
    }
}

/// The nodes of a loop's body that these depend on, itself included. `outside` says which nodes need nothing
/// of the body in any case.
pub(crate) fn body(
    nodes: &[Node],
    first: NodeId,
    of: impl IntoIterator<Item = NodeId>,
    outside: impl Fn(NodeId) -> bool,
) -> BTreeSet<NodeId> {
    let mut members = BTreeSet::new();
    let mut open: Vec<NodeId> = of.into_iter().collect();
    while let Some(id) = open.pop() {
        let beyond = match &nodes[id].op {
            // Variables are read outside.
            AnyOp::VariableOp(_) | AnyOp::ReadVariable(_) | AnyOp::Placeholder(_) => true,
            // The results of a loop are where the loop is.
            AnyOp::LoopResult(_) | AnyOp::LoopStack(_) => nodes[id].inputs[0] < first,
            _ => id < first,
        };
        if !beyond && !outside(id) && members.insert(id) {
            open.extend(&nodes[id].inputs);
        }
    }
    members
}

/// All of a loop's body that its variables and its predicate depend on.
pub(crate) fn whole_body(nodes: &[Node], parts: &LoopParts<'_, NodeId>) -> BTreeSet<NodeId> {
    let roots = parts.variables.iter().chain(parts.next).chain(parts.predicate).copied();
    body(nodes, parts.first(), roots, |_| false)
}
