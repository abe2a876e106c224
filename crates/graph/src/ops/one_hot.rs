use super::*;
use minutia_kernels::map::Code;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Indices as rows with a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OneHot {
    pub depth: usize,
}

impl Output {
    /// Appends an axis of this depth (`f32`): 1 at the index (`i32` or `u8`), 0 elsewhere; all 0 for an index
    /// outside, as in TensorFlow. It has no gradient.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let hot = graph.constant([1, 0, 7]).one_hot(2);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(&hot, feeds! {})?.as_slice::<f32>()?, [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "tf.one_hot")]
    #[track_caller]
    #[must_use]
    pub fn one_hot(&self, depth: usize) -> Output {
        self.apply(OneHot { depth }, &[])
    }

    /// Appends an axis as long as the last one of `other`, which the feeds may decide: as
    /// [`one_hot`](Output::one_hot) of that depth. All other extents of `other` are those of the indices.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let logits = graph.zeros([2, 3]);
    /// let hot = graph.constant([2, 0]).one_hot_like(&logits);
    /// assert_eq!(session.run(&hot, ())?.as_slice::<f32>()?, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn one_hot_like(&self, other: impl AsRef<Output>) -> Output {
        self.apply(OneHotLike, &[other.as_ref()])
    }
}

/// Rows of `f32` with a 1 where the indices say.
fn hot(l: &mut Lowering, indices: &View, depth: usize) -> View {
    let classes = l.numbers(depth);
    let indices = indices.expand(indices.dims.len());
    l.map(DType::F32, &[indices, classes], |m, v| {
        let hit = m.apply(Code::EqI, v);
        m.apply(Code::ToFloat, &[hit])
    })
}

impl Op for OneHot {
    fn name(&self) -> &'static str {
        "OneHot"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [indices] = arity(inputs)?;
        expect_dtype(indices.dtype, &[DType::I32, DType::U8])?;
        if i32::try_from(self.depth).is_err() {
            return Err(Mismatch::new(format!("depth {} exceeds the range of i32", self.depth)));
        }
        Ok(Signature::new(DType::F32, [&indices.shape[..], &[Some(self.depth)]].concat()))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        hot(l, &inputs[0], self.depth)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("OneHot", "Output::one_hot")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, indices: Tensor, depth: usize| {
            Sample::new(label, vec![indices], move |_, x| x[0].one_hot(depth)).not_differentiable()
        };
        vec![
            sample("digits", Tensor::from([3, 0, 9, -1, 10]), 10).row_wise(),
            sample("matrix", Tensor::from([[1, 0], [0, 1]]), 2).row_wise(),
            sample("one class", Tensor::from([0, 1]), 1).row_wise(),
        ]
    }
}

/// [`OneHot`] as deep as the last axis of a second input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OneHotLike;

impl Op for OneHotLike {
    fn name(&self) -> &'static str {
        "OneHotLike"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [indices, other] = arity(inputs)?;
        let Some((depth, rows)) = other.shape.split_last() else {
            return Err(Mismatch::new("a scalar has no last axis"));
        };
        let fits = rows.len() == indices.shape.len()
            && rows.iter().zip(indices.shape.iter()).all(|(a, b)| a.is_none() || b.is_none() || a == b);
        if !fits {
            let detail = format!("{indices} has not an index for each row of {other}");
            return Err(Mismatch::new(detail).hint("indices have all axes of the other tensor but the last"));
        }
        match depth {
            Some(depth) => OneHot { depth: *depth }.infer(&inputs[..1]),
            None => {
                expect_dtype(indices.dtype, &[DType::I32, DType::U8])?;
                Ok(Signature::new(DType::F32, [&indices.shape[..], &[None]].concat()))
            }
        }
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None, None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        hot(l, &inputs[0], inputs[1].dims[inputs[1].dims.len() - 1])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("OneHotLike", "Output::one_hot_like")]
    }

    fn samples() -> Vec<Sample> {
        let indices = Tensor::from([2, -1, 0]);
        let inputs = vec![indices, Tensor::from([[0.0_f32; 4]; 3])];
        let apply = |_: &Graph, x: &[Output]| x[0].one_hot_like(&x[1]);
        vec![Sample::new("rows", inputs, apply).not_differentiable().row_wise()]
    }
}
