//! `mnist_samples`.

use anyhow::Result;
use minutia_viz::{Figure, ImageGrid, format_number};

use crate::reproduce::{
    compute::dataset::{Results, SHOWN},
    data::{CLASSES, PIXELS, SIDE},
    draw::{CLASS_NAMES, picture},
    run::artifact,
    stage::{Drawing, Picture, StageName},
};

/// The stage's figures.
///
/// # Errors
/// When an array is missing.
pub fn draw(drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
    let samples = artifact(drawing.out, StageName::Dataset, "samples", CLASSES * SHOWN * PIXELS)?;
    let mut grid = ImageGrid::new(CLASSES, SHOWN, SIDE, SIDE)?.row_names(&CLASS_NAMES);
    for image in samples.chunks_exact(PIXELS) {
        grid = grid.image(image)?;
    }
    let name = &results.name;
    let count = |images: usize| format_number(images as f64);
    let caption = format!(
        "The first {SHOWN} training images of each class of {name}, of {} for training, {} for validation and {} for testing. \
         Every pixel is a number from 0 (white) to 1 (black).",
        count(results.train),
        count(results.validation),
        count(results.test),
    );
    let title = format!("What the network is to read: {name}");
    Ok(vec![picture(drawing, "mnist_samples", Figure::new(grid).title(title), caption)?])
}
