//! The images and labels: what they are, and their means.

use std::collections::BTreeMap;

use anyhow::Result;
use minutia_datasets::mnist::{FILES, Labelled, Mnist, VALIDATION};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reproduce::{
    config::Config,
    data::{CLASSES, PIXELS, pixels, rows_of},
    draw,
    run::Run,
    stage::{Drawing, Outcome, Picture, Stage, StageName},
};

/// The stage.
#[derive(Debug)]
pub struct Dataset;

/// How many images of each class the figure shows.
pub const SHOWN: usize = 10;

/// What the stage finds.
#[derive(Debug, Deserialize, Serialize)]
pub struct Results {
    /// The data in a word.
    pub name: String,
    /// Of each file.
    pub sha256: BTreeMap<String, String>,
    /// How many images there are for training, for validation and for testing.
    pub train: usize,
    pub validation: usize,
    pub test: usize,
    pub test_images_per_class: Vec<usize>,
}

impl Stage for Dataset {
    type Results = Results;

    fn name(&self) -> StageName {
        StageName::Dataset
    }

    fn title(&self) -> &'static str {
        "The data"
    }

    fn needs(&self) -> &'static [StageName] {
        &[]
    }

    fn parameters(&self, config: &Config) -> Value {
        json!({"validation": VALIDATION, "batch": config.classifier.batch})
    }

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome<Results>> {
        let name = run.data.name();
        look(run.data.images()?, name, run.config.classifier.batch)
    }

    fn draw(&self, drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
        draw::dataset::draw(drawing, results)
    }
}

/// The SHA-256 of each file of the data, by its name.
pub fn digests(data: &Mnist) -> BTreeMap<String, String> {
    FILES.into_iter().map(String::from).zip(data.digests.clone()).collect()
}

/// What the stage finds of data that have this name, if they are enough for batches of this size.
///
/// # Errors
/// When they are not.
pub fn look(data: &Mnist, name: &str, batch: usize) -> Result<Outcome<Results>> {
    let count = data.train.len();
    anyhow::ensure!(
        count >= VALIDATION + batch,
        "there are {count} training images, but {VALIDATION} for validation and a batch of {batch} are needed; \
         use a larger data set, or a smaller batch in reproduce.toml"
    );
    let results = Results {
        name: name.to_string(),
        sha256: digests(data),
        train: count - VALIDATION,
        validation: VALIDATION,
        test: data.test.len(),
        test_images_per_class: per_class(&data.test),
    };
    let samples = ("samples".into(), samples(&data.train)?);
    let class_means = ("class_means".into(), class_means(&data.test)?);
    Ok(Outcome { results, measured: Vec::new(), arrays: [samples, class_means].into() })
}

fn per_class(data: &Labelled) -> Vec<usize> {
    (0..CLASSES).map(|class| rows_of(data, class).count()).collect()
}

/// The first images of each class, as numbers from 0 to 1; black where a class has fewer.
fn samples(data: &Labelled) -> Result<Vec<f32>> {
    let mut samples = vec![0.0; CLASSES * SHOWN * PIXELS];
    for class in 0..CLASSES {
        for (i, row) in rows_of(data, class).take(SHOWN).enumerate() {
            let target = (class * SHOWN + i) * PIXELS;
            for (to, &from) in samples[target..target + PIXELS].iter_mut().zip(pixels(data, row)?) {
                *to = f32::from(from) * (1.0 / 255.0);
            }
        }
    }
    Ok(samples)
}

/// The mean image of each class, as numbers from 0 to 1. Sums of bytes are exact.
fn class_means(data: &Labelled) -> Result<Vec<f32>> {
    let mut means = vec![0.0; CLASSES * PIXELS];
    for class in 0..CLASSES {
        let mut sums = vec![0_u64; PIXELS];
        let mut count = 0_u64;
        for row in rows_of(data, class) {
            count += 1;
            for (sum, &pixel) in sums.iter_mut().zip(pixels(data, row)?) {
                *sum += u64::from(pixel);
            }
        }
        for (mean, sum) in means[class * PIXELS..].iter_mut().zip(sums) {
            *mean = (sum as f64 / (count.max(1) * 255) as f64) as f32;
        }
    }
    Ok(means)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::data::labelled;

    #[test]
    fn means_and_samples_are_those_of_the_class() {
        let mut pixels = vec![0; 3 * PIXELS];
        (pixels[0], pixels[PIXELS], pixels[2 * PIXELS]) = (255, 51, 102);
        let data = labelled(pixels, vec![4, 4, 9]);
        let means = class_means(&data).unwrap();
        let at = |class: usize| means[class * PIXELS];
        assert_eq!((at(4), at(9), at(0)), (0.6, 0.4, 0.0));
        let samples = samples(&data).unwrap();
        let at = |class: usize, i: usize| samples[(class * SHOWN + i) * PIXELS];
        assert_eq!((at(4, 0), at(4, 1), at(4, 2)), (1.0, 51.0 * (1.0 / 255.0), 0.0));
        assert_eq!(per_class(&data), [0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
    }
}
