use crate::{
    DType, Error, Graph, Output, Outputs,
    build::{loops::parts_of, node::NodeId},
    ops::{AnyOp, Gradient},
};
use std::collections::BTreeMap;

/// The gradients of nodes, as far as they have been added up.
#[derive(Default)]
pub(super) struct Sums(BTreeMap<NodeId, Output>);

impl Sums {
    /// Adds to a node's gradient, which has one fixed order.
    #[track_caller]
    pub fn add(&mut self, node: NodeId, contribution: Output) {
        let sum = match self.0.remove(&node) {
            Some(sum) => sum.beside(&contribution).unwrap_or_else(|| sum + contribution),
            None => contribution,
        };
        self.0.insert(node, sum);
    }

    pub fn get(&self, node: NodeId) -> Option<Output> {
        self.0.get(&node).cloned()
    }

    /// All of them, by their nodes.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Output)> {
        self.0.iter().map(|(&node, sum)| (node, sum))
    }
}

impl Graph {
    /// Symbolic gradients of (the sum of the elements of) `y` with respect to each of `xs`: new nodes in this
    /// graph, which can be differentiated again. They come as an array for an array of tensors, else as a
    /// `Vec`; `None` where `y` does not depend on `x` in a differentiable way.
    ///
    /// Where a tensor is used several times, the gradients of its uses are added in the order of the uses,
    /// last first, so that the sum has one fixed order.
    ///
    /// ```
    /// use minutia_graph::{DType, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.placeholder("x", DType::F32, ());
    /// let y = &x * &x * &x;
    /// let [first] = graph.gradients(&y, [&x])?.map(Option::unwrap);
    /// let [second] = graph.gradients(&first, [&x])?.map(Option::unwrap);
    /// let mut session = Session::new(&graph, &minutia_tensor::Device::cpu()?)?;
    /// let (d, dd) = session.run((&first, &second), feeds! { x => 2.0_f32 })?;
    /// assert_eq!((d.value::<f32>()?, dd.value::<f32>()?), (12.0, 12.0));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// What building the graph went wrong with; [`Error::NotDifferentiable`] when `y` is not `f32`;
    /// [`Error::NoGradient`] when an operation between `y` and some `x` has none.
    #[track_caller]
    #[doc(alias = "grad")]
    #[doc(alias = "backward")]
    pub fn gradients<L: Outputs>(
        &self,
        y: impl AsRef<Output>,
        xs: L,
    ) -> Result<L::Each<Option<Output>>, Error> {
        let (y, list) = (y.as_ref(), xs.outputs());
        for output in list.iter().chain([y]) {
            if !output.graph.same(self) {
                return Err(Error::OtherGraph { role: "operand of gradients", name: output.name() });
            }
            output.check()?;
        }
        if y.dtype() != DType::F32 {
            return Err(Error::NotDifferentiable { name: y.name(), signature: y.signature() });
        }
        let _scope = self.name_scope("gradients");
        // What an operation computed with is what it is differentiated at, whatever was assigned since.
        let _as_computed = self.without_late_reads();
        let on_path = self.between(y.id, &list);
        let mut sums = Sums::default();
        sums.add(y.id, y.ones_like());
        self.sweep((0..=y.id).rev().filter(|&id| on_path[id]), &on_path, &mut sums)?;
        let gradients: Vec<Option<Output>> = list.iter().map(|x| sums.get(x.id)).collect();
        gradients.iter().flatten().try_for_each(Output::check)?;
        Ok(xs.each(gradients))
    }

    /// Goes through nodes from the last to the first, and adds to the gradients of their inputs.
    pub(super) fn sweep(
        &self,
        nodes: impl Iterator<Item = NodeId>,
        on_path: &[bool],
        sums: &mut Sums,
    ) -> Result<(), Error> {
        for id in nodes {
            let is_loop = matches!(self.lock().nodes[id].op, AnyOp::While(_));
            let contributions = match sums.get(id) {
                _ if is_loop => self.loop_contributions(id, sums, on_path)?,
                Some(grad) => self.contributions(id, grad)?,
                None => continue,
            };
            for (input, contribution) in contributions {
                if on_path.get(input).is_some_and(|on_path| *on_path) {
                    sums.add(input, contribution);
                }
            }
        }
        Ok(())
    }

    /// What a node's gradient adds to each of its inputs' gradients.
    fn contributions(&self, id: NodeId, grad: Output) -> Result<Vec<(NodeId, Output)>, Error> {
        let node = self.lock().nodes[id].clone();
        if node.inputs.is_empty() {
            return Ok(Vec::new());
        }
        let handle = |&id: &NodeId| Output { graph: self.clone(), id };
        let at = Gradient { inputs: node.inputs.iter().map(handle).collect(), output: handle(&id), grad };
        let no_gradient = |why| Error::NoGradient { op: node.op.name(), name: node.name.clone(), why };
        let gradients = {
            let _scope = self.name_scope(&format!("{}_grad", node.name));
            node.op.gradient(&at).map_err(no_gradient)?
        };
        Ok(node.inputs.iter().copied().zip(gradients).filter_map(|(i, g)| g.map(|g| (i, g))).collect())
    }

    /// Which nodes lie between `y` and some `x`, both included.
    fn between(&self, y: NodeId, xs: &[Output]) -> Vec<bool> {
        let inner = self.lock();
        let mut reaches_x = vec![false; y + 1];
        xs.iter().filter(|x| x.id <= y).for_each(|x| reaches_x[x.id] = true);
        // A loop variable reaches what its first value reaches, or its next one, which is known later.
        loop {
            let mut again = false;
            for id in 0..=y {
                reaches_x[id] |= inner.nodes[id].inputs.iter().any(|&i| reaches_x[i]);
                let Some((_, parts)) = parts_of(&inner.nodes[id]) else { continue };
                for (i, &variable) in parts.variables.iter().enumerate() {
                    let reaches = reaches_x[parts.initial[i]] || reaches_x[parts.next[i]];
                    again |= reaches && !std::mem::replace(&mut reaches_x[variable], true);
                }
            }
            if !again {
                break;
            }
        }
        let mut on_path = vec![false; y + 1];
        on_path[y] = reaches_x[y];
        for id in (0..=y).rev() {
            if on_path[id] {
                for &input in &inner.nodes[id].inputs {
                    on_path[input] = reaches_x[input];
                }
                if let AnyOp::LoopStack(_) = inner.nodes[id].op {
                    // The loop makes the gradients of what was kept of its body.
                    on_path[inner.nodes[id].inputs[0]] = true;
                }
            }
        }
        on_path
    }
}
