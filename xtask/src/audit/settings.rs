//! Which parameters a run was made with, and whether it says so.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{
    audit::{
        told::{Told, stage},
        verdicts::{differences, plain},
    },
    reproduce::config::{Config, Overrides},
};

/// Puts the run's seed and number of epochs in the place of the published ones, and gives every difference
/// between what the run says of its parameters and what they are then.
///
/// # Errors
/// When there is no such number of epochs.
pub fn settle(config: &mut Config, told: &Told) -> Result<Vec<String>> {
    let epochs = u32::try_from(told.classifier.epochs.len())?;
    ensure!(epochs > 0, "classifier.epochs is empty");
    let mut changes =
        config.apply(Overrides { seed: Some(told.seed), epochs: Some(epochs), of_convnet: false });
    // The other network, no part of which is audited, may have been trained for another number of epochs.
    let of_convnet = told.parameters.get("convnet").and_then(|settings| settings.get("epochs"));
    let of_convnet = of_convnet.and_then(Value::as_u64).and_then(|epochs| u32::try_from(epochs).ok());
    changes.extend(config.apply(Overrides { epochs: of_convnet, of_convnet: true, seed: None }));

    let mut problems =
        differences("changed_parameters", Some(&json!(told.changed_parameters)), Some(&json!(changes)));
    let published = changes.is_empty();
    problems.extend(differences(
        "published_parameters",
        Some(&json!(told.published_parameters)),
        Some(&json!(published)),
    ));
    for name in told.stages() {
        let here = stage(name).map(|stage| stage.parameters(config));
        problems.extend(differences(&format!("parameters.{name}"), told.parameters.get(name), here.as_ref()));
    }
    let more = told.parameters.keys().filter(|name| !told.stages().any(|stage| stage == name.as_str()));
    problems
        .extend(more.map(|name| format!("parameters has {}, of which there are no results", plain(name))));
    Ok(problems)
}
