//! `cargo xtask audit`: recomputes parts of somebody's run, and says what of it holds.
//!
//! The folder may have been made by anybody. What lies in it is read, bounded in number and size, through no
//! link; whatever it says is compared with what this program computes here, and is believed in nothing.

mod chain;
mod data;
mod folder;
mod segments;
mod settings;
mod told;
mod verdicts;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use minutia_datasets::mnist::Mnist;
use minutia_tensor::{Device, cpu};
use serde_json::{Value, json};

use crate::{
    cli, digest,
    reproduce::{
        Progress,
        compute::{
            classifier::{self, Classifier, Link},
            training::{Network, Surroundings, Training},
        },
        config::Config,
        device,
        report::results::answered,
        stage::{AnyStage, Drawing, GraphNode},
    },
    terminal,
};
use chain::Kept;
use folder::Folder;
use segments::Segment;
use told::{Manifest, Told};
use verdicts::{Verdicts, differences, plain};

/// What a run writes and its manifest does not name.
const UNNAMED: [&str; 2] = ["manifest.json", "environment.json"];

/// What every run writes.
const ALWAYS: [&str; 2] = ["report.html", "results.json"];

/// Runs the command.
///
/// # Errors
/// When a check fails, or the folder or this machine's data cannot be read at all.
pub fn audit(options: &cli::Audit) -> Result<()> {
    let default = || crate::workspace().join("reproduce.toml");
    let mut config = Config::read(&options.config.clone().unwrap_or_else(default))?;
    let mut cpu = cpu::Options::from_env()?;
    cpu.threads = options.threads.map(usize::from).or(cpu.threads);
    let device = device::choose(options.device, cpu)?;
    terminal::say(format_args!("device {device}"))?;

    let folder = Folder::open(&options.out)?;
    let mut verdicts = Verdicts::default();
    let Some(run) = Examined::new(&folder, &mut verdicts)? else { return verdicts.end() };
    let problems = settings::settle(&mut config, &run.told)?;
    let epochs = run.links.len();
    verdicts.check("settings", format_args!("seed {}, {epochs} epochs", config.seed), &problems)?;
    // Before the long part: an epoch that the run has not is an error of the command line.
    let (chosen, how) = Segment::choose(&options.chosen, epochs)?;

    let mut data = data::choose(&run.told, options.data_dir.clone());
    let mut problems = data::same(&run.told, data.images()?);
    let same = problems.is_empty();
    if same {
        problems = data::compare(&run.told, &run.files, &mut data, &config)?;
    }
    verdicts.check(
        "data",
        format_args!("the images here, {}, and what is said of them", data.name()),
        &problems,
    )?;
    if same {
        let recomputation = Recomputation { run: &run, folder: &folder, config: &config, device: &device };
        let note = data.note();
        let problems = recomputation.draw(note.as_deref())?;
        verdicts.check("figures", "those of the classifier are drawn from these results", &problems)?;
        recomputation.run(data.images()?, &chosen, &how, &mut verdicts)?;
    }
    verdicts.end()
}

/// A folder whose manifest and results could be read.
struct Examined {
    /// The SHA-256 that each file has.
    files: Manifest,
    told: Told,
    links: Vec<Link>,
}

impl Examined {
    /// Reads the folder, and says whether its files are those that it names; nothing where that is in vain.
    fn new(folder: &Folder, verdicts: &mut Verdicts) -> Result<Option<Examined>> {
        let manifest = match told::manifest(folder) {
            Ok(manifest) => manifest,
            Err(error) => {
                verdicts.check("files", "", &[format!("manifest.json: {error:#}")])?;
                return Ok(None);
            }
        };
        let (files, problems) = compare_files(folder, &manifest);
        verdicts.check(
            "files",
            format_args!("{} files are those of manifest.json", files.len()),
            &problems,
        )?;
        let results = Told::read(folder).and_then(|told| Ok((told.links()?, told)));
        match results {
            Ok((links, told)) => {
                let stages = told.stages().collect::<Vec<_>>().join(", ");
                verdicts.check("results", format_args!("results.json is complete, of {stages}"), &[])?;
                Ok(Some(Examined { files, told, links }))
            }
            Err(error) => {
                verdicts.check("results", "", &[format!("results.json: {error:#}")])?;
                Ok(None)
            }
        }
    }
}

/// The SHA-256 of each file that the manifest names, and every way in which the folder is not what it says.
fn compare_files(folder: &Folder, manifest: &Manifest) -> (Manifest, Vec<String>) {
    let mut problems = folder.strange.clone();
    let unnamed = |name: &&String| !manifest.contains_key(*name) && !UNNAMED.contains(&name.as_str());
    problems.extend(
        folder
            .files
            .keys()
            .filter(unnamed)
            .map(|name| format!("{}: manifest.json does not name it", plain(name))),
    );
    let always = ALWAYS.iter().filter(|name| !manifest.contains_key(**name));
    problems.extend(always.map(|name| format!("{name}: manifest.json does not name it")));
    let mut files = Manifest::new();
    for (name, expected) in manifest {
        match folder.digest(name) {
            Err(error) => problems.push(format!("{error:#}")),
            Ok(found) => {
                if found != *expected {
                    problems.push(format!("{name}: its SHA-256 is {found}, manifest.json says {expected}"));
                }
                files.insert(name.clone(), found);
            }
        }
    }
    (files, problems)
}

