use super::*;
use crate::conformance::numbers;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Positions in the order of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArgSort {
    pub axis: isize,
    pub descending: bool,
    /// How many positions, if not all.
    pub first: Option<usize>,
}

impl Output {
    /// The positions (`i32`) of the elements (`f32` or `i32`) along an axis, in ascending order of the
    /// elements; a negative axis counts from the last. Of equal elements the lower position comes first. A
    /// NaN is larger than every number.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([3.0_f32, 1.0, f32::NAN, 1.0]);
    /// assert_eq!(session.run(x.argsort(-1), ())?.as_slice::<i32>()?, [1, 3, 0, 2]);
    /// assert_eq!(session.run(x.argsort_descending(-1), ())?.as_slice::<i32>()?, [2, 0, 1, 3]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn argsort(&self, axis: isize) -> Output {
        self.apply(ArgSort { axis, descending: false, first: None }, &[])
    }

    /// As [`argsort`](Output::argsort), the largest element first. Of equal elements the lower position still
    /// comes first.
    #[track_caller]
    #[must_use]
    pub fn argsort_descending(&self, axis: isize) -> Output {
        self.apply(ArgSort { axis, descending: true, first: None }, &[])
    }

    /// The elements along an axis in ascending order; see [`argsort`](Output::argsort). Gradient: `g` back to
    /// where each element came from.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(graph.constant([3, 1, 2]).sort(0), ())?.as_slice::<i32>()?, [1, 2, 3]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sort(&self, axis: isize) -> Output {
        let _scope = self.graph.name_scope("sort");
        self.take_along_axis(self.argsort(axis), axis)
    }

    /// As [`sort`](Output::sort), the largest element first.
    #[track_caller]
    #[must_use]
    pub fn sort_descending(&self, axis: isize) -> Output {
        let _scope = self.graph.name_scope("sort");
        self.take_along_axis(self.argsort_descending(axis), axis)
    }

    /// The `k` largest elements along the last axis, the largest first, and their positions (`i32`). Of equal
    /// elements the lower position comes first. A NaN is larger than every number. Gradient of the elements:
    /// `g` back to where each came from; the positions have none.
    ///
    /// `boolean_mask` of TensorFlow is not here: how many elements it leaves depends on their values, and a
    /// plan is made for shapes alone. Multiply by the mask or [`select`](Output::select) where a sum or a
    /// mean follows; where the number is known, pick by `mask.cast(DType::I32).top_k(k)`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (values, indices) = graph.constant([[1.0_f32, 3.0, 2.0, 3.0]]).top_k(2);
    /// let (values, indices) = session.run((&values, &indices), ())?;
    /// assert_eq!((values.as_slice::<f32>()?, indices.as_slice::<i32>()?), (&[3.0, 3.0][..], &[1, 3][..]));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "boolean_mask")]
    #[track_caller]
    #[must_use]
    pub fn top_k(&self, k: usize) -> (Output, Output) {
        let _scope = self.graph.name_scope("top_k");
        let indices = self.apply(ArgSort { axis: -1, descending: true, first: Some(k) }, &[]);
        (self.take_along_axis(&indices, -1), indices)
    }

    /// Whether each target (`i32` of `[..]`), a class, is among the `k` likeliest by these predictions `[..,
    /// classes]`: fewer than `k` classes have a larger one. It is not if it is no class, or if a prediction
    /// of its row is not finite.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let predictions = graph.constant([[0.5_f32, 0.2, 0.3], [0.5, 0.2, 0.3]]);
    /// let right = predictions.in_top_k(graph.constant([2, 1]), 2);
    /// assert_eq!(session.run(right, ())?.as_slice::<bool>()?, [true, false]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn in_top_k(&self, targets: impl AsRef<Output>, k: usize) -> Output {
        let _scope = self.graph.name_scope("in_top_k");
        let hot = targets.as_ref().one_hot_like(self);
        let own = hot.multiply_no_nan(self).reduce_sum_keep_dims(-1);
        let larger = self.greater(own).cast(DType::I32).reduce_sum(-1);
        let certain = self.abs().less(f32::INFINITY).reduce_all(-1);
        let named = hot.reduce_max(-1).greater(0.0);
        larger.less(i32::try_from(k).unwrap_or(i32::MAX)).logical_and(certain).logical_and(named)
    }
}

