//! What the output folder remembers of an earlier run: `OUT/.cache/JOB.json`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{digest, files, reproduce::tensorboard};

/// Everything that a job's outcome depends on: a name and a value (or its digest) each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Key(BTreeMap<String, String>);

impl Key {
    /// Adds a part.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Key {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Adds each field of a JSON object (or the value itself) as a parameter.
    pub fn with_parameters(self, value: &Value) -> Key {
        match value {
            Value::Object(fields) => fields
                .iter()
                .fold(self, |key, (name, value)| key.with(format!("parameter {name}"), value.to_string())),
            Value::Null => self,
            other => self.with("parameter", other.to_string()),
        }
    }

    /// The SHA-256 of all parts.
    pub fn digest(&self) -> String {
        digest::hex_of_strings(self.0.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]))
    }

    /// The first eight digits of the digest, for people.
    pub fn short(&self) -> String {
        self.digest()[..8].to_string()
    }

    /// In words, the first way in which this key differs from an earlier one.
    fn difference(&self, earlier: &Key) -> Option<String> {
        for (name, value) in &self.0 {
            match earlier.0.get(name) {
                Some(old) if old == value => {}
                Some(old) if old.len() < 20 && value.len() < 20 => {
                    return Some(format!("{name} {old} -> {value}"));
                }
                Some(_) => return Some(format!("{name} changed")),
                None => return Some(format!("new: {name}")),
            }
        }
        earlier.0.keys().find(|name| !self.0.contains_key(*name)).map(|name| format!("gone: {name}"))
    }
}

/// A job that was done: its key, its outcome, and the digests of the files that it wrote.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Record {
    pub key: Key,
    /// Path below the output folder, with `/`, and SHA-256.
    pub outputs: BTreeMap<String, String>,
    pub outcome: Value,
}

/// Why a job has to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub String);

/// Why a job runs that nobody has done.
const ABSENT: &str = "no earlier result";

impl Reason {
    /// Whether there is nothing that could be used, rather than something that cannot.
    pub fn is_absence(&self) -> bool {
        self.0 == ABSENT
    }
}

impl Record {
    /// Reads the record of a job, whatever its key; `None` where there is none, or a damaged one.
    ///
    /// # Errors
    /// When a file is there but cannot be read at all.
    pub fn read(out: &Path, job: &str) -> Result<Option<Record>> {
        Ok(files::read(&path(out, job))?.and_then(|bytes| open(&bytes)))
    }

    /// Reads a record, if it says that the job with this key is done, has an outcome that `fits` the job, and
    /// its files are still as they were.
    ///
    /// # Errors
    /// When a file is there but cannot be read at all.
    pub fn valid(
        out: &Path,
        job: &str,
        key: &Key,
        fits: impl FnOnce(&Record) -> bool,
    ) -> Result<Result<Record, Reason>> {
        let Some(bytes) = files::read(&path(out, job))? else {
            return Ok(Err(Reason(ABSENT.to_string())));
        };
        let Some(record) = open(&bytes) else {
            return Ok(Err(Reason("the record of its earlier result is damaged".to_string())));
        };
        if let Some(difference) = key.difference(&record.key) {
            return Ok(Err(Reason(difference)));
        }
        if !fits(&record) {
            return Ok(Err(Reason("the record of its earlier result is damaged".to_string())));
        }
        for (name, expected) in &record.outputs {
            match files::read(&out.join(name))? {
                None => return Ok(Err(Reason(format!("{name} is missing")))),
                Some(bytes) if digest::hex(&bytes) != *expected => {
                    return Ok(Err(Reason(format!("{name} is not what was written"))));
                }
                Some(_) => {}
            }
        }
        Ok(Ok(record))
    }

    /// The digest of everything that later jobs can see of this one.
    pub fn content(&self) -> String {
        let outputs = self.outputs.iter().flat_map(|(name, digest)| [name.clone(), digest.clone()]);
        let parts: Vec<String> = outputs.chain([self.outcome.to_string()]).collect();
        digest::hex_of_strings(parts.iter().map(String::as_str))
    }

    /// Writes the record; the job is done from here on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &Path, job: &str) -> Result<()> {
        let text = serde_json::to_string(self)?;
        files::write(&path(out, job), format!("{}\n{text}\n", digest::hex(text.as_bytes())).as_bytes())
    }

    /// Forgets that a job was done.
    ///
    /// # Errors
    /// When the record cannot be removed.
    pub fn forget(out: &Path, job: &str) -> Result<()> {
        files::remove(&path(out, job))
    }
}

fn path(out: &Path, job: &str) -> std::path::PathBuf {
    out.join(".cache").join(format!("{job}.json"))
}

/// Reads the bytes of a record; `None` for what no run of this program can have written.
pub fn open(bytes: &[u8]) -> Option<Record> {
    let (expected, text) = std::str::from_utf8(bytes).ok()?.trim_end().split_once('\n')?;
    if digest::hex(text.as_bytes()) != expected {
        return None;
    }
    let record: Record = serde_json::from_str(text).ok()?;
    record.outputs.keys().all(|name| is_output(name)).then_some(record)
}

