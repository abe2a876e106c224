//! The dense FMA bound: what a job's products would take if no number were zero and every instruction were a
//! multiply-add, which lets machines be compared.

use std::collections::BTreeMap;

use anyhow::Result;
use minutia_models::{CLASSES, PIXELS};
use minutia_tensor::cpu::Options;

use super::{inputs::Halves, job::Job, networks, peak, summary::Summary};
use crate::reproduce::Config;

/// The floating-point operations of the products of a run of a job, and whether one thread does them all;
/// nothing for what is no matter of products alone.
fn operations(job: Job, config: &Config, data: &Halves) -> Option<(f64, bool)> {
    let hidden = config.classifier.hidden;
    let forward = |images: usize| 2.0 * images as f64 * (PIXELS * hidden + hidden * CLASSES) as f64;
    // Both weights have a gradient, and the hidden layer.
    let step = |images: usize| 2.0 * forward(images) + 2.0 * (images * hidden * CLASSES) as f64;
    let train = data.train.len() / config.classifier.batch * config.classifier.batch;
    Some(match job {
        Job::Epoch => (step(train), false),
        Job::FiftyEpochs => {
            let evaluation = forward(data.train.len() + data.test.len());
            (config.classifier.epochs as f64 * (step(train) + evaluation), false)
        }
        Job::InverseStep => (2.0 * 2.0 * config.inverse.size.pow(3) as f64, true),
        // Forward, and back to the images.
        Job::IdealImages => (config.ideal_images.steps as f64 * 2.0 * forward(CLASSES), false),
        _ => return networks::operations(job).map(|operations| (operations, false)),
    })
}

/// The medians as shares of the bound: seconds measured over seconds at the peak of the CPU, which is
/// measured now.
///
/// # Errors
/// When the CPU lacks the instructions that were asked for.
pub fn shares(
    medians: &BTreeMap<Job, Summary>,
    config: &Config,
    data: &Halves,
    options: Options,
) -> Result<BTreeMap<Job, f64>> {
    let all = options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let peaks = [peak::peak(options, all)?, peak::peak(options, 1)?];
    let share = |(&job, summary): (&Job, &Summary)| {
        let (operations, alone) = operations(job, config, data)?;
        let unit = match job.unit() {
            "µs" => 1e-6,
            "ms" => 1e-3,
            _ => 1.0,
        };
        let seconds = summary.median() * unit;
        Some((job, seconds * peaks[usize::from(alone)] * 1e9 / operations))
    };
    Ok(medians.iter().filter_map(share).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_datasets::digits;

    #[test]
    fn a_job_of_the_post_has_its_operations() {
        let config = Config::read(&crate::workspace().join("reproduce.toml")).unwrap();
        let data = digits::generate_some(1000, 200);
        let data = Halves {
            train: data.train,
            test: data.test,
            what: String::new(),
            origin: String::new(),
            arguments: Vec::new(),
        };
        let found = |job| operations(job, &config, &data);
        assert_eq!(found(Job::Epoch), Some((10.0 * 95_880_000.0, false)));
        // The same, and 238,200 multiply-adds for each of 1,200 images, fifty times.
        assert_eq!(found(Job::FiftyEpochs), Some((50.0 * (958_800_000.0 + 2.0 * 1200.0 * 238_200.0), false)));
        assert_eq!(found(Job::InverseStep), Some((4000.0, true)));
        assert_eq!(found(Job::IdealImages), Some((1000.0 * 4.0 * 10.0 * 238_200.0, false)));
        assert_eq!(found(Job::Reproduce), None);
        // Multiply-adds of an image: two convolutions and two layers.
        let [first, others] = [627_200.0, 10_035_200.0 + 3_211_264.0 + 10_240.0];
        assert_eq!(found(Job::Convnet), Some((50.0 * 2.0 * (2.0 * first + 3.0 * others), false)));
        // Each row meets 28 numbers of the image and 128 of the state.
        let lstm = 28.0 * 512.0 * (2.0 * 28.0 + 3.0 * 128.0) + 3.0 * 1280.0;
        assert_eq!(found(Job::Lstm), Some((128.0 * 2.0 * lstm, false)));
        // 64 tokens take 1,048,576 in each dense layer, and half of that in scores and in means.
        assert_eq!(found(Job::Attention), Some((32.0 * 2.0 * 1_048_576.0 * (6.0 + 3.0 + 3.0), false)));
    }
}
