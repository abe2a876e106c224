use super::*;
use crate::{
    conformance::numbers,
    ops::{phases::phases, window::Window},
};
use serde::{Deserialize, Serialize};

/// Convolution of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Conv2d {
    pub window: Window,
}

impl Output {
    /// Convolution of images `[batch, height, width, channels]` with a filter `[height, width, channels,
    /// outputs]`, all `f32`: `[batch, windows down, windows across, outputs]`. As in TensorFlow this is a
    /// cross-correlation: the filter is not turned.
    ///
    /// Each element starts at +0 and adds its products by fused multiply-add in ascending order of the
    /// filter's row, column and channel, padding included, which is +0. The windows of the images are never
    /// written out.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, Window};
    /// let graph = Graph::new();
    /// let image = graph.constant([1.0_f32, 2.0, 3.0, 4.0]).reshape([1, 2, 2, 1]);
    /// let sum = graph.ones([2, 2, 1, 1]);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let sums = session.run(image.conv2d(&sum, Window::same()), ())?;
    /// assert_eq!(sums.as_slice::<f32>()?, [10.0, 6.0, 7.0, 4.0]);
    /// let sums = session.run(image.conv2d(&sum, Window::valid()), ())?;
    /// assert_eq!(sums.as_slice::<f32>()?, [10.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "convolution")]
    #[track_caller]
    #[must_use]
    pub fn conv2d(&self, filter: impl AsRef<Output>, window: Window) -> Output {
        self.apply(Conv2d { window }, &[filter.as_ref()])
    }

    /// Convolution of sequences `[batch, length, channels]` with a filter `[length, channels, outputs]`: that
    /// of images with one row, so that the window's second stride and dilation count. See
    /// [`conv2d`](Output::conv2d).
    ///
    /// ```
    /// use minutia_graph::{Graph, Window};
    /// let graph = Graph::new();
    /// let (x, filter) = (graph.zeros([2, 7, 3]), graph.zeros([3, 3, 5]));
    /// let every_second = Window::same().strides([1, 2]);
    /// assert_eq!(x.conv1d(&filter, every_second).shape().to_string(), "[2, 4, 5]");
    /// ```
    #[track_caller]
    #[must_use]
    pub fn conv1d(&self, filter: impl AsRef<Output>, window: Window) -> Output {
        self.expand_dims(1).conv2d(filter.as_ref().expand_dims(0), window).squeeze(1)
    }

    /// The transpose of [`conv2d`](Output::conv2d): what its gradient does with this tensor `[batch, windows
    /// down, windows across, outputs]` and a filter `[height, width, channels, outputs]`, as images of
    /// `[height, width]`, which is `size`.
    ///
    /// ```
    /// use minutia_graph::{Graph, Window};
    /// let graph = Graph::new();
    /// let (x, filter) = (graph.zeros([1, 4, 3, 8]), graph.zeros([3, 3, 2, 8]));
    /// let twice = Window::same().strides([2, 2]);
    /// let images = x.conv2d_transpose(&filter, [8, 6], twice);
    /// assert_eq!(images.shape().to_string(), "[1, 8, 6, 2]");
    /// assert_eq!(images.conv2d(&filter, twice).shape(), x.shape());
    /// ```
    #[doc(alias = "deconvolution")]
    #[track_caller]
    #[must_use]
    pub fn conv2d_transpose(&self, filter: impl AsRef<Output>, size: [usize; 2], window: Window) -> Output {
        self.apply(Conv2dInputGradient { window, size: Some(size) }, &[filter.as_ref()])
    }
}

/// Requires images and a filter, of rank 4 and `f32`.
pub(super) fn images_and_filter(images: &Signature, filter: &Signature) -> Result<(), Mismatch> {
    for (what, of, axes) in [
        ("images", images, "[batch, height, width, channels]"),
        ("a filter", filter, "[height, width, channels, outputs]"),
    ] {
        expect_dtype(of.dtype, &[DType::F32])?;
        if of.shape.len() != 4 {
            return Err(Mismatch::new(format!("takes {what} {axes}, not {}", of.shape))
                .hint("expand_dims puts in an axis; conv1d takes sequences"));
        }
    }
    Ok(())
}

/// Requires equal extents, where both are known.
fn expect_extent(what: &str, found: Option<usize>, wanted: Option<usize>) -> Result<(), Mismatch> {
    match found.zip(wanted) {
        Some((found, wanted)) if found != wanted => {
            Err(Mismatch::new(format!("has {found} {what} where {wanted} are expected")))
        }
        _ => Ok(()),
    }
}

