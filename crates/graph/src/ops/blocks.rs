//! Blocks of images as channels.

use super::*;
use crate::conformance::numbers;

impl Output {
    /// Blocks of `block_size` by `block_size` pixels of images `[batch, height, width, channels]`, each as
    /// one pixel of so many more channels: first the block's pixels row by row, in each its channels. Height
    /// and width are known and multiples of the block's size; anything else is an error of the node.
    /// Gradient: [`depth_to_space`](Output::depth_to_space), which is the way back.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let image = graph.constant([1, 2, 3, 4]).reshape([1, 2, 2, 1]);
    /// let pixel = image.space_to_depth(2);
    /// assert_eq!(pixel.shape().to_string(), "[1, 1, 1, 4]");
    /// assert_eq!(session.run(pixel.depth_to_space(2), ())?.shape()[..], [1, 2, 2, 1]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "pixel_unshuffle")]
    #[track_caller]
    #[must_use]
    pub fn space_to_depth(&self, block_size: usize) -> Output {
        let _scope = self.graph.name_scope("space_to_depth");
        let [height, width, channels] = match self.image_extents("space_to_depth") {
            Ok(extents) => extents,
            Err(error) => return self.graph.invalid(error),
        };
        if block_size == 0 || height % block_size != 0 || width % block_size != 0 {
            let domain = "a divisor of the images' height and width";
            return self.refused_block("space_to_depth", block_size, domain);
        }
        let [rows, columns] = [height, width].map(|extent| extent / block_size);
        let parts = [rows, block_size, columns, block_size, channels].map(extent);
        self.reshape([&[-1], &parts[..]].concat()).transpose([0, 1, 3, 2, 4, 5]).reshape([
            -1,
            extent(rows),
            extent(columns),
            extent(block_size * block_size * channels),
        ])
    }

    /// The way back from [`space_to_depth`](Output::space_to_depth): pixels of images, each as a block of
    /// `block_size` by `block_size` pixels. The channels are a multiple of the block's pixels.
    #[doc(alias = "pixel_shuffle")]
    #[track_caller]
    #[must_use]
    pub fn depth_to_space(&self, block_size: usize) -> Output {
        let _scope = self.graph.name_scope("depth_to_space");
        let [height, width, channels] = match self.image_extents("depth_to_space") {
            Ok(extents) => extents,
            Err(error) => return self.graph.invalid(error),
        };
        let Some(pixels) = block_size.checked_mul(block_size).filter(|&n| n > 0 && channels % n == 0) else {
            let domain = "a number whose square divides the images' channels";
            return self.refused_block("depth_to_space", block_size, domain);
        };
        let depth = channels / pixels;
        let parts = [height, width, block_size, block_size, depth].map(extent);
        self.reshape([&[-1], &parts[..]].concat()).transpose([0, 1, 3, 2, 4, 5]).reshape([
            -1,
            extent(height * block_size),
            extent(width * block_size),
            extent(depth),
        ])
    }

    #[track_caller]
    fn refused_block(&self, function: &'static str, block_size: usize, domain: &'static str) -> Output {
        let (value, place) = (block_size as f32, SourceLine::caller());
        self.graph.invalid(Error::Argument { function, argument: "block_size", value, domain, place })
    }

    /// Height, width and channels of images, which must be known.
    #[track_caller]
    pub(crate) fn image_extents(&self, function: &'static str) -> Result<[usize; 3], Error> {
        self.check()?;
        match self.shape()[..] {
            [_, Some(height), Some(width), Some(channels)] => Ok([height, width, channels]),
            _ => {
                let reason = format!(
                    "takes images [batch, height, width, channels] of known height, width and channels, not {}",
                    self.shape()
                );
                Err(Error::Build { function, reason, place: SourceLine::caller() })
            }
        }
    }
}

/// An extent that a tensor has.
fn extent(extent: usize) -> isize {
    isize::try_from(extent).unwrap_or(isize::MAX)
}

pub(crate) const BUILDERS: &[(&str, &str)] =
    &[("space_to_depth", "Output::space_to_depth"), ("depth_to_space", "Output::depth_to_space")];

pub(crate) fn samples() -> Vec<Sample> {
    let known = |g: &Graph, x: &Output, dims: &[usize]| x.reshape_like(&g.zeros(dims));
    vec![
        Sample::new("space to depth", vec![numbers([2, 4, 6, 3], -1.0, 1.0)], move |g, x| {
            known(g, &x[0], &[2, 4, 6, 3]).space_to_depth(2)
        }),
        Sample::new("depth to space", vec![numbers([2, 2, 1, 9], -1.0, 1.0)], move |g, x| {
            known(g, &x[0], &[2, 2, 1, 9]).depth_to_space(3)
        }),
    ]
}
