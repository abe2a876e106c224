use super::*;
use crate::conformance::numbers;
use minutia_tensor::Shape;

/// Changes of rank and extents that move no element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dims {
    /// This axis, of extent 1, is put in.
    Expand(isize),
    /// This axis, of extent 1, is taken out.
    Squeeze(isize),
    /// Extents of 1 are stretched to these.
    BroadcastTo(Vec<usize>),
}

by_name::named_values! { Dims { Expand(isize), Squeeze(isize), BroadcastTo(Vec<usize>) } }

impl Output {
    /// Puts in an axis of extent 1; a negative axis counts from behind the last. Gradient: `g` without the
    /// axis.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// let x = graph.zeros([2, 3]);
    /// assert_eq!(x.expand_dims(0).shape().to_string(), "[1, 2, 3]");
    /// assert_eq!(x.expand_dims(-1).shape().to_string(), "[2, 3, 1]");
    /// assert_eq!(x.expand_dims(1).squeeze(1).shape(), x.shape());
    /// ```
    #[doc(alias = "unsqueeze")]
    #[doc(alias = "newaxis")]
    #[track_caller]
    #[must_use]
    pub fn expand_dims(&self, axis: isize) -> Output {
        self.apply(Dims::Expand(axis), &[])
    }

    /// Takes out an axis of extent 1; a negative axis counts from the last. Gradient: `g` with the axis.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// let x = graph.zeros([2, 3]);
    /// assert_eq!(x.expand_dims(0).shape().to_string(), "[1, 2, 3]");
    /// assert_eq!(x.expand_dims(-1).shape().to_string(), "[2, 3, 1]");
    /// assert_eq!(x.expand_dims(1).squeeze(1).shape(), x.shape());
    /// ```
    #[track_caller]
    #[must_use]
    pub fn squeeze(&self, axis: isize) -> Output {
        self.apply(Dims::Squeeze(axis), &[])
    }

    /// Stretches extents of 1 and puts in axes at the front. Gradient: `g` summed over these.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let row = graph.constant([1, 2]);
    /// assert_eq!(session.run(row.broadcast_to([2, 2]), ())?.as_slice::<i32>()?, [1, 2, 1, 2]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "expand")]
    #[track_caller]
    #[must_use]
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Output {
        self.apply(Dims::BroadcastTo(shape.into().to_vec()), &[])
    }
}

impl Op for Dims {
    fn name(&self) -> &'static str {
        match self {
            Dims::Expand(_) => "ExpandDims",
            Dims::Squeeze(_) => "Squeeze",
            Dims::BroadcastTo(_) => "BroadcastTo",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let mut dims = x.shape.to_vec();
        match self {
            Dims::Expand(axis) => {
                let at = axis_of(*axis, dims.len() + 1)?;
                dims.insert(at, Some(1));
            }
            Dims::Squeeze(axis) => {
                let at = axis_of(*axis, dims.len())?;
                if let Some(extent) = dims.remove(at).filter(|&d| d != 1) {
                    return Err(Mismatch::new(format!("axis {at} has extent {extent}, not 1")));
                }
            }
            Dims::BroadcastTo(to) => {
                let target = Signature::new(x.dtype, &to[..]);
                if broadcast(&[x, &target])? != target.shape {
                    return Err(Mismatch::new(format!("{x} does not broadcast to {}", target.shape)));
                }
                return Ok(target);
            }
        }
        Ok(Signature::new(x.dtype, dims))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let g = &at.grad;
        Ok(vec![Some(match self {
            Dims::Expand(axis) => g.squeeze(*axis),
            Dims::Squeeze(axis) => g.expand_dims(*axis),
            Dims::BroadcastTo(_) => g.sum_like(&at.inputs[0]),
        })])
    }

    fn lower(&self, _: &mut Lowering, inputs: &[View]) -> View {
        let x = &inputs[0];
        let rank = x.dims.len() as isize;
        match self {
            Dims::Expand(axis) => x.expand((if *axis < 0 { axis + rank + 1 } else { *axis }) as usize),
            Dims::Squeeze(axis) => x.squeeze((if *axis < 0 { axis + rank } else { *axis }) as usize),
            Dims::BroadcastTo(dims) => x.broadcast(dims),
        }
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("ExpandDims", "Output::expand_dims"),
            ("Squeeze", "Output::squeeze"),
            ("BroadcastTo", "Output::broadcast_to Graph::fill Graph::zeros Graph::ones"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let sample = |op: Dims, shape: &[usize]| {
            let label = format!("{op:?}");
            Sample::new(label, vec![numbers(shape, -1.0, 1.0)], move |_, x| x[0].apply(op.clone(), &[]))
        };
        vec![
            sample(Dims::Expand(0), &[2, 3]),
            sample(Dims::Expand(-1), &[2, 3]).row_wise(),
            sample(Dims::Squeeze(1), &[2, 1, 3]).row_wise(),
            sample(Dims::Squeeze(-1), &[2, 1]).row_wise(),
            sample(Dims::BroadcastTo(vec![4, 2, 3]), &[2, 1]),
            sample(Dims::BroadcastTo(vec![3]), &[]),
        ]
    }
}
