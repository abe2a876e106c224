//! The stages one after the other, each run or skipped, and the report at the end.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use minutia_tensor::{Device, cpu};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    reproduce::{
        checkpoint::Checkpoint,
        compute,
        config::Config,
        data::Data,
        job::{Jobs, Product},
        progress::Progress,
        record::{Key, Record},
        report::{self, Material},
        run::{self, Run},
        shards::{Shards, Taken},
        stage::{AnyStage, Drawing, Measured, Outcome, Picture, StageName},
        tensorboard::{self, Shown},
    },
    sources,
};

/// What a computation is built from.
const COMPUTES: [&str; 9] = [
    "Cargo.lock",
    "kernels/src",
    "crates/tensor/src",
    "crates/graph/src",
    "crates/optim/src",
    "crates/models/src",
    "xtask/src/reproduce/compute",
    "xtask/src/reproduce/data.rs",
    "xtask/src/reproduce/run.rs",
];
const LOADS: &str = "crates/datasets/src";
const DRAWS: [&str; 3] = ["Cargo.lock", "crates/viz/src", "xtask/src/reproduce/draw"];
const SHOWS: [&str; 2] = ["crates/interchange/src", "xtask/src/reproduce/tensorboard.rs"];

/// Everything that a run consists of.
#[derive(Debug)]
pub struct Pipeline {
    pub jobs: Jobs,
    pub config: Config,
    /// What the command line changed in the published parameters.
    pub changes: Vec<String>,
    pub cpu: cpu::Options,
    pub device: Device,
    pub data: Data,
    pub progress: Progress,
    /// How many shards the matrices must come in that are taken in place of computing, if they must.
    pub merge: Option<usize>,
    /// Whether what is found is written for TensorBoard, too.
    pub tensorboard: bool,
    /// The seconds that each job took, of those that ran.
    pub timings: Vec<(String, f64)>,
}

/// A stage with its outcome.
pub struct Done {
    pub stage: &'static dyn AnyStage,
    pub computed: Record,
    pub outcome: Outcome,
    pub drawn: Record,
    /// Whether this run was asked for it; otherwise it is what an earlier run left.
    pub wanted: bool,
}

/// The outcome of a whole run.
pub struct All {
    /// In the order of the stages; without those that were not asked for and have no earlier result.
    pub stages: Vec<Done>,
    pub report: Option<Record>,
    /// What must be said about the data.
    pub note: Option<String>,
    /// The set of `repro.lock` that this data belongs to.
    pub set: String,
}

impl Pipeline {
    /// Runs the stages that were asked for (those of the post, if none was) and what they need, then the
    /// report.
    ///
    /// # Errors
    /// The first failure of a stage.
    pub fn run(&mut self, asked: &[StageName]) -> Result<All> {
        let wanted = closure(asked);
        let mut done: BTreeMap<StageName, Done> = BTreeMap::new();
        for &stage in compute::STAGES {
            let wanted = wanted.contains(&stage.name());
            let Some(record) = self.computed(stage, wanted, &done)? else { continue };
            let Some(drawn) = self.drawn(stage, wanted, &record, &done)? else { continue };
            if wanted && self.tensorboard {
                self.shown(stage, &record, &drawn)?;
            }
            let outcome =
                serde_json::from_value(record.outcome.clone()).context("a record cannot be decoded")?;
            done.insert(stage.name(), Done { stage, computed: record, outcome, drawn, wanted });
        }
        let stages: Vec<Done> = done.into_values().collect();
        let note = self.data.note();
        let set = self.data.set();
        let report = self.report(&stages, note.as_deref(), &set)?;
        Ok(All { stages, report, note, set })
    }

    /// The numbers of a stage; `None` in a dry run that would compute them, or when they were not asked for
    /// and are not there.
    fn computed(
        &mut self,
        stage: &'static dyn AnyStage,
        wanted: bool,
        done: &BTreeMap<StageName, Done>,
    ) -> Result<Option<Record>> {
        let name = stage.name();
        let mut key = own_key(stage, &self.config);
        for need in stage.needs() {
            match done.get(need) {
                Some(done) => key = key.with(format!("the input {need}"), done.computed.content()),
                None if wanted => {
                    self.progress.say(&format!("run  {name:24} the input {need} may change"))?;
                    return Ok(None);
                }
                None => return Ok(None),
            }
        }
        if name == StageName::Dataset {
            // What is only looked up, or a dry run, is no reason to download.
            let progress = (wanted && !self.jobs.dry_run).then_some(&mut self.progress);
            match self.data.locate(progress) {
                Ok(digest) => {
                    key = key.with("the data", digest);
                    if wanted {
                        self.progress.say(&format!("data {}", self.data.described()))?;
                    }
                }
                Err(error) if wanted => return Err(error),
                Err(_) => return Ok(None),
            }
        }
        let config = &self.config;
        let fits = |record: &Record| answers(config, name, record);
        if !wanted {
            return self.jobs.look(name.as_str(), &key, fits).map(Result::ok);
        }
        let checkpoint = Checkpoint::new(&self.jobs.out, name.as_str(), &key);
        let taken = self.taken();
        let Pipeline { jobs, cpu, device, data, progress, timings, .. } = self;
        let record = jobs.ensure(name.as_str(), key.clone(), progress, fits, |progress| {
            let start = Instant::now();
            let mut run = Run {
                config,
                options: *cpu,
                device,
                data,
                out: &jobs.out,
                progress,
                checkpoint: &checkpoint,
                shards: Shards { out: &jobs.out, key: &key, taken },
                fresh: jobs.fresh.is_some(),
            };
            let outcome = stage.compute(&mut run).with_context(|| format!("the stage {name} failed"))?;
            timings.push((name.to_string(), start.elapsed().as_secs_f64()));
            check_claims(config, name, &outcome.measured)?;
            let path = |array: &str| run::artifact_path(name, array);
            let files =
                outcome.arrays.iter().map(|(array, values)| (path(array), run::bytes(values))).collect();
            Ok(Product { outcome: serde_json::to_value(&outcome)?, files })
        })?;
        if !jobs.dry_run {
            checkpoint.remove()?;
        }
        Ok(record)
    }

