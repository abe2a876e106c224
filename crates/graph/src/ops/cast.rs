use super::*;
use crate::conformance::numbers;
use minutia_kernels::map::Code;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Conversion to another element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cast {
    pub to: DType,
}

impl Output {
    /// Converts every element: integers and truth values to the nearest `f32`; `f32` to `i32` towards zero,
    /// saturating, NaN to 0; anything to `bool` by "is not 0". Nothing is cast to `u8`, which is a type of
    /// storage. Gradient: `g` from `f32` to `f32`, else 0.
    ///
    /// ```
    /// # use minutia_graph::{DType, Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1.9_f32, -1.9, f32::NAN, 3e9]);
    /// assert_eq!(session.run(x.cast(DType::I32), ())?.as_slice::<i32>()?, [1, -1, 0, i32::MAX]);
    /// let bytes = graph.constant([0_u8, 255]).cast(DType::F32);
    /// assert_eq!(session.run(bytes, ())?.as_slice::<f32>()?, [0.0, 255.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "astype")]
    #[doc(alias = "to")]
    #[track_caller]
    #[must_use]
    pub fn cast(&self, to: DType) -> Output {
        self.apply(Cast { to }, &[])
    }
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "Cast"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        if self.to == DType::U8 && x.dtype != DType::U8 {
            return Err(Mismatch::new(format!("{} is not cast to u8", x.dtype)).hint("keep it as i32"));
        }
        Ok(Signature::new(self.to, x.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let passes = at.inputs[0].dtype() == DType::F32 && self.to == DType::F32;
        Ok(vec![passes.then(|| at.grad.clone())])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        use DType::{Bool, F32, I32, U8};
        let x = &inputs[0];
        match (x.dtype(), self.to) {
            (from, to) if from == to => x.clone(),
            (I32 | Bool | U8, F32) => l.code(Code::ToFloat, F32, inputs),
            (F32, I32) => l.code(Code::ToInt, I32, inputs),
            (Bool | U8, _) if self.to == I32 => l.map(I32, inputs, |_, v| v[0]),
            (F32, _) => l.map(Bool, inputs, |m, v| {
                let zero = m.constant(0.0);
                m.apply(Code::Ne, &[v[0], zero])
            }),
            _ => l.map(Bool, inputs, |m, v| {
                let zero = m.constant_bits(0);
                m.apply(Code::NeI, &[v[0], zero])
            }),
        }
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Cast", "Output::cast")]
    }

    fn samples() -> Vec<Sample> {
        let inputs = [
            Tensor::from([1.5_f32, -2.7, 0.0, f32::NAN, 3e9]),
            Tensor::from([0, 1, -7, i32::MAX, 16_777_217]),
            Tensor::from([true, false]),
            Tensor::from([0_u8, 1, 255]),
        ];
        let mut samples = Vec::new();
        for input in inputs {
            for to in [DType::F32, DType::I32, DType::Bool] {
                let label = format!("{} to {to}", input.dtype());
                let apply = move |_: &Graph, x: &[Output]| x[0].cast(to);
                samples.push(Sample::new(label, vec![input.clone()], apply).not_differentiable().row_wise());
            }
        }
        let same = |_: &Graph, x: &[Output]| x[0].cast(DType::F32);
        samples.push(Sample::new("gradient", vec![numbers([2, 3], -2.0, 2.0)], same).row_wise());
        samples
    }
}
