//! After the stages: the manifest, the environment, the summary, and the comparison with `repro.lock`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::{
    files,
    reproduce::{
        lockfile::{self, Found, Lock, Set},
        pipeline::{All, Pipeline},
    },
    terminal,
};

/// The set of the data that the post uses.
const PUBLISHED: &str = "mnist";

/// How many differences a message names.
const NAMED: usize = 30;

/// Writes `manifest.json` and `environment.json` and prints the summary.
///
/// # Errors
/// When a file cannot be written.
pub fn finish(pipeline: &Pipeline, all: &All) -> Result<()> {
    let out = &pipeline.jobs.out;
    write_if_changed(&out.join("manifest.json"), &to_json(&manifest(all))?)?;
    let environment = json!({
        "device": pipeline.device.to_string(),
        "operating_system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "data": pipeline.data.origin(),
        "seconds": pipeline.timings.iter().map(|(job, seconds)| json!({"job": job, "seconds": seconds})).collect::<Vec<_>>(),
    });
    files::write(&out.join("environment.json"), &to_json(&environment)?)?;
    terminal::say(format_args!("\n{}", summary(pipeline, all, terminal::columns())))?;
    terminal::say(format_args!("Report: {}", out.join("report.html").display()))?;
    if pipeline.tensorboard {
        terminal::say(format_args!("Curves: tensorboard --logdir {}", out.join("tensorboard").display()))?;
    }
    Ok(())
}

/// The SHA-256 of every output, by its path.
fn manifest(all: &All) -> BTreeMap<&str, &str> {
    let records = all.stages.iter().flat_map(|done| [&done.computed, &done.drawn]).chain(&all.report);
    records
        .flat_map(|record| &record.outputs)
        .map(|(name, digest)| (name.as_str(), digest.as_str()))
        .collect()
}

/// JSON as people can read it, with a line's end.
///
/// # Errors
/// When the value is none of JSON's.
pub fn to_json(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value).context("a value cannot be encoded as JSON")?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if files::read(path)?.as_deref() == Some(bytes) {
        return Ok(());
    }
    files::write(path, bytes)
}

/// The claims and what became of them, as a table.
fn summary(pipeline: &Pipeline, all: &All, columns: usize) -> String {
    let mut text = String::new();
    for claim in &pipeline.config.claims {
        let measured = all.stages.iter().flat_map(|done| &done.outcome.measured).find(|m| m.id == claim.id);
        if let Some(measured) = measured {
            let verdict = if measured.holds { "holds" } else { "FAILS" };
            let head = format!("{verdict}  {:14} ", claim.id);
            text += &terminal::wrapped(&head, &claim.claim, columns);
            text.push('\n');
            let head = format!("       {:14} ", "");
            text += &terminal::wrapped(&head, &measured.measured, columns);
            text.push('\n');
        }
    }
    if let Some(note) = &all.note {
        text += &terminal::wrapped("Data: ", note, columns);
        text.push('\n');
    }
    if !pipeline.changes.is_empty() {
        let changes = format!("{}.", pipeline.changes.join(", "));
        text += &terminal::wrapped("Not the published parameters: ", &changes, columns);
        text.push('\n');
    }
    text
}

/// Compares the outcome with its set of the lock file, or writes it there.
///
/// # Errors
/// With `verify`, when there is nothing to compare with or anything differs: every difference is named.
pub fn compare(
    pipeline: &Pipeline,
    all: &All,
    lock: &Lock,
    verify: bool,
    bless: Option<&Path>,
) -> Result<()> {
    if !pipeline.changes.is_empty() {
        return terminal::say("Results with other parameters are not compared with repro.lock.");
    }
    let found: Set = all.stages.iter().filter(|done| done.wanted).map(found).collect();
    if let Some(path) = bless {
        lockfile::bless(path, &all.set, &found)?;
        if all.set == PUBLISHED {
            update_pictures(path, &pipeline.jobs.out, &found)?;
        }
        let stages: Vec<&str> = found.keys().map(|stage| stage.as_str()).collect();
        let (stages, lock) = (stages.join(", "), path.display());
        return terminal::say(format_args!("Wrote {stages} to the set '{}' of {lock}.", all.set));
    }
    let Some(expected) = lock.get(&all.set) else {
        ensure!(!verify, "repro.lock has no set '{}' to compare with; --bless writes one", all.set);
        return Ok(());
    };
    let differences = lockfile::differences(&found, expected);
    let items: usize = found.values().map(|found| found.results.len() + found.files.len()).sum();
    if differences.is_empty() {
        terminal::say(format_args!(
            "All {items} numbers and pictures are those of repro.lock (set '{}').",
            all.set
        ))
    } else if verify {
        let named = differences[..differences.len().min(NAMED)].join("\n  ");
        let more = differences.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        bail!(
            "{} of {items} items differ from repro.lock (set '{}'):\n  {named}{more}",
            differences.len(),
            all.set
        );
    } else {
        terminal::say(format_args!(
            "{} of {items} items differ from repro.lock (set '{}'); --verify names them.",
            differences.len(),
            all.set
        ))
    }
}

/// Puts what was found in the place of the pictures that documents show, which are of the published data.
fn update_pictures(lock: &Path, out: &Path, found: &Set) -> Result<()> {
    for path in files::list(&lock.with_file_name("docs").join("figures"))? {
        let name = format!("figures/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let drawn = found.values().any(|found| found.files.contains_key(&name));
        if drawn && let Some(bytes) = files::read(&out.join(name))? {
            write_if_changed(&path, &bytes)?;
        }
    }
    Ok(())
}

fn found(done: &super::pipeline::Done) -> (super::StageName, Found) {
    let name = done.stage.name();
    let files = done.computed.outputs.clone().into_iter().chain(done.drawn.outputs.clone()).collect();
    (name, Found::new(name, &done.outcome.results, files))
}