/// What of a run is computed again.
struct Recomputation<'a> {
    run: &'a Examined,
    folder: &'a Folder,
    config: &'a Config,
    device: &'a Device,
}

impl Recomputation<'_> {
    /// Compares the graph, the chain and the parameters that are there, then trains for the chosen segments.
    fn run(&self, data: &Mnist, chosen: &[Segment], how: &str, verdicts: &mut Verdicts) -> Result<()> {
        let Examined { files, told, links } = self.run;
        let settings = &self.config.classifier;
        let network = Network::new(settings, self.config.seed)?;
        let given = Surroundings { settings, seed: self.config.seed, device: self.device, data };
        let mut training = Training::new(&network, given)?;
        // The graph with what makes the parameters that training begins with.
        let graph = json!(GraphNode::all(&network.model.graph));
        let problems = differences("classifier.graph", Some(&told.classifier.graph), Some(&graph));
        verdicts.check("graph", "the graph that was trained is the one that is trained here", &problems)?;

        let (kept, problems) = chain::read(self.folder, files, told, links, &network);
        let holds = format!("the parameters after {} epochs have the digests of the chain", kept.len());
        verdicts.check("chain", holds, &problems)?;
        let problems = self.evaluate(&mut training, &kept)?;
        verdicts.check(
            "evaluated",
            "those parameters give the losses and accuracies of their epochs",
            &problems,
        )?;

        terminal::say(format_args!("recomputing segments: {how}"))?;
        let mut progress = Progress::new(false);
        for segment in chosen {
            let problems = segment.recompute(&mut training, &kept, told, &mut progress)?;
            let holds = format_args!("{}: each digest, loss and accuracy", segment.words()).to_string();
            verdicts.check("recomputed", holds, &problems)?;
        }
        let left = Segment::all(links.len()).into_iter().filter(|segment| !chosen.contains(segment));
        let left: Vec<String> = left.map(Segment::words).collect();
        if !left.is_empty() {
            terminal::say(format_args!("not recomputed: {}", left.join("; ")))?;
        }
        Ok(())
    }

    /// Draws the stage's figures from the results, and gives every one that is another file. They take
    /// nothing from the folder.
    fn draw(&self, note: Option<&str>) -> Result<Vec<String>> {
        let Examined { files, told, links } = self.run;
        let results = json!({
            "epochs": links,
            "graph": told.classifier.graph,
            "parameters_sha256": told.classifier.parameters_sha256,
        });
        let nowhere = Path::new("");
        let drawing = Drawing { config: self.config, inputs: BTreeMap::new(), out: nowhere, note };
        let pictures = match AnyStage::draw(&Classifier, &drawing, &results) {
            Ok(pictures) => pictures,
            Err(error) => return Ok(vec![format!("they cannot be drawn: {}", plain(&format!("{error:#}")))]),
        };
        let all = pictures.into_iter().flat_map(|picture| {
            [("svg", picture.svg.into_bytes()), ("png", picture.png)]
                .map(|(ending, bytes)| (format!("figures/{}.{ending}", picture.name), digest::hex(&bytes)))
        });
        let others = all.filter(|(path, sha256)| files.get(path) != Some(sha256));
        Ok(others
            .map(|(path, sha256)| format!("{path} is not what is drawn here, whose SHA-256 is {sha256}"))
            .collect())
    }

    /// How the parameters that are there do, and what the claim comes down to.
    fn evaluate(&self, training: &mut Training<'_>, kept: &[Kept]) -> Result<Vec<String>> {
        let Examined { told, links, .. } = self.run;
        let mut problems = Vec::new();
        let mut last = links.last().map(|link| link.epoch.clone());
        for Kept { epoch, parameters } in kept {
            let here = training.evaluate(*epoch, parameters)?;
            let link = &links[epoch - 1];
            let path = format!("classifier.epochs.{epoch}");
            let here = Link { epoch: here, parameters_sha256: link.parameters_sha256.clone() };
            problems.extend(differences(&path, Some(&json!(link)), Some(&json!(here))));
            if *epoch == links.len() {
                last = Some(here.epoch);
            }
        }
        let answer = classifier::answer(&self.config.classifier, last.as_ref());
        for claim in self.config.claims.iter().filter(|claim| claim.id == answer.id) {
            let is_told = |told: &&Value| told.get("id").and_then(Value::as_str) == Some(&claim.id);
            let mut told = told.claims.iter().filter(is_told);
            let path = format!("the claim {}", claim.id);
            problems.extend(differences(&path, told.next(), Some(&answered(claim, &answer))));
            problems.extend(told.next().map(|_| format!("{path} is answered twice")));
        }
        Ok(problems)
    }
}
