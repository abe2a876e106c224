//! The image of each class that the trained network likes best.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use minutia_graph::{DType, Graph, Output, Variable, feeds};
use minutia_optim::{Adagrad, Optimizer};
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::config::{Config, IdealImages as Parameters};
use super::super::data::{CLASSES, PIXELS};
use super::super::draw;
use super::super::run::{Run, artifact, short};
use super::super::stage::{Drawing, Measured, Outcome, Picture, Stage, StageName};
use super::classifier::{cross_entropy, forward, trained, weights};
use super::variables::Variables;
use super::watch::{self, Watch};

/// The stage.
#[derive(Debug)]
pub struct IdealImages;

/// The three runs of the post.
pub const PENALTIES: [&str; 3] = ["unregularized", "l1", "l2"];

/// How many checkpoints a run of one penalty writes.
const CHECKPOINTS: usize = 4;

impl Stage for IdealImages {
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

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome> {
        let images = descend(run)?;
        let parameters = &run.config.ideal_images;
        let means = artifact(run.out, StageName::Dataset, "class_means", CLASSES * PIXELS)?;
        let found: Vec<Found> = images.iter().map(|images| Found::new(images, &means, parameters)).collect();
        let mut results = Map::new();
        for ((name, images), found) in PENALTIES.iter().zip(&images).zip(&found) {
            let rows =
                images.pixels.chunks(PIXELS).map(|row| row.iter().map(|&v| short(v)).collect::<Vec<_>>());
            results.insert((*name).to_string(), json!(rows.collect::<Vec<_>>()));
            let figures = json!({
                "probability": images.probabilities.iter().map(|&p| short(p)).collect::<Vec<_>>(),
                "correlation_with_class_mean": found.correlations,
                "mean_correlation": found.mean_correlation,
                "most_like_own_class_mean": found.recognised,
                "dead_share": found.dead,
            });
            results.insert(format!("{name}_measured"), figures);
        }
        let measured = answers(parameters, &images, &found);
        let arrays: BTreeMap<&'static str, Vec<f32>> =
            PENALTIES.into_iter().zip(images.into_iter().map(|images| images.pixels)).collect();
        Ok(Outcome { results: Value::Object(results), measured, arrays })
    }

    fn draw(&self, drawing: &Drawing<'_>) -> Result<Vec<Picture>> {
        draw::ideal_images::draw(drawing)
    }
}

/// The images of all classes under one penalty, and what the network makes of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Images {
    pixels: Vec<f32>,
    /// The probability that the network gives each image's own class.
    probabilities: Vec<f32>,
}

/// What can be said of the images under one penalty.
struct Found {
    correlations: Vec<f64>,
    mean_correlation: f64,
    /// How many images correlate most with the mean of their own class.
    recognised: usize,
    /// The share of pixels that are nearly zero.
    dead: f64,
}

impl Found {
    fn new(images: &Images, means: &[f32], parameters: &Parameters) -> Found {
        let rows = images.pixels.chunks(PIXELS).zip(means.chunks(PIXELS));
        let correlations: Vec<f64> = rows.map(|(image, mean)| correlation(image, mean)).collect();
        let mean_correlation = correlations.iter().sum::<f64>() / correlations.len() as f64;
        let recognise = |(class, image): (usize, &[f32])| {
            let like = |other: usize| correlation(image, &means[other * PIXELS..(other + 1) * PIXELS]);
            (0..CLASSES).max_by(|&a, &b| like(a).total_cmp(&like(b))) == Some(class)
        };
        let recognised = images.pixels.chunks(PIXELS).enumerate().filter(|&row| recognise(row)).count();
        let dead = images.pixels.iter().filter(|pixel| pixel.abs() < parameters.dead_below).count();
        Found { correlations, mean_correlation, recognised, dead: dead as f64 / images.pixels.len() as f64 }
    }
}

