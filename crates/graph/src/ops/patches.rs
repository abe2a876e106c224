//! Local patches of images.

use super::*;
use crate::{PadMode, Window, conformance::numbers};

impl Output {
    /// TensorFlow's `extract_image_patches`: the elements of each window of `size` (height, width) over
    /// images `[batch, height, width, channels]`, as the channels of one pixel: row by row, in each pixel its
    /// channels, zeros where the window reaches beyond the image. Height, width and channels are known.
    /// [`conv2d`](Output::conv2d) needs no patches. Gradient: every element gets those of its windows.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session, Window};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let image = graph.constant([1.0_f32, 2.0, 3.0]).reshape([1, 1, 3, 1]);
    /// let pairs = image.extract_image_patches([1, 2], Window::valid());
    /// assert_eq!(session.run(pairs, ())?.as_slice::<f32>()?, [1.0, 2.0, 2.0, 3.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "unfold")]
    #[doc(alias = "im2col")]
    #[track_caller]
    #[must_use]
    pub fn extract_image_patches(&self, size: [usize; 2], window: Window) -> Output {
        let _scope = self.graph.name_scope("extract_image_patches");
        let [height, width, _] = match self.image_extents("extract_image_patches") {
            Ok(extents) => extents,
            Err(error) => return self.graph.invalid(error),
        };
        let extents = [Some(height), Some(width)];
        if let Some(mismatch) =
            (0..2).find_map(|axis| window.count(axis, extents[axis], Some(size[axis])).err())
        {
            let reason = mismatch.detail;
            let (function, place) = ("extract_image_patches", SourceLine::caller());
            return self.graph.invalid(Error::Build { function, reason, place });
        }
        let frame = window.frame([height, width], size);
        let behind = |axis: usize, extent: usize| frame.padded[axis] - extent - frame.before[axis];
        let rows = (frame.before[0], behind(0, height));
        let padded =
            self.pad([(0, 0), rows, (frame.before[1], behind(1, width)), (0, 0)], PadMode::Constant(0.0));
        let steps = window.steps().map(|step| isize::try_from(step).unwrap_or(isize::MAX));
        let pixel = |place: [usize; 2]| {
            let begin = [0, 1].map(|axis| place[axis] * window.gaps()[axis]);
            let last = |axis: usize| frame.windows[axis].saturating_sub(1) * window.steps()[axis];
            let bound = |bound: usize| isize::try_from(bound).ok();
            let end = [0, 1].map(|axis| bound(begin[axis] + last(axis) + 1));
            let begin = begin.map(bound);
            padded.strided_slice(
                [Some(0), begin[0], begin[1]],
                [None, end[0], end[1]],
                [1, steps[0], steps[1]],
            )
        };
        let pixels = (0..size[0]).flat_map(|row| (0..size[1]).map(move |column| [row, column]));
        self.graph.concat(pixels.map(pixel).collect::<Vec<_>>(), 3)
    }
}

pub(crate) const BUILDERS: &[(&str, &str)] = &[("extract_image_patches", "Output::extract_image_patches")];

pub(crate) fn samples() -> Vec<Sample> {
    let sample = |label: &str, dims: [usize; 4], size: [usize; 2], window: Window| {
        Sample::new(label, vec![numbers(dims, -1.0, 1.0)], move |g, x| {
            x[0].reshape_like(&g.zeros(dims)).extract_image_patches(size, window)
        })
    };
    vec![
        sample("all of them", [2, 3, 4, 2], [2, 3], Window::valid()),
        sample("every second", [1, 5, 5, 2], [3, 3], Window::same().strides([2, 2])),
        sample("with gaps", [1, 5, 4, 1], [2, 2], Window::same().dilations([2, 1])),
    ]
}
