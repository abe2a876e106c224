//! Windows that move over images.

use super::{Mismatch, by_name};
use serde::{Deserialize, Serialize};

/// What lies around an image while windows move over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// As much as makes `ceil(extent / stride)` windows, half of it before the image and the rest behind:
    /// with a stride of 1 the result is as large as the image.
    Same,
    /// Nothing: `ceil((extent - reach + 1) / stride)` windows, all inside the image, where the reach of a
    /// window of size `k` with dilation `d` is `(k - 1) d + 1`.
    Valid,
}

by_name::names! { Padding { Same, Valid } }

/// How a window moves over images `[batch, height, width, channels]`, in TensorFlow's terms.
///
/// ```
/// use minutia_graph::{Graph, Window};
/// let graph = Graph::new();
/// let image = graph.zeros([1, 28, 28, 1]);
/// let filter = graph.zeros([5, 5, 1, 32]);
/// assert_eq!(image.conv2d(&filter, Window::same()).shape().to_string(), "[1, 28, 28, 32]");
/// let every_second = Window::valid().strides([2, 2]);
/// assert_eq!(image.conv2d(&filter, every_second).shape().to_string(), "[1, 12, 12, 32]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    padding: Padding,
    strides: [usize; 2],
    dilations: [usize; 2],
}

/// Where windows lie over one image. Each pair is of height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Elements around the image that come before it.
    pub before: [usize; 2],
    /// Extents from the first element of the first window to the last one of the last, or of the image where
    /// that is larger.
    pub padded: [usize; 2],
    /// How many windows there are.
    pub windows: [usize; 2],
}

impl Window {
    /// A window with [`Padding::Same`], strides and dilations of 1.
    #[must_use]
    pub fn same() -> Window {
        Window { padding: Padding::Same, strides: [1, 1], dilations: [1, 1] }
    }

    /// A window with [`Padding::Valid`], strides and dilations of 1.
    #[must_use]
    pub fn valid() -> Window {
        Window { padding: Padding::Valid, ..Window::same() }
    }

    /// With so many rows and columns from one window to the next.
    #[must_use]
    pub fn strides(self, strides: [usize; 2]) -> Window {
        Window { strides, ..self }
    }

    /// With so many rows and columns from one element of a window to the next.
    #[must_use]
    pub fn dilations(self, dilations: [usize; 2]) -> Window {
        Window { dilations, ..self }
    }

    pub(crate) fn steps(&self) -> [usize; 2] {
        self.strides
    }

    pub(crate) fn gaps(&self) -> [usize; 2] {
        self.dilations
    }

    /// Rows or columns that a window of `size` elements reaches over along axis 0 or 1.
    fn reach(&self, axis: usize, size: usize) -> Result<usize, Mismatch> {
        if self.strides[axis] == 0 || self.dilations[axis] == 0 {
            let (strides, dilations) = (self.strides, self.dilations);
            return Err(Mismatch::new(format!("has strides {strides:?} and dilations {dilations:?}"))
                .hint("both are at least 1"));
        }
        let size = size.checked_sub(1).ok_or_else(|| Mismatch::new("has a window without elements"))?;
        let reach = size.checked_mul(self.dilations[axis]).and_then(|reach| reach.checked_add(1));
        reach.ok_or_else(|| Mismatch::new("has a window that reaches over more than there is memory for"))
    }

    /// How many windows of `size` elements there are along an axis of an image, and the padding before and
    /// behind it.
    fn along(&self, axis: usize, extent: usize, size: usize) -> Result<[usize; 3], Mismatch> {
        let (reach, stride) = (self.reach(axis, size)?, self.strides[axis]);
        match self.padding {
            Padding::Same => {
                let windows = extent.div_ceil(stride);
                let needed = windows.saturating_sub(1).saturating_mul(stride).saturating_add(reach);
                let padding = if windows == 0 { 0 } else { needed.saturating_sub(extent) };
                Ok([windows, padding / 2, padding - padding / 2])
            }
            Padding::Valid if extent < reach => {
                let name = ["height", "width"][axis];
                Err(Mismatch::new(format!("has windows of {name} {reach} over images of {name} {extent}"))
                    .hint("Window::same() pads images"))
            }
            Padding::Valid => Ok([(extent - reach) / stride + 1, 0, 0]),
        }
    }

    /// How many windows there are along axis 0 or 1, where extents are known.
    pub(crate) fn count(
        &self,
        axis: usize,
        extent: Option<usize>,
        size: Option<usize>,
    ) -> Result<Option<usize>, Mismatch> {
        // What is wrong with the window itself is known without the image.
        self.reach(axis, size.unwrap_or(1))?;
        let known = extent.zip(size).map(|(extent, size)| self.along(axis, extent, size)).transpose()?;
        Ok(known.map(|[windows, ..]| windows))
    }

    /// Where windows of these extents lie over an image. Shape inference has made sure that they do.
    pub(crate) fn frame(&self, image: [usize; 2], size: [usize; 2]) -> Frame {
        let along = [0, 1].map(|axis| self.along(axis, image[axis], size[axis]).unwrap_or([0; 3]));
        let padded = |axis: usize| image[axis].saturating_add(along[axis][1]).saturating_add(along[axis][2]);
        Frame {
            before: along.map(|[_, before, _]| before),
            padded: [padded(0), padded(1)],
            windows: along.map(|[windows, ..]| windows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_where_tensorflow_puts_them() {
        // Padding, stride, dilation, extent, size: windows, before, behind (tf.nn.convolution's rule).
        let cases = [
            (Padding::Same, 1, 1, 28, 5, [28, 2, 2]),
            (Padding::Same, 2, 1, 28, 2, [14, 0, 0]),
            (Padding::Same, 2, 1, 5, 3, [3, 1, 1]),
            (Padding::Same, 2, 1, 4, 3, [2, 0, 1]),
            (Padding::Same, 3, 1, 5, 1, [2, 0, 0]),
            (Padding::Same, 1, 2, 7, 3, [7, 2, 2]),
            (Padding::Same, 1, 1, 0, 3, [0, 0, 0]),
            (Padding::Valid, 1, 1, 28, 5, [24, 0, 0]),
            (Padding::Valid, 2, 2, 7, 3, [2, 0, 0]),
            (Padding::Valid, 3, 1, 4, 2, [1, 0, 0]),
        ];
        for (padding, stride, dilation, extent, size, want) in cases {
            let window = Window { padding, strides: [stride; 2], dilations: [dilation; 2] };
            let found = window.along(0, extent, size).unwrap();
            assert_eq!(
                found, want,
                "{padding:?}, stride {stride}, dilation {dilation}, {size} over {extent}"
            );
        }
        assert!(Window::valid().along(0, 4, 5).is_err());
    }
}
