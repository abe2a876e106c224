//! The image of each class that the trained network likes best.

use anyhow::{Result, anyhow, ensure};
use minutia_models::{IdealImages as Model, Penalty};
use minutia_viz::format_number;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reproduce::{
    compute::{
        classifier::trained,
        variables::Variables,
        watch::{self, Watch},
    },
    config::{Config, IdealImagesSettings as Parameters},
    data::{CLASSES, PIXELS},
    draw,
    run::{Run, artifact, short},
    stage::{Drawing, Measured, Outcome, Picture, Stage, StageName},
};

/// The stage.
#[derive(Debug)]
pub struct IdealImages;

/// The three runs of the post.
pub const PENALTIES: [&str; 3] = ["unregularized", "l1", "l2"];

/// How many checkpoints a run of one penalty writes.
const CHECKPOINTS: usize = 4;

/// What the stage finds: the pixels of each class's image, and what can be said of them, for each penalty.
#[derive(Debug, Deserialize, Serialize)]
pub struct Results {
    pub unregularized: Vec<Vec<f64>>,
    pub unregularized_measured: Figures,
    pub l1: Vec<Vec<f64>>,
    pub l1_measured: Figures,
    pub l2: Vec<Vec<f64>>,
    pub l2_measured: Figures,
}

/// What can be said of the images under one penalty.
#[derive(Debug, Deserialize, Serialize)]
pub struct Figures {
    /// The probability that the network gives each image's own class.
    pub probability: Vec<f64>,
    /// Of each image with the mean of its class's test images.
    pub correlation_with_class_mean: Vec<f64>,
    pub mean_correlation: f64,
    /// How many images correlate most with the mean of their own class.
    pub most_like_own_class_mean: usize,
    /// The share of pixels that are nearly zero.
    pub dead_share: f64,
}

impl Stage for IdealImages {
    type Results = Results;

    fn name(&self) -> StageName {
        StageName::IdealImages
    }

    fn title(&self) -> &'static str {
        "Estimating optimal input images"
    }

    fn needs(&self) -> &'static [StageName] {
        &[StageName::Dataset, StageName::Classifier]
    }

    fn parameters(&self, config: &Config) -> Value {
        json!(config.ideal_images)
    }

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome<Results>> {
        let images = descend(run)?;
        let parameters = &run.config.ideal_images;
        let means = artifact(run.out, StageName::Dataset, "class_means", CLASSES * PIXELS)?;
        let [plain, l1, l2] = &images;
        let results = Results {
            unregularized: plain.rows(),
            unregularized_measured: plain.figures(&means, parameters),
            l1: l1.rows(),
            l1_measured: l1.figures(&means, parameters),
            l2: l2.rows(),
            l2_measured: l2.figures(&means, parameters),
        };
        let measured = answers(parameters, &plain.probabilities, &results);
        let arrays = PENALTIES.into_iter().map(Into::into).zip(images.map(|images| images.pixels)).collect();
        Ok(Outcome { results, measured, arrays })
    }

    fn draw(&self, drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
        draw::ideal_images::draw(drawing, results)
    }
}

/// The images of all classes under one penalty, and what the network makes of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Images {
    pixels: Vec<f32>,
    /// The probability that the network gives each image's own class.
    probabilities: Vec<f32>,
}

impl Images {
    /// The pixels of each image.
    fn rows(&self) -> Vec<Vec<f64>> {
        self.pixels.chunks(PIXELS).map(|row| row.iter().map(|&pixel| short(pixel)).collect()).collect()
    }

    /// Compares the images with the means of the classes.
    fn figures(&self, means: &[f32], parameters: &Parameters) -> Figures {
        let rows = self.pixels.chunks(PIXELS).zip(means.chunks(PIXELS));
        let correlations: Vec<f64> = rows.map(|(image, mean)| correlation(image, mean)).collect();
        let recognise = |(class, image): (usize, &[f32])| {
            let like = |other: usize| correlation(image, &means[other * PIXELS..(other + 1) * PIXELS]);
            (0..CLASSES).max_by(|&a, &b| like(a).total_cmp(&like(b))) == Some(class)
        };
        let dead = self.pixels.iter().filter(|pixel| pixel.abs() < parameters.dead_below).count();
        Figures {
            probability: self.probabilities.iter().map(|&probability| short(probability)).collect(),
            mean_correlation: correlations.iter().sum::<f64>() / correlations.len() as f64,
            correlation_with_class_mean: correlations,
            most_like_own_class_mean: self
                .pixels
                .chunks(PIXELS)
                .enumerate()
                .filter(|&row| recognise(row))
                .count(),
            dead_share: dead as f64 / self.pixels.len() as f64,
        }
    }
}

/// The network is sure of an image from this probability of its class on.
const SURE: f32 = 0.99;

