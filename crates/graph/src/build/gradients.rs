use crate::{DType, Error, Graph, Output, Outputs, build::node::NodeId, ops::Gradient};
use std::collections::BTreeMap;

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
        let mut sums: BTreeMap<NodeId, Output> = BTreeMap::new();
        sums.insert(y.id, y.ones_like());
        for id in (0..=y.id).rev().filter(|&id| on_path[id]) {
            let Some(grad) = sums.get(&id).cloned() else { continue };
            for (input, contribution) in self.contributions(id, grad)? {
                if on_path[input] {
                    let sum = match sums.remove(&input) {
                        Some(sum) => sum.beside(&contribution).unwrap_or_else(|| sum + contribution),
                        None => contribution,
                    };
                    sums.insert(input, sum);
                }
            }
        }
        let gradients: Vec<Option<Output>> = list.iter().map(|x| sums.get(&x.id).cloned()).collect();
        gradients.iter().flatten().try_for_each(Output::check)?;
        Ok(xs.each(gradients))
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
        for id in 0..=y {
            reaches_x[id] |= inner.nodes[id].inputs.iter().any(|&i| reaches_x[i]);
        }
        let mut on_path = vec![false; y + 1];
        on_path[y] = reaches_x[y];
        for id in (0..=y).rev() {
            if on_path[id] {
                for &input in &inner.nodes[id].inputs {
                    on_path[input] = reaches_x[input];
                }
            }
        }
        on_path
    }
}