    /// Whether the numbers of a stage without inputs are there.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn is_done(&self, stage: &dyn AnyStage) -> Result<bool> {
        let (name, config) = (stage.name(), &self.config);
        let fits = |record: &Record| answers(config, name, record);
        Ok(self.jobs.look(name.as_str(), &own_key(stage, config), fits)?.is_ok())
    }

    /// What is taken from shards.
    fn taken(&self) -> Taken {
        match self.merge {
            Some(count) => Taken::All(count),
            None if self.jobs.fresh.is_some() => Taken::Nothing,
            None => Taken::WhatIsThere,
        }
    }

    /// The figures of a stage.
    fn drawn(
        &mut self,
        stage: &'static dyn AnyStage,
        wanted: bool,
        computed: &Record,
        done: &BTreeMap<StageName, Done>,
    ) -> Result<Option<Record>> {
        let name = stage.name();
        let job = format!("{name} figures");
        let note = self.data.note().filter(|_| uses_data(stage));
        let mut key = Key::default().with("the input", computed.content());
        key = key
            .with_parameters(&stage.parameters(&self.config))
            .with("the note", note.clone().unwrap_or_default());
        let inputs = || stage.needs().iter().filter_map(|need| done.get(need));
        for input in inputs() {
            key = key.with(format!("the input {}", input.stage.name()), input.computed.content());
        }
        for root in DRAWS {
            key = key.with(format!("the source {root}"), sources::digest_of(root));
        }
        if !wanted {
            return self.jobs.look(&job, &key, are_captions).map(Result::ok);
        }
        let Pipeline { jobs, config, progress, timings, .. } = self;
        jobs.ensure(&job, key, progress, are_captions, |_| {
            let start = Instant::now();
            let outcome: Outcome = serde_json::from_value(computed.outcome.clone())?;
            let inputs = inputs().map(|done| (done.stage.name(), &done.outcome.results)).collect();
            let drawing = Drawing { config, inputs, out: &jobs.out, note: note.as_deref() };
            let cure = || format!("the figures of {name} failed; --fresh computes their numbers anew");
            let pictures = stage.draw(&drawing, &outcome.results).with_context(cure)?;
            timings.push((job.clone(), start.elapsed().as_secs_f64()));
            let mut files = BTreeMap::new();
            // A list, for the report shows the figures in the order in which the stage drew them.
            let mut captions = Vec::new();
            for picture in pictures {
                files.insert(format!("figures/{}.svg", picture.name), picture.svg.into_bytes());
                files.insert(format!("figures/{}.png", picture.name), picture.png);
                let Picture { name, caption, readouts, .. } = picture;
                captions.push(Caption { name: name.to_string(), caption, readouts });
            }
            Ok(Product { outcome: json!(captions), files })
        })
    }

    /// The event file of a stage. No part of the manifest: it repeats what is there.
    fn shown(&mut self, stage: &'static dyn AnyStage, computed: &Record, drawn: &Record) -> Result<()> {
        let name = stage.name();
        let job = format!("{name} tensorboard");
        let note = self.data.note().filter(|_| uses_data(stage));
        let mut key = Key::default()
            .with("the input", computed.content())
            .with("the figures", drawn.content())
            .with("the claims", json!(self.config.claims).to_string())
            .with("the note", note.clone().unwrap_or_default())
            .with("parameter seed", self.config.seed.to_string())
            .with_parameters(&stage.parameters(&self.config));
        for root in COMPUTES.into_iter().chain(SHOWS) {
            key = key.with(format!("the source {root}"), sources::digest_of(root));
        }
        let Pipeline { jobs, config, device, progress, timings, .. } = self;
        let nothing = |record: &Record| record.outcome.is_null();
        jobs.ensure(&job, key, progress, nothing, |_| {
            let start = Instant::now();
            let shown =
                Shown { stage, config, device, out: &jobs.out, computed, drawn, note: note.as_deref() };
            let cure = || format!("the events of {name} failed; --fresh computes anew what they are made of");
            let events = shown.events().with_context(cure)?;
            timings.push((job.clone(), start.elapsed().as_secs_f64()));
            let files = BTreeMap::from([(tensorboard::path(name), events)]);
            Ok(Product { outcome: Value::Null, files })
        })?;
        Ok(())
    }

    fn report(&mut self, stages: &[Done], note: Option<&str>, set: &str) -> Result<Option<Record>> {
        let mut key = Key::default()
            .with("the claims", json!(self.config.claims).to_string())
            .with("the changed parameters", self.changes.join(", "))
            .with("the note", note.unwrap_or_default())
            .with("the source xtask/src/reproduce/report", sources::digest_of("xtask/src/reproduce/report"));
        for (name, digest) in report::carried_digests() {
            key = key.with(name, digest);
        }
        for done in stages {
            let name = done.stage.name();
            key = key
                .with(format!("the parameters of {name}"), done.stage.parameters(&self.config).to_string())
                .with(format!("the input {name}"), done.computed.content())
                .with(format!("the figures of {name}"), done.drawn.content());
        }
        let Pipeline { jobs, config, changes, progress, .. } = self;
        let nothing = |record: &Record| record.outcome.is_null();
        jobs.ensure("report", key, progress, nothing, |_| {
            report::report(&Material { out: &jobs.out, config, changes, stages, note, set })
        })
    }
}

