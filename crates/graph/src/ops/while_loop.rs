//! Loops: what they consist of in the graph. `build/loops.rs` builds them, `plan/loops.rs` lowers them.

use super::*;
use crate::{Outputs, build::node::NodeId, conformance::numbers};
use serde::{Deserialize, Serialize};

/// What a loop variable holds at the beginning of an iteration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LoopVariable {
    pub signature: Signature,
}

/// A loop. Its value is the number of iterations that it had; the rest of what it gives are
/// [`LoopResult`]s and [`LoopStack`]s.
///
/// Its inputs are those of [`LoopParts`], in this order. Its body are the nodes that these depend on and that
/// were built since the first loop variable was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct While {
    /// How many loop variables there are.
    pub variables: usize,
    /// The most iterations.
    pub most: Option<usize>,
    /// Whether a predicate ends the loop. A loop without one has as many iterations as it may have.
    pub has_predicate: bool,
    /// Whether there are at most as many iterations as an input has elements along its first axis.
    pub has_limit: bool,
}

/// The last value of a loop variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LoopResult {
    /// Which one.
    pub index: usize,
}

/// The values that a node of a loop's body had in all iterations, one after the other along a new first axis;
/// zeros for iterations that there might have been. Truth values and bytes become integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LoopStack {
    /// The most iterations, where this is known from the graph.
    pub rows: Option<usize>,
}

/// The inputs of a loop.
#[derive(Debug)]
pub(crate) struct LoopParts<'a, T> {
    /// The loop variables' first values.
    pub initial: &'a [T],
    /// The loop variables.
    pub variables: &'a [T],
    /// The loop variables' values after an iteration.
    pub next: &'a [T],
    /// Of the variables before an iteration: whether there is one.
    pub predicate: Option<&'a T>,
    /// What has as many rows as there are iterations, at most.
    pub limit: Option<&'a T>,
}

impl While {
    /// The parts of the inputs; none if there are too few or too many of them.
    pub fn parts<'a, T>(&self, inputs: &'a [T]) -> Option<LoopParts<'a, T>> {
        let (initial, rest) = inputs.split_at_checked(self.variables)?;
        let (variables, rest) = rest.split_at_checked(self.variables)?;
        let (next, rest) = rest.split_at_checked(self.variables)?;
        let (predicate, limit) = match (self.has_predicate, self.has_limit, rest) {
            (false, false, []) => (None, None),
            (true, false, [predicate]) => (Some(predicate), None),
            (false, true, [limit]) => (None, Some(limit)),
            (true, true, [predicate, limit]) => (Some(predicate), Some(limit)),
            _ => return None,
        };
        Some(LoopParts { initial, variables, next, predicate, limit })
    }

    /// The most iterations, where this input's extents are known.
    pub fn rows(&self, limit: Option<usize>) -> Option<usize> {
        [self.most, limit].into_iter().flatten().min()
    }
}

impl LoopParts<'_, NodeId> {
    /// The first node that may belong to the body.
    pub fn first(&self) -> NodeId {
        self.variables.iter().copied().min().unwrap_or_default()
    }
}

impl Graph {
    /// TensorFlow's `while_loop`: while `cond` of the loop variables is true, they become what `body` makes
    /// of them. Both are called once, to build the loop; what they build belongs to it, and has no value
    /// outside. What was built before may be used inside.
    ///
    /// `cond` gives a `bool` scalar. `body` gives as many tensors as there are loop variables, of the same
    /// types; a loop variable has the same shape in every iteration. After `maximum_iterations` the loop ends
    /// in any case; without this number a loop that does not end by itself is an error after `i32::MAX`
    /// iterations. A body cannot assign variables of the graph: make what changes a loop variable, and assign
    /// it after the loop.
    ///
    /// A loop has gradients if it has `maximum_iterations`: as many values are kept of each tensor that they
    /// need, so name a number that is not much larger than it has to be. They can be differentiated again.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, ());
    /// // Newton's method: the square root of x.
    /// let [_, root] = graph.while_loop(
    ///     |[i, _]| i.less(20),
    ///     |[i, y]| [i + 1, 0.5 * (&y + &x / &y)],
    ///     [graph.constant(0), x.ones_like()],
    ///     20,
    /// );
    /// let [slope] = graph.gradients(&root, [&x])?.map(Option::unwrap);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (root, slope) = session.run((&root, &slope), feeds! { x => 16.0_f32 })?;
    /// assert_eq!((root.value::<f32>()?, slope.value::<f32>()?), (4.0, 0.125));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// What cannot be built, such as a body that gives another number of tensors, is an error of the results.
    #[track_caller]
    pub fn while_loop<L: Outputs, B: Outputs>(
        &self,
        cond: impl FnOnce(L::Each<Output>) -> Output,
        body: impl FnOnce(L::Each<Output>) -> B,
        loop_vars: L,
        maximum_iterations: impl Into<Option<usize>>,
    ) -> L::Each<Output> {
        let _scope = self.name_scope("while");
        let open = self.open_loop(&loop_vars.outputs());
        let predicate = cond(loop_vars.each(open.variables.clone()));
        let next = body(loop_vars.each(open.variables.clone())).outputs();
        let closed = open.close("while_loop", &next, Some(&predicate), (maximum_iterations.into(), None));
        loop_vars.each(closed.results())
    }
}

