use super::*;
use crate::{
    conformance::numbers,
    ops::{
        conv2d::{expect_result, images_and_filter, padded_windows},
        phases::phases,
        window::Window,
    },
};
use serde::{Deserialize, Serialize};

/// Which of the three products of images, filter and result a depthwise convolution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depthwise {
    /// The result, of images and filter.
    Forward,
    /// The gradient of the images, of that of the result, the filter and something of the images' shape.
    Images,
    /// The gradient of the filter, of the images, the gradient of the result and something of the filter's
    /// shape.
    Filter,
}

by_name::names! { Depthwise { Forward, Images, Filter } }

/// Convolution of each channel by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DepthwiseConv2d {
    pub which: Depthwise,
    pub window: Window,
}

impl Output {
    /// Convolution of each channel of images `[batch, height, width, channels]` with filters of its own,
    /// `[height, width, channels, multiplier]`: `[batch, windows down, windows across, channels multiplier]`,
    /// all that a channel gave side by side. Sums are those of [`conv2d`](Output::conv2d).
    ///
    /// ```
    /// use minutia_graph::{Graph, Window};
    /// let graph = Graph::new();
    /// let (images, filter) = (graph.zeros([1, 5, 6, 3]), graph.zeros([3, 3, 3, 2]));
    /// assert_eq!(images.depthwise_conv2d(&filter, Window::same()).shape().to_string(), "[1, 5, 6, 6]");
    /// ```
    #[track_caller]
    #[must_use]
    pub fn depthwise_conv2d(&self, filter: impl AsRef<Output>, window: Window) -> Output {
        self.apply(DepthwiseConv2d { which: Depthwise::Forward, window }, &[filter.as_ref()])
    }
}

impl DepthwiseConv2d {
    fn shape(&self, images: &Signature, filter: &Signature) -> Result<Vec<Option<usize>>, Mismatch> {
        images_and_filter(images, filter)?;
        let (image, size) = (&images.shape, &filter.shape);
        if let Some((channels, filters)) = image[3].zip(size[2])
            && channels != filters
        {
            return Err(Mismatch::new(format!(
                "has {filters} channels in the filter and {channels} in images"
            )));
        }
        let windows = |axis: usize| self.window.count(axis, image[axis + 1], size[axis]);
        let outputs = image[3].or(size[2]).zip(size[3]).map(|(a, b)| a.saturating_mul(b));
        Ok(vec![image[0], windows(0)?, windows(1)?, outputs])
    }
}

/// `[batch, height, width, channels multiplier]` with the last axis as two.
fn by_channel(l: &mut Lowering, view: &View, channels: usize) -> View {
    let multiplier = view.dims[3].checked_div(channels).unwrap_or(0);
    let dims = [&view.dims[..3], &[channels, multiplier]].concat();
    l.reshape(view, &dims)
}

impl Op for DepthwiseConv2d {
    fn name(&self) -> &'static str {
        match self.which {
            Depthwise::Forward => "DepthwiseConv2dNative",
            Depthwise::Images => "DepthwiseConv2dNativeBackpropInput",
            Depthwise::Filter => "DepthwiseConv2dNativeBackpropFilter",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        Ok(match self.which {
            Depthwise::Forward => {
                let [images, filter] = arity(inputs)?;
                Signature::new(DType::F32, self.shape(images, filter)?)
            }
            Depthwise::Images => {
                let [g, filter, images] = arity(inputs)?;
                expect_result(g, &self.shape(images, filter)?)?;
                images.clone()
            }
            Depthwise::Filter => {
                let [images, g, filter] = arity(inputs)?;
                expect_result(g, &self.shape(images, filter)?)?;
                filter.clone()
            }
        })
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let to = |which| DepthwiseConv2d { which, ..*self };
        let [a, b, u] = [&at.inputs[0], &at.inputs[1], &at.grad];
        Ok(match self.which {
            Depthwise::Forward => vec![
                Some(u.apply(to(Depthwise::Images), &[b, a])),
                Some(a.apply(to(Depthwise::Filter), &[u, b])),
            ],
            Depthwise::Images => vec![
                Some(u.apply(to(Depthwise::Forward), &[b])),
                Some(u.apply(to(Depthwise::Filter), &[a, b])),
                None,
            ],
            Depthwise::Filter => vec![
                Some(b.apply(to(Depthwise::Images), &[u, a])),
                Some(a.apply(to(Depthwise::Forward), &[u])),
                None,
            ],
        })
    }