impl Op for ArgSort {
    fn name(&self) -> &'static str {
        "ArgSort"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        expect_dtype(x.dtype, &[DType::F32, DType::I32])?;
        let axis = axis_of(self.axis, x.shape.len())?;
        let mut dims = x.shape.to_vec();
        super::reverse::expect_countable(axis, dims[axis])?;
        if let Some(first) = self.first {
            if let Some(extent) = dims[axis].filter(|&extent| extent < first) {
                return Err(Mismatch::new(format!("{first} of the {extent} elements of axis {axis}"))
                    .hint("ask for no more than there are"));
            }
            dims[axis] = Some(first);
        }
        Ok(Signature::new(DType::I32, dims))
    }

    fn gradient(&self, _: &Gradient) -> Gradients {
        Ok(vec![None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let axis = axis_of(self.axis, inputs[0].dims.len()).expect("inference has checked the axis");
        let positions = l.arg_sort(&inputs[0], axis, self.descending);
        let mut size = positions.dims.clone();
        size[axis] = self.first.unwrap_or(size[axis]);
        positions.slice(&vec![0; size.len()], &size)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("ArgSort", "Output::argsort Output::argsort_descending")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, x: Tensor, apply: fn(&Output) -> Output| {
            Sample::new(label, vec![x], move |_, x| apply(&x[0])).not_differentiable()
        };
        let ties = || Tensor::from([[3, 1, 3, 2, 1], [0, 0, 0, -1, 0]]);
        let special = Tensor::from([[0.0, f32::NAN, -0.0, f32::INFINITY], [f32::NAN, 1.0, f32::MIN, 2.0]]);
        vec![
            sample("rows", numbers([3, 7], -1.0, 1.0), |x| x.argsort(1)).row_wise(),
            sample("columns", numbers([4, 3], -1.0, 1.0), |x| x.argsort_descending(0)),
            sample("ties", ties(), |x| x.argsort(-1)).row_wise(),
            sample("ties, descending", ties(), |x| x.argsort_descending(-1)).row_wise(),
            sample("NaN and zeros", special.clone(), |x| x.argsort(-1)).row_wise(),
            sample("NaN first", special, |x| x.argsort_descending(-1)).row_wise(),
            sample("nothing", numbers([2, 0], -1.0, 1.0), |x| x.argsort(-1)),
        ]
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[
    ("in_top_k", "Output::in_top_k"),
    ("sort", "Output::sort Output::sort_descending"),
    ("top_k", "Output::top_k"),
];

pub(crate) fn samples() -> Vec<Sample> {
    let sample = |label: &str, x: Tensor, apply: fn(&Graph, &Output) -> Output| {
        Sample::new(label, vec![x], move |g, x| apply(g, &x[0]))
    };
    let x = || numbers([3, 5], -1.0, 1.0);
    let predictions = Tensor::from([[0.5, 0.2, 0.2], [0.1, f32::NAN, 0.3], [0.1, 0.2, 0.3]]);
    vec![
        sample("top_k", x(), |_, x| x.top_k(2).0).row_wise(),
        sample("top_k, indices", x(), |_, x| x.top_k(5).1).row_wise().not_differentiable(),
        sample("top_k of none", x(), |_, x| x.top_k(0).0).not_differentiable(),
        sample("sort", x(), |_, x| x.sort(0)),
        sample("sort_descending", x(), |_, x| x.sort_descending(1)).row_wise(),
        sample("in_top_k", predictions, |g, x| x.in_top_k(g.constant([2, 2, 3]), 2)).not_differentiable(),
    ]
}
