//! The hidden layer for each test image: are there bands, and do they tell the classes apart?

use anyhow::Result;
use minutia_datasets::mnist::Labelled;
use minutia_models::Classifier;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reproduce::{
    compute::{chunks::Chunks, classifier::trained, training::CHUNK},
    config::Config,
    data::{CLASSES, rows_of},
    draw,
    run::Run,
    stage::{Drawing, Measured, Outcome, Picture, Stage, StageName},
};

/// The stage.
#[derive(Debug)]
pub struct Fingerprints;

/// What the stage finds.
#[derive(Debug, Deserialize, Serialize)]
pub struct Results {
    /// Test images.
    pub images_per_class: [usize; CLASSES],
    /// Units that are active in nearly all images of a class.
    pub bright_bands: [usize; CLASSES],
    /// Units that are active in nearly none.
    pub dark_bands: [usize; CLASSES],
    /// The shares of all units that they are, on average over the classes.
    pub bright_share: f64,
    pub dark_share: f64,
    /// The share of units that are either where classes are not told apart.
    pub band_share_of_all_images_together: f64,
    /// The share of images that lie nearest to the mean of their own class.
    pub nearest_mean_accuracy: f64,
}

impl Stage for Fingerprints {
    type Results = Results;

    fn name(&self) -> StageName {
        StageName::Fingerprints
    }

    fn title(&self) -> &'static str {
        "Looking into our network: image fingerprints"
    }

    fn needs(&self) -> &'static [StageName] {
        &[StageName::Dataset, StageName::Classifier]
    }

    fn parameters(&self, config: &Config) -> Value {
        let mut parameters = json!(config.fingerprints);
        parameters["hidden"] = json!(config.classifier.hidden);
        parameters
    }

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome<Results>> {
        let parameters = run.config.fingerprints.clone();
        let units = run.config.classifier.hidden;
        let model = Classifier::new(&run.config.classifier.network(), run.config.seed);
        let session = trained(run, &model.graph, &model.weights)?;
        let data = &run.data.images()?.test;
        let mut hidden = Vec::with_capacity(data.len() * units);
        let chunks = Chunks { data, rows: 0..data.len(), length: CHUNK };
        chunks.run(&model, &session, &model.hidden, |step| {
            hidden.extend_from_slice(step.fetch()?.as_slice::<f32>()?);
            Ok(())
        })?;
        let layer = Layer { units, hidden };
        let classes: [Vec<usize>; CLASSES] = std::array::from_fn(|class| rows_of(data, class).collect());

        let bands: [Bands; CLASSES] = std::array::from_fn(|class| {
            layer.bands(rows_of(data, class), parameters.active_above, parameters.inactive_below)
        });
        let share = |count: fn(&Bands) -> usize| {
            bands.iter().map(count).sum::<usize>() as f64 / (CLASSES * units) as f64
        };
        let (bright, dark) = (share(|b| b.bright), share(|b| b.dark));
        let pooled = layer.bands(0..data.len(), parameters.active_above, parameters.inactive_below);
        let pooled = (pooled.bright + pooled.dark) as f64 / units as f64;
        let read = layer.read_by_nearest_mean(data);
        let results = Results {
            images_per_class: classes.each_ref().map(Vec::len),
            bright_bands: bands.each_ref().map(|bands| bands.bright),
            dark_bands: bands.each_ref().map(|bands| bands.dark),
            bright_share: bright,
            dark_share: dark,
            band_share_of_all_images_together: pooled,
            nearest_mean_accuracy: read,
        };
        let measured = vec![
            Measured::new(
                "bands",
                bright + dark >= parameters.bands_at_least,
                format!(
                    "On average over the classes, {:.1} % of the {units} units are active in more than {:.0} % of a class's \
                     images and {:.1} % in less than {:.0} %; of all images together, {:.1} % of the units are either.",
                    bright * 100.0,
                    parameters.active_above * 100.0,
                    dark * 100.0,
                    parameters.inactive_below * 100.0,
                    pooled * 100.0
                ),
            ),
            Measured::new(
                "fingerprint",
                read >= parameters.read_at_least,
                format!(
                    "Of the test images, {:.1} % lie nearest to the mean fingerprint of their own class; by chance it would be 10 %.",
                    read * 100.0
                ),
            ),
        ];
        // Class by class, for the figure.
        let hidden = classes.iter().flatten().flat_map(|&row| layer.row(row)).copied().collect();
        Ok(Outcome { results, measured, arrays: [("hidden".into(), hidden)].into() })
    }

    fn draw(&self, drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
        draw::fingerprints::draw(drawing, results)
    }
}

