use super::{strided_slice::fits, *};
use crate::{conformance::numbers, lower::along::orders_to_last};
use minutia_kernels::map::Code;
use minutia_tensor::{Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Elements of each line by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TakeAlong {
    pub axis: isize,
}

impl Output {
    /// From each line along an axis the elements that the same line of `indices` (`i32`) names, such as those
    /// of [`argsort`](Output::argsort): NumPy's `take_along_axis`. All other extents agree. An index outside
    /// the line is an error of the run, which names the node. Gradient: each element of `g` is added to the
    /// one that its index names, in the order of the indices.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[1, 2, 3], [4, 5, 6]]);
    /// let taken = x.take_along_axis(graph.constant([[2, 0], [1, 1]]), 1);
    /// assert_eq!(session.run(taken, ())?.as_slice::<i32>()?, [3, 1, 5, 5]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "gather")]
    #[track_caller]
    #[must_use]
    pub fn take_along_axis(&self, indices: impl AsRef<Output>, axis: isize) -> Output {
        self.apply(TakeAlong { axis }, &[indices.as_ref()])
    }
}

impl TakeAlong {
    /// The positions of what is taken, in a tensor of these extents, for indices whose last axis is that
    /// along which is taken.
    fn positions(l: &mut Lowering, indices: &View, length: usize) -> View {
        let (outer, _) = indices.dims.split_at(indices.dims.len() - 1);
        let lines = l.numbers(Shape::from(outer).elements());
        let length_word = l.splat(length as u32, DType::I32, &[]);
        let first = l.code(Code::MulI, DType::I32, &[lines, length_word]);
        let first = l.reshape(&first, &[outer, &[1]].concat());
        let places = l.flat_indices(std::slice::from_ref(indices), &[length]);
        l.code(Code::AddI, DType::I32, &[first, places])
    }
}

impl Op for TakeAlong {
    fn name(&self) -> &'static str {
        "TakeAlongAxis"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x, indices] = arity(inputs)?;
        if indices.dtype != DType::I32 {
            return Err(Mismatch::new(format!("indices are i32, not {}", indices.dtype)).hint("cast them"));
        }
        let axis = axis_of(self.axis, x.shape.len())?;
        let mut taken = x.shape.to_vec();
        if indices.shape.len() == taken.len() {
            taken[axis] = indices.shape[axis];
        }
        if !fits(&taken.clone().into(), &indices.shape) {
            return Err(Mismatch::new(format!(
                "indices {} have other extents than {} beside axis {axis}",
                indices.shape, x.shape
            )));
        }
        expect_few(&x.shape)?;
        let known = taken.iter().zip(indices.shape.iter()).map(|(a, b)| a.or(*b));
        Ok(Signature::new(x.dtype, known.collect::<Vec<_>>()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (x, indices) = (&at.inputs[0], &at.inputs[1]);
        Ok(vec![Some(at.grad.apply(TakeAlongGradient { axis: self.axis }, &[indices, x])), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let axis = axis_of(self.axis, inputs[0].dims.len()).expect("inference has checked the axis");
        let (last, back) = orders_to_last(inputs[0].dims.len(), axis);
        let [x, indices] = [0, 1].map(|i| inputs[i].transpose(&last));
        let positions = TakeAlong::positions(l, &indices, inputs[0].dims[axis]);
        let table = l.reshape(&x, &[x.elements()]);
        l.gather(&table, &positions).transpose(&back)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("TakeAlongAxis", "Output::take_along_axis")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, x: Tensor, indices: Tensor, axis: isize| {
            Sample::new(label, vec![x, indices], move |_, x| x[0].take_along_axis(&x[1], axis))
        };
        let rows = || Tensor::from([[2, 0, 2, 2], [1, 1, 0, 2]]);
        vec![
            sample("rows", numbers([2, 3], -1.0, 1.0), rows(), 1).row_wise(),
            sample("columns", numbers([3, 4], -1.0, 1.0), rows(), 0),
            sample("bool", Tensor::from([[true, false, false]; 2]), rows(), -1)
                .row_wise()
                .not_differentiable(),
        ]
    }
}

/// Refuses a tensor with more elements than its positions can name.
pub(crate) fn expect_few(shape: &PartialShape) -> Result<(), Mismatch> {
    // An extent of 0 makes the others no shorter, for which there are tables.
    let elements = shape.iter().flatten().fold(1, |n: usize, &extent| n.saturating_mul(extent.max(1)));
    if i32::try_from(elements).is_ok() {
        return Ok(());
    }
    Err(Mismatch::new(format!("{shape} has more elements than i32 counts")))
}

/// Zeros in the shape of the third input, to which the elements of the first are added where the second,
/// `i32`, says: the gradient of [`TakeAlong`]. What one element gets is added in the order of the indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TakeAlongGradient {
    pub axis: isize,
}

impl Op for TakeAlongGradient {
    fn name(&self) -> &'static str {
        "TakeAlongAxisGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [updates, indices, x] = arity(inputs)?;
        expect_dtype(updates.dtype, &[DType::F32])?;
        let taken = TakeAlong { axis: self.axis }.infer(&[x.clone(), indices.clone()])?;
        if !fits(&taken.shape, &updates.shape) {
            return Err(Mismatch::new(format!("{updates} is not what {indices} takes of {x}")));
        }
        Ok(Signature::new(DType::F32, x.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.take_along_axis(&at.inputs[1], self.axis)), None, None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let axis = axis_of(self.axis, inputs[2].dims.len()).expect("inference has checked the axis");
        let (last, back) = orders_to_last(inputs[2].dims.len(), axis);
        let [updates, indices, x] = [0, 1, 2].map(|i| inputs[i].transpose(&last));
        let positions = TakeAlong::positions(l, &indices, inputs[2].dims[axis]);
        let sums = l.scatter_add(&updates, &positions, &[x.elements()]);
        l.reshape(&sums, &x.dims).transpose(&back)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("TakeAlongAxisGrad", "gradient of TakeAlongAxis")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, axis: isize, x: [usize; 2]| {
            let indices = Tensor::from([[2, 0, 2, 2], [1, 1, 0, 2]]);
            let inputs = vec![numbers([2, 4], -1.0, 1.0), indices, numbers(x, -1.0, 1.0)];
            Sample::new(label, inputs, move |_, x| x[0].apply(TakeAlongGradient { axis }, &[&x[1], &x[2]]))
        };
        vec![sample("rows", 1, [2, 3]).row_wise(), sample("columns", 0, [3, 4])]
    }
}