/// A figure of a stage, as its record names it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Caption {
    /// The file name without its ending.
    pub name: String,
    pub caption: String,
    /// As [`Picture::readouts`].
    #[serde(default)]
    pub readouts: Value,
}

/// Whether a record names figures that are among its files.
fn are_captions(record: &Record) -> bool {
    let is_there = |figure: &Caption| record.outputs.contains_key(&format!("figures/{}.svg", figure.name));
    Vec::<Caption>::deserialize(&record.outcome).is_ok_and(|captions| captions.iter().all(is_there))
}

/// What the numbers of a stage depend on, its inputs apart.
pub fn own_key(stage: &dyn AnyStage, config: &Config) -> Key {
    let key = Key::default().with("parameter seed", config.seed.to_string());
    let loads = uses_data(stage).then_some(LOADS);
    let sources = COMPUTES.into_iter().chain(loads);
    sources.fold(key.with_parameters(&stage.parameters(config)), |key, root| {
        key.with(format!("the source {root}"), sources::digest_of(root))
    })
}

fn uses_data(stage: &dyn AnyStage) -> bool {
    stage.name() == StageName::Dataset || stage.needs().contains(&StageName::Dataset)
}

/// The stages asked for, or those of the post, and all that they need.
pub fn closure(asked: &[StageName]) -> Vec<StageName> {
    let all = || compute::STAGES.iter().map(|stage| stage.name());
    let mut wanted: Vec<StageName> = match asked {
        [] => all().filter(|name| !name.only_when_asked()).collect(),
        _ => asked.to_vec(),
    };
    for stage in compute::STAGES.iter().rev() {
        if wanted.contains(&stage.name()) {
            wanted.extend(stage.needs());
        }
    }
    wanted
}

/// Whether a record holds an outcome that answers the claims of its stage.
fn answers(config: &Config, stage: StageName, record: &Record) -> bool {
    let outcome = serde_json::from_value::<Outcome>(record.outcome.clone());
    outcome.is_ok_and(|outcome| check_claims(config, stage, &outcome.measured).is_ok())
}

fn check_claims(config: &Config, stage: StageName, measured: &[Measured]) -> Result<()> {
    let named = config.claims.iter().filter(|claim| claim.stage == stage).map(|claim| claim.id.as_str());
    let answered = measured.iter().map(|measured| measured.id.as_str());
    let (named, answered): (Vec<&str>, Vec<&str>) = (named.collect(), answered.collect());
    ensure!(
        named == answered,
        "reproduce.toml gives the stage {stage} the claims {named:?}, but it answers {answered:?}; make them agree"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_run_with_all_that_they_need() {
        let names = |asked: &[StageName]| {
            let wanted = closure(asked);
            compute::STAGES.iter().map(|s| s.name()).filter(|s| wanted.contains(s)).collect::<Vec<_>>()
        };
        use StageName::{Classifier, Convnet, Dataset, Fingerprints, IdealImages, Inverse, Report};
        assert_eq!(names(&[Inverse]), [Inverse]);
        assert_eq!(names(&[IdealImages, Fingerprints]), [Dataset, Classifier, Fingerprints, IdealImages]);
        assert_eq!(names(&[Report]), []);
        assert_eq!(names(&[Convnet]), [Dataset, Classifier, Convnet]);
        assert_eq!(names(&[]).len(), compute::STAGES.len() - 1, "all but what goes beyond the post");
        assert!(!names(&[]).contains(&Convnet));
    }

    #[test]
    fn stages_come_after_what_they_need_and_claims_belong_to_one() {
        for (i, stage) in compute::STAGES.iter().enumerate() {
            for need in stage.needs() {
                assert!(
                    compute::STAGES[..i].iter().any(|s| s.name() == *need),
                    "{} needs {need}",
                    stage.name()
                );
            }
        }
    }
}