/// Whether a path is one that a job writes to: the report's files, a figure, a stage's array or its events.
pub fn is_output(path: &str) -> bool {
    let plain = |name: &str, ending: &str| {
        let stem = name.strip_suffix(ending);
        stem.is_some_and(|stem| {
            !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
    };
    match path.split('/').collect::<Vec<_>>()[..] {
        ["report.html" | "results.json"] => true,
        ["figures", name] => plain(name, ".svg") || plain(name, ".png"),
        ["data", stage, name] => plain(stage, "") && plain(name, ".f32"),
        ["tensorboard", stage, tensorboard::FILE] => plain(stage, ""),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::default()
            .with_parameters(&serde_json::json!({"steps": 10, "rate": 0.5}))
            .with("input dataset", "a".repeat(64))
    }

    fn reason(out: &Path, key: &Key) -> String {
        Record::valid(out, "job", key, |_| true).unwrap().unwrap_err().0
    }

    #[test]
    fn a_job_is_done_only_while_everything_is_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        assert_eq!(reason(out, &key()), "no earlier result");

        files::write(&out.join("figures/a.svg"), b"<svg/>").unwrap();
        let outputs = BTreeMap::from([("figures/a.svg".to_string(), digest::hex(b"<svg/>"))]);
        let record = Record { key: key(), outputs, outcome: serde_json::json!({"x": 0.1}) };
        record.write(out, "job").unwrap();
        assert_eq!(Record::valid(out, "job", &key(), |_| true).unwrap(), Ok(record.clone()));
        let unfit = Record::valid(out, "job", &key(), |_| false).unwrap();
        assert_eq!(unfit, Err(Reason("the record of its earlier result is damaged".to_string())));

        for (changed, expected) in [
            (key().with("parameter steps", "20"), "parameter steps 10 -> 20"),
            (key().with("input dataset", "b".repeat(64)), "input dataset changed"),
            (key().with("parameter more", "1"), "new: parameter more"),
        ] {
            assert_eq!(reason(out, &changed), expected);
        }
        let fewer = Key::default().with_parameters(&serde_json::json!({"steps": 10, "rate": 0.5}));
        assert_eq!(reason(out, &fewer), "gone: input dataset");

        files::write(&out.join("figures/a.svg"), b"<svg>").unwrap();
        assert_eq!(reason(out, &key()), "figures/a.svg is not what was written");
        files::remove(&out.join("figures/a.svg")).unwrap();
        assert_eq!(reason(out, &key()), "figures/a.svg is missing");
    }

    #[test]
    fn any_damage_to_a_record_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let record = Record { key: key(), outputs: BTreeMap::new(), outcome: Value::Null };
        record.write(out, "job").unwrap();
        let whole = files::read(&path(out, "job")).unwrap().unwrap();
        for position in 0..whole.len() - 1 {
            let mut damaged = whole.clone();
            damaged[position] ^= 1;
            assert!(open(&damaged).is_none(), "byte {position}");
            assert!(open(&whole[..position]).is_none(), "cut at {position}");
        }
        assert_eq!(open(&whole), Some(record));
    }

    #[test]
    fn a_record_names_no_file_outside_the_output_folder() {
        let events = format!("tensorboard/inverse/{}", tensorboard::FILE);
        for good in [
            "report.html",
            "results.json",
            "figures/l2.png",
            "figures/a_b.svg",
            "data/classifier/W1.f32",
            &events,
        ] {
            assert!(is_output(good), "{good}");
        }
        for bad in [
            "/etc/passwd",
            "../figures/a.svg",
            "figures/../a.svg",
            "figures/a.txt",
            "figures//a.svg",
            "figures/.svg",
            "data/W1.f32",
            "data/../W1.f32",
            "data/a/b/W1.f32",
            "./report.html",
            "C:\\a.svg",
            "figures/..\\a.svg",
            "tensorboard/inverse/events",
            "",
        ] {
            assert!(!is_output(bad), "{bad}");
            let outputs = BTreeMap::from([(bad.to_string(), digest::hex(b""))]);
            let record = Record { key: key(), outputs, outcome: Value::Null };
            let folder = tempfile::tempdir().unwrap();
            record.write(folder.path(), "job").unwrap();
            assert_eq!(reason(folder.path(), &key()), "the record of its earlier result is damaged", "{bad}");
        }
    }

    #[test]
    fn the_content_sees_outcome_and_outputs_but_not_the_key() {
        let record = Record { key: key(), outputs: BTreeMap::new(), outcome: Value::Null };
        let other_key = Record { key: Key::default(), ..record.clone() };
        let other_outcome = Record { outcome: Value::Bool(true), ..record.clone() };
        let other_outputs = Record { outputs: BTreeMap::from([("a".into(), "b".into())]), ..record.clone() };
        assert_eq!(record.content(), other_key.content());
        assert_ne!(record.content(), other_outcome.content());
        assert_ne!(record.content(), other_outputs.content());
    }
}
