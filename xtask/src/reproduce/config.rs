//! `reproduce.toml`: the stages' parameters and the post's claims.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use minutia_models::{ConvnetParameters, FallingRate, Parameters};
use serde::{Deserialize, Serialize};

use crate::{
    files,
    reproduce::{
        StageName,
        domain::{Correlation, Inner, Part, Rate, Share, Size, Tolerance, double, single, whole},
    },
};

/// Everything that a result may depend on, the data apart.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The seed of every random number.
    #[serde(deserialize_with = "whole::<_, _, 0, { i64::MAX as u64 }>")]
    pub seed: u64,
    pub inverse: InverseSettings,
    pub inverse_seeds: InverseSeedsSettings,
    pub classifier: ClassifierSettings,
    pub fingerprints: FingerprintsSettings,
    pub ideal_images: IdealImagesSettings,
    pub convnet: ConvnetSettings,
    /// The post's claims, in its order.
    #[serde(rename = "claim")]
    pub claims: Vec<Claim>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InverseSettings {
    /// Rows of the square matrix. A figure shows each entry.
    #[serde(deserialize_with = "whole::<_, _, 1, 100>")]
    pub size: usize,
    /// The matrix's entries are drawn from 0 to this number, which is left out. They are 32-bit numbers.
    #[serde(deserialize_with = "whole::<_, _, 1, 16_777_216>")]
    pub entries_below: u32,
    #[serde(deserialize_with = "single::<_, Rate>")]
    pub learning_rate: f32,
    #[serde(deserialize_with = "whole::<_, _, 1, 100_000_000>")]
    pub steps: usize,
    /// The loss is kept before every so many steps.
    #[serde(deserialize_with = "whole::<_, _, 1, 100_000_000>")]
    pub log_every: usize,
    /// An entry of x·A within this of the identity's counts as right.
    #[serde(deserialize_with = "single::<_, Tolerance>")]
    pub tolerance: f32,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InverseSeedsSettings {
    #[serde(deserialize_with = "whole::<_, _, 1, 10_000>")]
    pub seeds: usize,
    #[serde(deserialize_with = "whole::<_, _, 1, 100_000_000>")]
    pub steps: usize,
    #[serde(deserialize_with = "single::<_, Rate>")]
    pub learning_rate: f32,
    /// The optimizer setting that does converge: Adam whose rate falls linearly to zero.
    #[serde(deserialize_with = "single::<_, Rate>")]
    pub adam_learning_rate: f32,
    /// A 32-bit number counts them.
    #[serde(deserialize_with = "whole::<_, _, 1, 16_777_216>")]
    pub adam_steps: usize,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierSettings {
    #[serde(deserialize_with = "whole::<_, _, 1, 4_096>")]
    pub hidden: usize,
    #[serde(deserialize_with = "single::<_, Size>")]
    pub weight_stddev: f32,
    #[serde(deserialize_with = "single::<_, Size>")]
    pub bias_stddev: f32,
    #[serde(deserialize_with = "single::<_, Inner>")]
    pub clip_low: f32,
    #[serde(deserialize_with = "single::<_, Inner>")]
    pub clip_high: f32,
    #[serde(deserialize_with = "single::<_, Rate>")]
    pub learning_rate: f32,
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000_000>")]
    pub batch: usize,
    #[serde(deserialize_with = "whole::<_, _, 1, 100_000>")]
    pub epochs: usize,
    /// The test accuracy that answers the claim.
    #[serde(deserialize_with = "double::<_, Share>")]
    pub accuracy_at_least: f64,
}

impl ClassifierSettings {
    /// Sizes and distributions of the network.
    pub fn network(&self) -> Parameters {
        let ClassifierSettings { hidden, weight_stddev, bias_stddev, clip_low, clip_high, .. } = *self;
        Parameters { hidden, weight_stddev, bias_stddev, clip_low, clip_high }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FingerprintsSettings {
    /// A unit active in more than this share of a class's images is a bright band.
    #[serde(deserialize_with = "double::<_, Share>")]
    pub active_above: f64,
    /// A unit active in less than this share is a dark band.
    #[serde(deserialize_with = "double::<_, Share>")]
    pub inactive_below: f64,
    /// The share of units that must be bands for the claim to hold.
    #[serde(deserialize_with = "double::<_, Share>")]
    pub bands_at_least: f64,
    /// The share of images that must be nearest to their own class's mean for the claim to hold.
    #[serde(deserialize_with = "double::<_, Share>")]
    pub read_at_least: f64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdealImagesSettings {
    #[serde(deserialize_with = "single::<_, Rate>")]
    pub learning_rate: f32,
    #[serde(deserialize_with = "whole::<_, _, 1, 100_000_000>")]
    pub steps: usize,
    #[serde(deserialize_with = "single::<_, Size>")]
    pub l1_penalty: f32,
    #[serde(deserialize_with = "single::<_, Size>")]
    pub l2_penalty: f32,
    /// A pixel whose value is nearer to zero than this counts as killed.
    #[serde(deserialize_with = "single::<_, Size>")]
    pub dead_below: f32,
    /// Below this mean correlation with the class means, the images do not look like them.
    #[serde(deserialize_with = "double::<_, Correlation>")]
    pub alike_from: f64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConvnetSettings {
    /// Filters of the first convolution. A figure shows each.
    #[serde(deserialize_with = "whole::<_, _, 1, 256>")]
    pub first_filters: usize,
    #[serde(deserialize_with = "whole::<_, _, 1, 256>")]
    pub second_filters: usize,
    #[serde(deserialize_with = "whole::<_, _, 1, 4_096>")]
    pub hidden: usize,
    #[serde(deserialize_with = "single::<_, Size>")]
    pub weight_stddev: f32,
    #[serde(deserialize_with = "single::<_, Size>")]
    pub bias: f32,
    #[serde(deserialize_with = "single::<_, Part>")]
    pub dropout_rate: f32,
    /// The learning rate of the first step.
    #[serde(deserialize_with = "single::<_, Rate>")]
    pub first_learning_rate: f32,
    /// The learning rate after the steps in which it falls.
    #[serde(deserialize_with = "single::<_, Rate>")]
    pub learning_rate: f32,
    /// A 32-bit number counts them.
    #[serde(deserialize_with = "whole::<_, _, 1, 16_777_216>")]
    pub falling_steps: usize,
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000_000>")]
    pub batch: usize,
    /// The steps after which the test images are read.
    #[serde(deserialize_with = "whole::<_, _, 1, 1_000_000>")]
    pub steps_per_epoch: usize,
    #[serde(deserialize_with = "whole::<_, _, 1, 100_000>")]
    pub epochs: usize,
}

impl ConvnetSettings {
    /// Sizes and distributions of the network.
    pub fn network(&self) -> ConvnetParameters {
        let ConvnetSettings {
            first_filters, second_filters, hidden, weight_stddev, bias, dropout_rate, ..
        } = *self;
        ConvnetParameters {
            filters: [first_filters, second_filters],
            hidden,
            weight_stddev,
            bias,
            dropout_rate,
        }
    }

    /// How the learning rate falls.
    pub fn rate(&self) -> FallingRate {
        let ConvnetSettings { first_learning_rate, learning_rate, falling_steps, .. } = *self;
        FallingRate { first: first_learning_rate, last: learning_rate, steps: falling_steps as f32 }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    pub id: String,
    pub stage: StageName,
    /// The post's words.
    pub claim: String,
}

/// What a command line puts in the place of published parameters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides {
    pub seed: Option<u64>,
    pub epochs: Option<u32>,
    /// Whether the epochs are those of the convolutional network rather than of the post's.
    pub of_convnet: bool,
}

/// The most losses that the inverse keeps.
const LOSSES: usize = 1_000_000;

/// An error of the TOML reader, which tells the parameter after the message, with the parameter first.
fn named(error: &toml::de::Error) -> anyhow::Error {
    let text = error.to_string();
    match text.trim_end().rsplit_once("\nin `").and_then(|(_, key)| key.strip_suffix('`')) {
        Some(key) => anyhow::anyhow!("{key}: {}", error.message()),
        None => anyhow::anyhow!("{}", error.message()),
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Names the file, the parameter and what is wrong with it.
    pub fn read(path: &Path) -> Result<Config> {
        let bytes = files::read(path)?.with_context(|| format!("{} is missing", path.display()))?;
        let text = String::from_utf8(bytes).context("it is no text");
        let config = text.and_then(|text| Config::from_text(&text));
        config.with_context(|| format!("{} cannot be used", path.display()))
    }

    /// Reads and checks the text of a file.
    ///
    /// # Errors
    /// Names the parameter, what was found and what is expected.
    pub fn from_text(text: &str) -> Result<Config> {
        let table: toml::Table = toml::from_str(text)?;
        let config: Config = table.try_into().map_err(|error: toml::de::Error| named(&error))?;
        config.check()?;
        Ok(config)
    }

    /// What no number has wrong by itself.
    fn check(&self) -> Result<()> {
        let InverseSettings { steps, log_every, .. } = self.inverse;
        ensure!(
            steps / log_every <= LOSSES,
            "inverse.log_every: found {log_every}, expected at least {} for {steps} steps, so that at most {LOSSES} losses \
             are kept",
            steps.div_ceil(LOSSES)
        );
        let ClassifierSettings { clip_low, clip_high, .. } = self.classifier;
        ensure!(
            clip_low < clip_high,
            "classifier.clip_low: found {clip_low}, expected less than classifier.clip_high, which is {clip_high}"
        );
        let FingerprintsSettings { active_above, inactive_below, .. } = self.fingerprints;
        ensure!(
            inactive_below <= active_above,
            "fingerprints.inactive_below: found {inactive_below}, expected at most fingerprints.active_above, which is \
             {active_above}"
        );
        let mut ids: Vec<&str> = self.claims.iter().map(|claim| claim.id.as_str()).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            anyhow::bail!("the claim '{}' is there twice", pair[0]);
        }
        Ok(())
    }

    /// Puts a command line's parameters in place and says what that changed, one line for each.
    pub fn apply(&mut self, overrides: Overrides) -> Vec<String> {
        let mut changes = Vec::new();
        if let Some(seed) = overrides.seed.filter(|&seed| seed != self.seed) {
            changes.push(format!("seed {} -> {seed}", self.seed));
            self.seed = seed;
        }
        let (network, published) = match overrides.of_convnet {
            true => (StageName::Convnet, &mut self.convnet.epochs),
            false => (StageName::Classifier, &mut self.classifier.epochs),
        };
        let epochs = overrides.epochs.map(|epochs| epochs as usize);
        if let Some(epochs) = epochs.filter(|epochs| *epochs != *published) {
            changes.push(format!("{network}.epochs {published} -> {epochs}"));
            *published = epochs;
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = include_str!("../../../reproduce.toml");

    #[test]
    fn the_published_file_is_valid() {
        Config::from_text(PUBLISHED).unwrap();
    }

    #[test]
    fn the_published_numbers_are_those_that_other_programs_take() {
        use minutia_models::post;
        let Config { inverse, classifier, ideal_images, convnet, .. } = Config::from_text(PUBLISHED).unwrap();
        assert_eq!(convnet.network(), ConvnetParameters::default());
        assert_eq!(classifier.network(), Parameters::default());
        assert_eq!((classifier.batch, classifier.learning_rate), (post::BATCH, post::CLASSIFIER_RATE));
        assert_eq!((inverse.size, inverse.entries_below), (post::MATRIX_SIZE, post::ENTRIES_BELOW));
        assert_eq!(inverse.learning_rate, post::INVERSE_RATE);
        assert_eq!(ideal_images.learning_rate, post::IDEAL_RATE);
        assert_eq!([ideal_images.l1_penalty, ideal_images.l2_penalty], [post::PENALTY; 2]);
    }

    #[test]
    fn a_bad_file_is_named_with_its_parameter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reproduce.toml");
        for (from, to, message) in [
            ("steps = 100_000", "stepps = 100_000", "inverse: unknown field `stepps`"),
            (
                "seed = 11",
                "seed = \"eleven\"",
                "seed: invalid type: string \"eleven\", expected a whole number from 0",
            ),
            ("seed = 11", "seed = 99999999999999999999", "seed = 99999999999999999999"),
            ("seed = 11", "", "missing field `seed`"),
            ("id = \"accuracy\"", "id = \"inverse\"", "the claim 'inverse' is there twice"),
            ("stage = \"classifier\"", "stage = \"clasifier\"", "clasifier"),
            ("log_every = 100", "log_every = 1\nsteps = 2_000_000", "duplicate key"),
            (
                "clip_low = 1e-10",
                "clip_low = 0.99999995",
                "classifier.clip_low: found 0.99999994, expected less",
            ),
            (
                "clip_high = 0.9999999",
                "clip_high = 0.99999999",
                "classifier.clip_high: found 0.99999999, expected",
            ),
            (
                "inactive_below = 0.1",
                "inactive_below = 0.95",
                "fingerprints.inactive_below: found 0.95, expected",
            ),
            (
                "steps = 100_000\nlog_every = 100",
                "steps = 100_000_000\nlog_every = 99",
                "expected at least 100 for",
            ),
        ] {
            assert!(PUBLISHED.contains(from), "nothing to change: {from}");
            std::fs::write(&path, PUBLISHED.replacen(from, to, 1)).unwrap();
            let error = format!("{:#}", Config::read(&path).unwrap_err());
            assert!(
                error.contains("reproduce.toml cannot be used") && error.contains(message),
                "{to}: {error}"
            );
        }
    }

    /// Every number of the published file, as `section.name`.
    fn numbers() -> Vec<(String, toml::Value)> {
        let table: toml::Table = toml::from_str(PUBLISHED).unwrap();
        let mut found = Vec::new();
        for (name, value) in table {
            match value {
                toml::Value::Table(section) => {
                    found.extend(section.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
                }
                toml::Value::Array(_) => {}
                value => found.push((name, value)),
            }
        }
        found
    }

    /// The published file with another value of one parameter.
    fn with(parameter: &str, value: &toml::Value) -> Result<Config> {
        let mut table: toml::Table = toml::from_str(PUBLISHED)?;
        let (section, key) = parameter.split_once('.').unwrap_or(("", parameter));
        let section = match section {
            "" => &mut table,
            section => table[section].as_table_mut().context("a section")?,
        };
        section.insert(key.to_string(), value.clone());
        Config::from_text(&toml::to_string(&table)?)
    }

    #[test]
    fn every_number_has_a_domain_and_an_error_names_the_parameter_and_what_was_found() {
        use toml::Value::{Float, Integer};
        let numbers = numbers();
        assert_eq!(numbers.len(), 43, "each number of reproduce.toml is tried");
        // What is accepted beside the published value: 0 where nothing of something has a meaning, and the
        // greatest seed.
        let zero = "weight_stddev bias_stddev accuracy_at_least inactive_below bands_at_least read_at_least l1_penalty \
                    l2_penalty dead_below alike_from bias dropout_rate seed";
        for (parameter, published) in &numbers {
            with(parameter, published).unwrap();
            let name = parameter.rsplit('.').next().unwrap();
            for bad in [
                Float(f64::NAN),
                Float(f64::INFINITY),
                Float(f64::NEG_INFINITY),
                Float(-1.5),
                Float(1e38),
                Float(1e300),
                Float(0.0),
                Integer(0),
                Integer(-2),
                Integer(i64::MIN),
                Integer(i64::MAX),
                toml::Value::from("0.5"),
                toml::Value::from(true),
                toml::Value::Array(vec![published.clone()]),
            ] {
                let is_zero = bad == Integer(0) || bad == Float(0.0) && published.is_float();
                let accepted = is_zero && zero.split_whitespace().any(|zero| zero == name)
                    || (name, &bad) == ("seed", &Integer(i64::MAX));
                match with(parameter, &bad) {
                    Ok(_) => assert!(accepted, "{parameter} = {bad} is accepted"),
                    Err(error) => {
                        let error = format!("{error:#}");
                        assert!(!accepted, "{parameter} = {bad}: {error}");
                        let named = error.contains(parameter.as_str());
                        assert!(named && error.contains("expected"), "{parameter} = {bad}: {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn only_other_values_count_as_changes() {
        let mut config = Config::from_text(PUBLISHED).unwrap();
        let (seed, epochs) = (config.seed, config.classifier.epochs);
        let same = Overrides { seed: Some(seed), epochs: Some(epochs as u32), of_convnet: false };
        assert!(config.apply(same).is_empty());
        let other = Overrides { seed: Some(seed + 1), epochs: Some(3), of_convnet: false };
        assert_eq!(
            config.apply(other),
            [format!("seed {seed} -> {}", seed + 1), format!("classifier.epochs {epochs} -> 3")]
        );
        assert_eq!((config.seed, config.classifier.epochs), (seed + 1, 3));
        let epochs = config.convnet.epochs;
        let of_convnet = Overrides { epochs: Some(2), of_convnet: true, ..Overrides::default() };
        assert_eq!(config.apply(of_convnet), [format!("convnet.epochs {epochs} -> 2")]);
        assert_eq!((config.classifier.epochs, config.convnet.epochs), (3, 2));
    }
}
