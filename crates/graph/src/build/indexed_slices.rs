//! Gradients of tables of which few rows are picked.

use crate::{
    Graph, Output, PartialShape,
    build::node::NodeId,
    ops::{
        AnyOp, binary::Binary, concat::ConcatPart, first_positions::FirstPositions, gather::GatherGradient,
    },
};

/// A gradient by its rows, TensorFlow's `IndexedSlices`: what
/// [`indexed_slices`](Output::indexed_slices) finds. All rows that are not listed are 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedSlices {
    /// `i32` `[n]`: which rows. An index may come several times.
    pub indices: Output,
    /// `[n, ..]`: for each index all of its row, also where the index comes several times.
    pub values: Output,
}

impl Output {
    /// The rows of a gradient that are not 0, where that is known from the graph: of the gradient of
    /// [`gather`](Output::gather), of sums of such gradients of one table, and of products and quotients of
    /// these with single numbers. Else nothing.
    ///
    /// `values` are the bits of `gradient.gather(&indices)`, but neither time nor memory grow with the table,
    /// where the gradient itself is not needed. Optimizers change these rows alone, with
    /// [`scatter_update`](crate::Variable::scatter_update).
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let table = graph.variable("table", graph.zeros([1_000_000, 2]));
    /// let picked = table.gather(graph.constant([7, 3, 7]));
    /// let [gradient] = graph.gradients(picked.reduce_sum(..), [&table])?.map(Option::unwrap);
    /// let slices = gradient.indexed_slices().expect("nothing else uses the table");
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (indices, values) = session.run((&slices.indices, &slices.values), ())?;
    /// assert_eq!(indices.as_slice::<i32>()?, [7, 3, 7]);
    /// assert_eq!(values.as_slice::<f32>()?, [2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "sparse gradient")]
    #[track_caller]
    #[must_use]
    pub fn indexed_slices(&self) -> Option<IndexedSlices> {
        let graph = &self.graph;
        let mut gathers = Vec::new();
        let sum = graph.sum_of_gathers(self.id, &mut gathers)?;
        let shape = self.shape();
        // Nothing is stretched to be added to another table's gradient.
        if gathers.len() > 1 && (shape.known().is_none() || gathers.iter().any(|g| g.shape != shape)) {
            return None;
        }
        let _scope = graph.name_scope("indexed_slices");
        let (indices, rows): (Vec<Output>, Vec<Output>) = gathers.iter().map(|gather| gather.list()).unzip();
        let all = |parts: &[Output]| match parts {
            [one] => one.clone(),
            parts => graph.concat(parts, 0),
        };
        let (all_indices, all_rows) = (all(&indices), all(&rows));
        let first = all_indices.apply(FirstPositions, &[]);
        // Each use is added up by itself, as it is in the gradient, whose sum keeps its order.
        let part = |index: usize| match &indices[..] {
            [_] => first.clone(),
            parts => first.apply(ConcatPart { axis: 0, index }, &parts.iter().collect::<Vec<_>>()),
        };
        let sums =
            rows.iter().enumerate().map(|(i, rows)| rows.apply(GatherGradient, &[&part(i), &all_rows]));
        let values = sum.build(&sums.collect::<Vec<_>>())?.gather(&first);
        Some(IndexedSlices { indices: all_indices, values })
    }
}

impl Output {
    /// Adds this gradient to what has been added up so far. Of a table of which rows were picked, these
    /// change alone.
    #[track_caller]
    pub(crate) fn add_rows_to(&self, so_far: &Output) -> Output {
        match self.graph.picked_rows(self.id) {
            Some(picked) => picked
                .iter()
                .fold(so_far.clone(), |sum, [indices, rows]| sum.tensor_scatter_add(indices, rows)),
            None => so_far + self,
        }
    }
}

/// A gradient that is made of those of gathers.
enum Sum {
    Gather(usize),
    /// Added in this order.
    Of(Vec<Sum>),
    Scaled(Box<Sum>, Binary, Output),
}

