//! From the nodes that a run needs to primitives over values.

use super::{loops::Lowered, prune};
use crate::{
    Error, Signature,
    build::{
        graph::Inner,
        loops::{body, parts_of},
        node::{Node, NodeId},
    },
    lower::{Lowering, View},
    ops::{AnyOp, Op, placeholder::Placeholder},
};
use minutia_kernels::rng::Stream;
use minutia_tensor::MemoryLayout;
use std::collections::{BTreeMap, BTreeSet};

/// The lowered ancestors of one node, and where its value is.
#[cfg(test)]
pub(crate) fn lower_one(
    inner: &Inner,
    target: NodeId,
    feeds: &BTreeMap<NodeId, Vec<usize>>,
) -> Result<(Lowering, View), Error> {
    let needed = prune::needed(inner, &[(target, true)], feeds)?;
    let scope = lower(inner, &needed, &[target], feeds, MemoryLayout::dense())?;
    let view = scope.views[&target].clone();
    Ok((scope.l, view))
}

/// Lowers the needed nodes, after another inference with the shapes of this run.
///
/// Loops keep all values of what their gradients name. Of some they turn out to need the shape alone: then
/// everything is lowered once more, and these are not kept.
pub(super) fn lower(
    inner: &Inner,
    needed: &[NodeId],
    fetches: &[NodeId],
    feeds: &BTreeMap<NodeId, Vec<usize>>,
    layout: MemoryLayout,
) -> Result<Scope, Error> {
    let mut unread = BTreeSet::new();
    loop {
        let mut walk = NodeWalk::new(inner, needed, feeds, &unread);
        let mut scope = Scope { l: Lowering::new(layout), ..Scope::default() };
        for &id in needed {
            if !walk.owners.contains_key(&id) {
                walk.node(&mut scope, id)?;
            }
        }
        if !walk.unfed.is_empty() {
            return Err(Error::Unfed { placeholders: walk.unfed });
        }
        if let Some(id) = fetches.iter().find(|id| !scope.views.contains_key(id)) {
            let (name, user) = (inner.nodes[*id].name.clone(), "the fetch".to_string());
            return Err(Error::InsideLoop { name, user });
        }
        let kept = fetches.iter().map(|id| &scope.views[id]).chain(scope.l.variable_writes.values());
        let kept: Vec<usize> = kept.map(|view| view.operand.buffer).collect();
        walk.find_unread(&scope, &kept);
        if walk.found_unread.is_empty() {
            return Ok(scope);
        }
        unread.extend(walk.found_unread);
    }
}

/// What is being lowered: all of a run but for the bodies of loops, or the body of a loop.
#[derive(Default)]
pub(super) struct Scope {
    pub l: Lowering,
    /// Where the nodes' values are.
    pub views: BTreeMap<NodeId, View>,
    /// What the loops give.
    pub loops: BTreeMap<NodeId, Lowered>,
}

/// The walk through the nodes.
pub(super) struct NodeWalk<'a> {
    pub inner: &'a Inner,
    pub feeds: &'a BTreeMap<NodeId, Vec<usize>>,
    /// The innermost loop to whose body a node belongs.
    pub owners: BTreeMap<NodeId, NodeId>,
    /// For each loop the nodes whose values in all iterations are asked for.
    pub stacks: BTreeMap<NodeId, Vec<NodeId>>,
    /// Stacks that nothing reads.
    pub unread: &'a BTreeSet<NodeId>,
    found_unread: Vec<NodeId>,
    variables: BTreeMap<NodeId, usize>,
    /// Placeholders that the run needs and that were not fed.
    pub unfed: Vec<String>,
}