/// The hidden layer, a row for each image.
struct Layer {
    units: usize,
    hidden: Vec<f32>,
}

/// How many units are active in nearly all images of a class, and how many in nearly none.
struct Bands {
    bright: usize,
    dark: usize,
}

impl Layer {
    fn row(&self, row: usize) -> &[f32] {
        &self.hidden[row * self.units..(row + 1) * self.units]
    }

    fn bands(&self, rows: impl Iterator<Item = usize>, above: f64, below: f64) -> Bands {
        let mut active = vec![0_usize; self.units];
        let mut images = 0.0;
        for row in rows {
            images += 1.0;
            for (count, &value) in active.iter_mut().zip(self.row(row)) {
                *count += usize::from(value > 0.0);
            }
        }
        let count =
            |wanted: &dyn Fn(f64) -> bool| active.iter().filter(|&&n| wanted(n as f64 / images)).count();
        Bands { bright: count(&|share| share > above), dark: count(&|share| share < below) }
    }

    /// The share of images whose nearest class mean, by distance in the hidden layer, is their own class's.
    fn read_by_nearest_mean(&self, data: &Labelled) -> f64 {
        let mean = |class: usize| {
            let mut mean = vec![0.0_f64; self.units];
            let count = rows_of(data, class).count().max(1) as f64;
            for row in rows_of(data, class) {
                mean.iter_mut()
                    .zip(self.row(row))
                    .for_each(|(mean, &value)| *mean += f64::from(value) / count);
            }
            mean
        };
        let means: Vec<Vec<f64>> = (0..CLASSES).map(mean).collect();
        let distance = |row: usize, class: usize| {
            let pairs = means[class].iter().zip(self.row(row));
            pairs.map(|(mean, &value)| (mean - f64::from(value)) * (mean - f64::from(value))).sum::<f64>()
        };
        let right = |class: usize| {
            let nearest =
                |row: usize| (0..CLASSES).min_by(|&a, &b| distance(row, a).total_cmp(&distance(row, b)));
            rows_of(data, class).filter(|&row| nearest(row) == Some(class)).count()
        };
        (0..CLASSES).map(right).sum::<usize>() as f64 / data.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::data::{PIXELS, labelled};

    fn layer() -> (Layer, Labelled) {
        // Class 0: the first unit is always active; class 1: only the second, and one outlier.
        let hidden = vec![1.0, 0.0, 3.0, 0.0, 0.0, 2.0, 0.0, 2.0, 2.0, 0.0];
        let data = labelled(vec![0; 5 * PIXELS], vec![0, 0, 1, 1, 1]);
        (Layer { units: 2, hidden }, data)
    }

    #[test]
    fn bands_count_units_that_are_nearly_always_or_never_active() {
        let (layer, data) = layer();
        let bands = |class| {
            let bands = layer.bands(rows_of(&data, class), 0.9, 0.1);
            (bands.bright, bands.dark)
        };
        assert_eq!((bands(0), bands(1)), ((1, 1), (0, 0)));
    }

    #[test]
    fn an_outlier_is_not_read() {
        let (layer, data) = layer();
        assert_eq!(layer.read_by_nearest_mean(&data), 0.8);
    }
}
