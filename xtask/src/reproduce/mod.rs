//! `cargo xtask reproduce`: the post's figures and numbers, and a report on which of its claims hold.
//!
//! A *stage* computes an outcome and draws its figures: two *jobs*, each with a key made of everything that
//! it depends on. A job whose key and files are as an earlier run left them is skipped. `environment.json`
//! apart, nothing that is written depends on the machine.

mod checkpoint;
pub mod compute;
pub mod config;
pub mod data;
pub mod device;
mod domain;
mod draw;
pub mod finish;
mod job;
mod lockfile;
mod pipeline;
mod progress;
pub mod record;
pub mod report;
pub mod run;
mod shards;
pub mod stage;
mod tensorboard;

use std::path::Path;

use anyhow::{Context, Result};
use minutia_tensor::cpu;

use crate::{cli, files, terminal};
pub use compute::is_state;
pub use config::Config;
use config::Overrides;
use data::Data;
use job::Jobs;
pub use lockfile::from_text as lock;
pub use progress::Progress;
pub use shards::Choice as ShardChoice;
use shards::Role;
pub use stage::StageName;

/// Whether bytes are the record of some job.
pub fn is_record(bytes: &[u8]) -> bool {
    record::open(bytes).is_some()
}

/// Runs the command.
///
/// # Errors
/// One message: what went wrong, where, and the cure.
pub fn reproduce(options: &cli::Reproduce) -> Result<()> {
    let role = Role::of(options.shard)?;
    let outcome = reproduce_as(role, options);
    match role {
        Role::Ranked(rank) => outcome.with_context(|| rank.to_string()),
        Role::Whole | Role::One(_) => outcome,
    }
}

/// Does what this process has to do of a run.
fn reproduce_as(role: Role, options: &cli::Reproduce) -> Result<()> {
    let workspace = crate::workspace();
    let config_path = options.config.clone().unwrap_or_else(|| workspace.join("reproduce.toml"));
    let lock_path = config_path.with_file_name("repro.lock");
    let mut config = Config::read(&config_path)?;
    let of_convnet = options.stages.contains(&StageName::Convnet);
    let changes = config.apply(Overrides { seed: options.seed, epochs: options.epochs, of_convnet });
    let lock = lockfile::read(&lock_path)?;

    let mut cpu = cpu::Options::from_env()?;
    cpu.threads = options.threads.map(usize::from).or(cpu.threads);
    let device = if role.leads() { options.device } else { cli::DeviceChoice::Cpu };
    let device = device::choose(device, cpu)?;
    let progress = if role.is_silent() { Progress::silent() } else { Progress::new(options.no_progress) };
    progress.say(&format!("device {device}"))?;

    let out = options.out.clone().unwrap_or_else(|| workspace.join("target/reproduce"));
    // A shard has a lock of its own.
    let _held = if role.leads() && !options.dry_run { Some(prepare(&out)?) } else { None };
    let fresh = match options {
        cli::Reproduce { verify: true, .. } => Some("--verify"),
        cli::Reproduce { fresh: true, .. } => Some("--fresh"),
        _ => None,
    };
    let mut pipeline = pipeline::Pipeline {
        jobs: Jobs { out, fresh, dry_run: options.dry_run },
        config,
        changes,
        cpu,
        device,
        data: Data::new(options.dataset, options.data_dir.clone()),
        progress,
        merge: options.merge.map(|count| count as usize),
        tensorboard: options.tensorboard,
        timings: Vec::new(),
    };
    match role {
        Role::Whole => shards::require(&pipeline)?,
        Role::One(shard) => return shards::one(&mut pipeline, shard),
        Role::Ranked(rank) => shards::join(&mut pipeline, rank)?,
    }
    if !role.leads() {
        return Ok(());
    }
    let done = pipeline.run(&options.stages)?;
    if options.dry_run {
        return terminal::say("\nA dry run: nothing was written.");
    }
    finish::finish(&pipeline, &done)?;
    finish::compare(&pipeline, &done, &lock, options.verify, options.bless.then_some(lock_path.as_path()))
}

/// Makes the output folder, keeps other runs out of it, and removes what a killed one has left half-written
/// in the folders that stages write to.
fn prepare(out: &Path) -> Result<files::FolderLock> {
    let lock = files::FolderLock::take(&out.join(".cache").join("lock"))?;
    let parents = ["data", "tensorboard"];
    for folder in parents {
        files::no_link(&out.join(folder))?;
    }
    let of_stages = parents
        .into_iter()
        .flat_map(|parent| compute::STAGES.iter().map(move |stage| format!("{parent}/{}", stage.name())));
    for folder in ["figures", ".cache", shards::FOLDER].into_iter().map(String::from).chain(of_stages) {
        files::sweep(&out.join(folder))?;
    }
    // The output folder itself has a name that somebody chose, a link or not.
    minutia_files::sweep(out).with_context(|| format!("cannot tidy up {}", out.display()))?;
    Ok(lock)
}
