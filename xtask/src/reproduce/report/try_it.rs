//! What the page's section "Try it" computes with: numbers of this run, and those that it is compared with.

use anyhow::Result;
use base64::prelude::{BASE64_STANDARD, Engine};
use minutia_models::{CLASSES, PIXELS, post};
use serde_json::{Map, Value, json};

use super::{Material, published::Published};
use crate::reproduce::{
    compute::{classifier, ideal_images},
    config::Config,
    pipeline::Done,
    run::{artifact, bytes, short},
    stage::StageName,
};

/// Hidden units of the network that the page can compute with.
const HIDDEN: usize = 300;
/// Steps that the page makes, of the ideal images and of the inverse, and how many are between two losses of
/// the inverse.
const IDEAL_STEPS: usize = 1_000;
const INVERSE_STEPS: usize = 100_000;
const INVERSE_EVERY: usize = 100;
/// The published parameters.
const PARAMETERS: &str = include_str!("../../../../reproduce.toml");
/// The set of `repro.lock` that is trained on in the page.
const DIGITS: &str = "digits";

/// The names of the penalties in the page, in the order of [`ideal_images::PENALTIES`].
const PENALTIES: [&str; 3] = ["none", "L1", "L2"];

/// What the section needs.
pub struct TryIt {
    /// For its scripts.
    pub data: Value,
    /// What training is compared with, in words.
    pub compared_with: &'static str,
    /// Parameters of the network, and its hidden units.
    pub parameters: usize,
    pub hidden: usize,
}

impl TryIt {
    /// Collects it from a run's results and arrays. What the run lacks, or computed with sizes that the page
    /// cannot take, is left out.
    ///
    /// # Errors
    /// When an array cannot be read.
    pub fn of(material: &Material<'_>, published: &Published) -> Result<TryIt> {
        let Material { config, .. } = *material;
        let mut data = Map::new();
        data.insert("hidden".to_string(), json!(HIDDEN));
        if config.classifier.hidden == HIDDEN && done(material, StageName::Classifier).is_some() {
            data.insert("weights".to_string(), json!(text(&classifier::weights(material.out)?)));
            data.insert("means".to_string(), means(material)?);
            data.insert("ideal".to_string(), ideal(material)?);
        }
        data.insert("inverse".to_string(), inverse(material));
        let (training, compared_with) = training(material, published)?;
        data.insert("training".to_string(), training);
        let parameters = minutia_models::Parameters::default().count();
        Ok(TryIt { data: Value::Object(data), compared_with, parameters, hidden: HIDDEN })
    }
}

/// Floats as the page's scripts read them.
fn text(values: &[f32]) -> String {
    BASE64_STANDARD.encode(bytes(values))
}

fn done<'a>(material: &Material<'a>, stage: StageName) -> Option<&'a Done> {
    material.stages.iter().find(|done| done.stage.name() == stage)
}

/// A list of numbers of a stage's results, which are shown in the decimals of `f32`.
fn numbers(results: &Value, name: &str) -> Option<Vec<f32>> {
    let list = results.get(name)?.as_array()?;
    list.iter().map(|number| number.as_f64().map(|number| number as f32)).collect()
}

