use super::messages::ImageMessage;
use crate::Problem;
use minutia_graph::{DType, Tensor};
use png::{BitDepth, ColorType, Decoder, Encoder};
use std::io::Cursor;

/// What a tensor must be to be written.
const TENSOR: &str =
    "u8, or f32 from 0 to 1, of [height, width, 1 to 4 channels]; reshape it, cast it or clip it";

/// An image as it stands in an event file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
    /// The file of the picture.
    pub png: Vec<u8>,
}

/// A tensor as a PNG.
pub fn of_tensor(tag: &str, tensor: &Tensor) -> Result<ImageMessage, Problem> {
    let refuse = |found| Problem::Image { tag: tag.to_string(), found, expected: TENSOR };
    let (height, width, color) = match *tensor.dims() {
        [height, width, channels @ 1..=4] if height > 0 && width > 0 => {
            let colors = [ColorType::Grayscale, ColorType::GrayscaleAlpha, ColorType::Rgb, ColorType::Rgba];
            (height, width, colors[channels - 1])
        }
        _ => return Err(refuse(format!("{} {}", tensor.dtype(), tensor.shape()))),
    };
    let pixels = pixels(tensor).map_err(refuse)?;
    let too_large = |_| refuse(format!("{height} x {width} pixels"));
    let [height, width] =
        [i32::try_from(height).map_err(too_large)?, i32::try_from(width).map_err(too_large)?];
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width.unsigned_abs(), height.unsigned_abs());
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&pixels)?;
        writer.finish()
    });
    written.map_err(|error| refuse(error.to_string()))?;
    Ok(ImageMessage { height, width, colorspace: color.samples() as i32, encoded_image_string: file })
}

fn pixels(tensor: &Tensor) -> Result<Vec<u8>, String> {
    let byte = |(index, &value): (usize, &f32)| match (0.0..=1.0).contains(&value) {
        true => Ok((value * 255.0).round() as u8),
        false => Err(format!("{value} at element {index}")),
    };
    match tensor.dtype() {
        DType::U8 => Ok(tensor.as_bytes().to_vec()),
        DType::F32 => {
            let values = tensor.as_slice::<f32>().map_err(|error| error.to_string())?;
            values.iter().enumerate().map(byte).collect()
        }
        other => Err(format!("of type {other}")),
    }
}

/// The bytes of a PNG, whose size stands in their header.
pub fn of_png(tag: &str, png: &[u8]) -> Result<ImageMessage, Problem> {
    let refuse = |found| Problem::Image {
        tag: tag.to_string(),
        found,
        expected: "the bytes of a PNG; a tensor of pixels is written by `image`",
    };
    let header = |error| refuse(format!("{} bytes that are none ({error})", png.len()));
    let reader = Decoder::new(Cursor::new(png)).read_info().map_err(header)?;
    let info = reader.info();
    let extent = |extent: u32| i32::try_from(extent).map_err(|_| refuse(format!("{extent} pixels long")));
    Ok(ImageMessage {
        height: extent(info.height)?,
        width: extent(info.width)?,
        colorspace: info.color_type.samples() as i32,
        encoded_image_string: png.to_vec(),
    })
}
