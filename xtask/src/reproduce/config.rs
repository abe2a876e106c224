//! `reproduce.toml`: the stages' parameters and the post's claims.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::StageName;

/// Everything that a result may depend on, the data apart.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The seed of every random number.
    pub seed: u64,
    pub inverse: Inverse,
    pub inverse_seeds: InverseSeeds,
    pub classifier: Classifier,
    pub fingerprints: Fingerprints,
    pub ideal_images: IdealImages,
    /// The post's claims, in its order.
    #[serde(rename = "claim")]
    pub claims: Vec<Claim>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Inverse {
    /// Rows of the square matrix.
    pub size: usize,
    /// The matrix's entries are drawn from 0 to this number, which is left out.
    pub entries_below: u32,
    pub learning_rate: f32,
    pub steps: usize,
    /// The loss is kept before every so many steps.
    pub log_every: usize,
    /// An entry of x·A within this of the identity's counts as right.
    pub tolerance: f32,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InverseSeeds {
    pub seeds: usize,
    pub steps: usize,
    pub learning_rate: f32,
    /// The optimizer setting that does converge: Adam whose rate falls linearly to zero.
    pub adam_learning_rate: f32,
    pub adam_steps: usize,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Classifier {
    pub hidden: usize,
    pub weight_stddev: f32,
    pub bias_stddev: f32,
    pub clip_low: f32,
    pub clip_high: f32,
    pub learning_rate: f32,
    pub batch: usize,
    pub epochs: usize,
    /// The test accuracy that answers the claim.
    pub accuracy_at_least: f64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprints {
    /// A unit active in more than this share of a class's images is a bright band.
    pub active_above: f64,
    /// A unit active in less than this share is a dark band.
    pub inactive_below: f64,
    /// The share of units that must be bands for the claim to hold.
    pub bands_at_least: f64,
    /// The share of images that must be nearest to their own class's mean for the claim to hold.
    pub read_at_least: f64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdealImages {
    pub learning_rate: f32,
    pub steps: usize,
    pub l1_penalty: f32,
    pub l2_penalty: f32,
    /// A pixel whose value is nearer to zero than this counts as killed.
    pub dead_below: f32,
    /// Below this mean correlation with the class means, the images do not look like them.
    pub alike_from: f64,
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
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Names the file, the parameter and what is wrong with it.
    pub fn read(path: &Path) -> Result<Config> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let config: Config = toml::from_str(&text).map_err(|error| {
            anyhow::anyhow!("{} is not a valid description of the stages: {error}", path.display())
        })?;
        config.check().with_context(|| format!("{} cannot be used", path.display()))?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let counts = [
            ("inverse.size", self.inverse.size),
            ("inverse.entries_below", self.inverse.entries_below as usize),
            ("inverse.steps", self.inverse.steps),
            ("inverse.log_every", self.inverse.log_every),
            ("inverse_seeds.seeds", self.inverse_seeds.seeds),
            ("inverse_seeds.steps", self.inverse_seeds.steps),
            ("inverse_seeds.adam_steps", self.inverse_seeds.adam_steps),
            ("classifier.hidden", self.classifier.hidden),
            ("classifier.batch", self.classifier.batch),
            ("classifier.epochs", self.classifier.epochs),
            ("ideal_images.steps", self.ideal_images.steps),
        ];
        for (name, value) in counts {
            ensure!((1..=100_000_000).contains(&value), "{name} is {value}, but must be from 1 to 100000000");
        }
        let rates = [
            ("inverse.learning_rate", self.inverse.learning_rate),
            ("inverse_seeds.learning_rate", self.inverse_seeds.learning_rate),
            ("inverse_seeds.adam_learning_rate", self.inverse_seeds.adam_learning_rate),
            ("classifier.learning_rate", self.classifier.learning_rate),
            ("ideal_images.learning_rate", self.ideal_images.learning_rate),
        ];
        for (name, value) in rates {
            ensure!(value.is_finite() && value > 0.0, "{name} is {value}, but must be a number above 0");
        }
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
        let epochs = overrides.epochs.map(|epochs| epochs as usize);
        if let Some(epochs) = epochs.filter(|&epochs| epochs != self.classifier.epochs) {
            changes.push(format!("classifier.epochs {} -> {epochs}", self.classifier.epochs));
            self.classifier.epochs = epochs;
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = include_str!("../../../reproduce.toml");

    fn read(text: &str) -> Result<Config> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("reproduce.toml");
        std::fs::write(&path, text)?;
        Config::read(&path)
    }

    #[test]
    fn the_published_file_is_valid() {
        read(PUBLISHED).unwrap();
    }

    #[test]
    fn a_bad_file_is_named_with_its_parameter() {
        for (from, to, message) in [
            ("steps = 100_000", "steps = 0", "inverse.steps is 0"),
            ("steps = 100_000", "stepps = 100_000", "stepps"),
            ("learning_rate = 0.01", "learning_rate = nan", "inverse.learning_rate is NaN"),
            ("seed = 11", "seed = \"eleven\"", "seed"),
            ("id = \"accuracy\"", "id = \"inverse\"", "the claim 'inverse' is there twice"),
            ("stage = \"classifier\"", "stage = \"clasifier\"", "clasifier"),
        ] {
            assert!(PUBLISHED.contains(from), "nothing to change: {from}");
            let error = format!("{:#}", read(&PUBLISHED.replacen(from, to, 1)).unwrap_err());
            assert!(error.contains("reproduce.toml") && error.contains(message), "{to}: {error}");
        }
    }

    #[test]
    fn only_other_values_count_as_changes() {
        let mut config = read(PUBLISHED).unwrap();
        let (seed, epochs) = (config.seed, config.classifier.epochs);
        let same = Overrides { seed: Some(seed), epochs: Some(epochs as u32) };
        assert!(config.apply(same).is_empty());
        let changes = config.apply(Overrides { seed: Some(seed + 1), epochs: Some(3) });
        assert_eq!(
            changes,
            [format!("seed {seed} -> {}", seed + 1), format!("classifier.epochs {epochs} -> 3")]
        );
        assert_eq!((config.seed, config.classifier.epochs), (seed + 1, 3));
    }
}
