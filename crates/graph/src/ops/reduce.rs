use super::{prod_gradient::ProdGradient, *};
use crate::conformance::numbers;
use minutia_kernels::map::Code;
use minutia_tensor::{Tensor, program::ReduceOp};
use serde::{Deserialize, Serialize};
use std::ops::RangeFull;

/// Reduction over axes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reduce {
    pub kind: ReduceKind,
    pub axes: Axes,
    pub keep_dims: bool,
}

/// How elements combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReduceKind {
    Sum,
    Mean,
    Max,
    Min,
    Prod,
}

by_name::names! { ReduceKind { Sum, Mean, Max, Min, Prod } }

/// Which axes a reduction goes over: `..` for all, a number or an array of numbers; negative ones count from
/// the last.
///
/// ```
/// use minutia_graph::{Axes, Graph};
/// let x = Graph::new().zeros([2, 3, 4]);
/// for (axes, left) in [(Axes::from(..), "[]"), (0.into(), "[3, 4]"), ([0, -1].into(), "[3]")] {
///     assert_eq!(x.reduce_sum(axes).shape().to_string(), left);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axes(Option<Vec<isize>>);

impl From<RangeFull> for Axes {
    fn from(_: RangeFull) -> Axes {
        Axes(None)
    }
}

/// An axis out of reach stands for a number that does not fit: no tensor has that many.
macro_rules! axes_of {
    ($($integer:ty)*) => { $(
        impl From<$integer> for Axes {
            fn from(axis: $integer) -> Axes {
                Axes::from([axis])
            }
        }

        impl<const N: usize> From<[$integer; N]> for Axes {
            fn from(axes: [$integer; N]) -> Axes {
                Axes::from(&axes[..])
            }
        }

        impl From<Vec<$integer>> for Axes {
            fn from(axes: Vec<$integer>) -> Axes {
                Axes::from(&axes[..])
            }
        }

        impl From<&[$integer]> for Axes {
            fn from(axes: &[$integer]) -> Axes {
                Axes(Some(axes.iter().map(|&axis| isize::try_from(axis).unwrap_or(isize::MAX)).collect()))
            }
        }
    )* };
}

axes_of! { i32 i64 isize u32 usize }

impl Axes {
    /// Ascending and unique.
    pub(crate) fn resolve(&self, rank: usize) -> Result<Vec<usize>, Mismatch> {
        let Some(axes) = &self.0 else { return Ok((0..rank).collect()) };
        let mut resolved = axes.iter().map(|&a| axis_of(a, rank)).collect::<Result<Vec<_>, _>>()?;
        resolved.sort_unstable();
        if resolved.windows(2).any(|w| w[0] == w[1]) {
            return Err(Mismatch::new(format!("an axis is named twice in {axes:?}")));
        }
        Ok(resolved)
    }
}

