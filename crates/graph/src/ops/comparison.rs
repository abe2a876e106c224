//! Elementwise comparisons and logic, with broadcasting. Their gradient is 0 everywhere.

use super::*;
use crate::Operand;
use minutia_kernels::map::Code::*;
use minutia_tensor::{
    Tensor,
    program::{MapBuilder, Value},
};

type Program = fn(&mut MapBuilder, &[Value]) -> Value;

struct ComparisonRow {
    name: &'static str,
    float: Option<Program>,
    int: Option<Program>,
    bool: Option<Program>,
}

macro_rules! comparison {
    ($($(#[$doc:meta])* $method:ident($($other:ident)?) $op:ident: $float:expr, $int:expr, $bool:expr;)*) => {
        /// An elementwise operation with truth values as its result.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Comparison { $($op),* }

        by_name::names! { Comparison { $($op),* } }

        const ALL: &[Comparison] = &[$(Comparison::$op),*];

        const ROWS: &[ComparisonRow] = &[$(ComparisonRow { name: stringify!($op), float: $float, int: $int, bool: $bool }),*];

        impl Output { $(
            $(#[$doc])*
            #[doc = "\n\n[Examples of the family](Output#comparisons)."]
            #[track_caller]
            #[must_use]
            pub fn $method(&self $(, $other: impl Operand)?) -> Output {
                self.apply(Comparison::$op, &[$(&$other.operand(self))?])
            }
        )* }

        const BUILDERS: &[(&str, &str)] = &[$((stringify!($op), concat!("Output::", stringify!($method)))),*];
    };
}

// Each row: documentation, method, name; programs for f32, i32 and bool.
comparison! {
    /// Elementwise `x < y`.
    #[doc(alias = "lt")]
    less(other) Less: Some(|m, v| m.apply(Lt, v)), Some(|m, v| m.apply(LtI, v)), None;
    /// Elementwise `x <= y`.
    #[doc(alias = "le")]
    less_equal(other) LessEqual: Some(|m, v| m.apply(Le, v)), Some(|m, v| m.apply(LeI, v)), None;
    /// Elementwise `x > y`.
    #[doc(alias = "gt")]
    greater(other) Greater: Some(|m, v| m.apply(Lt, &[v[1], v[0]])), Some(|m, v| m.apply(LtI, &[v[1], v[0]])), None;
    /// Elementwise `x >= y`.
    #[doc(alias = "ge")]
    greater_equal(other) GreaterEqual: Some(|m, v| m.apply(Le, &[v[1], v[0]])), Some(|m, v| m.apply(LeI, &[v[1], v[0]])), None;
    /// Elementwise `x == y`; a NaN equals nothing.
    #[doc(alias = "eq")]
    equal(other) Equal: Some(|m, v| m.apply(Eq, v)), Some(|m, v| m.apply(EqI, v)), Some(|m, v| m.apply(EqI, v));
    /// Elementwise `x != y`.
    #[doc(alias = "ne")]
    not_equal(other) NotEqual: Some(|m, v| m.apply(Ne, v)), Some(|m, v| m.apply(NeI, v)), Some(|m, v| m.apply(NeI, v));
    /// Elementwise "both".
    #[doc(alias = "and")]
    logical_and(other) LogicalAnd: None, None, Some(|m, v| m.apply(And, v));
    /// Elementwise "either".
    #[doc(alias = "or")]
    logical_or(other) LogicalOr: None, None, Some(|m, v| m.apply(Or, v));
    /// Elementwise "not".
    #[doc(alias = "not")]
    logical_not() LogicalNot: None, None, Some(|m, v| m.apply(Not, v));
}

impl Comparison {
    fn row(self) -> &'static ComparisonRow {
        &ROWS[self as usize]
    }

    fn operands(self) -> usize {
        if self == Comparison::LogicalNot { 1 } else { 2 }
    }

    fn program(self, dtype: DType) -> Option<Program> {
        match dtype {
            DType::F32 => self.row().float,
            DType::I32 => self.row().int,
            DType::Bool => self.row().bool,
            DType::U8 => None,
        }
    }
}

impl Op for Comparison {
    fn name(&self) -> &'static str {
        self.row().name
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        if inputs.len() != self.operands() {
            return Err(Mismatch::new(format!("takes {} inputs, not {}", self.operands(), inputs.len())));
        }
        let allowed: Vec<DType> = [DType::F32, DType::I32, DType::Bool]
            .into_iter()
            .filter(|&d| self.program(d).is_some())
            .collect();
        expect_dtype(inputs[0].dtype, &allowed)?;
        if inputs.iter().any(|i| i.dtype != inputs[0].dtype) {
            return Err(Mismatch::new("operands differ in type").hint("cast one of them"));
        }
        Ok(Signature::new(DType::Bool, broadcast(&inputs.iter().collect::<Vec<_>>())?))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![None; at.inputs.len()])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let program = self.program(inputs[0].dtype()).expect("inference has admitted the type");
        l.map(DType::Bool, inputs, program)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        BUILDERS
    }

    fn samples() -> Vec<Sample> {
        let floats = [Tensor::from([1.0_f32, f32::NAN, -0.0, 3.0]), Tensor::from([1.0_f32, 2.0, 0.0, -1.0])];
        let ints = [Tensor::from([[1], [-5]]), Tensor::from([[1, 2]])];
        let bools = [Tensor::from([true, true, false, false]), Tensor::from([true, false, true, false])];
        let mut samples = Vec::new();
        for &op in ALL {
            for operands in [&floats, &ints, &bools] {
                if op.program(operands[0].dtype()).is_some() {
                    let inputs = operands[..op.operands()].to_vec();
                    let label = format!("{} {}", op.name(), inputs[0].dtype());
                    let apply = move |g: &Graph, x: &[Output]| g.add(op, &x.iter().collect::<Vec<_>>());
                    let rows = inputs.iter().all(|t| t.dims() == inputs[0].dims());
                    let sample = Sample::new(label, inputs, apply).not_differentiable();
                    samples.push(if rows { sample.row_wise() } else { sample });
                }
            }
        }
        samples
    }
}
