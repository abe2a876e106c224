//! Elementwise division by a whole number of times, and what it leaves.

use super::*;
use crate::{Operand, conformance::numbers};
use minutia_kernels::map::Code::*;
use minutia_tensor::{
    Tensor,
    program::{MapBuilder, Value},
};

/// A quotient or a remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Division {
    FloorDiv,
    FloorMod,
    TruncateDiv,
    TruncateMod,
}

by_name::names! { Division { FloorDiv, FloorMod, TruncateDiv, TruncateMod } }

impl Output {
    /// Elementwise `x / y`, rounded down, of `f32` or `i32`: Python's `//`. An integer divided by 0 gives 0,
    /// where TensorFlow fails. Its gradient is 0 everywhere.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (x, y) = (graph.constant([7, -7]), graph.constant([2, 2]));
    /// let all = [x.floor_div(&y), x.floor_mod(&y), x.truncate_div(&y), x.truncate_mod(&y)];
    /// let results = session.run(&all, ())?;
    /// let results: Vec<_> = results.iter().map(|r| r.as_slice::<i32>()).collect::<Result<_, _>>()?;
    /// assert_eq!(results, [[3, -4], [1, 1], [3, -3], [1, -1]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "floordiv")]
    #[track_caller]
    #[must_use]
    pub fn floor_div(&self, other: impl Operand) -> Output {
        self.apply(Division::FloorDiv, &[&other.operand(self)])
    }

    /// Elementwise `x - y floor(x / y)`, of `f32` (exactly) or `i32`, with the sign of `y`: Python's `%`. Of
    /// integers and 0 it is 0, where TensorFlow fails. Gradients: `g` and `-g floor(x / y)`. See
    /// [`floor_div`](Output::floor_div).
    #[doc(alias = "mod")]
    #[doc(alias = "floormod")]
    #[track_caller]
    #[must_use]
    pub fn floor_mod(&self, other: impl Operand) -> Output {
        self.apply(Division::FloorMod, &[&other.operand(self)])
    }

    /// Elementwise `x / y`, rounded towards 0, of `f32` or `i32`: C's division. See
    /// [`floor_div`](Output::floor_div).
    #[doc(alias = "truncatediv")]
    #[track_caller]
    #[must_use]
    pub fn truncate_div(&self, other: impl Operand) -> Output {
        self.apply(Division::TruncateDiv, &[&other.operand(self)])
    }

    /// Elementwise remainder of [`truncate_div`](Output::truncate_div), of `f32` (exactly) or `i32`, with the
    /// sign of `x`: C's `fmod` and `%`. Gradients: `g` and `-g` times the quotient.
    #[doc(alias = "fmod")]
    #[doc(alias = "truncatemod")]
    #[track_caller]
    #[must_use]
    pub fn truncate_mod(&self, other: impl Operand) -> Output {
        self.apply(Division::TruncateMod, &[&other.operand(self)])
    }
}

/// A number rounded towards 0.
fn truncated(m: &mut MapBuilder, x: Value) -> Value {
    let (zero, size) = (m.constant(0.0), m.apply(Abs, &[x]));
    let whole = m.apply(Floor, &[size]);
    let (negative, below) = (m.apply(Lt, &[x, zero]), m.apply(Neg, &[whole]));
    m.apply(Select, &[negative, below, whole])
}

impl Division {
    fn float(self, m: &mut MapBuilder, v: &[Value]) -> Value {
        match self {
            Division::FloorDiv => {
                let quotient = m.apply(Div, v);
                m.apply(Floor, &[quotient])
            }
            Division::TruncateDiv => {
                let quotient = m.apply(Div, v);
                truncated(m, quotient)
            }
            Division::TruncateMod => m.apply(Rem, v),
            Division::FloorMod => {
                let (zero, rest) = (m.constant(0.0), m.apply(Rem, v));
                let [below, y_below] = [rest, v[1]].map(|x| m.apply(Lt, &[x, zero]));
                let (some, apart) = (m.apply(Ne, &[rest, zero]), m.apply(NeI, &[below, y_below]));
                let (other, sum) = (m.apply(And, &[some, apart]), m.apply(Add, &[rest, v[1]]));
                m.apply(Select, &[other, sum, rest])
            }
        }
    }