    /// Products with the channels as their batch.
    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        match self.which {
            Depthwise::Forward => {
                let (images, filter) = (&inputs[0], &inputs[1]);
                let windows = padded_windows(l, images, [filter.dims[0], filter.dims[1]], self.window);
                let windows = windows.transpose(&[5, 0, 1, 2, 3, 4]);
                let product = l.products(&windows, &filter.transpose(&[2, 0, 1, 3]), 1, 2);
                let product = product.transpose(&[1, 2, 3, 0, 4]);
                let mut dims = product.dims[..3].to_vec();
                dims.push(product.dims[3].saturating_mul(product.dims[4]));
                l.reshape(&product, &dims)
            }
            Depthwise::Images => {
                let [g, filter, images] = [&inputs[0], &inputs[1], &inputs[2]];
                let (channels, multiplier) = (filter.dims[2], filter.dims[3]);
                let images = l.unwritten(DType::F32, &images.dims);
                for phase in phases(l, &images, [g, filter], self.window) {
                    let &[.., along] = &phase.windows.strides[..] else { unreachable!("windows have axes") };
                    let windows = View {
                        dims: [&phase.windows.dims[..5], &[channels, multiplier]].concat(),
                        strides: [&phase.windows.strides[..5], &[multiplier * along, along]].concat(),
                        ..phase.windows
                    };
                    let windows = windows.transpose(&[5, 0, 1, 2, 3, 4, 6]);
                    let filter = phase.filter.transpose(&[2, 0, 1, 3]).expand(4);
                    let images = phase.images.transpose(&[3, 0, 1, 2]).expand(4);
                    l.products_into(&images, [&windows, &filter], 1, 3);
                }
                images
            }
            Depthwise::Filter => {
                let (images, filter) = (&inputs[0], &inputs[2]);
                let g = by_channel(l, &inputs[1], images.dims[3]).transpose(&[3, 0, 1, 2, 4]);
                let windows = padded_windows(l, images, [filter.dims[0], filter.dims[1]], self.window);
                let windows = windows.transpose(&[5, 3, 4, 0, 1, 2]);
                l.products(&windows, &g, 1, 3).transpose(&[1, 2, 0, 3])
            }
        }
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("DepthwiseConv2dNative", "Output::depthwise_conv2d"),
            ("DepthwiseConv2dNativeBackpropInput", "gradient of DepthwiseConv2dNative"),
            ("DepthwiseConv2dNativeBackpropFilter", "gradient of DepthwiseConv2dNative"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, x: [usize; 4], f: [usize; 4], window: Window| {
            let inputs = vec![numbers(x, -1.0, 1.0), numbers(f, -1.0, 1.0)];
            Sample::new(label, inputs, move |_, x| x[0].depthwise_conv2d(&x[1], window))
        };
        let gradient = |which: Depthwise, shapes: [[usize; 4]; 3]| {
            let inputs = shapes.map(|shape| numbers(shape, -1.0, 1.0)).to_vec();
            Sample::new(format!("{which:?}"), inputs, move |_, x| {
                let window = Window::same().strides([2, 1]);
                x[0].apply(DepthwiseConv2d { which, window }, &[&x[1], &x[2]])
            })
        };
        let (x, f, g) = ([1, 3, 2, 2], [2, 2, 2, 2], [1, 2, 2, 4]);
        vec![
            gradient(Depthwise::Images, [g, f, x]),
            gradient(Depthwise::Filter, [x, g, f]),
            sample("same", [1, 3, 3, 2], [2, 3, 2, 2], Window::same()),
            sample("strides", [2, 4, 3, 2], [2, 2, 2, 1], Window::valid().strides([2, 1])),
        ]
    }
}
