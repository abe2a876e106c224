//! The chain of digests, as the page shows it.

use anyhow::{Context, Result};
use minutia_viz::format_number;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reproduce::{
    compute::{classifier::Results, kept},
    config::Config,
    pipeline::Done,
    stage::StageName,
};

/// What the page says of the chain.
#[derive(Debug, Serialize)]
pub struct Chain {
    /// How many numbers each digest is of, in groups of three digits.
    parameters: String,
    links: Vec<ShownLink>,
    /// The epochs whose parameters the output folder keeps, as a list in words.
    kept: String,
}

#[derive(Debug, Serialize)]
struct ShownLink {
    epoch: usize,
    sha256: String,
    kept: bool,
}

impl Chain {
    /// The chain of the stage that has one.
    ///
    /// # Errors
    /// When the record holds other results.
    pub fn of(done: &Done, config: &Config) -> Result<Option<Chain>> {
        match done.stage.name() {
            StageName::Classifier => {
                let parameters = config.classifier.network().count();
                Chain::new(&done.outcome.results, parameters, &kept::epochs(config.classifier.epochs))
                    .map(Some)
            }
            _ => Ok(None),
        }
    }

    fn new(results: &Value, parameters: usize, kept: &[usize]) -> Result<Chain> {
        let results = Results::deserialize(results).context("the record holds other results")?;
        let links = results.epochs.into_iter().map(|link| ShownLink {
            epoch: link.epoch.epoch,
            kept: kept.contains(&link.epoch.epoch),
            sha256: link.parameters_sha256,
        });
        Ok(Chain { parameters: format_number(parameters as f64), links: links.collect(), kept: listed(kept) })
    }
}

/// `1, 2 and 3`.
fn listed(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(usize::to_string).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        for (numbers, text) in
            [(&[][..], ""), (&[8], "8"), (&[8, 16], "8 and 16"), (&[8, 16, 25], "8, 16 and 25")]
        {
            assert_eq!(listed(numbers), text);
        }
    }
}
