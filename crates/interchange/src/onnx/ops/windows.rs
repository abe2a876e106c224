//! Convolutions. ONNX has channels second, images here have them last: transposes stand around each, which
//! copy nothing.

use super::{
    OnnxRow,
    shapes::{channels_last, channels_second, valid},
};
use crate::onnx::node::{OnnxNode, OnnxResults, Part, count, counts, one};
use minutia_graph::{Output, PadMode, Window};

pub const ROWS: &[OnnxRow] = &[("Conv", conv), ("ConvTranspose", conv_transpose)];

/// How a window of one or two axes moves. Sequences are images of one row.
pub struct Frame {
    pub size: [usize; 2],
    pub strides: [usize; 2],
    pub dilations: [usize; 2],
    pub pads: Pads,
    /// Whether the images are sequences.
    pub flat: bool,
}

/// What lies around the images.
pub enum Pads {
    /// So many elements before and behind.
    Explicit([(usize, usize); 2]),
    /// As many as make `ceil(extent / stride)` windows; the odd one lies behind.
    SameUpper,
    /// The same, but the odd one lies before.
    SameLower,
}

impl Frame {
    /// The frame of a node over windows of this size.
    pub fn of(node: &OnnxNode, size: &[i64]) -> Part<Frame> {
        let axes = size.len();
        if !(1..=2).contains(&axes) {
            return Err(format!("moves windows along {axes} axes, expected 1 or 2"));
        }
        let list = |name| node.ints(name).map(|list| list.unwrap_or_else(|| vec![1; axes]));
        let pads = node.ints("pads")?.unwrap_or_else(|| vec![0; 2 * axes]);
        let (size, pads) = (pair(size, 1)?, counts(&pads, "a pad")?);
        let (strides, dilations) = (pair(&list("strides")?, 1)?, pair(&list("dilations")?, 1)?);
        let explicit = match pads[..] {
            [left, right] if axes == 1 => [(0, 0), (left, right)],
            [top, left, bottom, right] if axes == 2 => [(top, bottom), (left, right)],
            _ => return Err(format!("has {} pads for {axes} axes", pads.len())),
        };
        let pads = match node.text("auto_pad", "NOTSET")? {
            "NOTSET" => Pads::Explicit(explicit),
            "VALID" => Pads::Explicit([(0, 0); 2]),
            "SAME_UPPER" => Pads::SameUpper,
            "SAME_LOWER" => Pads::SameLower,
            other => return Err(format!("has the attribute auto_pad={other:?}")),
        };
        if strides.contains(&0) || dilations.contains(&0) || size.contains(&0) {
            return Err("has a window, a stride or a dilation of 0".into());
        }
        Ok(Frame { size, strides, dilations, pads, flat: axes == 1 })
    }

    /// How far windows reach along an axis.
    pub fn reach(&self, axis: usize) -> Part<usize> {
        let reach = (self.size[axis] - 1).checked_mul(self.dilations[axis]).and_then(|n| n.checked_add(1));
        reach.ok_or_else(|| "has windows that reach too far".into())
    }

    /// Images with channels last, of one row where they were sequences.
    pub fn images(&self, x: &Output) -> Part<Output> {
        let rank = x.shape().len();
        if rank != if self.flat { 3 } else { 4 } {
            return Err(format!("has images of shape {}", x.shape()));
        }
        Ok(channels_last(&if self.flat { x.expand_dims(2) } else { x.clone() }))
    }

    /// The way back.
    pub fn back(&self, images: &Output) -> Output {
        let images = channels_second(images);
        if self.flat { images.squeeze(2) } else { images }
    }

