//! Computes one shard.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{STAGE, Shard, Shards, Taken, found, launcher::Rank, wait::wait};
use crate::{
    files::{self, FolderLock},
    reproduce::{
        checkpoint::Checkpoint,
        compute::inverse_seeds::{self, Descent, InverseSeeds},
        job::Product,
        pipeline::{self, Pipeline},
        run::Run,
        stage::Outcome,
    },
    terminal,
};

/// For how long a lock may be busy because somebody looks at it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Computes a shard, unless it is there, and says how it is taken.
///
/// # Errors
/// When there are fewer matrices than shards, when another process computes this one, those of the stage, and
/// when a file cannot be read or written.
pub fn one(pipeline: &mut Pipeline, shard: Shard) -> Result<()> {
    Shard::check_count(shard.count, pipeline.config.inverse_seeds.seeds)?;
    let dry = pipeline.jobs.dry_run;
    let _held = if dry { None } else { Some(lock(&pipeline.jobs.out, shard)?) };
    compute(pipeline, shard)?;
    if dry {
        return terminal::say("\nA dry run: nothing was written.");
    }
    terminal::say(format_args!("Shard {shard} is done; once all are, --merge {} takes them.", shard.count))
}

/// Computes a rank's shard, unless the stage is done. Rank 0 waits for the others, and gets their shards in
/// the place of computing.
///
/// # Errors
/// As [`one`], when the file system has no locks, and when another rank does not bring its shard.
pub fn join(pipeline: &mut Pipeline, rank: Rank) -> Result<()> {
    let (seeds, shard) = (pipeline.config.inverse_seeds.seeds, rank.shard());
    Shard::check_count(rank.size, seeds)?;
    let held = lock(&pipeline.jobs.out, shard)?;
    if pipeline.is_done(&InverseSeeds)? {
        return Ok(());
    }
    ensure!(
        held.is_seen(),
        "{} is on a file system without locks, by which ranks tell whether the others live; choose another one by \
         --out, or compute each shard by --shard I/N and take all by --merge N",
        pipeline.jobs.out.display()
    );
    compute(pipeline, shard)?;
    drop(held);
    if rank.index == 0 {
        let key = pipeline::own_key(&InverseSeeds, &pipeline.config);
        let shards = Shards { out: &pipeline.jobs.out, key: &key, taken: Taken::All(rank.size) };
        wait::<Descent>(shards, seeds, rank.size, &mut pipeline.progress)?;
        pipeline.merge = Some(rank.size);
    }
    Ok(())
}

fn compute(pipeline: &mut Pipeline, shard: Shard) -> Result<()> {
    let Pipeline { jobs, config, cpu, device, data, progress, .. } = pipeline;
    let seeds = config.inverse_seeds.seeds;
    let whole = pipeline::own_key(&InverseSeeds, config);
    let key = shard.key(&whole);
    let range = shard.range(seeds);
    let fits = |record: &_| found::decode::<Descent>(record, range.len()).is_some();
    let checkpoint = Checkpoint::new(&jobs.out, &shard.job(), &key);
    jobs.ensure(&shard.job(), key, progress, fits, |progress| {
        let fresh = jobs.fresh.is_some();
        let taken = if fresh { Taken::Nothing } else { Taken::WhatIsThere };
        let mut run = Run {
            config,
            options: *cpu,
            device,
            data,
            out: &jobs.out,
            progress,
            checkpoint: &checkpoint,
            shards: Shards { out: &jobs.out, key: &whole, taken },
            fresh,
        };
        let descents = inverse_seeds::descend(&mut run, range.clone())
            .with_context(|| format!("shard {shard} of the stage {STAGE} failed"))?;
        let outcome = Outcome { results: serde_json::to_value(descents)?, ..Outcome::default() };
        outcome.check()?;
        Ok(Product { outcome: outcome.results, files: BTreeMap::new() })
    })?;
    if jobs.dry_run { Ok(()) } else { checkpoint.remove() }
}

/// Sees, before anything else is done, whether all shards are there that a run is to take.
///
/// # Errors
/// Those of [`Shards::complete`].
pub fn require(pipeline: &Pipeline) -> Result<()> {
    let Some(count) = pipeline.merge else { return Ok(()) };
    let key = pipeline::own_key(&InverseSeeds, &pipeline.config);
    let shards = Shards { out: &pipeline.jobs.out, key: &key, taken: Taken::All(count) };
    shards.complete::<Descent>(count, pipeline.config.inverse_seeds.seeds).map(drop)
}

/// Keeps a second process out of a shard.
fn lock(out: &std::path::Path, shard: Shard) -> Result<FolderLock> {
    files::no_link(&out.join(".cache"))?;
    FolderLock::take_within(&shard.lock(out), PATIENCE).with_context(|| format!("shard {shard}"))
}