impl Sum {
    /// The same of other leaves.
    #[track_caller]
    fn build(&self, leaves: &[Output]) -> Option<Output> {
        match self {
            Sum::Gather(i) => leaves.get(*i).cloned(),
            Sum::Of(terms) => terms.iter().filter_map(|term| term.build(leaves)).reduce(|a, b| a + b),
            Sum::Scaled(sum, op, by) => Some(sum.build(leaves)?.apply(*op, &[by])),
        }
    }
}

/// What the gradient of a gather was made of.
struct OfGather {
    rows: Output,
    indices: Output,
    /// That of the table.
    shape: PartialShape,
    /// Extents of a row, if there is more than one index for each position of the first axis.
    row: Option<Vec<isize>>,
}

impl OfGather {
    /// A list of indices, and of as many rows.
    #[track_caller]
    fn list(&self) -> (Output, Output) {
        match &self.row {
            None => (self.indices.clone(), self.rows.clone()),
            Some(row) => (self.indices.reshape([-1]), self.rows.reshape([&[-1], &row[..]].concat())),
        }
    }
}

impl Graph {
    /// How a node sums up gradients of gathers, which are added to the list; none if it is anything else.
    fn sum_of_gathers(&self, id: NodeId, gathers: &mut Vec<OfGather>) -> Option<Sum> {
        // The sum of many uses is as deep as there are uses.
        let (mut first, mut others) = (id, Vec::new());
        loop {
            let inner = self.lock();
            let node = &inner.nodes[first];
            let AnyOp::Binary(Binary::Add) = node.op else { break };
            others.push(node.inputs[1]);
            first = node.inputs[0];
        }
        let mut terms = vec![self.gather_or_scaled(first, gathers)?];
        for &other in others.iter().rev() {
            terms.push(self.sum_of_gathers(other, gathers)?);
        }
        Some(Sum::Of(terms))
    }

    /// Indices and rows of a sum of gradients of gathers, in its order; none if it is anything else.
    fn picked_rows(&self, id: NodeId) -> Option<Vec<[Output; 2]>> {
        let handle = |id: NodeId| Output { graph: self.clone(), id };
        let (mut sum, mut picked) = (id, Vec::new());
        let inner = self.lock();
        let is_pick = |id: NodeId| matches!(inner.nodes[id].op, AnyOp::GatherGradient(_));
        let pick = |id: NodeId| [1, 0].map(|input| handle(inner.nodes[id].inputs[input]));
        while let AnyOp::Binary(Binary::Add) = inner.nodes[sum].op {
            let [first, second] = [inner.nodes[sum].inputs[0], inner.nodes[sum].inputs[1]];
            picked.push(is_pick(second).then(|| pick(second))?);
            sum = first;
        }
        picked.push(is_pick(sum).then(|| pick(sum))?);
        picked.reverse();
        Some(picked)
    }

    fn gather_or_scaled(&self, id: NodeId, gathers: &mut Vec<OfGather>) -> Option<Sum> {
        let node = self.lock().nodes[id].clone();
        let input = |i: usize| Output { graph: self.clone(), id: node.inputs[i] };
        match node.op {
            AnyOp::GatherGradient(_) => {
                let (rows, indices) = (input(0), input(1));
                let row = match indices.shape().len() {
                    1 => None,
                    // What has no elements does not say how many rows it has.
                    rank => Some(rows.shape().get(rank..)?.iter().map(known).collect::<Option<_>>()?),
                };
                gathers.push(OfGather { rows, indices, row, shape: node.signature.shape });
                Some(Sum::Gather(gathers.len() - 1))
            }
            AnyOp::Binary(op @ (Binary::Mul | Binary::RealDiv)) if input(1).shape().is_empty() => {
                let sum = self.sum_of_gathers(node.inputs[0], gathers)?;
                Some(Sum::Scaled(sum.into(), op, input(1)))
            }
            _ => None,
        }
    }
}

/// An extent that is known and not 0.
fn known(extent: &Option<usize>) -> Option<isize> {
    extent.filter(|&extent| extent > 0)?.try_into().ok()
}
