use super::*;
use crate::{Operand, conformance::numbers};
use minutia_kernels::map::Code;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Choice by element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Select;

impl Output {
    /// For each element of this `bool` tensor: `x` where it is true, else `y`; all three broadcast. Either
    /// may be a plain number. Gradients: `g` where chosen, else 0.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([-2.0_f32, 3.0]);
    /// let y = x.less(0.0).select(-&x, 0.0);
    /// assert_eq!(session.run(&y, ())?.as_slice::<f32>()?, [2.0, 0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "where")]
    #[doc(alias = "tf.where")]
    #[track_caller]
    #[must_use]
    pub fn select(&self, x: impl Operand, y: impl Operand) -> Output {
        // A number has the type of the other choice.
        let (x, y) = match (x.tensor(), y.tensor()) {
            (None, Some(y)) => (x.operand(&y), y),
            (tensor, _) => {
                let x = tensor.unwrap_or_else(|| x.operand(self));
                (x.clone(), y.operand(&x))
            }
        };
        self.apply(Select, &[&x, &y])
    }
}

impl Op for Select {
    fn name(&self) -> &'static str {
        "Select"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [condition, x, y] = arity(inputs)?;
        if condition.dtype != DType::Bool {
            return Err(Mismatch::new(format!("the condition is {}, not bool", condition.dtype))
                .hint("compare first"));
        }
        if x.dtype != y.dtype {
            return Err(Mismatch::new(format!("the choices differ in type: {} and {}", x.dtype, y.dtype)));
        }
        Ok(Signature::new(x.dtype, broadcast(&[condition, x, y])?))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (condition, g) = (&at.inputs[0], &at.grad);
        let zero = g.number(0.0);
        let (gx, gy) = (condition.select(g, &zero), condition.select(&zero, g));
        Ok(vec![None, Some(gx.sum_like(&at.inputs[1])), Some(gy.sum_like(&at.inputs[2]))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        l.code(Code::Select, inputs[1].dtype(), inputs)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Select", "Output::select")]
    }

    fn samples() -> Vec<Sample> {
        let condition = Tensor::from([[true, false, true], [false, false, true]]);
        let sample = |x: &[usize], y: &[usize]| {
            let inputs = vec![condition.clone(), numbers(x, -1.0, 1.0), numbers(y, 2.0, 3.0)];
            Sample::new(format!("{x:?} {y:?}"), inputs, |_, x| x[0].select(&x[1], &x[2]))
        };
        vec![
            sample(&[2, 3], &[2, 3]).row_wise(),
            sample(&[2, 1], &[2, 3]).row_wise(),
            sample(&[3], &[2, 1]),
            sample(&[], &[1, 1]),
        ]
    }
}
