//! What `manifest.json` and `results.json` say. They are checked for form, and believed in nothing.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    audit::{folder::Folder, verdicts::plain},
    reproduce::{
        compute::{STAGES, classifier::Link},
        finish::to_json,
        record::is_output,
        report::results::text,
        stage::AnyStage,
    },
};

/// The most bytes of `manifest.json`.
const MANIFEST: u64 = 1 << 20;

/// The most bytes of `results.json`: 20 times those of the published run.
const RESULTS: u64 = 1 << 23;

/// The most epochs of a run, as on the command line of `reproduce`.
const EPOCHS: usize = 100_000;

/// The SHA-256 of each file, by its path.
pub type Manifest = BTreeMap<String, String>;

/// Reads `manifest.json`.
///
/// # Errors
/// When it is missing, is not written as this program writes it, or names what no run leaves.
pub fn manifest(folder: &Folder) -> Result<Manifest> {
    let bytes = folder.read("manifest.json", MANIFEST)?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| foreign(&error))?;
    // A name that is there twice would be read by one program as this and by another as that.
    ensure!(to_json(&manifest)? == bytes, "it is not written as this program writes it");
    for (name, sha256) in &manifest {
        let known = is_output(name) && !name.starts_with("tensorboard/");
        ensure!(known, "it names {}, which no run leaves", plain(name));
        ensure!(is_digest(sha256), "what it gives for {name} is no SHA-256: {}", plain(sha256));
    }
    Ok(manifest)
}

/// Whether a text is a SHA-256 as this program writes it.
fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What `results.json` says that an audit compares.
#[derive(Debug, Deserialize)]
pub struct Told {
    pub seed: u64,
    pub published_parameters: bool,
    pub changed_parameters: Vec<String>,
    /// Of each stage.
    pub parameters: Map<String, Value>,
    pub dataset: Value,
    pub data_note: Option<Value>,
    pub classifier: ToldClassifier,
    /// Each has an `id`.
    pub claims: Vec<Value>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// The part of the stage `classifier`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldClassifier {
    /// As they stand there.
    pub epochs: Vec<Value>,
    pub parameters_sha256: String,
    pub graph: Value,
}

impl Told {
    /// Reads `results.json`.
    ///
    /// # Errors
    /// When it is missing, is not written as this program writes it, or lacks what is compared.
    pub fn read(folder: &Folder) -> Result<Told> {
        let bytes = folder.read("results.json", RESULTS)?;
        // The reader refuses what is nested deeper than 128 levels.
        let top: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|error| foreign(&error))?;
        ensure!(text(&top)? == bytes, "it is not written as this program writes it");
        let told = Told::deserialize(Value::Object(top)).map_err(|error| foreign(&error))?;
        for name in told.others.keys() {
            ensure!(stage(name).is_some(), "{} is the result of no stage", plain(name));
        }
        Ok(told)
    }

    /// The stages of which there are results.
    pub fn stages(&self) -> impl Iterator<Item = &str> {
        ["dataset", "classifier"].into_iter().chain(self.others.keys().map(String::as_str))
    }

    /// The chain of digests, with what came out after each epoch.
    ///
    /// # Errors
    /// When the epochs are not counted from 1, one has a field too few or too many, or what should be a
    /// digest is none.
    pub fn links(&self) -> Result<Vec<Link>> {
        let count = self.classifier.epochs.len();
        ensure!((1..=EPOCHS).contains(&count), "classifier.epochs has {count}, expected 1 to {EPOCHS}");
        let link = |(value, number): (&Value, usize)| {
            let place = format!("classifier.epochs.{number}");
            let link =
                Link::deserialize(value).map_err(|error| foreign(&error)).with_context(|| place.clone())?;
            ensure!(link.epoch.epoch == number, "{place}.epoch is {}, expected {number}", link.epoch.epoch);
            ensure!(serde_json::json!(link) == *value, "{place} has other fields than this program writes");
            let sha256 = &link.parameters_sha256;
            ensure!(is_digest(sha256), "{place}.parameters_sha256 is no SHA-256: {}", plain(sha256));
            Ok(link)
        };
        self.classifier.epochs.iter().zip(1..).map(link).collect()
    }
}

/// A stage by its name in files.
pub fn stage(name: &str) -> Option<&'static dyn AnyStage> {
    STAGES.iter().copied().find(|stage| stage.name().as_str() == name)
}

/// The error of a reader, which may quote what it read.
fn foreign(error: &serde_json::Error) -> anyhow::Error {
    anyhow::anyhow!("{}", plain(&error.to_string()))
}