/// The mean hidden layer of each class's test images; null without them.
fn means(material: &Material<'_>) -> Result<Value> {
    let Some(done) = done(material, StageName::Fingerprints) else { return Ok(Value::Null) };
    let Some(counts) = numbers(&done.outcome.results, "images_per_class") else { return Ok(Value::Null) };
    let images = counts.iter().sum::<f32>() as usize;
    let hidden = artifact(material.out, StageName::Fingerprints, "hidden", images * HIDDEN)?;
    let mut rows = hidden.chunks_exact(HIDDEN);
    let mut means = Vec::with_capacity(CLASSES * HIDDEN);
    for count in counts {
        let mut sums = [0.0_f64; HIDDEN];
        for row in rows.by_ref().take(count as usize) {
            sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        means.extend(sums.map(|sum| (sum / f64::from(count.max(1.0))) as f32));
    }
    Ok(json!(text(&means)))
}

/// The images of the report's figures; null where the page would compute others.
fn ideal(material: &Material<'_>) -> Result<Value> {
    let parameters = &material.config.ideal_images;
    let comparable = parameters.learning_rate == post::IDEAL_RATE && parameters.steps == IDEAL_STEPS;
    if done(material, StageName::IdealImages).is_none() || !comparable {
        return Ok(Value::Null);
    }
    let strengths = [0.0, parameters.l1_penalty, parameters.l2_penalty];
    let mut kept = Map::new();
    for ((name, array), strength) in PENALTIES.into_iter().zip(ideal_images::PENALTIES).zip(strengths) {
        let images = artifact(material.out, StageName::IdealImages, array, CLASSES * PIXELS)?;
        kept.insert(name.to_string(), json!({"strength": short(strength), "images": text(&images)}));
    }
    Ok(Value::Object(kept))
}

/// The seed and the rate of the run's descent, and its curve where the page makes the same steps.
fn inverse(material: &Material<'_>) -> Value {
    let parameters = &material.config.inverse;
    let mut kept = json!({"seed": material.config.seed, "rate": short(parameters.learning_rate)});
    let steps = (parameters.size, parameters.steps, parameters.log_every);
    let comparable = steps == (post::MATRIX_SIZE, INVERSE_STEPS, INVERSE_EVERY);
    if let Some(done) = done(material, StageName::Inverse).filter(|_| comparable) {
        for name in ["matrix", "x", "loss"] {
            if let Some(values) = numbers(&done.outcome.results, name) {
                kept[name] = json!(text(&values));
            }
        }
    }
    kept
}

/// The seed, the epochs and their digests: this run's where it is of the digits and of the page's network,
/// else the published ones. And what they are, in words.
fn training(material: &Material<'_>, published: &Published) -> Result<(Value, &'static str)> {
    let Material { config, .. } = *material;
    if material.set == DIGITS
        && is_post_network(config)
        && let Some(done) = done(material, StageName::Classifier)
    {
        let epochs = done.outcome.results.get("epochs").and_then(Value::as_array);
        let digest = |epoch: &Value| epoch.get("parameters_sha256")?.as_str().map(String::from);
        let mut digests: Vec<Option<String>> = epochs.into_iter().flatten().map(digest).collect();
        let last = done.outcome.results.get("parameters_sha256").and_then(Value::as_str);
        if let (Some(of_epoch), Some(of_all)) = (digests.last_mut(), last) {
            *of_epoch = Some(of_all.to_string());
        }
        let value = json!({"seed": config.seed, "epochs": digests.len(), "digests": digests});
        return Ok((value, "the one of this report"));
    }
    let seed = Config::from_text(PARAMETERS)?.seed;
    let item = |name: &str| published.text(DIGITS, StageName::Classifier, name).map(String::from);
    let epochs =
        (1..).take_while(|epoch| item(&format!("classifier.epochs.{epoch}.epoch")).is_some()).count();
    let of_epoch = |epoch: usize| item(&format!("classifier.epochs.{epoch}.parameters_sha256"));
    let mut digests: Vec<Option<String>> = (1..=epochs).map(of_epoch).collect();
    if let Some(digest) = digests.last_mut() {
        *digest = item("classifier.parameters_sha256");
    }
    Ok((json!({"seed": seed, "epochs": epochs, "digests": digests}), "the published one"))
}

/// Whether the run trains what the page trains, for however many epochs.
fn is_post_network(config: &Config) -> bool {
    let settings = &config.classifier;
    settings.network() == minutia_models::Parameters::default()
        && (settings.batch, settings.learning_rate) == (post::BATCH, post::CLASSIFIER_RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::from_text(PARAMETERS).unwrap()
    }

    #[test]
    fn numbers_survive_on_their_way_into_the_page() {
        assert_eq!(
            numbers(&json!({"loss": [10.0, 0.1, 0.069_118_96]}), "loss"),
            Some(vec![10.0, 0.1, 0.069_118_96])
        );
        assert_eq!(numbers(&json!({"loss": ["ten"]}), "loss"), None);
        assert_eq!(BASE64_STANDARD.decode(text(&[1.5])).unwrap(), 1.5_f32.to_le_bytes());
    }

    #[test]
    fn a_run_without_stages_trains_in_the_page_as_the_published_one() {
        let (config, published) = (config(), Published::read().unwrap());
        let out = std::path::Path::new("nowhere");
        let material = Material { out, config: &config, changes: &[], stages: &[], note: None, set: "mnist" };
        let TryIt { data, parameters, compared_with, .. } = TryIt::of(&material, &published).unwrap();
        assert_eq!((parameters, compared_with), (238_510, "the published one"));
        assert_eq!(data["inverse"], json!({"seed": 11, "rate": 0.01}));
        assert!(data["weights"].is_null());
        let training = &data["training"];
        assert_eq!((&training["seed"], &training["epochs"]), (&json!(11), &json!(50)));
        let last = published.text(DIGITS, StageName::Classifier, "classifier.parameters_sha256");
        assert_eq!(training["digests"][49].as_str(), last);
    }

    #[test]
    fn only_the_network_that_the_page_trains_is_compared_with_this_run() {
        let mut config = config();
        assert!(is_post_network(&config));
        config.classifier.epochs = 3;
        assert!(is_post_network(&config), "the page stops after as many epochs");
        config.classifier.batch = 99;
        assert!(!is_post_network(&config));
    }
}
