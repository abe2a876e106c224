//! `ideal_unregularized`, `ideal_l1`, `ideal_l2`.

use anyhow::Result;
use minutia_viz::{ColorMap, Figure, ImageGrid, Panel, format_number};

use crate::reproduce::{
    compute::ideal_images::{Figures, Results},
    data::{CLASSES, PIXELS, SIDE},
    draw::{CLASS_NAMES, picture},
    run::artifact,
    stage::{Drawing, Picture, StageName},
};

/// The size of a pixel.
const PIXEL: f64 = 2.5;

/// The stage's figures.
///
/// # Errors
/// When an array is missing.
pub fn draw(drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
    let parameters = &drawing.config.ideal_images;
    let penalised = |norm: &str, penalty: f32| format!("with {norm} and a penalty of {penalty}");
    let one = |name, array, words: &str, figures| one(drawing, name, array, words, figures);
    let Results { unregularized_measured, l1_measured, l2_measured, .. } = results;
    Ok(vec![
        one("ideal_unregularized", "unregularized", "without a penalty", unregularized_measured)?,
        one("ideal_l1", "l1", &penalised("L1", parameters.l1_penalty), l1_measured)?,
        one("ideal_l2", "l2", &penalised("L2", parameters.l2_penalty), l2_measured)?,
    ])
}

/// The images in an array of the stage, under the means of the classes.
fn one(
    drawing: &Drawing<'_>,
    name: &'static str,
    array: &str,
    words: &str,
    figures: &Figures,
) -> Result<Picture> {
    let means = artifact(drawing.out, StageName::Dataset, "class_means", CLASSES * PIXELS)?;
    let images = artifact(drawing.out, StageName::IdealImages, array, CLASSES * PIXELS)?;
    let correlations: Vec<String> =
        figures.correlation_with_class_mean.iter().map(|r| format!("r = {r:.2}")).collect();
    let correlations: Vec<&str> = correlations.iter().map(String::as_str).collect();
    let top = grid(&means)?.row_names(&["class mean"]).column_names(&CLASS_NAMES);
    let bottom = grid(&images)?.color_map(ColorMap::Diverging).range_of_each();
    let bottom = bottom.row_names(&["ideal image"]).column_names(&correlations);
    let rows: Vec<Vec<Box<dyn Panel>>> = vec![vec![Box::new(top)], vec![Box::new(bottom)]];
    let caption = format!(
        "Top: the mean of each class's test images. Bottom: the image that the network likes best, {words}, after {} steps of \
         Adagrad; red is above zero, blue below, white zero, each image on a scale of its own. r is its correlation with the mean \
         above it, {:.2} on average; {:.1} % of the pixels are within {} of zero.",
        format_number(drawing.config.ideal_images.steps as f64),
        figures.mean_correlation,
        figures.dead_share * 100.0,
        drawing.config.ideal_images.dead_below,
    );
    picture(drawing, name, Figure::grid(rows).title(format!("Ideal images {words}")), caption)
}

fn grid(images: &[f32]) -> Result<ImageGrid> {
    let mut grid = ImageGrid::new(1, CLASSES, SIDE, SIDE)?.pixel_size(PIXEL);
    for image in images.chunks_exact(PIXELS) {
        grid = grid.image(image)?;
    }
    Ok(grid)
}