impl Op for LoopVariable {
    fn name(&self) -> &'static str {
        "LoopVariable"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [] = arity(inputs)?;
        Ok(self.signature.clone())
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(Vec::new())
    }

    fn lower(&self, _: &mut Lowering, _: &[View]) -> View {
        unreachable!("loops are lowered as a whole")
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("LoopVariable", "Graph::while_loop")]
    }

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new("powers", vec![numbers([2, 3], 0.5, 1.5)], |g, x| {
                let [_, y] = g.while_loop(
                    |[i, _]| i.less(3),
                    |[i, y]| [i + 1, &y * &x[0]],
                    [g.constant(0), x[0].clone()],
                    5,
                );
                y
            })
            .row_wise(),
        ]
    }
}

impl Op for While {
    fn name(&self) -> &'static str {
        "While"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let Some(LoopParts { initial, variables, next, predicate, limit }) = self.parts(inputs) else {
            return Err(Mismatch::new(format!(
                "a loop of {} variables does not have {} inputs",
                self.variables,
                inputs.len()
            )));
        };
        if self.variables == 0 {
            return Err(Mismatch::new("a loop without loop variables").hint("let it count, at least"));
        }
        for (i, variable) in variables.iter().enumerate() {
            let meets = |a: &Signature| {
                let extents = a.shape.iter().zip(variable.shape.iter());
                a.dtype == variable.dtype
                    && a.shape.len() == variable.shape.len()
                    && extents.into_iter().all(|(a, b)| a.is_none() || b.is_none() || a == b)
            };
            if let Some(other) = [&initial[i], &next[i]].into_iter().find(|other| !meets(other)) {
                let detail = format!("loop variable {i} is {variable}, and becomes {other}");
                return Err(Mismatch::new(detail).hint("a loop variable keeps its type and its shape"));
            }
        }
        if let Some(predicate) = predicate
            && (predicate.dtype != DType::Bool || !predicate.shape.is_empty())
        {
            let detail = format!("the condition is {predicate}, not a bool scalar");
            return Err(Mismatch::new(detail).hint("reduce_all or reduce_any makes one truth value of many"));
        }
        if limit.is_some_and(|limit| limit.shape.is_empty()) {
            return Err(Mismatch::new("a scalar has no rows to go through"));
        }
        Ok(Signature::new(DType::I32, ()))
    }

    /// `build/loop_gradients.rs` has it.
    fn gradient(&self, _: &Gradient) -> Gradients {
        Err("the number of iterations does not change smoothly".into())
    }

    fn lower(&self, _: &mut Lowering, _: &[View]) -> View {
        unreachable!("loops are lowered as a whole")
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("While", "Graph::while_loop")]
    }

    fn samples() -> Vec<Sample> {
        let decay = |g: &Graph, x: &[Output]| {
            // The number of iterations depends on what is fed.
            let [y] =
                g.while_loop(|[y]| y.square().reduce_sum(..).greater(1.0), |[y]| [&y * 0.7], [&x[0]], 9);
            y
        };
        let exchange = |g: &Graph, x: &[Output]| {
            let body = |[i, a, b]: [Output; 3]| [i + 1, &b * &x[1], a.sin()];
            let [_, a, b] = g.while_loop(|[i, ..]| i.less(3), body, [&g.constant(0), &x[0], &x[1]], 3);
            a + b
        };
        let nested = |g: &Graph, x: &[Output]| {
            let body = |[i, y]: [Output; 2]| {
                let inner = |[j, z]: [Output; 2]| [j + 1, (&z * &y).tanh() + &x[0]];
                let [_, z] = g.while_loop(|[j, _]| j.less_equal(&i), inner, [&g.constant(0), &y], 3);
                [i + 1, z]
            };
            let [_, y] = g.while_loop(|[i, _]| i.less(2), body, [&g.constant(0), &x[0]], 2);
            y
        };
        vec![
            Sample::new("as long as it is large", vec![numbers([4], 0.8, 1.5)], decay),
            Sample::new("exchange", vec![numbers([3], 0.5, 1.5), numbers([3], 0.5, 1.5)], exchange),
            Sample::new("a loop in a loop", vec![numbers([2], 0.2, 0.9)], nested),
        ]
    }
}

impl Op for LoopResult {
    fn name(&self) -> &'static str {
        "LoopResult"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [_, initial] = arity(inputs)?;
        Ok(initial.clone())
    }

    /// The loop gathers the gradients of its results.
    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None, None])
    }

    fn lower(&self, _: &mut Lowering, _: &[View]) -> View {
        unreachable!("loops are lowered as a whole")
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("LoopResult", "Graph::while_loop")]
    }

    fn samples() -> Vec<Sample> {
        vec![Sample::new("no iteration", vec![numbers([3], -1.0, 1.0)], |g, x| {
            let [y] = g.while_loop(|_| g.constant(false), |[y]| [y * 2.0], [&x[0]], 4);
            y
        })]
    }
}

impl Op for LoopStack {
    fn name(&self) -> &'static str {
        "LoopStack"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [_, node] = arity(inputs)?;
        let shape: Vec<Option<usize>> = [self.rows].into_iter().chain(node.shape.iter().copied()).collect();
        Ok(Signature::new(stacked(node.dtype), shape))
    }

    /// The loop gathers the gradients of its results.
    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None, None])
    }

    fn lower(&self, _: &mut Lowering, _: &[View]) -> View {
        unreachable!("loops are lowered as a whole")
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("LoopStack", "Graph::scan Graph::cond")]
    }

    fn samples() -> Vec<Sample> {
        vec![Sample::new("running products", vec![numbers([4, 2], 0.5, 1.5)], |g, x| {
            let [y] = g.scan(|[y], [row]| [y * row], [&x[0]], [g.ones([2])]);
            y
        })]
    }
}

/// The type of a stack of values of this type.
pub(crate) fn stacked(dtype: DType) -> DType {
    match dtype {
        DType::Bool | DType::U8 => DType::I32,
        other => other,
    }
}