    /// What lies around these images along height and width.
    pub fn padding(&self, images: &Output) -> Part<[(usize, usize); 2]> {
        let upper = match &self.pads {
            Pads::Explicit(pads) => return Ok(*pads),
            Pads::SameUpper => true,
            Pads::SameLower => false,
        };
        let shape = images.shape();
        let along = |axis: usize| {
            let reach = self.reach(axis)?;
            let extent = match shape[axis + 1] {
                Some(extent) => extent,
                // With a stride of 1 it does not matter.
                None if self.strides[axis] == 1 => 1,
                None => return Err("pads images whose extents only the run shows".to_string()),
            };
            let windows = extent.div_ceil(self.strides[axis]).max(1);
            let needed = (windows - 1).saturating_mul(self.strides[axis]).saturating_add(reach);
            let padding = needed.saturating_sub(extent);
            let (less, more) = (padding / 2, padding - padding / 2);
            Ok(if upper { (less, more) } else { (more, less) })
        };
        Ok([along(0)?, along(1)?])
    }

    /// Images with zeros around them, and the window that moves over them.
    fn framed(&self, images: &Output) -> Part<(Output, Window)> {
        if let Pads::SameUpper = self.pads {
            return Ok((images.clone(), Window::same().strides(self.strides).dilations(self.dilations)));
        }
        let padding = self.padding(images)?;
        // With a stride of 1 the padding that keeps images as large as they are has a name.
        let same = |axis: usize| {
            let around = self.reach(axis)? - 1;
            Ok::<_, String>(self.strides[axis] == 1 && padding[axis] == (around / 2, around - around / 2))
        };
        if same(0)? && same(1)? {
            return Ok((images.clone(), Window::same().dilations(self.dilations)));
        }
        Ok((around(images, padding, 0.0), valid(self.strides, self.dilations)))
    }
}

/// Images with a value around them.
pub fn around(images: &Output, padding: [(usize, usize); 2], value: f32) -> Output {
    if padding == [(0, 0); 2] {
        return images.clone();
    }
    images.pad([(0, 0), padding[0], padding[1], (0, 0)], PadMode::Constant(value))
}

/// Numbers for height and width; of sequences, for their length alone.
pub fn pair(numbers: &[i64], of_height: usize) -> Part<[usize; 2]> {
    match numbers {
        [width] => Ok([of_height, count(*width, "an extent")?]),
        [height, width] => Ok([count(*height, "an extent")?, count(*width, "an extent")?]),
        _ => Err(format!("has {} extents of a window, expected 1 or 2", numbers.len())),
    }
}

/// The extents of the filter behind its first two axes, which an attribute may repeat.
fn filter_size(node: &OnnxNode, filter: &Output) -> Part<Vec<i64>> {
    let shape = filter.shape();
    let own: Option<Vec<i64>> = shape.iter().skip(2).map(|n| n.and_then(|n| i64::try_from(n).ok())).collect();
    let named = node.ints("kernel_shape")?;
    match (own, named) {
        (Some(own), Some(named)) if own != named => {
            Err(format!("has kernel_shape={named:?} and a filter of shape {shape}"))
        }
        (Some(size), _) | (None, Some(size)) => Ok(size),
        (None, None) => Err("has a filter whose extents only the run shows".into()),
    }
}

/// A filter `[outputs, channels, height, width]` as `[height, width, channels, outputs]`.
fn turned(frame: &Frame, filter: &Output) -> Output {
    let filter = if frame.flat { filter.expand_dims(2) } else { filter.clone() };
    filter.transpose([2, 3, 1, 0])
}

fn with_bias(node: &OnnxNode, images: Output) -> Part<Output> {
    Ok(node.optional(2)?.map_or_else(|| images.clone(), |bias| &images + bias))
}

