//! Gradients of loops: a second loop goes through the iterations backwards.

use crate::{
    Error, Graph, Output,
    build::{
        gradients::Sums,
        loops::{Backward, body, parts_of, whole_body},
        node::NodeId,
    },
    ops::{AnyOp, while_loop::While},
};
use minutia_tensor::DType;
use std::collections::BTreeSet;

/// A loop as its gradients need it.
struct Forward {
    op: While,
    /// The first values, the variables, and the next values of those that have gradients.
    variables: Vec<[NodeId; 3]>,
    limit: Option<NodeId>,
    members: BTreeSet<NodeId>,
    /// What the body uses of the graph around it and has gradients.
    captured: Vec<NodeId>,
    /// Tensors of the body whose values are kept, and the gradients of what is kept.
    kept: Vec<(NodeId, Output)>,
    /// The gradients of the variables' last values.
    last: Vec<Option<Output>>,
}

impl Graph {
    /// What the gradients of a loop's results add to the gradients of what it depends on.
    #[track_caller]
    pub(super) fn loop_contributions(
        &self,
        id: NodeId,
        sums: &Sums,
        on_path: &[bool],
    ) -> Result<Vec<(NodeId, Output)>, Error> {
        let forward = self.forward(id, sums, on_path);
        if forward.kept.is_empty() && forward.last.iter().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let handle = |id: NodeId| Output { graph: self.clone(), id };
        if forward.op.most.is_none() && forward.limit.is_none() {
            let why = "it keeps values of each iteration, and does not say how many there may be; give \
                       maximum_iterations";
            return Err(Error::NoGradient { op: "While", name: handle(id).name(), why: why.into() });
        }
        let _scope = self.name_scope(&format!("{}_grad", handle(id).name()));
        // The iteration, the gradients of the variables, and of what the body captured.
        let mut initial = vec![handle(id) - 1];
        for ([first, ..], last) in forward.variables.iter().zip(&forward.last) {
            initial.push(last.clone().unwrap_or_else(|| handle(*first).zeros_like()));
        }
        initial.extend(forward.captured.iter().map(|&captured| handle(captured).zeros_like()));
        let open = self.open_loop(&initial);
        let rows = handle(id).loop_rows();
        self.lock().backward.push(Backward {
            of: id,
            members: forward.members.clone(),
            rows,
            index: open.variables[0].id,
            known: Default::default(),
        });
        let next = self.backward_body(&forward, &open.variables, on_path);
        self.lock().backward.pop();
        let next = next?;
        let predicate = forward.op.has_predicate.then(|| open.variables[0].greater_equal(0));
        let limit = forward.limit.map(handle);
        let closed = open.close("gradients", &next, predicate.as_ref(), (forward.op.most, limit.as_ref()));
        let firsts = forward.variables.iter().map(|[first, ..]| *first);
        let results = closed.results();
        Ok(firsts.chain(forward.captured.iter().copied()).zip(results.into_iter().skip(1)).collect())
    }

    /// What an iteration of the loop backwards makes of its variables.
    #[track_caller]
    fn backward_body(
        &self,
        forward: &Forward,
        variables: &[Output],
        on_path: &[bool],
    ) -> Result<Vec<Output>, Error> {
        let index = &variables[0];
        let (gradients, captured) = variables[1..].split_at(forward.variables.len());
        let mut sums = Sums::default();
        for ([.., next], gradient) in forward.variables.iter().zip(gradients) {
            sums.add(*next, gradient.clone());
        }
        for (node, gradient) in &forward.kept {
            sums.add(*node, gradient.gather(index));
        }
        self.sweep(forward.members.iter().rev().copied(), on_path, &mut sums)?;
        let mut next = vec![index - 1];
        for [first, variable, _] in &forward.variables {
            let zeros = || Output { graph: self.clone(), id: *first }.zeros_like();
            next.push(sums.get(*variable).unwrap_or_else(zeros));
        }
        for (id, so_far) in forward.captured.iter().zip(captured) {
            next.push(match sums.get(*id) {
                Some(gradient) => gradient.add_rows_to(so_far),
                None => so_far.clone(),
            });
        }
        Ok(next)
    }

    /// What is to be known of a loop for its gradients.
    fn forward(&self, id: NodeId, sums: &Sums, on_path: &[bool]) -> Forward {
        let inner = self.lock();
        let nodes = &inner.nodes;
        let mut forward = Forward {
            op: While { variables: 0, most: None, has_predicate: false, has_limit: false },
            variables: Vec::new(),
            limit: None,
            members: BTreeSet::new(),
            captured: Vec::new(),
            kept: Vec::new(),
            last: Vec::new(),
        };
        let Some((op, parts)) = parts_of(&nodes[id]) else { return forward };
        (forward.op, forward.limit) = (op, parts.limit.copied());
        forward.members = whole_body(nodes, &parts);
        let mut last = vec![None; op.variables];
        for (result, gradient) in sums.iter() {
            match &nodes[result].op {
                AnyOp::LoopResult(r) if nodes[result].inputs[0] == id => {
                    if let Some(last) = last.get_mut(r.index) {
                        *last = Some(gradient.clone());
                    }
                }
                AnyOp::LoopStack(_) if nodes[result].inputs[0] == id => {
                    let node = nodes[result].inputs[1];
                    forward.members.extend(body(nodes, parts.first(), [node], |_| false));
                    forward.kept.push((node, gradient.clone()));
                }
                _ => {}
            }
        }
        let on_path = |id: NodeId| on_path.get(id).is_some_and(|on_path| *on_path);
        let follows = |id: NodeId| on_path(id) && nodes[id].signature.dtype == DType::F32;
        for (i, last) in last.into_iter().enumerate() {
            if follows(parts.variables[i]) {
                forward.variables.push([parts.initial[i], parts.variables[i], parts.next[i]]);
                forward.last.push(last);
            }
        }
        let members = &forward.members;
        let inputs = members.iter().flat_map(|&member| nodes[member].inputs.iter().copied());
        let roots = inputs.chain(parts.next.iter().copied()).chain(forward.kept.iter().map(|kept| kept.0));
        let captured: BTreeSet<NodeId> = roots.filter(|&id| !members.contains(&id) && follows(id)).collect();
        forward.captured = captured.into_iter().collect();
        forward
    }
}

impl Output {
    /// Rows of the stacks of a loop's node.
    fn loop_rows(&self) -> Option<usize> {
        let inner = self.graph.lock();
        let (op, parts) = parts_of(&inner.nodes[self.id])?;
        op.rows(parts.limit.and_then(|&limit| inner.nodes[limit].signature.shape.first().copied().flatten()))
    }
}