fn answers(parameters: &Parameters, images: &[Images], found: &[Found]) -> Vec<Measured> {
    let [plain, l1, l2] = found else { return Vec::new() };
    let sure = images[0].probabilities.iter().copied().fold(1.0, f32::min);
    vec![
        Measured::new(
            "overfitting",
            sure > 0.99 && plain.mean_correlation < parameters.alike_from,
            format!(
                "The network gives each image its class with a probability of at least {sure:.4}, yet the images correlate \
                 with the mean of their class by only {:.2} on average.",
                plain.mean_correlation
            ),
        ),
        Measured::new(
            "l1",
            l1.dead > 0.5,
            format!(
                "With a penalty of {}, {:.1} % of the pixels are within {} of zero (without one {:.1} %, with L2 {:.1} %).",
                parameters.l1_penalty,
                l1.dead * 100.0,
                parameters.dead_below,
                plain.dead * 100.0,
                l2.dead * 100.0
            ),
        ),
        Measured::new(
            "l2",
            l2.recognised == CLASSES && l2.mean_correlation > plain.mean_correlation,
            format!(
                "With a penalty of {}, {} of {CLASSES} images are more like the mean of their own class than like any other's \
                 (without one {}, with L1 {}); they correlate with it by {:.2} on average (without one {:.2}, with L1 {:.2}).",
                parameters.l2_penalty,
                l2.recognised,
                plain.recognised,
                l1.recognised,
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

/// The frozen network over one variable image for each class in `classes`. The losses add up, and no image's
/// gradient sees another image: training them together is training each alone.
#[derive(Debug)]
pub struct Model {
    pub graph: Graph,
    image: Variable,
    /// Of the network: W1, b1, W2, b2.
    pub weights: [Variable; 4],
    pub loss: Output,
    probabilities: Output,
}

impl Model {
    /// The graph with one of [`PENALTIES`].
    ///
    /// # Errors
    /// None that a valid configuration gives.
    pub fn new(config: &Config, classes: &[i32], penalty: &str) -> Result<Model> {
        let graph = Graph::new();
        let image = graph.variable("image", Tensor::zeros(DType::F32, [classes.len(), PIXELS])?);
        let weights = weights(&graph, &config.classifier);
        let y = graph.constant(classes.to_vec()).one_hot(CLASSES);
        let (_, probabilities) = forward(&image, &weights);
        let loss = cross_entropy(&probabilities, &y, &config.classifier).reduce_sum(..);
        let loss = match penalty {
            "l1" => loss + image.abs().reduce_sum(..) * config.ideal_images.l1_penalty,
            "l2" => loss + image.square().reduce_sum(..) * config.ideal_images.l2_penalty,
            _ => loss,
        };
        Ok(Model { graph, image, weights, loss, probabilities })
    }

    /// A step that changes the images alone.
    ///
    /// # Errors
    /// None that a valid configuration gives.
    pub fn train(&self, parameters: &Parameters) -> Result<minutia_graph::Operation> {
        Ok(Adagrad::new(parameters.learning_rate).with_var_list(&[&self.image]).minimize(&self.loss)?)
    }
}

#[derive(Deserialize, Serialize)]
pub struct State {
    done: Vec<Images>,
    step: usize,
    variables: Variables,
}

impl State {
    /// Whether it is one of this configuration.
    fn fit(&self, config: &Config, classes: &[i32]) -> Result<()> {
        let whole = |images: &Images| {
            (images.pixels.len(), images.probabilities.len()) == (classes.len() * PIXELS, classes.len())
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
        let model = Model::new(config, classes, PENALTIES[self.done.len()])?;
        model.train(&config.ideal_images)?;
        self.variables.fit(&model.graph)
    }
}

/// All steps of all penalties, from the latest checkpoint on.
fn descend(run: &mut Run<'_>) -> Result<Vec<Images>> {
    let steps = run.config.ideal_images.steps;
    let classes: Vec<i32> = (0..).take(CLASSES).collect();
    let resumed = run.resume(
        |state: &State| state.fit(run.config, &classes),
        |state| format!("step {} of '{}'", state.step, PENALTIES[state.done.len().min(2)]),
    )?;
    let mut state =
        resumed.unwrap_or_else(|| State { done: Vec::new(), step: 0, variables: Variables::default() });
    let rate = run.config.ideal_images.learning_rate;
    let watch = Watch { rate: "ideal_images.learning_rate", value: rate };
    let done = state.done.len() * steps + state.step;
    run.progress.begin("ideal_images", "step", done, PENALTIES.len() * steps);
    while let Some(penalty) = PENALTIES.get(state.done.len()) {
        let model = Model::new(run.config, &classes, penalty)?;
        let train = model.train(&run.config.ideal_images)?;
        let mut session = trained(run, &model.graph, &model.weights)?;
        if state.step > 0 {
            state.variables.restore(&mut session)?;
        }
        let mut step = session.make_callable(&train, feeds! {})?;
        while state.step < steps {
            step.run()?;
            state.step += 1;
            if state.step.is_multiple_of(watch::EVERY)
                && let Some(image) = session.variable(&model.image)?
            {
                watch.look(
                    "the image",
                    || format!("after step {} of '{penalty}'", state.step),
                    image.as_slice()?,
                )?;
            }
            if state.step.is_multiple_of(steps.div_ceil(CHECKPOINTS)) {
                let loss: f32 = session.run(&model.loss, feeds! {})?.value()?;
                watch.look("the loss", || format!("after step {} of '{penalty}'", state.step), &[loss])?;
                run.progress
                    .step(state.done.len() * steps + state.step, &format!("{penalty:13}  loss {loss}"))?;
                state.variables = Variables::of(&session)?;
                run.checkpoint.save(&state)?;
            }
        }
        let (pixels, probabilities) = session.run((&model.image, &model.probabilities), feeds! {})?;
        let probabilities = probabilities.as_slice::<f32>()?;
        watch.look("the image", || format!("after all steps of '{penalty}'"), pixels.as_slice()?)?;
        let own = (0..CLASSES).map(|class| probabilities[class * CLASSES + class]).collect();
        state.done.push(Images { pixels: pixels.as_slice::<f32>()?.to_vec(), probabilities: own });
        (state.step, state.variables) = (0, Variables::default());
    }
    Ok(state.done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_graph::Session;
    use minutia_tensor::Device;

    #[test]
    fn correlations_of_known_vectors() {
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), 1.0);
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), -1.0);
        assert_eq!(correlation(&[1.0, 1.0], &[3.0, 2.0]), 0.0);
    }

    /// The images of some classes after a few steps, with random weights.
    fn images(classes: &[i32], penalty: &str) -> Result<Vec<u32>> {
        let mut config: Config = toml::from_str(include_str!("../../../../reproduce.toml"))?;
        config.classifier.hidden = 12;
        let model = Model::new(&config, classes, penalty)?;
        let train = model.train(&config.ideal_images)?;
        let mut session = Session::new(&model.graph, &Device::cpu()?)?;
        session.run(model.graph.global_variables_initializer(), feeds! {})?;
        for _ in 0..20 {
            session.run(&train, feeds! {})?;
        }
        Ok(session.run(&model.image, feeds! {})?.as_slice::<f32>()?.iter().map(|v| v.to_bits()).collect())
    }

    #[test]
    fn training_the_images_together_is_training_each_alone() {
        for penalty in PENALTIES {
            let together = images(&[0, 1, 2], penalty).unwrap();
            for class in 0..3 {
                let alone = images(&[class], penalty).unwrap();
                assert!(
                    alone.iter().any(|&bits| bits != 0),
                    "{penalty}: the image of {class} did not change"
                );
                let start = class as usize * PIXELS;
                assert!(
                    together[start..start + PIXELS] == alone[..],
                    "{penalty}: the image of {class} differs"
                );
            }
        }
    }
}
