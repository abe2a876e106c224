use super::*;
use crate::{Variable, conformance::numbers};
use minutia_tensor::{Tensor, program::Change};
use serde::{Deserialize, Serialize};

/// A tensor with some rows changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UpdateRows {
    pub kind: UpdateKind,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpdateKind {
    Set,
    Add,
    Sub,
}

by_name::names! { UpdateKind { Set, Add, Sub } }

impl Output {
    /// This tensor with rows added to it: row `indices[i]` (`i32`, any shape) grows by row `i` of `updates`,
    /// of the shape `[indices.., rows..]`. Where an index comes several times, its rows are added one after
    /// the other. An index outside the tensor is an error of the run, which names the node. TensorFlow's
    /// `tensor_scatter_nd_add` wants an axis of extent 1 after those of the indices. Gradients: `g`, and the
    /// rows of `g` that the indices name.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1.0_f32, 2.0, 3.0]);
    /// let y = x.tensor_scatter_add(graph.constant([2, 0, 2]), graph.constant([10.0_f32, 20.0, 30.0]));
    /// assert_eq!(session.run(y, ())?.as_slice::<f32>()?, [21.0, 2.0, 43.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "tensor_scatter_nd_add")]
    #[doc(alias = "index_add")]
    #[track_caller]
    #[must_use]
    pub fn tensor_scatter_add(&self, indices: impl AsRef<Output>, updates: impl AsRef<Output>) -> Output {
        self.apply(UpdateRows { kind: UpdateKind::Add }, &[indices.as_ref(), updates.as_ref()])
    }

    /// This tensor with rows subtracted from it, as [`tensor_scatter_add`](Output::tensor_scatter_add) adds
    /// them.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1.0_f32, 2.0]);
    /// let y = x.tensor_scatter_sub(graph.constant([1]), graph.constant([10.0_f32]));
    /// assert_eq!(session.run(y, ())?.as_slice::<f32>()?, [1.0, -8.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "tensor_scatter_nd_sub")]
    #[track_caller]
    #[must_use]
    pub fn tensor_scatter_sub(&self, indices: impl AsRef<Output>, updates: impl AsRef<Output>) -> Output {
        self.apply(UpdateRows { kind: UpdateKind::Sub }, &[indices.as_ref(), updates.as_ref()])
    }

    /// This tensor (`f32` or `i32`) with rows in the place of those that `indices` name; see
    /// [`tensor_scatter_add`](Output::tensor_scatter_add). Where an index comes several times, the last row
    /// stays. It has no gradient.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1, 2, 3]);
    /// let y = x.tensor_scatter_update(graph.constant([2, 0, 2]), graph.constant([10, 20, 30]));
    /// assert_eq!(session.run(y, ())?.as_slice::<i32>()?, [20, 2, 30]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "tensor_scatter_nd_update")]
    #[track_caller]
    #[must_use]
    pub fn tensor_scatter_update(&self, indices: impl AsRef<Output>, updates: impl AsRef<Output>) -> Output {
        self.apply(UpdateRows { kind: UpdateKind::Set }, &[indices.as_ref(), updates.as_ref()])
    }
}

