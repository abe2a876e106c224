//! `cargo xtask bench`: the post's jobs and others timed against their targets and, with `--peers`, against
//! other libraries.
//!
//! A *contender* (this repository, or a peer) gives one number for a job, from a run of its own; contenders
//! take turns, so that a disturbance meets all of them. All start from the same files: [`inputs`].

mod bound;
mod convolutions;
mod draw;
mod elsewhere;
mod goals;
mod inputs;
mod job;
mod load;
mod networks;
mod ours;
mod peak;
mod peers;
mod process;
mod products;
mod rates;
mod scaling;
mod summary;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use minutia_tensor::{Device, cpu};
use serde_json::{Map, Value, json};

use crate::{cli, files, reproduce::Config, terminal};
pub use job::Job;
use job::Measurement;
use summary::Summary;

/// What one contender gave for one job, run by run.
type Medians = BTreeMap<String, BTreeMap<Job, Summary>>;

/// The loss that each contender ended with.
type Checks = BTreeMap<Job, BTreeMap<String, f64>>;

/// What this repository is called among the contenders.
const OURS: &str = "minutia";

/// Runs the command.
///
/// # Errors
/// When something of ours cannot be measured; peers that cannot are named and left out.
pub fn bench(options: &cli::Bench) -> Result<()> {
    let workspace = crate::workspace();
    let out = options.out.clone().unwrap_or_else(|| workspace.join("target/bench"));
    let _held = files::FolderLock::take(&out.join(".cache").join("lock"))?;
    let config = Config::read(&workspace.join("reproduce.toml"))?;
    let cpu = cpu::Options::from_env()?;
    let device = Device::cpu_with(cpu)?;
    let data = inputs::find(options.data_dir.as_deref())?;
    terminal::say(format_args!("machine  {}, {device}", load::cpu_name()))?;
    terminal::say(format_args!("data     {}", data.origin))?;

    let everything = options.jobs.is_empty() && !options.products && !options.convolutions;
    let jobs = if everything { Job::USUAL.to_vec() } else { options.jobs.clone() };
    let (results, busiest) =
        if jobs.is_empty() { (Medians::new(), 0.0) } else { of_jobs(&jobs, options, &config, &data, &out)? };
    let shares = results
        .get(OURS)
        .map_or_else(|| Ok(BTreeMap::new()), |medians| bound::shares(medians, &config, &data, cpu))?;
    if results.len() > 1 {
        terminal::say(table::peers(&results))?;
    }
    let scaling = if everything { scaling::measure(&config, &device)? } else { Vec::new() };
    if !scaling.is_empty() {
        terminal::say(scaling::table(&scaling))?;
    }
    let (mut products, mut convolutions) = (Vec::new(), Vec::new());
    if everything || options.products {
        products = products::measure(cpu, &workspace, options.peers, options.repeats)?;
        terminal::say(rates::table(["product", "layout"], &products))?;
    }
    if everything || options.convolutions {
        convolutions = convolutions::measure(cpu, &workspace, options.peers, options.repeats)?;
        terminal::say(rates::table(["convolution", "pass"], &convolutions))?;
    }
    let level = cpu.simd.unwrap_or_else(cpu::Level::detect);
    let goals = goals::goals(&goals::Findings {
        results: &results,
        shares: &shares,
        scaling: &scaling,
        products: &products,
        convolutions: &convolutions,
        level,
    });
    terminal::say(format_args!("\n{}", goals::table(&goals)))?;
    if !results.is_empty() {
        let figure = draw::figure(&results, &data.what);
        files::write(&out.join("bench.svg"), figure.to_svg().as_bytes())?;
        files::write(&out.join("bench.png"), &figure.to_png(2.0)?)?;
        terminal::say(format_args!("The figure is {}.", out.join("bench.svg").display()))?;
    }

    if let Some(path) = &options.json {
        let machine = json!({
            "cpu": load::cpu_name(), "device": device.to_string(), "system": std::env::consts::OS,
            "data": data.what, "repeats": options.repeats, "others_used_cores": busiest,
        });
        let mut document = document(&results, machine);
        let shares = shares.iter().map(|(job, share)| (job.key().to_string(), json!(share)));
        document["dense_bound_share"] = shares.collect::<Map<_, _>>().into();
        document["scaling"] = json!(scaling);
        document["products"] = json!(products);
        document["convolutions"] = json!(convolutions);
        document["targets"] = json!(goals);
        let mut text = serde_json::to_string_pretty(&document)?;
        text.push('\n');
        files::write(path, text.as_bytes()).context("the measurements are lost")?;
    }
    Ok(())
}

/// Times jobs, from the same inputs for all contenders: the medians, and how many cores others used at most.
fn of_jobs(
    jobs: &[Job],
    options: &cli::Bench,
    config: &Config,
    data: &inputs::Halves,
    out: &Path,
) -> Result<(Medians, f64)> {
    let inputs = inputs::write(&out.join("inputs"), config, data)?;
    let mut ours = ours::Ours::new(config, data, &inputs, out)?;
    let mut peers = Vec::new();
    if options.peers {
        jobs.iter().try_for_each(|&job| networks::write(&inputs.folder, job, &data.train))?;
        for peer in peers::install(&crate::workspace(), &inputs, jobs) {
            match peer {
                Ok(peer) => peers.push(peer),
                Err((name, error)) => terminal::say(format_args!("peer     {name} is left out: {error:#}"))?,
            }
        }
    }
    let (results, checks, busiest) = contend(jobs, options.repeats, &mut ours, &mut peers)?;
    disagreements(&checks).iter().try_for_each(terminal::say)?;
    Ok((results, busiest))
}

