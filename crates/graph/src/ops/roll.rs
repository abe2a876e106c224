use super::*;
use crate::conformance::numbers;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// A shift in a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roll {
    pub shift: i32,
    pub axis: isize,
}

impl Output {
    /// Every element `shift` places further along an axis; what leaves at one end comes in at the other. A
    /// negative shift goes the other way. Gradient: `g` shifted back.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1, 2, 3, 4]);
    /// assert_eq!(session.run(x.roll(1, 0), ())?.as_slice::<i32>()?, [4, 1, 2, 3]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn roll(&self, shift: i32, axis: isize) -> Output {
        self.apply(Roll { shift, axis }, &[])
    }
}

impl Op for Roll {
    fn name(&self) -> &'static str {
        "Roll"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        axis_of(self.axis, x.shape.len())?;
        Ok(x.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let back = |shift: i32| at.grad.roll(shift, self.axis);
        // The lowest number has no opposite; the way back is gone in two.
        Ok(vec![Some(match self.shift.checked_neg() {
            Some(shift) => back(shift),
            None => back(i32::MAX).roll(1, self.axis),
        })])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let x = &inputs[0];
        let axis = axis_of(self.axis, x.dims.len()).expect("inference has checked the axis");
        let extent = x.dims[axis];
        let shift = i128::from(self.shift).checked_rem_euclid(extent as i128).unwrap_or(0) as usize;
        if shift == 0 {
            return x.clone();
        }
        let part = |from: usize, count: usize| {
            let (mut begin, mut size) = (vec![0; x.dims.len()], x.dims.clone());
            (begin[axis], size[axis]) = (from, count);
            x.slice(&begin, &size)
        };
        let mut begin = vec![0; x.dims.len()];
        let wrapped = (begin.clone(), part(extent - shift, shift));
        begin[axis] = shift;
        l.assemble(x.dtype(), &x.dims, None, &[wrapped, (begin, part(0, extent - shift))])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Roll", "Output::roll")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |shift: i32, axis: isize, x: Tensor| {
            let label = format!("{shift} along {axis} of {} {}", x.dtype(), x.shape());
            Sample::new(label, vec![x], move |_, x| x[0].roll(shift, axis))
        };
        vec![
            sample(2, 0, numbers([5, 2], -1.0, 1.0)),
            sample(-1, 1, numbers([2, 3], -1.0, 1.0)).row_wise(),
            sample(i32::MIN, -1, numbers([2, 3], -1.0, 1.0)).row_wise(),
            sample(6, -1, numbers([2, 3], -1.0, 1.0)).row_wise(),
            sample(1, 1, numbers([2, 0], -1.0, 1.0)).not_differentiable(),
            sample(1, 0, Tensor::from([true, false, false])).not_differentiable(),
        ]
    }
}