impl Variable {
    /// Adds rows to those that `indices` name, as they are after the assignments built before; see
    /// [`tensor_scatter_add`](Output::tensor_scatter_add). The result is the variable's new value. A run that
    /// fetches it copies the variable; a run of its [`operation`](Output::operation) touches no other row.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let counts = graph.variable("counts", [0.0_f32; 4]);
    /// let seen = graph.constant([3, 1, 3]);
    /// let count = counts.scatter_add(&seen, seen.ones_like()).operation();
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// session.run(&count, ())?;
    /// assert_eq!(session.run(&counts, ())?.as_slice::<f32>()?, [0.0, 1.0, 0.0, 2.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn scatter_add(&self, indices: impl AsRef<Output>, updates: impl AsRef<Output>) -> Output {
        self.assign(self.read_value().tensor_scatter_add(indices, updates))
    }

    /// Subtracts rows from those that `indices` name; see [`scatter_add`](Variable::scatter_add).
    #[track_caller]
    pub fn scatter_sub(&self, indices: impl AsRef<Output>, updates: impl AsRef<Output>) -> Output {
        self.assign(self.read_value().tensor_scatter_sub(indices, updates))
    }

    /// Puts rows in the place of those that `indices` name; see [`scatter_add`](Variable::scatter_add). Where
    /// an index comes several times, the last row stays.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", [[1.0_f32, 2.0], [3.0, 4.0]]);
    /// let set = v.scatter_update(graph.constant([1]), graph.constant([[5.0_f32, 6.0]]));
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// assert_eq!(session.run(&set, ())?.as_slice::<f32>()?, [1.0, 2.0, 5.0, 6.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn scatter_update(&self, indices: impl AsRef<Output>, updates: impl AsRef<Output>) -> Output {
        self.assign(self.read_value().tensor_scatter_update(indices, updates))
    }
}

impl Op for UpdateRows {
    fn name(&self) -> &'static str {
        match self.kind {
            UpdateKind::Set => "TensorScatterUpdate",
            UpdateKind::Add => "TensorScatterAdd",
            UpdateKind::Sub => "TensorScatterSub",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [table, indices, updates] = arity(inputs)?;
        match self.kind {
            UpdateKind::Set => expect_dtype(table.dtype, &[DType::F32, DType::I32])?,
            UpdateKind::Add | UpdateKind::Sub => expect_dtype(table.dtype, &[DType::F32])?,
        }
        let picked = gather::Gather.infer(&[table.clone(), indices.clone()])?;
        let fits = picked.dtype == updates.dtype
            && picked.shape.len() == updates.shape.len()
            && picked
                .shape
                .iter()
                .zip(updates.shape.iter())
                .all(|(a, b)| a.is_none() || b.is_none() || a == b);
        if !fits {
            let detail = format!("the updates are {updates}, and the indices pick {picked}");
            return Err(Mismatch::new(detail).hint("there is one row for each index"));
        }
        Ok(table.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let picked = || at.grad.gather(&at.inputs[1]);
        match self.kind {
            UpdateKind::Set => {
                Err("rows may be set several times, and the last stays; add their differences instead".into())
            }
            UpdateKind::Add => Ok(vec![Some(at.grad.clone()), None, Some(picked())]),
            UpdateKind::Sub => Ok(vec![Some(at.grad.clone()), None, Some(-picked())]),
        }
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let change = match self.kind {
            UpdateKind::Set => Change::Set,
            UpdateKind::Add => Change::Add,
            UpdateKind::Sub => Change::Sub,
        };
        l.update_rows(change, [&inputs[0], &inputs[1], &inputs[2]])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("TensorScatterUpdate", "Output::tensor_scatter_update Variable::scatter_update"),
            ("TensorScatterAdd", "Output::tensor_scatter_add Variable::scatter_add"),
            ("TensorScatterSub", "Output::tensor_scatter_sub Variable::scatter_sub"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, kind: UpdateKind, table: &[usize], indices: Tensor| {
            let updates = [indices.dims(), &table[1..]].concat();
            let inputs = vec![numbers(table, -1.0, 1.0), numbers(updates, -1.0, 1.0)];
            let indices = indices.clone();
            Sample::new(label, inputs, move |g, x| {
                x[0].apply(UpdateRows { kind }, &[&g.constant(&indices), &x[1]])
            })
        };
        let pairs = || Tensor::from([[2, 0], [2, 4]]);
        vec![
            sample("add", UpdateKind::Add, &[5, 3], pairs()),
            sample("sub", UpdateKind::Sub, &[5, 2, 2], pairs()),
            sample("nothing", UpdateKind::Sub, &[5], Tensor::from(Vec::<i32>::new())),
            sample("set", UpdateKind::Set, &[5, 3], pairs()).not_differentiable(),
        ]
    }
}
