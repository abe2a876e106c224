//! Whether this machine has the images that a run was trained on, and what the run says of them.

use std::path::PathBuf;

use anyhow::Result;
use minutia_datasets::mnist::Mnist;
use serde_json::{Value, json};

use crate::{
    audit::{
        told::{Manifest, Told},
        verdicts::differences,
    },
    cli::DatasetChoice,
    digest,
    reproduce::{compute::dataset, config::Config, data::Data, run, stage::StageName},
};

/// The images that a run says it was trained on, as this machine has them.
pub fn choose(told: &Told, folder: Option<PathBuf>) -> Data {
    let name = told.dataset.get("name").and_then(Value::as_str);
    let choice = match (name, &folder) {
        (Some("built-in digits"), None) => DatasetChoice::Digits,
        // Without MNIST the digits would take its place, and every number would be another one.
        (Some("MNIST"), _) => DatasetChoice::Mnist,
        _ => DatasetChoice::Auto,
    };
    Data::new(choice, folder)
}

/// Whether the files are those that the run was trained on.
pub fn same(told: &Told, here: &Mnist) -> Vec<String> {
    differences("dataset.sha256", told.dataset.get("sha256"), Some(&json!(dataset::digests(here))))
}

/// Every difference between what the run says of the images and what they are.
///
/// # Errors
/// When the images are too few for the run's batches.
pub fn compare(told: &Told, files: &Manifest, data: &mut Data, config: &Config) -> Result<Vec<String>> {
    let (name, note) = (data.name(), data.note());
    let here = dataset::look(data.images()?, name, config.classifier.batch)?;
    let mut problems = differences("dataset", Some(&told.dataset), Some(&json!(here.results)));
    problems.extend(differences("data_note", told.data_note.as_ref(), note.map(Value::from).as_ref()));
    for (array, values) in &here.arrays {
        let path = run::artifact_path(StageName::Dataset, array);
        let sha256 = digest::hex(&run::bytes(values));
        if files.get(&path) != Some(&sha256) {
            problems.push(format!("{path} is not what these images give, whose SHA-256 is {sha256}"));
        }
    }
    Ok(problems)
}
