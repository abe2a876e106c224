//! `repro.lock`: every number and the digest of every picture of the published run, one set for each data
//! set.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{digest, files, reproduce::StageName};

/// What a stage found, item by item: a number as it is, an array or a file as its SHA-256.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The items of `results.json`: `STAGE.name.name`.
    pub results: BTreeMap<String, String>,
    /// Figures and arrays, by their path below the output folder.
    pub files: BTreeMap<String, String>,
}

impl Found {
    /// The results of a stage and the files that it wrote.
    pub fn new(stage: StageName, results: &Value, files: BTreeMap<String, String>) -> Found {
        let mut found = Found { results: BTreeMap::new(), files };
        flatten(stage.as_str(), results, &mut found.results);
        found
    }
}

/// What the stages found, by name.
pub type Set = BTreeMap<StageName, Found>;

/// The sets of the file, by name.
pub type Lock = BTreeMap<String, Set>;

/// In words, every item of the stages in `found` that is not as `expected`.
pub fn differences(found: &Set, expected: &Set) -> Vec<String> {
    let nothing = Found::default();
    let of_stage = |(stage, found): (&StageName, &Found)| {
        let expected = expected.get(stage).unwrap_or(&nothing);
        [compare(&found.results, &expected.results), compare(&found.files, &expected.files)].concat()
    };
    found.iter().flat_map(of_stage).collect()
}

fn compare(found: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<&String> = found.keys().chain(expected.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let line = |name: &String| match (found.get(name), expected.get(name)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(a), Some(b)) => Some(format!("{name}: got {a}, repro.lock has {b}")),
        (Some(_), None) => Some(format!("{name}: not in repro.lock")),
        (None, _) => Some(format!("{name}: in repro.lock, but not computed")),
    };
    names.into_iter().filter_map(line).collect()
}

fn flatten(name: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                flatten(&format!("{name}.{field}"), value, into);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (i, value) in items.iter().enumerate() {
                flatten(&format!("{name}.{}", i + 1), value, into);
            }
        }
        Value::Array(items) => {
            let text = format!("{} items, sha256 {}", items.len(), digest::hex(value.to_string().as_bytes()));
            into.insert(name.to_string(), text);
        }
        Value::String(text) => {
            into.insert(name.to_string(), text.clone());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            into.insert(name.to_string(), value.to_string());
        }
    }
}

/// Reads the file; without one there are no sets.
///
/// # Errors
/// When it cannot be read or is damaged.
pub fn read(path: &Path) -> Result<Lock> {
    let Some(bytes) = files::read(path)? else { return Ok(Lock::new()) };
    let text = String::from_utf8(bytes).with_context(|| format!("{} is no text", path.display()));
    text.and_then(|text| from_text(&text)).with_context(|| {
        format!(
            "{} is damaged; take it from version control again, or remove it and rewrite it with --bless",
            path.display()
        )
    })
}

/// Reads the text of the file.
///
/// # Errors
/// When it is damaged.
pub fn from_text(text: &str) -> Result<Lock> {
    Ok(toml::from_str(text)?)
}

/// Puts what stages of one set found into the file, and leaves its other stages and sets as they are.
///
/// # Errors
/// When the file cannot be read or written.
pub fn bless(path: &Path, set: &str, found: &Set) -> Result<()> {
    let mut lock = read(path)?;
    lock.entry(set.to_string()).or_default().extend(found.clone());
    let text = toml::to_string(&lock).context("repro.lock cannot be encoded")?;
    let head = "# What `cargo xtask reproduce` gives on every machine. Written by `--bless`, compared by `--verify`.\n\n";
    files::write(path, format!("{head}{text}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found() -> Set {
        let results = json!({"loss": [1.5, 0.25], "epochs": [{"epoch": 1, "accuracy": 0.9}, {"epoch": 2, "accuracy": 0.95}]});
        let files = BTreeMap::from([("figures/a.svg".to_string(), "00".to_string())]);
        Set::from([(StageName::Classifier, Found::new(StageName::Classifier, &results, files))])
    }

    #[test]
    fn numbers_stand_as_they_are_and_arrays_as_digests() {
        let found = &found()[&StageName::Classifier];
        assert_eq!(found.results["classifier.epochs.2.accuracy"], "0.95");
        assert!(found.results["classifier.loss"].starts_with("2 items, sha256 "));
        assert_eq!(found.results.len(), 5);
    }

    #[test]
    fn every_difference_is_named() {
        let expected = found();
        assert!(differences(&found(), &expected).is_empty());

        let mut set = found();
        let changed = set.get_mut(&StageName::Classifier).unwrap();
        changed.results.insert("classifier.epochs.2.accuracy".into(), "0.9500000000000001".into());
        changed.results.remove("classifier.loss");
        changed.files.insert("figures/a.svg".into(), "01".into());
        changed.files.insert("figures/b.svg".into(), "02".into());
        assert_eq!(
            differences(&set, &expected),
            [
                "classifier.epochs.2.accuracy: got 0.9500000000000001, repro.lock has 0.95",
                "classifier.loss: in repro.lock, but not computed",
                "figures/a.svg: got 01, repro.lock has 00",
                "figures/b.svg: not in repro.lock",
            ]
        );
        assert!(differences(&Set::new(), &expected).is_empty(), "a stage that did not run is not compared");
        assert_eq!(differences(&expected, &Set::new()).len(), 6);
    }

    #[test]
    fn the_file_keeps_its_other_sets_and_stages_and_damage_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repro.lock");
        assert!(read(&path).unwrap().is_empty());
        bless(&path, "digits", &Set::new()).unwrap();
        bless(&path, "mnist", &found()).unwrap();
        let lock = read(&path).unwrap();
        assert_eq!((&lock["digits"], &lock["mnist"]), (&Set::new(), &found()));
        // A stage takes the place of what it found before, item by item, and of nothing else.
        let other = Set::from([(StageName::Inverse, found()[&StageName::Classifier].clone())]);
        bless(&path, "mnist", &other).unwrap();
        let both: Set = found().into_iter().chain(other.clone()).collect();
        assert_eq!(read(&path).unwrap()["mnist"], both);
        let nothing = Set::from([(StageName::Classifier, Found::default())]);
        bless(&path, "mnist", &nothing).unwrap();
        assert_eq!(read(&path).unwrap()["mnist"], nothing.into_iter().chain(other).collect::<Set>());

        for damage in [&b"[mnist"[..], b"mnist = 3", b"\xff", b"[mnist.classifier.results]\na = 1"] {
            std::fs::write(&path, damage).unwrap();
            let error = format!("{:#}", read(&path).unwrap_err());
            assert!(error.contains("repro.lock is damaged") && error.contains("--bless"), "{error}");
            assert!(bless(&path, "digits", &Set::new()).is_err());
        }
    }
}