fn conv(node: &OnnxNode) -> OnnxResults {
    let (x, filter) = (node.input(0)?, node.input(1)?);
    let frame = Frame::of(node, &filter_size(node, &filter)?)?;
    let groups = count(node.int("group", 1)?, "group")?;
    let (images, window) = frame.framed(&frame.images(&x)?)?;
    let outputs = filter.shape()[0].ok_or("has a filter of unknown outputs")?;
    let each = filter.shape()[1].ok_or("has a filter of unknown channels")?;
    if groups == 0 || outputs % groups != 0 {
        return Err(format!("has {groups} groups of {outputs} outputs"));
    }
    let result = if groups == 1 {
        images.conv2d(turned(&frame, &filter), window)
    } else if each == 1 {
        // Each channel has filters of its own.
        let [height, width] = frame.size;
        let filter = filter.reshape((groups, outputs / groups, height, width)).transpose([2, 3, 0, 1]);
        images.depthwise_conv2d(filter, window)
    } else {
        let (parts, filters) = (images.split(groups, 3), filter.split(groups, 0));
        let part = |(images, filter): (&Output, &Output)| images.conv2d(turned(&frame, filter), window);
        node.graph.concat(parts.iter().zip(&filters).map(part).collect::<Vec<_>>(), 3)
    };
    one(frame.back(&with_bias(node, result)?))
}

fn conv_transpose(node: &OnnxNode) -> OnnxResults {
    let (x, filter) = (node.input(0)?, node.input(1)?);
    let frame = Frame::of(node, &filter_size(node, &filter)?)?;
    let groups = count(node.int("group", 1)?, "group")?;
    let more =
        pair(&node.ints("output_padding")?.unwrap_or_else(|| vec![0; 2 - usize::from(frame.flat)]), 0)?;
    let wanted = node.ints("output_shape")?.map(|shape| pair(&shape, 1)).transpose()?;
    let channels = filter.shape()[0].ok_or("has a filter of unknown channels")?;
    if groups == 0 || channels % groups != 0 {
        return Err(format!("has {groups} groups of {channels} channels"));
    }
    let images = frame.images(&x)?;
    let shape = images.shape();
    // What the windows reach over, and where in it the result lies.
    let (mut size, mut begin, mut result) = ([0; 2], [0; 2], [0; 2]);
    for axis in 0..2 {
        let windows = shape[axis + 1].ok_or("has images whose extents only the run shows")?;
        let whole = windows.checked_sub(1).and_then(|n| n.checked_mul(frame.strides[axis]));
        let whole = whole.and_then(|n| n.checked_add(frame.reach(axis).ok()?)?.checked_add(more[axis]));
        size[axis] = whole.ok_or("has an extent of 0, or one that no tensor has")?;
        let wanted = match (&frame.pads, wanted) {
            (_, Some(wanted)) => Some(wanted[axis]),
            (Pads::Explicit(_), None) => None,
            _ => windows.checked_mul(frame.strides[axis]),
        };
        let (before, behind) = match (wanted, &frame.pads) {
            (None, Pads::Explicit(pads)) => pads[axis],
            (wanted, pads) => {
                let wanted = wanted.filter(|&wanted| wanted <= size[axis]);
                let cut = size[axis] - wanted.ok_or("asks for more than its windows reach over")?;
                let less = cut / 2;
                if matches!(pads, Pads::SameUpper) { (less, cut - less) } else { (cut - less, less) }
            }
        };
        begin[axis] = before;
        let left = size[axis].checked_sub(before).and_then(|left| left.checked_sub(behind));
        result[axis] = left.ok_or("has more pads than its windows reach over")?;
    }
    let window = valid(frame.strides, frame.dilations);
    // A stride's worth and more behind the windows is zeros.
    let reached = [0, 1].map(|axis| size[axis] - more[axis] / frame.strides[axis] * frame.strides[axis]);
    let (parts, filters) = (images.split(groups, 3), filter.split(groups, 0));
    let part = |(images, filter): (&Output, &Output)| {
        images.conv2d_transpose(turned(&frame, filter), reached, window)
    };
    let all: Vec<Output> = parts.iter().zip(&filters).map(part).collect();
    let all = if let [only] = &all[..] { only.clone() } else { node.graph.concat(&all, 3) };
    let all = around(&all, [0, 1].map(|axis| (0, size[axis] - reached[axis])), 0.0);
    let cut = all.slice([0, begin[0], begin[1], 0], [-1, result[0] as i64, result[1] as i64, -1]);
    one(frame.back(&with_bias(node, cut)?))
}