macro_rules! reductions {
    ($($kind:ident $method:ident $keeping:ident [$($alias:literal)*] $what:literal;)*) => {
        impl Output { $(
            #[doc = concat!($what, " over some axes, which vanish: `..` for all, a number, or an array of numbers.")]
            #[doc = "\n\n[Examples of the family](Output#reductions)."]
            $(#[doc(alias = $alias)])*
            #[track_caller]
            #[must_use]
            pub fn $method(&self, axes: impl Into<Axes>) -> Output {
                self.apply(Reduce { kind: ReduceKind::$kind, axes: axes.into(), keep_dims: false }, &[])
            }

            #[doc = concat!($what, " over some axes, which stay with extent 1.")]
            #[doc = "\n\n[Examples of the family](Output#reductions)."]
            #[doc(alias = "keepdims")]
            #[track_caller]
            #[must_use]
            pub fn $keeping(&self, axes: impl Into<Axes>) -> Output {
                self.apply(Reduce { kind: ReduceKind::$kind, axes: axes.into(), keep_dims: true }, &[])
            }
        )* }
    };
}

reductions! {
    Sum reduce_sum reduce_sum_keep_dims ["sum"] "Sum";
    Mean reduce_mean reduce_mean_keep_dims ["mean" "average"] "Mean (the sum divided by the number of elements; NaN for none)";
    Max reduce_max reduce_max_keep_dims ["amax" "max"] "Largest element (a NaN wins; elements that tie share the gradient equally)";
    Min reduce_min reduce_min_keep_dims ["amin" "min"] "Smallest element (a NaN wins; elements that tie share the gradient equally)";
    Prod reduce_prod reduce_prod_keep_dims ["prod" "product"] "Product (its gradient is `g` times the product of the other elements, made without a division)";
}

impl Op for Reduce {
    fn name(&self) -> &'static str {
        match self.kind {
            ReduceKind::Sum => "Sum",
            ReduceKind::Mean => "Mean",
            ReduceKind::Max => "Max",
            ReduceKind::Min => "Min",
            ReduceKind::Prod => "Prod",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let types: &[DType] =
            if self.kind == ReduceKind::Mean { &[DType::F32] } else { &[DType::F32, DType::I32] };
        expect_dtype(x.dtype, types)?;
        let axes = self.axes.resolve(x.shape.len())?;
        let mut dims = x.shape.to_vec();
        for &axis in axes.iter().rev() {
            if self.keep_dims {
                dims[axis] = Some(1);
            } else {
                dims.remove(axis);
            }
        }
        Ok(Signature::new(x.dtype, dims))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let x = &at.inputs[0];
        let axes = self.axes.resolve(x.shape().len()).expect("inference has checked the axes");
        let keep = |t: &Output| {
            let expand = |t: Output, &axis: &usize| t.expand_dims(axis as isize);
            if self.keep_dims { t.clone() } else { axes.iter().fold(t.clone(), expand) }
        };
        let over: Vec<isize> = axes.iter().map(|&a| a as isize).collect();
        let g = keep(&at.grad);
        Ok(vec![Some(match self.kind {
            // y = sum x: dx = g.
            ReduceKind::Sum => g.broadcast_like(x),
            // y = sum x / n: dx = g / n.
            ReduceKind::Mean => {
                let count = x.size().cast(DType::F32) / at.output.size().cast(DType::F32);
                (g / count).broadcast_like(x)
            }
            // dx = g / ties where x is the extremum, else 0. A NaN is one wherever it stands.
            ReduceKind::Max | ReduceKind::Min => {
                let hit = x.equal(keep(&at.output)).logical_or(x.not_equal(x));
                let ties = hit.cast(DType::F32).reduce_sum_keep_dims(&over[..]);
                hit.select(g / ties, x.number(0.0))
            }
            // dx = g times the product of the other elements.
            ReduceKind::Prod => g.multiply_no_nan(x.apply(ProdGradient { axes }, &[])),
        })])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let x = &inputs[0];
        let axes = self.axes.resolve(x.dims.len()).expect("inference has checked the axes");
        let op = match self.kind {
            ReduceKind::Sum | ReduceKind::Mean => ReduceOp::Sum,
            ReduceKind::Max => ReduceOp::Max,
            ReduceKind::Min => ReduceOp::Min,
            ReduceKind::Prod => ReduceOp::Prod,
        };
        let mut y = l.reduce(op, x, &axes);
        if self.kind == ReduceKind::Mean {
            let count = axes.iter().fold(1, |n: usize, &a| n.saturating_mul(x.dims[a]));
            let count = l.scalar(count as f32);
            y = l.code(Code::Div, DType::F32, &[y, count]);
        }
        if self.keep_dims { axes.iter().fold(y, |y, &a| y.expand(a)) } else { y }
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("Sum", "Output::reduce_sum Output::reduce_sum_keep_dims"),
            ("Mean", "Output::reduce_mean Output::reduce_mean_keep_dims"),
            ("Max", "Output::reduce_max Output::reduce_max_keep_dims"),
            ("Min", "Output::reduce_min Output::reduce_min_keep_dims"),
            ("Prod", "Output::reduce_prod Output::reduce_prod_keep_dims"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for kind in [ReduceKind::Sum, ReduceKind::Mean, ReduceKind::Max, ReduceKind::Min, ReduceKind::Prod] {
            let sample = move |label: &str, axes: Axes, keep_dims: bool, x: Tensor| {
                Sample::new(format!("{kind:?} {label}"), vec![x], move |_, x| {
                    x[0].apply(Reduce { kind, axes: axes.clone(), keep_dims }, &[])
                })
            };
            let x = || numbers([3, 4, 5], 0.5, 1.5);
            samples.push(sample("all", (..).into(), false, x()));
            samples.push(sample("last", (-1).into(), false, x()).row_wise());
            samples.push(sample("first", 0.into(), false, x()));
            samples.push(sample("middle", 1.into(), true, x()));
            samples.push(sample("outer", [0, 2].into(), true, x()));
            samples.push(
                sample("long", 1.into(), false, numbers([2, 3001], 0.99, 1.01))
                    .row_wise()
                    .not_differentiable(),
            );
            samples.push(sample("none", 0.into(), false, numbers([0, 3], 0.0, 1.0)).not_differentiable());
            if kind != ReduceKind::Mean {
                let ints = Tensor::from([[3, -1, 4], [1, 5, i32::MAX]]);
                samples.push(sample("i32", 1.into(), false, ints).not_differentiable().row_wise());
            }
        }
        let zeros = Tensor::from([[2.0_f32, 0.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 3.0]]);
        samples.push(Sample::new("Prod of zeros", vec![zeros], |_, x| x[0].reduce_prod(1)).row_wise());
        samples
    }
}
