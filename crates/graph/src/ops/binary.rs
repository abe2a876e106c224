//! Elementwise arithmetic of two operands that broadcast.

use super::*;
use crate::{Number, Operand, conformance::numbers};
use minutia_kernels::map::Code::*;
use minutia_tensor::{
    Tensor,
    program::{MapBuilder, Value},
};

struct BinaryRow {
    name: &'static str,
    float: MapExpression,
    int: Option<minutia_kernels::map::Code>,
    /// From `x`, `y`, `z = f(x, y)` and the gradient of `z`, before the sum over broadcast axes.
    gradient: fn(&Output, &Output, &Output, &Output) -> (Output, Output),
    domain: (f32, f32),
}

macro_rules! binary {
    ($($(#[$doc:meta])* $vis:vis $method:ident $op:ident: $float:expr, $int:expr, $gradient:expr, $low:literal to $high:literal;)*) => {
        /// An elementwise operation of two operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Binary { $($op),* }

        by_name::names! { Binary { $($op),* } }

        const ALL: &[Binary] = &[$(Binary::$op),*];

        const ROWS: &[BinaryRow] = &[$(BinaryRow {
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
            $vis fn $method(&self, other: impl Operand) -> Output {
                self.apply(Binary::$op, &[&other.operand(self)])
            }
        )* }

        const BUILDERS: &[(&str, &str)] = &[$((stringify!($op), concat!("Output::", stringify!($method)))),*];
    };
}

// Each row: documentation, method, name; program for f32; code for i32, if there is one; gradients from x, y,
// z and g, the gradient of z; the domain that it is tested over.
//
// Where a derivative is infinite at finite operands (a division by 0, a power of 0), a gradient of 0 stays 0:
// such rows multiply and divide by the two operations that say so, which are each other's gradients.
binary! {
    /// Elementwise `x + y`. Gradients: `g` and `g`.
    pub(crate) plus Add: |m, v| m.apply(Add, v), Some(AddI),
        |_x, _y, _z, g| (g.clone(), g.clone()), -2.0 to 2.0;
    /// Elementwise `x - y`. Gradients: `g` and `-g`.
    pub(crate) minus Sub: |m, v| m.apply(Sub, v), Some(SubI),
        |_x, _y, _z, g| (g.clone(), -g), -2.0 to 2.0;
    /// Elementwise `x y`. Gradients: `g y` and `g x`.
    pub(crate) times Mul: |m, v| m.apply(Mul, v), Some(MulI),
        |x, y, _z, g| (g * y, g * x), -2.0 to 2.0;
    /// Elementwise `x / y`. Gradients: `g / y` and `-g x / y^2`; a `g` of 0 gives 0, also where `y` is 0.
    pub(crate) divided_by RealDiv: |m, v| m.apply(Div, v), None,
        |_x, y, z, g| { let scaled = g.xdivy(y); (scaled.clone(), -scaled.multiply_no_nan(z)) }, 0.5 to 2.0;
    /// Elementwise `x y`, but 0 where either is 0, whatever the other is: a mask of 0 and 1 takes away
    /// infinities and NaNs too. (TensorFlow's gives 0 for a `y` of 0 alone.) Gradients: the same product of
    /// `g` with `y` and with `x`.
    #[doc(alias = "mul_no_nan")]
    pub multiply_no_nan MulNoNan: product_no_nan, None,
        |x, y, _z, g| (g.multiply_no_nan(y), g.multiply_no_nan(x)), -2.0 to 2.0;
    /// Elementwise `x / y`, but 0 where `x` is 0, whatever `y` is. Gradients: those of `x / y`.
    #[doc(alias = "div_no_nan")]
    pub xdivy Xdivy: quotient_no_nan, None,
        |_x, y, z, g| { let scaled = g.xdivy(y); (scaled.clone(), -scaled.multiply_no_nan(z)) }, 0.5 to 2.0;
    /// Elementwise larger operand. At a tie the gradient goes to `x` alone, as in TensorFlow.
    #[doc(alias = "fmax")]
    pub maximum Maximum: |m, v| m.apply(Max, v), Some(MaxI),
        |x, y, _z, g| split(x.greater_equal(y), g), -2.0 to 2.0;
    /// Elementwise smaller operand. At a tie the gradient goes to `x` alone, as in TensorFlow.
    #[doc(alias = "fmin")]
    pub minimum Minimum: |m, v| m.apply(Min, v), Some(MinI),
        |x, y, _z, g| split(x.less_equal(y), g), -2.0 to 2.0;
    /// Elementwise `x^y`. Gradients: `g y x^(y-1)`, and `g z ln x` where `x > 0`, else 0. A factor of 0 makes
    /// either 0, so that `x^0` is flat at 0 too, and so is the third derivative of `x^2`; TensorFlow's are
    /// NaN there.
    #[doc(alias = "power")]
    pub pow Pow: |m, v| m.apply(Pow, v), None,
        |x, y, z, g| {
            let positive = x.greater(0.0);
            let log = positive.select(x, x.number(1.0)).log();
            // No infinite power for an exponent of 0.
            let less = y.equal(0.0).select(y.number(1.0), y - 1.0);
            let power = g.multiply_no_nan(y).multiply_no_nan(x.pow(less));
            (power, positive.select(g.multiply_no_nan(z) * log, x.number(0.0)))
        }, 0.5 to 2.0;
    /// Elementwise `(x - y)^2`. Gradients: `2 g (x - y)` and its negative.
    pub squared_difference SquaredDifference: |m, v| {
            let difference = m.apply(Sub, v);
            m.apply(Mul, &[difference, difference])
        }, None,
        |x, y, _z, g| { let scaled = g * 2.0 * (x - y); (scaled.clone(), -scaled) }, -2.0 to 2.0;
    /// Elementwise angle of the point `(y, x)` in radians, from `-pi` to `pi`: the first operand is the
    /// height. Gradients: `g y / (x^2 + y^2)` and `-g x / (x^2 + y^2)`.
    pub atan2 Atan2: |m, v| m.apply(Atan2, v), None,
        |x, y, _z, g| {
            let scaled = g / (x.square() + y.square());
            (&scaled * y, -(scaled * x))
        }, -2.0 to 2.0;
}

/// The product of two values, but 0 where either is 0. A zero has the product's sign, so that a factor that
/// is known, finite and not 0, which needs no test, gives the same bits.
pub(super) fn product_no_nan(m: &mut MapBuilder, v: &[Value]) -> Value {
    let product = m.apply(Mul, v);
    if v.iter().any(|&factor| known(m, factor).is_some_and(|c| c.is_finite() && c != 0.0)) {
        return product;
    }
    let zero = m.constant(0.0);
    let [x, y] = [v[0], v[1]].map(|v| m.apply(Eq, &[v, zero]));
    let (either, nan) = (m.apply(Or, &[x, y]), m.apply(Ne, &[product, product]));
    let none = m.apply(And, &[either, nan]);
    m.apply(Select, &[none, zero, product])
}

/// The quotient of two values, but 0 where the first is 0.
fn quotient_no_nan(m: &mut MapBuilder, v: &[Value]) -> Value {
    let quotient = m.apply(Div, v);
    if known(m, v[0]).is_some_and(|c| c != 0.0) {
        return quotient;
    }
    let zero = m.constant(0.0);
    let none = m.apply(Eq, &[v[0], zero]);
    m.apply(Select, &[none, v[0], quotient])
}

fn known(m: &MapBuilder, value: Value) -> Option<f32> {
    m.constant_of(value).map(f32::from_bits)
}

fn split(to_x: Output, g: &Output) -> (Output, Output) {
    let zero = g.number(0.0);
    (to_x.select(g, &zero), to_x.select(&zero, g))
}

impl Output {
    /// Limits every element to `low..=high`: `maximum(minimum(x, high), low)`, as TensorFlow has it. The
    /// gradient is that of the composition: `g` inside and on the bounds, 0 outside.
    ///
    /// ```
    /// use minutia_graph::{Graph, Session, feeds};
    /// let graph = Graph::new();
    /// let x = graph.constant([-1.0_f32, 0.5, 1.0, 2.0]);
    /// let y = x.clip_by_value(0.0, 1.0);
    /// let gradient = graph.gradients(&y, &[&x])?[0].clone().expect("a gradient");
    /// let mut session = Session::new(&graph, &minutia_tensor::Device::cpu()?)?;
    /// let (y, gradient) = session.run((&y, &gradient), feeds! {})?;
    /// assert_eq!(y.as_slice::<f32>()?, [0.0, 0.5, 1.0, 1.0]);
    /// assert_eq!(gradient.as_slice::<f32>()?, [0.0, 1.0, 1.0, 0.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "clip")]
    #[doc(alias = "clamp")]
    #[track_caller]
    #[must_use]
    pub fn clip_by_value(&self, low: impl Number, high: impl Number) -> Output {
        let _scope = self.graph.name_scope("clip_by_value");
        self.minimum(high.number()).maximum(low.number())
    }
}

impl Binary {
    fn row(self) -> &'static BinaryRow {
        &ROWS[self as usize]
    }
}

impl Op for Binary {
    fn name(&self) -> &'static str {
        self.row().name
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x, y] = arity(inputs)?;
        let types: &[DType] =
            if self.row().int.is_some() { &[DType::F32, DType::I32] } else { &[DType::F32] };
        expect_dtype(x.dtype, types)?;
        if x.dtype != y.dtype {
            return Err(Mismatch::new(format!("operands differ in type: {} and {}", x.dtype, y.dtype))
                .hint("cast one of them"));
        }
        Ok(Signature::new(x.dtype, broadcast(&[x, y])?))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (x, y) = (&at.inputs[0], &at.inputs[1]);
        let (gx, gy) = (self.row().gradient)(x, y, &at.output, &at.grad);
        Ok(vec![Some(gx.sum_like(x)), Some(gy.sum_like(y))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let dtype = inputs[0].dtype();
        match self.row().int {
            Some(code) if dtype == DType::I32 => l.code(code, dtype, inputs),
            _ => l.map(dtype, inputs, self.row().float),
        }
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        BUILDERS
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for &op in ALL {
            let (low, high) = op.row().domain;
            let apply = move |_: &Graph, x: &[Output]| x[0].apply(op, &[&x[1]]);
            let shapes: [(&[usize], &[usize]); 4] =
                [(&[3, 4], &[3, 4]), (&[3, 4], &[4]), (&[3, 1], &[1, 4]), (&[], &[2, 3])];
            for (a, b) in shapes {
                let label = format!("{} {a:?} {b:?}", op.name());
                let sample = Sample::new(label, vec![numbers(a, low, high), numbers(b, high, low)], apply);
                samples.push(if a == b { sample.row_wise() } else { sample });
            }
            let ties = Tensor::from([1.0_f32, f32::NAN, 0.0, f32::INFINITY]);
            let label = format!("{} special", op.name());
            samples.push(Sample::new(label, vec![ties.clone(), ties], apply).not_differentiable().row_wise());
            if op.row().int.is_some() {
                let ints = vec![Tensor::from([-2, 0, i32::MAX]), Tensor::from([5, 0, 3])];
                let label = format!("{} i32", op.name());
                samples.push(Sample::new(label, ints, apply).not_differentiable().row_wise());
            }
        }
        // Where gradients are 0 and derivatives are not, and where a power of 0 is smooth.
        let at = |values: [f32; 3]| Tensor::from(values);
        let apart = |_: &Graph, x: &[Output]| (&x[0] / &x[1] - 1.0).square();
        samples.push(Sample::new(
            "RealDiv without slope",
            vec![at([0.5, 1.0, 2.0]), at([0.5, 1.0, 2.0])],
            apart,
        ));
        let (x, y) = (at([0.0, 1.5, -1.0]), at([0.7, -0.0, 0.0]));
        let product = |_: &Graph, x: &[Output]| x[0].multiply_no_nan(&x[1]);
        samples.push(Sample::new("MulNoNan of zeros", vec![x.clone(), y], product).row_wise());
        let quotient = |_: &Graph, x: &[Output]| x[0].xdivy(&x[1]);
        samples
            .push(Sample::new("Xdivy of zeros", vec![x.clone(), at([0.5, -2.0, 1.0])], quotient).row_wise());
        for exponent in [0.0, 1.0, 2.0, 3.0] {
            let power = move |_: &Graph, x: &[Output]| x[0].pow(exponent);
            samples.push(Sample::new(format!("Pow {exponent} at 0"), vec![x.clone()], power).row_wise());
        }
        let clip = |_: &Graph, x: &[Output]| x[0].clip_by_value(-0.7, 0.9);
        samples.push(Sample::new("clip_by_value", vec![numbers([3, 7], -2.0, 2.0)], clip).row_wise());
        samples
    }
}
