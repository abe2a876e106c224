//! `fingerprints`.

use anyhow::{Context, Result};
use minutia_viz::{Figure, HeatMap, Panel, format_number};

use crate::reproduce::{
    compute::fingerprints::Results,
    data::CLASSES,
    draw::{CLASS_NAMES, picture},
    run::artifact,
    stage::{Drawing, Picture, StageName},
};

/// Panels in a row.
const ACROSS: usize = 5;
/// The size of a panel's matrix in pixels.
const SIZE: (f64, f64) = (150.0, 270.0);
/// Of all activations that are not zero, the share that the colours tell apart.
const SHOWN: f64 = 0.99;

/// The stage's figures.
///
/// # Errors
/// When an array is missing, or not of the size that the results say.
pub fn draw(drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
    let counts = results.images_per_class;
    let units = drawing.config.classifier.hidden;
    let numbers = counts.iter().try_fold(0_usize, |sum, &count| sum.checked_add(count.checked_mul(units)?));
    // Images of one class follow each other.
    let length = numbers.context("'images_per_class' holds more images than there can be")?;
    let hidden = artifact(drawing.out, StageName::Fingerprints, "hidden", length)?;
    let high = upper_end(&hidden);
    let mut rows: Vec<Vec<Box<dyn Panel>>> = Vec::new();
    let mut start = 0;
    for (class, count) in counts.into_iter().enumerate() {
        let matrix = transposed(&hidden[start * units..(start + count) * units], units);
        start += count;
        let edge = (class + 1) % ACROSS == 0;
        let mut panel = HeatMap::new(units, count, &matrix)?
            .title(CLASS_NAMES[class])
            .range(0.0, high)
            .cell_size(SIZE.0 / count.max(1) as f64, SIZE.1 / units as f64)
            .color_bar(edge);
        panel = match (class % ACROSS == 0, class >= CLASSES - ACROSS) {
            (true, true) => panel.labels("test image", "hidden unit"),
            (true, false) => panel.labels("", "hidden unit"),
            (false, true) => panel.labels("test image", ""),
            (false, false) => panel,
        };
        if class % ACROSS == 0 {
            rows.push(Vec::new());
        }
        rows.last_mut().expect("a row was just begun").push(Box::new(panel));
    }
    let caption = format!(
        "The hidden layer of every test image, by class: each column is an image, each row one of the {units} units, its colour \
         the activation after relu. Rows that are bright (or dark) all along are the bands. Colours end at {}, above which lie \
         {} % of the activations that are not zero.{}",
        format_number(high),
        format_number((1.0 - SHOWN) * 100.0),
        // What the page of MNIST says of its test images, and what shows in each panel as a change of
        // texture.
        if drawing.note.is_none() {
            " The first 5,000 test images of MNIST were written by other, tidier hands than the last 5,000: each panel changes \
             halfway."
        } else {
            ""
        }
    );
    let figure = Figure::grid(rows).title("Fingerprints: the hidden layer of each test image, by class");
    Ok(vec![picture(drawing, "fingerprints", figure, caption)?])
}

/// The activation that all but a few stay below.
fn upper_end(hidden: &[f32]) -> f64 {
    let mut active: Vec<f32> = hidden.iter().copied().filter(|&value| value > 0.0).collect();
    active.sort_unstable_by(f32::total_cmp);
    let at = (active.len() as f64 * SHOWN) as usize;
    active.get(at).or(active.last()).map_or(1.0, |&value| f64::from(value))
}

/// Rows become columns: an image stands upright.
fn transposed(rows: &[f32], width: usize) -> Vec<f32> {
    (0..width).flat_map(|unit| rows.iter().skip(unit).step_by(width)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_becomes_a_column() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }

    #[test]
    fn few_outliers_do_not_set_the_scale() {
        let mut hidden = vec![0.0; 1000];
        hidden.extend((1..=200).map(|i| i as f32));
        assert_eq!(upper_end(&hidden), 199.0);
        assert_eq!(upper_end(&[0.0]), 1.0);
    }
}
