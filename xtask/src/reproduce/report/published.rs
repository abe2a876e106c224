//! What the published runs gave, as `repro.lock` had it when this program was built.

use anyhow::Result;

use crate::reproduce::{
    lockfile::{self, Lock},
    stage::StageName,
};

/// The file's text.
pub const LOCK: &str = include_str!("../../../../repro.lock");

/// The numbers of the published runs.
#[derive(Debug)]
pub struct Published(Lock);

impl Published {
    /// Reads what is embedded.
    ///
    /// # Errors
    /// When the file was damaged when it was embedded.
    pub fn read() -> Result<Published> {
        Ok(Published(lockfile::from_text(LOCK)?))
    }

    /// An item of a set, such as `classifier.epochs.50.test_accuracy` of `mnist`, as the file writes it.
    pub fn text(&self, set: &str, stage: StageName, item: &str) -> Option<&str> {
        self.0.get(set)?.get(&stage)?.results.get(item).map(String::as_str)
    }

    /// An item that is a number.
    pub fn number(&self, set: &str, stage: StageName, item: &str) -> Option<f64> {
        self.text(set, stage, item)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_digests_of_the_published_runs_are_there() {
        let published = Published::read().unwrap();
        let number = |item| published.number("mnist", StageName::Classifier, item);
        assert_eq!(number("classifier.epochs.50.epoch"), Some(50.0));
        assert_eq!(number("classifier.epochs.51.epoch"), None);
        let digest = published.text("digits", StageName::Classifier, "classifier.parameters_sha256");
        assert_eq!(digest.map(str::len), Some(64));
    }
}
