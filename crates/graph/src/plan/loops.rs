//! Loops: the body becomes steps over values of its own, which are fused, ordered and placed by themselves,
//! and the loop one primitive of the plan around it.

use super::{
    arena::BufferAssignment,
    emit::{self, Binding},
    fuse,
    lowering::{NodeWalk, Scope},
    order, pad, prune,
};
use crate::{
    Error, Signature,
    build::{loops::parts_of, node::NodeId},
    lower::{Lowering, Planned, Source, ValueInfo, View},
    ops::{
        AnyOp, Mismatch,
        while_loop::{LoopParts, While, stacked},
    },
};
use minutia_kernels::map::Code;
use minutia_tensor::{
    DType, Shape,
    program::{Access, Change, Loop, Operand, OperandUse, Primitive, UpdateRows},
};
use std::collections::{BTreeMap, BTreeSet};

/// Where the values lie that a loop gives.
pub(super) struct Lowered {
    /// The last values of the loop variables.
    pub variables: Vec<View>,
    /// By the stack's node.
    pub stacks: BTreeMap<NodeId, View>,
}

/// A loop while it is lowered.
struct Body<'a> {
    id: NodeId,
    parts: LoopParts<'a, NodeId>,
    /// The most iterations.
    most: Option<usize>,
    /// What is lowered of the body.
    scope: Scope,
    /// In the plan around it: the loop variables, the number of iterations, and whether another one follows.
    variables: Vec<View>,
    /// Stacks: the value in the body, the one around it.
    stacks: Vec<(usize, usize)>,
    names: Vec<String>,
}

