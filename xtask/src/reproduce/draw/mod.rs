//! The stages' figures. A file for each; all are drawn anew when one of these files changes.

pub mod classifier;
pub mod convnet;
pub mod dataset;
mod diagram;
pub mod fingerprints;
pub mod ideal_images;
pub mod inverse;
pub mod inverse_seeds;
mod readouts;

use anyhow::{Context, Result};
use minutia_viz::Figure;

use super::stage::{Drawing, Picture};

/// Pixels of the PNG for each of the SVG.
const SCALE: f32 = 2.0;

/// The classes' names over columns and panels.
const CLASS_NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// A figure as files. What must be said of the data stands inside it, so that it cannot be separated from it.
fn picture(drawing: &Drawing<'_>, name: &'static str, figure: Figure, caption: String) -> Result<Picture> {
    let figure = match drawing.note {
        Some(note) => figure.caption(note),
        None => figure,
    };
    let png = figure.to_png(SCALE).with_context(|| format!("the figure '{name}' cannot be painted"))?;
    let (svg, readouts) = (figure.to_svg(), readouts::readouts(&figure));
    Ok(Picture { name, svg, png, caption, readouts })
}
