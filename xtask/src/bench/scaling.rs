//! How the time of a training step grows with the batch and with the hidden layer.

use std::time::Instant;

use anyhow::Result;
use minutia_datasets::mnist::Labelled;
use minutia_graph::Session;
use minutia_kernels::rng::Generator;
use minutia_models::{CLASSES, Classifier, PIXELS, Parameters};
use minutia_tensor::{Device, cpu};
use serde::Serialize;

use crate::{
    bench::{peak, summary::median},
    reproduce::Config,
};

/// Batch and hidden units, in two series that begin at the post's.
const SERIES: [&[(usize, usize)]; 2] = [
    &[(100, 300), (300, 300), (1_000, 300), (3_000, 300), (10_000, 300)],
    &[(100, 300), (100, 1_000), (100, 3_000)],
];

/// Seconds that each size is measured for.
const SECONDS: f64 = 0.5;

/// How far a slope may be above the one that multiply-adds alone would give.
const WITHIN: f64 = 1.15;

/// The step of one size.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub batch: usize,
    pub hidden: usize,
    pub step_ms: f64,
    /// What the products would take at the CPU's peak.
    pub at_peak_ms: f64,
    /// What was added since the row before, against what was added at the peak; of a series' first row the
    /// whole.
    pub slope: f64,
}

/// Measures all sizes, on images without zeros: only then are the multiply-adds those that the sizes say.
///
/// # Errors
/// When the device cannot be had.
pub fn measure(config: &Config, device: &Device) -> Result<Vec<Row>> {
    let options = cpu::Options::from_env()?;
    let threads =
        options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let peak = peak::peak(options, threads)?;
    let most = SERIES.iter().flat_map(|s| s.iter()).map(|&(batch, _)| batch).max().unwrap_or(1);
    let data = dense(most)?;
    let mut rows = Vec::new();
    for series in SERIES {
        let mut before = (0.0, 0.0);
        for &(batch, hidden) in series {
            let step_ms = step(config, device, &data, batch, hidden)? * 1e3;
            let at_peak_ms = operations(batch, hidden) / peak / 1e6;
            let slope = (step_ms - before.0) / (at_peak_ms - before.1);
            before = (step_ms, at_peak_ms);
            rows.push(Row { batch, hidden, step_ms, at_peak_ms, slope });
        }
    }
    Ok(rows)
}

/// The floating-point operations of a step's products: forwards, the gradients of both weights, and that of
/// the hidden layer.
fn operations(batch: usize, hidden: usize) -> f64 {
    (2 * batch * hidden * (2 * PIXELS + 3 * CLASSES)) as f64
}

fn dense(count: usize) -> Result<Labelled> {
    let mut generator = Generator::new(1, "bench/scaling");
    let pixels: Vec<u8> = (0..count * PIXELS).map(|_| 1 + generator.below(255) as u8).collect();
    let labels: Vec<i32> = (0..count).map(|i| (i % 10) as i32).collect();
    Ok(Labelled::new(pixels, labels, [28, 28], 1, CLASSES)?)
}

/// The median seconds of a step.
fn step(config: &Config, device: &Device, data: &Labelled, batch: usize, hidden: usize) -> Result<f64> {
    let parameters = Parameters { hidden, ..config.classifier.network() };
    let model = Classifier::new(&parameters, config.seed);
    let train = model.train(1e-4)?;
    let mut session = Session::new(&model.graph, device)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    let feeds = model.feeds(&data.images, &data.labels, batch);
    let mut step = session.make_callable((&train, &model.loss), feeds)?;
    let rows: Vec<i32> = (0..batch).map(|i| i as i32).collect();
    step.set(&model.rows, &rows)?;
    step.run()?;
    let (begin, mut seconds) = (Instant::now(), Vec::new());
    while seconds.len() < 5 || begin.elapsed().as_secs_f64() < SECONDS {
        let start = Instant::now();
        step.run()?;
        step.value::<f32>(&model.loss)?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok(median(seconds))
}

/// The rows for a reader.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| batch | hidden | step, ms | products at FMA peak, ms | slope against FMA peak | within 15 % |\n\
         |---|---|---|---|---|---|\n",
    );
    for Row { batch, hidden, step_ms, at_peak_ms, slope } in rows {
        let verdict = if *slope <= WITHIN { "yes" } else { "no" };
        text +=
            &format!("| {batch} | {hidden} | {step_ms:.3} | {at_peak_ms:.3} | {slope:.2} | {verdict} |\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_the_post_has_its_operations() {
        // 100 x 784 x 300 twice, 100 x 300 x 10 three times, two operations each.
        assert_eq!(operations(100, 300), 95_880_000.0);
    }

    #[test]
    fn slopes_are_judged() {
        let row = |slope| Row { batch: 100, hidden: 300, step_ms: 0.5, at_peak_ms: 0.4, slope };
        let text = table(&[row(1.1), row(1.3)]);
        assert!(text.contains("| 1.10 | yes |") && text.contains("| 1.30 | no |"), "{text}");
    }
}
