//! What TensorFlow's gradients of elementwise operations are made of.

use super::{Row, binary};
use minutia_graph::Output;

/// Of two inputs the result of the operation comes first and its gradient second, or the gradient first and
/// then what the operation was given.
pub const ROWS: &[Row] = &[
    ("ReluGrad", |n| binary(n, |g, x| x.greater(0.0).select(g, 0.0))),
    ("Relu6Grad", |n| binary(n, |g, x| x.greater(0.0).logical_and(x.less(6.0)).select(g, 0.0))),
    ("LeakyReluGrad", |n| {
        let (g, x) = (n.tensor(0)?, n.tensor(1)?);
        Ok(x.greater(0.0).select(&g, &g * n.float("alpha", 0.2)).into())
    }),
    ("EluGrad", |n| binary(n, |g, y| y.less(0.0).select(g * (y + 1.0), g))),
    ("SeluGrad", |n| binary(n, selu)),
    ("SigmoidGrad", |n| binary(n, |y, g| g * y * (1.0 - y))),
    ("TanhGrad", |n| binary(n, |y, g| g * (1.0 - y.square()))),
    ("SqrtGrad", |n| binary(n, |y, g| g * 0.5 / y)),
    ("RsqrtGrad", |n| binary(n, |y, g| g * -0.5 * y * y * y)),
    ("InvGrad", |n| binary(n, |y, g| -g * y * y)),
    ("ReciprocalGrad", |n| binary(n, |y, g| -g * y * y)),
    ("SoftplusGrad", |n| binary(n, |g, x| g * x.sigmoid())),
    ("SoftsignGrad", |n| binary(n, |g, x| g / (x.abs() + 1.0).square())),
];

/// By the result of a scaled exponential linear unit.
fn selu(g: &Output, y: &Output) -> Output {
    const SCALE: f32 = 1.050_701;
    const SCALED_ALPHA: f32 = 1.050_701 * 1.673_263_2;
    y.less(0.0).select(g * (y + SCALED_ALPHA), g * SCALE)
}
