//! Convolutions, pools, and their gradients.

use super::{Row, matrices::channels_last};
use crate::tensorflow::import::{
    node::{Built, Node, Refusal},
    numbers::Numbers,
};
use minutia_graph::{Output, Window};

pub const ROWS: &[Row] = &[
    ("Conv2D", |n| Ok(n.tensor(0)?.conv2d(n.tensor(1)?, window(n)?).into())),
    ("DepthwiseConv2dNative", |n| Ok(n.tensor(0)?.depthwise_conv2d(n.tensor(1)?, window(n)?).into())),
    ("MaxPool", |n| Ok(n.tensor(0)?.max_pool(size(n)?, window(n)?).into())),
    ("AvgPool", |n| Ok(n.tensor(0)?.avg_pool(size(n)?, window(n)?).into())),
    ("Conv2DBackpropInput", |n| by_images(n, |x, filter, window| x.conv2d(filter, window))),
    ("Conv2DBackpropFilter", |n| by_filter(n, |x, filter, window| x.conv2d(filter, window))),
    ("DepthwiseConv2dNativeBackpropInput", |n| {
        by_images(n, |x, filter, window| x.depthwise_conv2d(filter, window))
    }),
    ("DepthwiseConv2dNativeBackpropFilter", |n| {
        by_filter(n, |x, filter, window| x.depthwise_conv2d(filter, window))
    }),
    ("MaxPoolGrad", |n| {
        let (x, g) = (n.tensor(0)?, n.tensor(2)?);
        gradient(&x.max_pool(size(n)?, window(n)?), &x, &g)
    }),
    ("AvgPoolGrad", |n| {
        let x = carrier(n, n.expect_numbers(0)?)?;
        gradient(&x.avg_pool(size(n)?, window(n)?), &x, &n.tensor(1)?)
    }),
];

/// Of a list `[1, height, width, 1]`, or of nothing, which is ones.
fn pair(node: &Node<'_>, name: &str) -> Result<[usize; 2], Refusal> {
    match node.ints(name)[..] {
        [] => Ok([1, 1]),
        [1, height, width, 1] if height > 0 && width > 0 => {
            let extent = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
            Ok([extent(height), extent(width)])
        }
        ref other => Err(Refusal::new(format!("has {name} {other:?}, expected [1, height, width, 1]"))),
    }
}

fn window(node: &Node<'_>) -> Result<Window, Refusal> {
    channels_last(node)?;
    let window = match node.text("padding") {
        "SAME" => Window::same(),
        "VALID" => Window::valid(),
        other => return Err(Refusal::new(format!("has the padding {other:?}, expected SAME or VALID"))),
    };
    Ok(window.strides(pair(node, "strides")?).dilations(pair(node, "dilations")?))
}

fn size(node: &Node<'_>) -> Result<[usize; 2], Refusal> {
    pair(node, "ksize")
}

/// The gradient of `y` by `x`, for the gradient `g` of `y`, which may itself depend on `x`. Nothing of `y` is
/// computed for it.
pub fn gradient(y: &Output, x: &Output, g: &Output) -> Result<Built, Refusal> {
    let [gradient] = y.graph().gradients(y * g.stop_gradient(), [x])?;
    Ok(gradient.ok_or_else(|| Refusal::new("has no gradient here"))?.into())
}

/// Numbers in the shape that an input tells.
fn carrier(node: &Node<'_>, shape: &Numbers) -> Result<Output, Refusal> {
    Ok(super::elementwise::filled(&shape.carrier(node.graph)?, 0))
}

type Convolution = fn(&Output, &Output, Window) -> Output;

/// Inputs: the images' shape, the filter, the gradient of the result.
fn by_images(node: &Node<'_>, convolution: Convolution) -> Result<Built, Refusal> {
    let (images, filter) = (carrier(node, node.expect_numbers(0)?)?, node.tensor(1)?);
    gradient(&convolution(&images, &filter, window(node)?), &images, &node.tensor(2)?)
}

/// Inputs: the images, the filter's shape, the gradient of the result.
fn by_filter(node: &Node<'_>, convolution: Convolution) -> Result<Built, Refusal> {
    let (images, filter) = (node.tensor(0)?, carrier(node, node.expect_numbers(1)?)?);
    gradient(&convolution(&images, &filter, window(node)?), &filter, &node.tensor(2)?)
}