impl NodeWalk<'_> {
    /// Lowers a loop to one primitive. Gives the number of its iterations.
    pub(super) fn lower_loop(&mut self, around: &mut Scope, id: NodeId, op: While) -> Result<View, Error> {
        let inner = self.inner;
        let node = &inner.nodes[id];
        let Some((_, parts)) = parts_of(node) else { unreachable!("it was inferred to have its parts") };
        let limit = parts.limit.map(|&limit| self.view(around, limit, &node.name)).transpose()?;
        let most = op.rows(limit.and_then(|limit| limit.dims.first().copied()));
        let initial = parts.initial.iter().map(|&first| self.view(around, first, &node.name));
        let initial: Vec<View> = initial.collect::<Result<_, _>>()?;
        let predicate = self.first_predicate(around, &parts, &initial)?;

        // A body's own values, beginning with the loop variables.
        let l = Lowering::new(around.l.layout);
        let mut body = Body {
            id,
            parts,
            most,
            scope: Scope { l, ..Scope::default() },
            variables: Vec::new(),
            stacks: Vec::new(),
            names: Vec::new(),
        };
        let counter = around.l.splat(0, DType::I32, &[]);
        let own = initial.iter().chain([&counter]).chain(&predicate);
        let own: Vec<View> = own.map(|first| body.variable(&mut around.l, first)).collect();
        self.import(around, &mut body);
        for (&variable, view) in body.parts.variables.iter().zip(&own) {
            body.scope.views.insert(variable, view.clone());
        }

        let next = self.lower_body(&mut body)?;
        let stacks = self.lower_stacks(around, &mut body, &own[initial.len()])?;
        self.assign(&mut body, &own, &next)?;
        let steps = self.finish(around, &mut body);
        let predicate = predicate.is_some().then(|| body.variables[initial.len() + 1].operand);
        let step =
            Primitive::Loop(Loop { predicate, most, body: steps, names: std::mem::take(&mut body.names) });
        if !step.is_idle() {
            around.l.primitives.push(Planned::new(step, vec![id]));
        }
        let iterations = body.variables[initial.len()].clone();
        body.variables.truncate(initial.len());
        around.loops.insert(id, Lowered { variables: body.variables, stacks });
        Ok(iterations)
    }

    /// Whether there is a first iteration: the predicate of the variables' first values, if there is one.
    fn first_predicate(
        &mut self,
        around: &mut Scope,
        parts: &LoopParts<'_, NodeId>,
        initial: &[View],
    ) -> Result<Option<View>, Error> {
        let Some(&predicate) = parts.predicate else { return Ok(None) };
        let needed = self.ancestors(parts.first(), [predicate]);
        let hidden: Vec<_> = needed.iter().filter_map(|id| Some((*id, around.views.remove(id)?))).collect();
        for (&variable, first) in parts.variables.iter().zip(initial) {
            around.views.insert(variable, first.clone());
        }
        self.lower_nodes(around, &needed, parts)?;
        let view = self.view(around, predicate, "the condition of a loop")?;
        needed.iter().chain(parts.variables).for_each(|id| drop(around.views.remove(id)));
        around.views.extend(hidden);
        Ok(Some(view))
    }

    /// Lowers nodes of a loop's body, but for those that belong to loops in it.
    fn lower_nodes(
        &mut self,
        scope: &mut Scope,
        nodes: &BTreeSet<NodeId>,
        parts: &LoopParts<'_, NodeId>,
    ) -> Result<(), Error> {
        let inside: Vec<NodeId> = nodes
            .iter()
            .filter(|id| {
                self.owners.get(id).is_some_and(|owner| {
                    parts_of(&self.inner.nodes[*owner]).is_some_and(|(_, of)| of.first() == parts.first())
                })
            })
            .copied()
            .collect();
        for id in inside {
            let node = &self.inner.nodes[id];
            match node.op {
                AnyOp::LoopVariable(_) => {}
                AnyOp::Assign(_) => {
                    let reason = format!(
                        "'{}' assigns a variable in the body; make what changes a loop variable, and assign it \
                         after the loop",
                        node.name
                    );
                    let place = node.place.clone();
                    return Err(Error::Build { function: "while_loop", reason, place });
                }
                _ => self.node(scope, id)?,
            }
        }
        Ok(())
    }

    /// Makes what the body uses of the plan around it known to it.
    fn import(&self, around: &Scope, body: &mut Body) {
        let roots = body.parts.next.iter().chain(body.parts.predicate).copied().collect();
        let members = self.body(body.id, body.parts.first(), roots);
        let stacked = self.stacks.get(&body.id).into_iter().flatten();
        let stacked = stacked.map(|&stack| self.inner.nodes[stack].inputs[1]);
        let inputs = members.iter().flat_map(|&member| self.inner.nodes[member].inputs.iter().copied());
        let used = inputs.chain(body.parts.next.iter().chain(body.parts.predicate).copied()).chain(stacked);
        let used: BTreeSet<NodeId> = used.filter(|id| !members.contains(id)).collect();
        for id in used {
            if let Some(view) = around.views.get(&id) {
                let view = body.scope.l.import(&around.l, view);
                body.scope.views.insert(id, view);
            }
        }
    }

    /// Lowers what an iteration makes of the loop variables, and what is to be kept of it.
    fn lower_body(&mut self, body: &mut Body) -> Result<Vec<View>, Error> {
        let members = self.body(body.id, body.parts.first(), body.parts.next.to_vec());
        self.lower_nodes(&mut body.scope, &members, &body.parts)?;
        let name = &self.inner.nodes[body.id].name;
        let next = body.parts.next.iter().map(|&next| self.view(&body.scope, next, name));
        let next: Vec<View> = next.collect::<Result<_, _>>()?;
        for (i, (view, &variable)) in next.iter().zip(body.parts.variables).enumerate() {
            let dims = &body.scope.views[&variable].dims;
            if view.dims != *dims {
                let [was, is] = [dims, &view.dims].map(|dims| Signature::new(view.dtype(), &dims[..]));
                let node = &self.inner.nodes[body.id];
                let mismatch = Mismatch::new(format!("loop variable {i} is {was}, and becomes {is}"));
                let mismatch = mismatch.hint("a loop variable keeps its type and its shape");
                return Err(mismatch.at("While", node.name.clone(), Vec::new(), node.place.clone()));
            }
        }
        Ok(next)
    }

    /// Keeps the values of what is asked for in each iteration, by the number of iterations before it.
    fn lower_stacks(
        &self,
        around: &mut Scope,
        body: &mut Body,
        counter: &View,
    ) -> Result<BTreeMap<NodeId, View>, Error> {
        let mut stacks = BTreeMap::new();
        for &stack in self.stacks.get(&body.id).into_iter().flatten() {
            let node = &self.inner.nodes[stack];
            let view = self.view(&body.scope, node.inputs[1], &node.name)?;
            let Some(rows) = body.most else {
                let reason = format!("'{}' has a row for each iteration; give maximum_iterations", node.name);
                let place = self.inner.nodes[body.id].place.clone();
                return Err(Error::Build { function: "while_loop", reason, place });
            };
            let (dtype, dims) = (stacked(view.dtype()), [&[rows], &view.dims[..]].concat());
            let whole = if self.unread.contains(&stack) {
                around.l.splat(0, dtype, &dims)
            } else {
                super::lowering::expect_room(node, &Signature::new(dtype, &dims[..]))?;
                let whole = around.l.unwritten(dtype, &dims);
                if body.parts.predicate.is_some() {
                    // There may be fewer iterations than rows.
                    around.l.fill_into(&whole, 0);
                }
                body.push_row(&around.l, &whole, &view, counter);
                whole
            };
            stacks.insert(stack, whole);
        }
        Ok(stacks)
    }

    /// Gives the loop variables their next values, the number of iterations and the predicate included.
    fn assign(&mut self, body: &mut Body, own: &[View], next: &[View]) -> Result<(), Error> {
        for (variable, next) in next.iter().enumerate() {
            body.scope.l.assign(variable, next);
        }
        let counter = own[next.len()].clone();
        let one = body.scope.l.splat(1, DType::I32, &[]);
        let counted = body.scope.l.code(Code::AddI, DType::I32, &[counter, one]);
        body.scope.l.assign(next.len(), &counted);
        let Some(&predicate) = body.parts.predicate.filter(|_| body.most != Some(1)) else { return Ok(()) };
        // The predicate of the next iteration.
        for (&variable, next) in body.parts.variables.iter().zip(next) {
            body.scope.views.insert(variable, next.clone());
        }
        let needed = self.ancestors(body.parts.first(), [predicate]);
        self.lower_nodes(&mut body.scope, &needed, &body.parts)?;
        let goes_on = self.view(&body.scope, predicate, "the condition of a loop")?;
        body.scope.l.assign(next.len() + 1, &goes_on);
        Ok(())
    }

    /// Plans the body, and gives its steps over the values of the plan around it.
    fn finish(&mut self, around: &mut Scope, body: &mut Body) -> Vec<Primitive> {
        let l = &mut body.scope.l;
        let mut writes = std::mem::take(&mut l.variable_writes);
        let mut kept: Vec<usize> = writes.values().map(|view| view.operand.buffer).collect();
        kept.extend(body.stacks.iter().map(|stack| stack.0));
        self.find_unread(&body.scope, &kept);
        let l = &mut body.scope.l;
        prune::dead_steps(l, &kept);
        let same = prune::loop_invariant(l, &kept, body.most.is_none_or(|most| most > 1));
        for value in same.iter().flat_map(|planned| planned.step.reads_and_writes().1) {
            body.move_out(&mut around.l, value);
        }
        let places = BTreeMap::new();
        for mut planned in same {
            body.place(&mut around.l, &mut planned.step, &places);
            around.l.primitives.push(planned);
        }
        let l = &mut body.scope.l;
        fuse::fuse(l, &kept);
        pad::pad(l, &[], &mut writes);
        let in_place = order::in_place(l, &writes, &kept, &[]);
        let done: BTreeSet<usize> = in_place.values().copied().collect();
        let moved = writes.iter().filter(|(variable, _)| !done.contains(variable));
        let copies: Vec<Planned> =
            moved.map(|(&variable, view)| l.copy_to_variable(variable, view)).collect();
        l.primitives.extend(copies);

        let assigned = BufferAssignment::new(l, &[], &in_place, &kept);
        let scratch = (assigned.arena_bytes > 0).then(|| around.l.scratch(assigned.arena_bytes));
        let mut places = BTreeMap::new();
        for value in 0..l.values.len() {
            if l.values[value].source == Source::Computed {
                places.insert(
                    value,
                    match assigned.of(l, value) {
                        (Binding::Variable(variable), offset) => {
                            (body.variables[variable].operand.buffer, offset)
                        }
                        (_, offset) => (scratch.unwrap_or_default(), offset),
                    },
                );
            }
        }
        let planned = std::mem::take(&mut body.scope.l.primitives);
        body.names = planned.iter().map(|planned| emit::name(self.inner, planned)).collect();
        let mut steps: Vec<Primitive> = planned.into_iter().map(|planned| planned.step).collect();
        steps.iter_mut().for_each(|step| body.place(&mut around.l, step, &places));
        steps
    }
}

