use super::*;
use crate::conformance::numbers;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Rows of a table by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gather;

impl Output {
    /// The slices of this table along axis 0 that `indices` (`i32`, any shape) name: a table `[rows, ..]` of
    /// any type gives `[indices.., ..]`. An index outside the table is an error of the run, which names the
    /// node.
    ///
    /// ```
    /// use minutia_graph::{DType, Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let table = graph.constant([[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let rows = graph.placeholder("rows", DType::I32, [None]);
    /// let batch = table.gather(&rows);
    /// assert_eq!(batch.shape().to_string(), "[?, 2]");
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(&batch, feeds! { rows => [2, 0] })?.as_slice::<f32>()?, [5.0, 6.0, 1.0, 2.0]);
    /// assert!(session.run(&batch, feeds! { rows => [3] }).is_err());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// Gradient with respect to the table: each row of `g` is added to the row that its index names, in the
    /// order of the indices; rows that no index names get 0. Optimizers do not even make it: they change the
    /// rows that have a gradient, which [`indexed_slices`](Output::indexed_slices) finds.
    #[doc(alias = "index_select")]
    #[doc(alias = "take")]
    #[doc(alias = "embedding_lookup")]
    #[track_caller]
    #[must_use]
    pub fn gather(&self, indices: impl AsRef<Output>) -> Output {
        self.apply(Gather, &[indices.as_ref()])
    }
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        "Gather"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [table, indices] = arity(inputs)?;
        if indices.dtype != DType::I32 {
            return Err(Mismatch::new(format!("indices are i32, not {}", indices.dtype)).hint("cast them"));
        }
        if table.shape.is_empty() {
            return Err(Mismatch::new("a scalar has no rows"));
        }
        Ok(Signature::new(table.dtype, [&indices.shape[..], &table.shape[1..]].concat()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (table, indices) = (&at.inputs[0], &at.inputs[1]);
        Ok(vec![Some(at.grad.apply(GatherGradient, &[indices, table])), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        l.gather(&inputs[0], &inputs[1])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Gather", "Output::gather")]
    }

    fn samples() -> Vec<Sample> {
        let indices = Tensor::from([[2, 0], [2, 4]]);
        let sample = |label: &str, table: Tensor| {
            let indices = indices.clone();
            Sample::new(label, vec![table], move |g, x| x[0].gather(g.constant(&indices)))
        };
        vec![
            sample("f32", numbers([5, 3], -1.0, 1.0)),
            sample("vector", numbers([5], -1.0, 1.0)),
            sample("rank 3", numbers([5, 2, 2], -1.0, 1.0)),
            sample("u8", Tensor::from(vec![1_u8, 2, 3, 4, 255])).not_differentiable(),
        ]
    }
}

/// Zeros in the shape of the third input, to whose rows those of the first are added where the second, `i32`,
/// says: the gradient of [`Gather`]. What one row gets is added in the order of the indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatherGradient;

impl Op for GatherGradient {
    fn name(&self) -> &'static str {
        "GatherGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [updates, indices, table] = arity(inputs)?;
        expect_dtype(updates.dtype, &[DType::F32])?;
        let picked = Gather.infer(&[table.clone(), indices.clone()])?.shape;
        let fits = picked.len() == updates.shape.len()
            && picked.iter().zip(updates.shape.iter()).all(|(a, b)| a.is_none() || b.is_none() || a == b);
        if !fits {
            return Err(Mismatch::new(format!("the rows are {updates}, and the indices pick {picked}")));
        }
        Ok(Signature::new(DType::F32, table.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.gather(&at.inputs[1])), None, None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        l.scatter_add(&inputs[0], &inputs[1], &inputs[2].dims)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("GatherGrad", "gradient of Gather")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, updates: &[usize], table: &[usize]| {
            let inputs = vec![numbers(updates, -1.0, 1.0), numbers(table, -1.0, 1.0)];
            Sample::new(label, inputs, |g, x| {
                let indices = g.constant(Tensor::from([[2, 0], [2, 4]]));
                x[0].apply(GatherGradient, &[&indices, &x[1]])
            })
        };
        vec![
            sample("vector", &[2, 2], &[5]),
            sample("matrix", &[2, 2, 3], &[5, 3]),
            sample("rank 3", &[2, 2, 2, 2], &[5, 2, 2]),
        ]
    }
}