/// Runs all contenders in turn: what each gave, the losses that they ended with, and how many cores other
/// processes used at most.
fn contend(
    jobs: &[Job],
    repeats: u32,
    ours: &mut ours::Ours,
    peers: &mut Vec<peers::Peer>,
) -> Result<(Medians, Checks, f64)> {
    let mut results = Medians::new();
    let mut checks = Checks::new();
    let mut busiest = 0.0_f64;
    for &job in jobs {
        if let Some(why) = ours::Ours::lacks(job) {
            terminal::say(format_args!("  {job} is left out: {why}"))?;
            continue;
        }
        let load = load::Load::begin();
        for _ in 0..repeats {
            keep(&mut results, &mut checks, OURS, job, ours.measure(job)?)?;
            // A peer that fails once is not tried again: the message would only be repeated.
            for mut peer in std::mem::take(peers) {
                match peer.measure(job) {
                    Ok(measurement) => {
                        if let Some(measurement) = measurement {
                            keep(&mut results, &mut checks, &peer.name, job, measurement)?;
                        }
                        peers.push(peer);
                    }
                    Err(error) => terminal::say(format_args!(
                        "peer     {} is left out from {job} on: {error:#}",
                        peer.name
                    ))?,
                }
            }
        }
        let others = load.others().unwrap_or(0.0);
        busiest = busiest.max(others);
        if others > load::QUIET {
            terminal::say(format_args!(
                "  {job}: other processes used {others:.2} cores meanwhile, so that times are too long"
            ))?;
        }
    }
    Ok((results, checks, busiest))
}

/// Keeps and prints what a run gave.
fn keep(
    results: &mut Medians,
    checks: &mut Checks,
    name: &str,
    job: Job,
    measurement: Measurement,
) -> Result<()> {
    let Measurement { value, check, note } = measurement;
    let (key, number, unit) = (job.key(), table::number(value), job.unit());
    terminal::say(format_args!("  {key:22} {name:18} {number:>10} {unit:2}  {note}"))?;
    results.entry(name.to_string()).or_default().entry(job).or_default().add(value);
    if let Some(check) = check {
        checks.entry(job).or_default().insert(name.to_string(), check);
    }
    Ok(())
}

/// Which contenders ended elsewhere than we did: they have not done the same work.
fn disagreements(checks: &Checks) -> Vec<String> {
    let mut lines = Vec::new();
    for (job, checks) in checks {
        let Some(&ours) = checks.get(OURS) else { continue };
        for (name, &theirs) in checks {
            let off = (theirs - ours).abs() / ours.abs().max(f64::MIN_POSITIVE);
            if off.is_nan() || off > job.tolerance() {
                lines.push(format!(
                    "  {job}: {name} ends with a loss of {theirs:.5}, {OURS} with {ours:.5}; do not compare them"
                ));
            }
        }
    }
    lines
}

/// What the document of `--json` says of jobs.
fn document(results: &Medians, machine: Value) -> Value {
    let medians = |of: &BTreeMap<Job, Summary>| -> Value {
        of.iter()
            .map(|(job, summary)| (job.key().to_string(), json!(summary.median())))
            .collect::<Map<_, _>>()
            .into()
    };
    let spread = |of: &BTreeMap<Job, Summary>| -> Value {
        let one =
            |summary: &Summary| json!({"min": summary.min(), "max": summary.max(), "runs": summary.runs()});
        of.iter().map(|(job, summary)| (job.key().to_string(), one(summary))).collect::<Map<_, _>>().into()
    };
    let peers: Map<String, Value> = results
        .iter()
        .filter(|(name, _)| *name != OURS)
        .map(|(name, of)| (name.clone(), medians(of)))
        .collect();
    let spreads: Map<String, Value> = results.iter().map(|(name, of)| (name.clone(), spread(of))).collect();
    json!({
        "jobs": results.get(OURS).map_or_else(|| json!({}), medians),
        "peers": peers,
        "machine": machine,
        "spread": spreads,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Medians {
        let summary = |values: &[f64]| {
            let mut summary = Summary::default();
            values.iter().for_each(|&value| summary.add(value));
            summary
        };
        BTreeMap::from([
            (OURS.to_string(), BTreeMap::from([(Job::Epoch, summary(&[0.2, 0.1, 0.3]))])),
            ("jax".to_string(), BTreeMap::from([(Job::Epoch, summary(&[0.4]))])),
        ])
    }

    #[test]
    fn the_document_has_medians_by_key_and_each_peer_by_name() {
        let document = document(&results(), json!({"cpu": "a"}));
        assert_eq!(document["jobs"], json!({"epoch_s": 0.2}));
        assert_eq!(document["peers"], json!({"jax": {"epoch_s": 0.4}}));
        assert_eq!(document["spread"]["minutia"]["epoch_s"], json!({"min": 0.1, "max": 0.3, "runs": 3}));
        assert_eq!(document["machine"]["cpu"], "a");
    }

    #[test]
    fn other_work_is_noticed() {
        let checks = |theirs: f64| {
            BTreeMap::from([(
                Job::IdealImages,
                BTreeMap::from([(OURS.to_string(), 2.0), ("jax".to_string(), theirs)]),
            )])
        };
        assert!(disagreements(&checks(2.0001)).is_empty());
        assert!(disagreements(&checks(2.2))[0].contains("jax ends with a loss of 2.2"));
        assert_eq!(disagreements(&checks(f64::NAN)).len(), 1);
    }
}