    fn int(self, m: &mut MapBuilder, v: &[Value]) -> Value {
        if let Division::TruncateDiv = self {
            return m.apply(DivI, v);
        }
        let rest = m.apply(RemI, v);
        if let Division::TruncateMod = self {
            return rest;
        }
        let zero = m.constant_bits(0);
        let [below, y_below] = [rest, v[1]].map(|x| m.apply(LtI, &[x, zero]));
        let (some, apart) = (m.apply(NeI, &[rest, zero]), m.apply(NeI, &[below, y_below]));
        let other = m.apply(And, &[some, apart]);
        if let Division::FloorMod = self {
            let sum = m.apply(AddI, &[rest, v[1]]);
            return m.apply(Select, &[other, sum, rest]);
        }
        // A truth value is 0 or 1.
        let quotient = m.apply(DivI, v);
        m.apply(SubI, &[quotient, other])
    }
}

impl Op for Division {
    fn name(&self) -> &'static str {
        match self {
            Division::FloorDiv => "FloorDiv",
            Division::FloorMod => "FloorMod",
            Division::TruncateDiv => "TruncateDiv",
            Division::TruncateMod => "TruncateMod",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x, y] = arity(inputs)?;
        expect_dtype(x.dtype, &[DType::F32, DType::I32])?;
        if x.dtype != y.dtype {
            return Err(Mismatch::new(format!("operands differ in type: {} and {}", x.dtype, y.dtype))
                .hint("cast one of them"));
        }
        Ok(Signature::new(x.dtype, broadcast(&[x, y])?))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (x, y, g) = (&at.inputs[0], &at.inputs[1], &at.grad);
        let quotient = match self {
            Division::FloorDiv | Division::TruncateDiv => return Ok(vec![None, None]),
            Division::FloorMod => x.floor_div(y),
            Division::TruncateMod => x.truncate_div(y),
        };
        Ok(vec![Some(g.sum_like(x)), Some((-(g * quotient)).sum_like(y))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        match inputs[0].dtype() {
            DType::I32 => l.map(DType::I32, inputs, |m, v| self.int(m, v)),
            dtype => l.map(dtype, inputs, |m, v| self.float(m, v)),
        }
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("FloorDiv", "Output::floor_div"),
            ("FloorMod", "Output::floor_mod"),
            ("TruncateDiv", "Output::truncate_div"),
            ("TruncateMod", "Output::truncate_mod"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for op in [Division::FloorDiv, Division::FloorMod, Division::TruncateDiv, Division::TruncateMod] {
            let apply = move |_: &Graph, x: &[Output]| x[0].apply(op, &[&x[1]]);
            for (a, b) in [(&[3, 4][..], &[3, 4][..]), (&[3, 1], &[4])] {
                let inputs = vec![numbers(a, -5.0, 5.0), numbers(b, 0.5, 1.5)];
                let sample = Sample::new(format!("{} {a:?} {b:?}", op.name()), inputs, apply);
                samples.push(if a == b { sample.row_wise() } else { sample });
            }
            let special = [0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NAN, 1e-40, -3e38, 7.5];
            let pairs = special.iter().flat_map(|&x| special.map(|y| (x, y)));
            let (x, y): (Vec<f32>, Vec<f32>) = pairs.unzip();
            let inputs = vec![Tensor::from(x), Tensor::from(y)];
            let label = format!("{} special", op.name());
            samples.push(Sample::new(label, inputs, apply).not_differentiable().row_wise());
            let ints = [0, 1, -1, 2, 7, -7, i32::MAX, i32::MIN];
            let (x, y): (Vec<i32>, Vec<i32>) = ints.iter().flat_map(|&x| ints.map(|y| (x, y))).unzip();
            let inputs = vec![Tensor::from(x), Tensor::from(y)];
            let label = format!("{} i32", op.name());
            samples.push(Sample::new(label, inputs, apply).not_differentiable().row_wise());
        }
        samples
    }
}