impl Conv2d {
    /// The shape of the result for images and a filter of these shapes.
    fn shape(&self, images: &Signature, filter: &Signature) -> Result<Vec<Option<usize>>, Mismatch> {
        images_and_filter(images, filter)?;
        let (image, size) = (&images.shape, &filter.shape);
        expect_extent("channels in the filter", size[2], image[3])?;
        let windows = |axis: usize| self.window.count(axis, image[axis + 1], size[axis]);
        Ok(vec![image[0], windows(0)?, windows(1)?, size[3]])
    }
}

/// Requires that a tensor can be the result of a convolution.
pub(super) fn expect_result(found: &Signature, wanted: &[Option<usize>]) -> Result<(), Mismatch> {
    expect_dtype(found.dtype, &[DType::F32])?;
    let fits = found.shape.len() == wanted.len()
        && found.shape.iter().zip(wanted).all(|(a, b)| a.is_none() || b.is_none() || a == b);
    if fits {
        return Ok(());
    }
    let wanted = PartialShape::from(wanted.to_vec());
    Err(Mismatch::new(format!(
        "the windows have shape {}, and such a convolution gives {wanted}",
        found.shape
    )))
}

fn pair(dims: &[usize], first: usize) -> [usize; 2] {
    [dims[first], dims[first + 1]]
}

impl Op for Conv2d {
    fn name(&self) -> &'static str {
        "Conv2D"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [images, filter] = arity(inputs)?;
        Ok(Signature::new(DType::F32, self.shape(images, filter)?))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (x, f, g, window) = (&at.inputs[0], &at.inputs[1], &at.grad, self.window);
        Ok(vec![
            Some(g.apply(Conv2dInputGradient { window, size: None }, &[f, x])),
            Some(x.apply(Conv2dFilterGradient { window }, &[g, f])),
        ])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let windows = padded_windows(l, &inputs[0], pair(&inputs[1].dims, 0), self.window);
        l.products(&windows, &inputs[1], 0, 3)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Conv2D", "Output::conv2d Output::conv1d")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, x: [usize; 4], f: [usize; 4], window: Window| {
            let inputs = vec![numbers(x, -1.0, 1.0), numbers(f, -1.0, 1.0)];
            Sample::new(label, inputs, move |_, x| x[0].conv2d(&x[1], window))
        };
        let filter = numbers([3, 3, 2, 3], -1.0, 1.0);
        vec![
            sample("same", [2, 4, 3, 2], [3, 3, 2, 2], Window::same()),
            sample("valid, strides", [1, 5, 4, 1], [3, 2, 1, 2], Window::valid().strides([2, 1])),
            sample("dilations", [1, 5, 4, 1], [2, 2, 1, 1], Window::same().dilations([2, 2])),
            sample("larger strides than windows", [1, 4, 4, 2], [1, 1, 2, 2], Window::same().strides([3, 3])),
            sample("no images", [0, 3, 3, 1], [2, 2, 1, 1], Window::same()),
            sample("no channels", [1, 2, 2, 0], [2, 2, 0, 2], Window::same()),
            Sample::new("rows", vec![numbers([3, 6, 6, 2], -1.0, 1.0)], move |g, x| {
                x[0].conv2d(g.constant(&filter), Window::same())
            })
            .row_wise(),
        ]
    }
}

/// Windows over images with their padding.
pub(super) fn padded_windows(l: &mut Lowering, images: &View, size: [usize; 2], window: Window) -> View {
    let frame = window.frame(pair(&images.dims, 1), size);
    let [top, left] = frame.before;
    let [height, width] = frame.padded;
    let around = Spread {
        begin: vec![0, top, left, 0],
        step: vec![1; 4],
        dims: vec![images.dims[0], height, width, images.dims[3]],
        fill: 0,
    };
    let images = l.spread(images, around);
    l.windows(&images, window.steps(), window.gaps(), frame.windows, size)
}

/// Images whose convolution has a gradient: the transpose of [`Conv2d`]. Inputs are the gradient of its
/// result, its filter and, where `size` does not say how large they are, its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Conv2dInputGradient {
    pub window: Window,
    /// Height and width of the images.
    pub size: Option<[usize; 2]>,
}

impl Conv2dInputGradient {
    /// Requires two inputs, or three where the last has the size.
    fn parts<'a, T>(&self, inputs: &'a [T]) -> Option<(&'a T, &'a T, Option<&'a T>)> {
        match (inputs, self.size) {
            ([g, filter], Some(_)) => Some((g, filter, None)),
            ([g, filter, images], None) => Some((g, filter, Some(images))),
            _ => None,
        }
    }
}