impl Body<'_> {
    /// Another loop variable: its place in the plan around the loop, where it gets its first value, and the
    /// view that the body has of it.
    fn variable(&mut self, around: &mut Lowering, first: &View) -> View {
        let index = self.variables.len();
        let own = self.scope.l.source(Source::Variable(index), first.dtype(), &first.dims);
        let bytes = self.scope.l.values[own.operand.buffer].bytes;
        let mut place = around.unwritten(first.dtype(), &first.dims);
        place.strides.clone_from(&own.strides);
        around.values[place.operand.buffer].bytes = bytes;
        match around.values[first.operand.buffer].splat {
            Some(bits) => around.fill_into(&place, bits),
            None => around.map_into(&place, std::slice::from_ref(first), |_, v| v[0]),
        }
        self.variables.push(place);
        own
    }

    /// Puts a value of the body into the row of a stack that the counter names.
    fn push_row(&mut self, around: &Lowering, stack: &View, value: &View, counter: &View) {
        let l = &mut self.scope.l;
        let value = if value.dtype() == stack.dtype() {
            value.clone()
        } else {
            l.map(stack.dtype(), std::slice::from_ref(value), |_, v| v[0])
        };
        let value = l.contiguous(&value);
        let (rows, width) = (stack.dims[0], Shape::from(&value.dims[..]).elements());
        let whole = l.import(around, stack);
        let table = Access { operand: whole.operand, strides: vec![width, 1] };
        self.stacks.push((whole.operand.buffer, stack.operand.buffer));
        l.primitives.push(Planned::new(
            Primitive::UpdateRows(UpdateRows {
                change: Change::Set,
                base: table.clone(),
                updates: value.operand,
                indices: counter.operand,
                count: 1,
                rows,
                width,
                output: table,
            }),
            vec![self.id],
        ));
    }

    /// Makes a value one of the plan around the loop.
    fn move_out(&mut self, around: &mut Lowering, value: usize) {
        let info = &mut self.scope.l.values[value];
        if info.source == Source::Computed {
            around.values.push(info.clone());
            info.source = Source::Outer(around.values.len() - 1);
        }
    }

    /// Makes the operands of a step those of the plan around the loop. `places` has what the body computes.
    fn place(
        &mut self,
        around: &mut Lowering,
        step: &mut Primitive,
        places: &BTreeMap<usize, (usize, usize)>,
    ) {
        let values = &mut self.scope.l.values;
        let variables = &self.variables;
        step.visit_operands_mut(&mut |OperandUse { operand, .. }: OperandUse<'_, &mut Operand, _>| {
            let info = &mut values[operand.buffer];
            let (buffer, offset) = match &info.source {
                Source::Outer(value) => (*value, 0),
                Source::Variable(variable) => (variables[*variable].operand.buffer, 0),
                Source::Computed => *places
                    .get(&operand.buffer)
                    .unwrap_or_else(|| unreachable!("what a body computes has a place")),
                source => match info.splat {
                    Some(bits) => (around.splat(bits, info.dtype, &[]).operand.buffer, 0),
                    None => (around.source(source.clone(), info.dtype, &info.dims).operand.buffer, 0),
                },
            };
            operand.buffer = buffer;
            operand.offset = operand.offset.saturating_add(offset);
        });
    }
}

impl Lowering {
    /// A view of a value of the plan around this one's loop.
    fn import(&mut self, around: &Lowering, view: &View) -> View {
        let value = &around.values[view.operand.buffer];
        let buffer = match (value.splat, &value.source) {
            (Some(bits), _) => self.splat(bits, value.dtype, &[]).operand.buffer,
            (None, Source::Constant(_)) => {
                self.source(value.source.clone(), value.dtype, &value.dims).operand.buffer
            }
            (None, _) => {
                let source = Source::Outer(view.operand.buffer);
                self.found(&source).unwrap_or_else(|| {
                    let imported = self.source(source, value.dtype, &value.dims).operand.buffer;
                    self.values[imported].bytes = value.bytes;
                    imported
                })
            }
        };
        View { operand: Operand { buffer, ..view.operand }, ..view.clone() }
    }

    /// Memory for what the body of a loop computes: the number of the value.
    fn scratch(&mut self, bytes: usize) -> usize {
        self.values.push(ValueInfo {
            source: Source::Computed,
            dtype: DType::U8,
            dims: vec![bytes],
            bytes,
            splat: None,
        });
        self.values.len() - 1
    }
}
