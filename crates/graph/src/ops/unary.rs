//! Elementwise operations of one operand.

use super::*;
use crate::conformance::numbers;
use minutia_kernels::map::Code::*;
use minutia_tensor::{
    Tensor,
    program::{MapBuilder, Value},
};

struct UnaryRow {
    name: &'static str,
    float: MapExpression,
    int: Option<MapExpression>,
    /// From `x`, `y = f(x)` and the gradient of `y`.
    gradient: fn(&Output, &Output, &Output) -> Option<Output>,
    domain: (f32, f32),
}

macro_rules! unary {
    ($($(#[$doc:meta])* $vis:vis $method:ident $op:ident: $float:expr, $int:expr, $gradient:expr, $low:literal to $high:literal;)*) => {
        /// An elementwise operation of one operand.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Unary { $($op),* }

        by_name::names! { Unary { $($op),* } }

        const ALL: &[Unary] = &[$(Unary::$op),*];

        const ROWS: &[UnaryRow] = &[$(UnaryRow {
            name: stringify!($op),
            float: $float,
            int: $int,
            gradient: $gradient,
            domain: ($low, $high),
        }),*];

        impl Output { $(
            $(#[$doc])*
            #[doc = "\n\n[Examples of the family](Output#elementwise-operations)."]
            #[track_caller]
            #[must_use]
            $vis fn $method(&self) -> Output {
                self.apply(Unary::$op, &[])
            }
        )* }

        const BUILDERS: &[(&str, &str)] = &[$((stringify!($op), concat!("Output::", stringify!($method)))),*];
    };
}

// Each row: documentation, method, name; program for f32; program for i32, if there is one; gradient from x,
// y and g, the gradient of y; the domain that it is tested over. Where the derivative at a finite x may be
// infinite, a gradient of 0 stays 0.
unary! {
    /// Elementwise `-x`. Gradient: `-g`.
    pub(crate) negative Neg: |m, v| m.apply(Neg, v), Some(|m, v| m.apply(NegI, v)),
        |_x, _y, g| Some(-g), -2.0 to 2.0;
    /// Elementwise `|x|`. Gradient: `g sign(x)`, which is 0 at 0.
    #[doc(alias = "absolute")]
    pub abs Abs: |m, v| m.apply(Abs, v), Some(|m, v| m.apply(AbsI, v)),
        |x, _y, g| Some(g.multiply_no_nan(x.sign())), -2.0 to 2.0;
    /// Elementwise sign: -1, 0 or 1; NaN stays NaN. Its gradient is 0 everywhere.
    pub sign Sign: |m, v| m.apply(Sign, v), Some(|m, v| m.apply(SignI, v)),
        |_x, _y, _g| None, -2.0 to 2.0;
    /// Elementwise `x x`. Gradient: `2 x g`.
    pub square Square: |m, v| m.apply(Mul, &[v[0], v[0]]), Some(|m, v| m.apply(MulI, &[v[0], v[0]])),
        |x, _y, g| Some(g * 2.0 * x), -2.0 to 2.0;
    /// Elementwise square root. Gradient: `g / (2 y)`; 0 for a `g` of 0, also at 0, as in TensorFlow.
    pub sqrt Sqrt: |m, v| m.apply(Sqrt, v), None,
        |_x, y, g| Some((g * 0.5).xdivy(y)), 0.5 to 4.0;
    /// Elementwise `1 / sqrt(x)`. Gradient: `-g y^3 / 2`; 0 for a `g` of 0, also at 0, as in TensorFlow.
    #[doc(alias = "inverse_sqrt")]
    pub rsqrt Rsqrt: |m, v| m.apply(Rsqrt, v), None,
        |_x, y, g| Some((g * -0.5).multiply_no_nan(y.multiply_no_nan(y).multiply_no_nan(y))), 0.5 to 4.0;
    /// Elementwise `e^x`. Gradient: `g y`; 0 for a `g` of 0, also where `y` overflows.
    pub exp Exp: |m, v| m.apply(Exp, v), None,
        |_x, y, g| Some(g.multiply_no_nan(y)), -2.0 to 2.0;
    /// Elementwise natural logarithm. Gradient: `g / x`; 0 for a `g` of 0, also at 0.
    #[doc(alias = "ln")]
    pub log Log: |m, v| m.apply(Ln, v), None,
        |x, _y, g| Some(g.xdivy(x)), 0.2 to 4.0;
    /// Elementwise `max(0, x)`. Gradient: `g` where `y > 0`, else 0; so 0 at 0.
    pub relu Relu: |m, v| { let zero = m.constant(0.0); m.apply(Max, &[zero, v[0]]) }, None,
        |_x, y, g| Some(y.greater(0.0).select(g, y.number(0.0))), -2.0 to 2.0;
    /// Elementwise logistic function `1 / (1 + e^-x)`. Gradient: `g y (1 - y)`.
    #[doc(alias = "logistic")]
    #[doc(alias = "expit")]
    pub sigmoid Sigmoid: |m, v| m.apply(Sigmoid, v), None,
        |_x, y, g| Some(g * y * (1.0 - y)), -3.0 to 3.0;
    /// Elementwise hyperbolic tangent. Gradient: `g (1 - y^2)`.
    pub tanh Tanh: |m, v| m.apply(Tanh, v), None,
        |_x, y, g| Some(g * (1.0 - y.square())), -2.0 to 2.0;
    /// Elementwise error function, `2 / sqrt(pi)` times the integral of `e^-t^2` from 0 to `x`. Gradient:
    /// `2 / sqrt(pi) g e^-x^2`.
    pub erf Erf: |m, v| m.apply(Erf, v), None,
        |x, _y, g| Some(g * std::f32::consts::FRAC_2_SQRT_PI * (-x.square()).exp()), -2.0 to 2.0;
    /// Elementwise `1 / x`. Gradient: `-g y^2`; a `g` of 0 gives 0, also where `x` is 0.
    pub reciprocal Reciprocal: |m, v| { let one = m.constant(1.0); m.apply(Div, &[one, v[0]]) }, None,
        |_x, y, g| Some(-g.multiply_no_nan(y).multiply_no_nan(y)), -2.0 to 2.0;
    /// Elementwise sine of radians, however many. Gradient: `g cos x`.
    pub sin Sin: |m, v| m.apply(Sin, v), None,
        |x, _y, g| Some(g * x.cos()), -9.0 to 9.0;
    /// Elementwise cosine of radians, however many. Gradient: `-g sin x`.
    pub cos Cos: |m, v| m.apply(Cos, v), None,
        |x, _y, g| Some(-(g * x.sin())), -9.0 to 9.0;
    /// Elementwise `e^x - 1`, exact for small `x` too. Gradient: `g e^x`.
    pub expm1 Expm1: |m, v| m.apply(Expm1, v), None,
        |x, _y, g| Some(g.multiply_no_nan(x.exp())), -2.0 to 2.0;
    /// Elementwise `ln(1 + x)`, exact for small `x` too. Gradient: `g / (1 + x)`.
    pub log1p Log1p: |m, v| m.apply(Log1p, v), None,
        |x, _y, g| Some(g.xdivy(x + 1.0)), -0.7 to 3.0;
    /// Elementwise greatest integer that is not above `x`. Its gradient is 0 everywhere.
    pub floor Floor: |m, v| m.apply(Floor, v), None,
        |_x, _y, _g| None, -3.0 to 3.0;
    /// Elementwise least integer that is not below `x`. Its gradient is 0 everywhere.
    pub ceil Ceil: |m, v| {
            let negative = m.apply(Neg, v);
            let below = m.apply(Floor, &[negative]);
            m.apply(Neg, &[below])
        }, None,
        |_x, _y, _g| None, -3.0 to 3.0;
    /// Elementwise nearest integer, of two the even one. Its gradient is 0 everywhere.
    #[doc(alias = "rint")]
    pub round Round: |m, v| m.apply(Round, v), None,
        |_x, _y, _g| None, -3.0 to 3.0;
    /// Elementwise `ln(1 + e^x)`, a smooth relu. Gradient: `g / (1 + e^-x)`.
    pub softplus Softplus: |m, v| {
            // max(x, 0) + ln(1 + e^-|x|), which does not overflow.
            let zero = m.constant(0.0);
            let (positive, size) = (m.apply(Max, &[zero, v[0]]), m.apply(Abs, v));
            let negative = m.apply(Neg, &[size]);
            let small = m.apply(Exp, &[negative]);
            let rest = m.apply(Log1p, &[small]);
            m.apply(Add, &[positive, rest])
        }, None,
        |x, _y, g| Some(g * x.sigmoid()), -3.0 to 3.0;
    /// Elementwise `x / (1 + |x|)`. Gradient: `g / (1 + |x|)^2`.
    pub softsign Softsign: |m, v| {
            let (one, size) = (m.constant(1.0), m.apply(Abs, v));
            let sum = m.apply(Add, &[one, size]);
            m.apply(Div, &[v[0], sum])
        }, None,
        |x, _y, g| Some(g / (x.abs() + 1.0).square()), -3.0 to 3.0;
    /// Elementwise exponential linear unit: `x`, but `e^x - 1` below 0 (Clevert et al., 2015). Gradient: `g`,
    /// but `g (y + 1)` below 0.
    pub elu Elu: |m, v| elu(m, v[0], 1.0, 1.0), None,
        |_x, y, g| Some(y.less(0.0).select(g * (y + 1.0), g)), -3.0 to 3.0;
    /// Elementwise scaled exponential linear unit, which keeps mean 0 and variance 1 from layer to layer
    /// (Klambauer et al., 2017). Gradient: as of [`elu`](Output::elu), scaled.
    pub selu Selu: |m, v| elu(m, v[0], SELU, SELU * SELU_ALPHA), None,
        |_x, y, g| Some(y.less(0.0).select(g * (y + SELU * SELU_ALPHA), g * SELU)), -3.0 to 3.0;
    /// Elementwise `min(max(x, 0), 6)`. Gradient: `g` where `0 < y < 6`, else 0.
    pub relu6 Relu6: |m, v| {
            let (zero, six) = (m.constant(0.0), m.constant(6.0));
            let positive = m.apply(Max, &[zero, v[0]]);
            m.apply(Min, &[six, positive])
        }, None,
        |_x, y, g| Some(y.greater(0.0).logical_and(y.less(6.0)).select(g, y.number(0.0))), -3.0 to 9.0;
}

/// The factors of the scaled exponential linear unit.
const SELU: f32 = 1.050_701;
const SELU_ALPHA: f32 = 1.673_263_2;

/// `scale x`, but `below (e^x - 1)` below 0.
fn elu(m: &mut MapBuilder, x: Value, scale: f32, below: f32) -> Value {
    let (zero, scale, below) = (m.constant(0.0), m.constant(scale), m.constant(below));
    let (negative, exponential) = (m.apply(Lt, &[x, zero]), m.apply(Expm1, &[x]));
    let (above, below) = (m.apply(Mul, &[x, scale]), m.apply(Mul, &[exponential, below]));
    m.apply(Select, &[negative, below, above])
}

impl Unary {
    fn row(self) -> &'static UnaryRow {
        &ROWS[self as usize]
    }
}

impl Op for Unary {
    fn name(&self) -> &'static str {
        self.row().name
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let types: &[DType] =
            if self.row().int.is_some() { &[DType::F32, DType::I32] } else { &[DType::F32] };
        expect_dtype(x.dtype, types)?;
        Ok(x.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![(self.row().gradient)(&at.inputs[0], &at.output, &at.grad)])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let dtype = inputs[0].dtype();
        let program =
            if dtype == DType::I32 { self.row().int.unwrap_or(self.row().float) } else { self.row().float };
        l.map(dtype, inputs, program)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        BUILDERS
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for &op in ALL {
            let (low, high) = op.row().domain;
            let apply = move |_: &Graph, x: &[Output]| x[0].apply(op, &[]);
            samples.push(Sample::new(op.name(), vec![numbers([3, 5], low, high)], apply).row_wise());
            if [Unary::Sqrt, Unary::Rsqrt, Unary::Exp, Unary::Log].contains(&op) {
                // The middle one has no slope, and yet a curvature.
                let flat = move |g: &Graph, x: &[Output]| {
                    (x[0].apply(op, &[]) - g.constant(1.0_f32).apply(op, &[])).square()
                };
                let x = Tensor::from([0.5_f32, 1.0, 2.0]);
                samples.push(Sample::new(format!("{} without slope", op.name()), vec![x], flat));
            }
            if op.row().int.is_some() {
                let ints = Tensor::from([[-2, 0, 7], [i32::MIN, i32::MAX, 1]]);
                let label = format!("{} i32", op.name());
                samples.push(Sample::new(label, vec![ints], apply).not_differentiable().row_wise());
            }
        }
        samples
    }
}