impl Op for Conv2dInputGradient {
    fn name(&self) -> &'static str {
        "Conv2DBackpropInput"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let (g, filter, images) = self.parts(inputs).ok_or_else(|| {
            Mismatch::new(format!("takes windows, a filter and a size, not {}", inputs.len()))
        })?;
        let images = match (images, self.size) {
            (Some(images), _) => images.clone(),
            (None, Some([height, width])) if g.shape.len() == 4 && filter.shape.len() == 4 => {
                let dims = [g.shape[0], Some(height), Some(width), filter.shape[2]];
                Signature::new(DType::F32, dims)
            }
            _ => return Err(Mismatch::new(format!("takes windows and a filter of rank 4, not {}", g.shape))),
        };
        expect_result(g, &Conv2d { window: self.window }.shape(&images, filter)?)?;
        Ok(images)
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (g, f, u, window) = (&at.inputs[0], &at.inputs[1], &at.grad, self.window);
        let mut gradients =
            vec![Some(u.conv2d(f, window)), Some(u.apply(Conv2dFilterGradient { window }, &[g, f]))];
        gradients.resize(at.inputs.len(), None);
        Ok(gradients)
    }

    /// The convolution, phase by phase, of the turned filter and of the windows' gradients: each element adds
    /// its products in ascending order of the turned filter's row, column and output.
    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let (g, filter) = (&inputs[0], &inputs[1]);
        let [height, width] = self.size.unwrap_or_else(|| pair(&inputs[2].dims, 1));
        let images = l.unwritten(DType::F32, &[g.dims[0], height, width, filter.dims[2]]);
        for phase in phases(l, &images, [g, filter], self.window) {
            let turned = l.contiguous(&phase.filter.transpose(&[0, 1, 3, 2]));
            l.products_into(&phase.images, [&phase.windows, &turned], 0, 3);
        }
        images
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Conv2DBackpropInput", "Output::conv2d_transpose")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, g: [usize; 4], f: [usize; 4], size: [usize; 2], window: Window| {
            let inputs = vec![numbers(g, -1.0, 1.0), numbers(f, -1.0, 1.0)];
            Sample::new(label, inputs, move |_, x| x[0].conv2d_transpose(&x[1], size, window))
        };
        vec![
            sample("same", [2, 3, 2, 2], [3, 3, 1, 2], [3, 2], Window::same()),
            sample("strides", [1, 2, 2, 2], [3, 2, 2, 2], [4, 3], Window::same().strides([2, 2])),
            sample("valid", [1, 2, 1, 1], [2, 2, 1, 1], [5, 2], Window::valid().strides([3, 1])),
        ]
    }
}

/// The filter whose convolution with the first input has the second as its gradient, in the shape of the
/// third.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Conv2dFilterGradient {
    pub window: Window,
}

impl Op for Conv2dFilterGradient {
    fn name(&self) -> &'static str {
        "Conv2DBackpropFilter"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [images, g, filter] = arity(inputs)?;
        expect_result(g, &Conv2d { window: self.window }.shape(images, filter)?)?;
        Ok(filter.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (x, g, u, window) = (&at.inputs[0], &at.inputs[1], &at.grad, self.window);
        let images = g.apply(Conv2dInputGradient { window, size: None }, &[u, x]);
        Ok(vec![Some(images), Some(x.conv2d(u, window)), None])
    }

    /// The product of the windows, transposed, and of their gradients, in ascending order of image, row and
    /// column.
    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let size = pair(&inputs[2].dims, 0);
        let windows = padded_windows(l, &inputs[0], size, self.window).transpose(&[3, 4, 5, 0, 1, 2]);
        let g = l.contiguous(&inputs[1]);
        l.products(&windows, &g, 0, 3)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Conv2DBackpropFilter", "gradient of Conv2D")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, x: [usize; 4], g: [usize; 4], f: [usize; 4], window: Window| {
            let inputs = [&x[..], &g, &f].map(|dims| numbers(dims, -1.0, 1.0)).to_vec();
            Sample::new(label, inputs, move |_, x| {
                x[0].apply(Conv2dFilterGradient { window }, &[&x[1], &x[2]])
            })
        };
        let twice = Window::same().strides([2, 2]);
        vec![
            sample("same", [2, 3, 2, 1], [2, 3, 2, 2], [3, 2, 1, 2], Window::same()),
            sample("strides", [1, 4, 3, 2], [1, 2, 2, 1], [2, 3, 2, 1], twice),
        ]
    }
}