impl<'a> NodeWalk<'a> {
    fn new(
        inner: &'a Inner,
        needed: &[NodeId],
        feeds: &'a BTreeMap<NodeId, Vec<usize>>,
        unread: &'a BTreeSet<NodeId>,
    ) -> NodeWalk<'a> {
        let variables = inner.variables.iter().enumerate().map(|(index, variable)| (variable.node, index));
        let mut walk = NodeWalk {
            inner,
            feeds,
            owners: BTreeMap::new(),
            stacks: BTreeMap::new(),
            unread,
            found_unread: Vec::new(),
            variables: variables.collect(),
            unfed: Vec::new(),
        };
        for &id in needed {
            if let AnyOp::LoopStack(_) = inner.nodes[id].op {
                walk.stacks.entry(inner.nodes[id].inputs[0]).or_default().push(id);
            }
        }
        // An inner loop is built before the one around it.
        for &id in needed {
            if let Some((_, parts)) = parts_of(&inner.nodes[id]).filter(|_| !feeds.contains_key(&id)) {
                let roots = parts.variables.iter().chain(parts.next).chain(parts.predicate).copied();
                for member in walk.body(id, parts.first(), roots.collect()) {
                    walk.owners.entry(member).or_insert(id);
                }
            }
        }
        walk
    }

    /// The nodes of a loop's body that these depend on, and those whose stacks are asked for.
    pub fn body(&self, id: NodeId, first: NodeId, roots: Vec<NodeId>) -> BTreeSet<NodeId> {
        let stacked =
            self.stacks.get(&id).into_iter().flatten().map(|&stack| self.inner.nodes[stack].inputs[1]);
        self.ancestors(first, roots.into_iter().chain(stacked))
    }

    /// The nodes since `first` that these depend on.
    pub fn ancestors(&self, first: NodeId, roots: impl IntoIterator<Item = NodeId>) -> BTreeSet<NodeId> {
        body(&self.inner.nodes, first, roots, |id| self.feeds.contains_key(&id))
    }

    /// Lowers a node, all of whose inputs are lowered.
    pub fn node(&mut self, scope: &mut Scope, id: NodeId) -> Result<(), Error> {
        let node = &self.inner.nodes[id];
        scope.l.node = id;
        scope.l.key = Stream::new(self.inner.seed, &node.name).key();
        if let Some(dims) = self.feeds.get(&id) {
            // What is fed is a placeholder, whatever it was built as.
            scope.l.fed = dims.clone();
            let view = Placeholder { signature: node.signature.clone() }.lower(&mut scope.l, &[]);
            scope.views.insert(id, view);
            return Ok(());
        }
        match &node.op {
            AnyOp::Placeholder(_) => self.unfed.push(format!("'{}' {}", node.name, node.signature)),
            AnyOp::VariableOp(_) => {
                scope.l.variable = self.variables.get(&id).copied().unwrap_or_default();
            }
            _ => {}
        }
        if !self.unfed.is_empty() {
            return Ok(());
        }
        let view = match &node.op {
            AnyOp::While(op) => self.lower_loop(scope, id, *op)?,
            AnyOp::LoopResult(op) => {
                let lowered = self.lowered(scope, node)?;
                lowered.variables[op.index].clone()
            }
            AnyOp::LoopStack(_) => {
                let lowered = self.lowered(scope, node)?;
                let view = lowered.stacks[&id].clone();
                expect_room(node, &Signature::new(view.dtype(), &view.dims[..]))?;
                view
            }
            AnyOp::LoopVariable(_) => {
                let (name, user) = (node.name.clone(), "what needs it".to_string());
                return Err(Error::InsideLoop { name, user });
            }
            _ => {
                let inputs: Vec<View> = self.inputs(scope, node)?;
                expect_room(node, &self.infer(node, &inputs)?)?;
                node.op.lower(&mut scope.l, &inputs)
            }
        };
        scope.views.insert(id, view);
        Ok(())
    }

    /// Where the values of a node's inputs are.
    fn inputs(&self, scope: &Scope, node: &Node) -> Result<Vec<View>, Error> {
        let view = |&input: &NodeId| self.view(scope, input, &node.name);
        node.inputs.iter().map(view).collect()
    }

    /// Where the value of a node is that another one uses.
    pub fn view(&self, scope: &Scope, id: NodeId, user: &str) -> Result<View, Error> {
        scope.views.get(&id).cloned().ok_or_else(|| {
            let (name, user) = (self.inner.nodes[id].name.clone(), format!("'{user}'"));
            Error::InsideLoop { name, user }
        })
    }

    /// What the loop of a result gives.
    fn lowered<'s>(&self, scope: &'s Scope, result: &Node) -> Result<&'s Lowered, Error> {
        let id = result.inputs[0];
        scope.loops.get(&id).ok_or_else(|| {
            let node = &self.inner.nodes[id];
            let reason = format!("'{}' is fed, and has no results then; feed the results", node.name);
            Error::Build { function: "while_loop", reason, place: node.place.clone() }
        })
    }

    /// Type and shape of a node, from what its inputs are in this run.
    pub fn infer(&self, node: &Node, inputs: &[View]) -> Result<Signature, Error> {
        let signatures: Vec<Signature> =
            inputs.iter().map(|v| Signature::new(v.dtype(), &v.dims[..])).collect();
        node.op.infer(&signatures).map_err(|mismatch| {
            let names = node.inputs.iter().map(|&i| self.inner.nodes[i].name.clone());
            mismatch.at(
                node.op.name(),
                node.name.clone(),
                names.zip(signatures).collect(),
                node.place.clone(),
            )
        })
    }

    /// Notes the stacks of a scope that no primitive reads but the loop that writes them.
    pub fn find_unread(&mut self, scope: &Scope, kept: &[usize]) {
        if scope.loops.is_empty() {
            return;
        }
        let live = prune::live(&scope.l, kept);
        let mut read: BTreeSet<usize> = kept.iter().copied().collect();
        for primitive in &scope.l.primitives {
            let (reads, writes) = primitive.step.reads_and_writes();
            if writes.iter().any(|&value| live[value]) {
                read.extend(reads.into_iter().filter(|value| !writes.contains(value)));
            }
        }
        for (&id, view) in scope.loops.values().flat_map(|lowered| &lowered.stacks) {
            if !self.unread.contains(&id) && !read.contains(&view.operand.buffer) {
                self.found_unread.push(id);
            }
        }
    }
}

/// No tensor of a run may take more bytes, not even one that no memory holds, such as a number that was
/// stretched: it may yet be walked through, element by element, which would never end.
const MOST_BYTES: u64 = 1 << 38;

/// Refuses tensors that are too large for any run, and names the node.
pub(super) fn expect_room(node: &Node, signature: &Signature) -> Result<(), Error> {
    let Some(shape) = signature.shape.known() else { return Ok(()) };
    let bytes = shape.elements().saturating_mul(signature.dtype.size());
    if bytes as u64 <= MOST_BYTES {
        return Ok(());
    }
    let context = Some(format!("{} '{}' {signature}", node.op.name(), node.name));
    Err(Error::Tensor { context, source: minutia_tensor::Error::OutOfMemory { bytes } })
}