/// The claims' answers, with the probability that the network gives each image without a penalty.
fn answers(parameters: &Parameters, probabilities: &[f32], results: &Results) -> Vec<Measured> {
    let Results { unregularized_measured: plain, l1_measured: l1, l2_measured: l2, .. } = results;
    let sure = probabilities.iter().copied().fold(1.0, f32::min);
    let convincing = probabilities.iter().filter(|&&probability| probability > SURE).count();
    let like = plain.mean_correlation;
    let overfitting = if sure > SURE {
        format!(
            "The network gives each image its class with a probability of at least {sure:.4}, yet the images correlate \
             with the mean of their class by only {like:.2} on average."
        )
    } else {
        format!(
            "The network is sure of {convincing} of {CLASSES} images (a probability of more than {SURE}), and gives the least \
             convincing one {}; the images correlate with the mean of their class by {like:.2} on average.",
            format_number(f64::from(sure))
        )
    };
    vec![
        Measured::new("overfitting", sure > SURE && like < parameters.alike_from, overfitting),
        Measured::new(
            "l1",
            l1.dead_share > 0.5,
            format!(
                "With a penalty of {}, {:.1} % of the pixels are within {} of zero (without one {:.1} %, with L2 {:.1} %).",
                parameters.l1_penalty,
                l1.dead_share * 100.0,
                parameters.dead_below,
                plain.dead_share * 100.0,
                l2.dead_share * 100.0
            ),
        ),
        Measured::new(
            "l2",
            l2.most_like_own_class_mean == CLASSES && l2.mean_correlation > plain.mean_correlation,
            format!(
                "With a penalty of {}, {} of {CLASSES} images are more like the mean of their own class than like any other's \
                 (without one {}, with L1 {}); they correlate with it by {:.2} on average (without one {:.2}, with L1 {:.2}).",
                parameters.l2_penalty,
                l2.most_like_own_class_mean,
                plain.most_like_own_class_mean,
                l1.most_like_own_class_mean,
                l2.mean_correlation,
                plain.mean_correlation,
                l1.mean_correlation
            ),
        ),
    ]
}

/// Pearson's correlation; 0 where one side is constant.
fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let mean = |v: &[f32]| v.iter().map(|&x| f64::from(x)).sum::<f64>() / v.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.iter().zip(b) {
        let (x, y) = (f64::from(x) - mean_a, f64::from(y) - mean_b);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    if aa == 0.0 || bb == 0.0 { 0.0 } else { ab / (aa * bb).sqrt() }
}

/// The frozen network over an image of each class, with one of [`PENALTIES`].
fn model(config: &Config, penalty: &str) -> Result<Model> {
    let classes: Vec<i32> = (0..).take(CLASSES).collect();
    let penalty = match penalty {
        "l1" => Penalty::L1(config.ideal_images.l1_penalty),
        "l2" => Penalty::L2(config.ideal_images.l2_penalty),
        _ => Penalty::None,
    };
    Ok(Model::new(&config.classifier.network(), &classes, penalty)?)
}

#[derive(Deserialize, Serialize)]
pub struct State {
    done: Vec<Images>,
    step: usize,
    variables: Variables,
}

impl State {
    /// Whether it is one of this configuration.
    fn fit(&self, config: &Config) -> Result<()> {
        let whole = |images: &Images| {
            (images.pixels.len(), images.probabilities.len()) == (CLASSES * PIXELS, CLASSES)
        };
        let within =
            self.step <= config.ideal_images.steps && (self.step == 0 || self.done.len() < PENALTIES.len());
        ensure!(
            within && self.done.len() <= PENALTIES.len() && self.done.iter().all(whole),
            "it is at step {} of penalty {}",
            self.step,
            self.done.len() + 1
        );
        if self.step == 0 {
            return Ok(());
        }
        let model = model(config, PENALTIES[self.done.len()])?;
        model.train(config.ideal_images.learning_rate)?;
        self.variables.fit(&model.graph)
    }
}

/// All steps of all penalties, from the latest checkpoint on.
fn descend(run: &mut Run<'_>) -> Result<[Images; 3]> {
    let steps = run.config.ideal_images.steps;
    let resumed = run.resume(
        |state: &State| state.fit(run.config),
        |state| format!("step {} of '{}'", state.step, PENALTIES[state.done.len().min(2)]),
    )?;
    let mut state =
        resumed.unwrap_or_else(|| State { done: Vec::new(), step: 0, variables: Variables::default() });
    let rate = run.config.ideal_images.learning_rate;
    let watch = Watch { rate: "ideal_images.learning_rate", value: rate };
    let done = state.done.len() * steps + state.step;
    run.progress.begin("ideal_images", "step", done, PENALTIES.len() * steps);
    while let Some(penalty) = PENALTIES.get(state.done.len()) {
        let model = model(run.config, penalty)?;
        let train = model.train(rate)?;
        let mut session = trained(run, &model.graph, &model.weights)?;
        if state.step > 0 {
            state.variables.restore(&mut session)?;
        }
        let mut step = session.make_callable(&train, ())?;
        while state.step < steps {
            step.run()?;
            state.step += 1;
            if state.step.is_multiple_of(watch::EVERY)
                && let Some(image) = session.variable(&model.images)?
            {
                watch.look(
                    "the image",
                    || format!("after step {} of '{penalty}'", state.step),
                    image.as_slice()?,
                )?;
            }
            if state.step.is_multiple_of(steps.div_ceil(CHECKPOINTS)) {
                let loss: f32 = session.run(&model.loss, ())?.value()?;
                watch.look("the loss", || format!("after step {} of '{penalty}'", state.step), &[loss])?;
                run.progress
                    .step(state.done.len() * steps + state.step, &format!("{penalty:13}  loss {loss}"))?;
                state.variables = Variables::of(&session)?;
                run.checkpoint.save(&state)?;
            }
        }
        let (pixels, probabilities) = session.run((&model.images, &model.probabilities), ())?;
        let probabilities = probabilities.as_slice::<f32>()?;
        watch.look("the image", || format!("after all steps of '{penalty}'"), pixels.as_slice()?)?;
        let own = (0..CLASSES).map(|class| probabilities[class * CLASSES + class]).collect();
        state.done.push(Images { pixels: pixels.as_slice::<f32>()?.to_vec(), probabilities: own });
        (state.step, state.variables) = (0, Variables::default());
    }
    state.done.try_into().map_err(|done: Vec<Images>| anyhow!("there are images of {} penalties", done.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_of_known_vectors() {
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), 1.0);
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), -1.0);
        assert_eq!(correlation(&[1.0, 1.0], &[3.0, 2.0]), 0.0);
    }
}
