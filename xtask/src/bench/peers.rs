//! Other libraries: scripts and small programs of `benches/peers`, installed below `target` and run as
//! processes.
//!
//! Each is called with a job's name and the folder of [`super::inputs`], and prints a line of JSON:
//! `{"peer": NAME, "job": JOB, "value": NUMBER, "check": LOSS}`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{
    bench::{
        inputs::Inputs,
        job::{Job, Measurement},
        process,
    },
    terminal,
};

/// A script in Python with the packages it needs, and the jobs it has.
struct Script {
    name: &'static str,
    file: &'static str,
    packages: &'static [&'static str],
    arguments: &'static [&'static str],
    /// Whether it has the networks that are not the post's.
    networks: bool,
    /// Only taken where its packages are installed already: too large to fetch for everybody.
    on_request: bool,
}

const SCRIPTS: [Script; 5] = [
    Script {
        name: "jax scan",
        file: "jax_peer.py",
        packages: &["jax"],
        arguments: &["--scan"],
        networks: true,
        on_request: false,
    },
    Script {
        name: "jax",
        file: "jax_peer.py",
        packages: &["jax"],
        arguments: &[],
        networks: true,
        on_request: false,
    },
    Script {
        name: "tf1",
        file: "tf1_peer.py",
        packages: &["tensorflow-cpu"],
        arguments: &[],
        networks: true,
        on_request: false,
    },
    Script {
        name: "numpy",
        file: "numpy_peer.py",
        packages: &["numpy"],
        arguments: &[],
        networks: false,
        on_request: false,
    },
    Script {
        name: "torch",
        file: "torch_peer.py",
        packages: &["torch"],
        arguments: &[],
        networks: true,
        on_request: true,
    },
];

/// Rust programs: a package each below `benches/peers/rs`, in a workspace of its own.
const PROGRAMS: [&str; 3] = ["candle", "autograd", "burn"];

/// The BLAS kernel that a machine's owner chose, which is not what a library's user gets by default.
const TUNED: [&str; 2] = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

/// A library that is ready to run.
#[derive(Debug)]
pub struct Peer {
    pub name: String,
    program: PathBuf,
    /// What comes before the job: a script.
    before: Vec<String>,
    /// What comes after the inputs.
    after: Vec<String>,
    inputs: PathBuf,
    whole_runs: bool,
    networks: bool,
    peaks: Vec<f64>,
}

/// Installs those that have some of the jobs; where one cannot be installed, its name and why not.
pub fn install(
    workspace: &Path,
    inputs: &Inputs,
    jobs: &[Job],
) -> Vec<Result<Peer, (String, anyhow::Error)>> {
    let networks = jobs.iter().any(|job| job.has_network());
    let of_the_post = jobs.iter().any(|job| job.has_peers() && !job.has_network());
    let wanted = SCRIPTS.iter().filter(|script| of_the_post || networks && script.networks);
    let scripts = wanted.map(|script| {
        let peer = python(workspace, script).map(|program| Peer {
            name: script.name.to_string(),
            program,
            before: vec![workspace.join("benches/peers").join(script.file).display().to_string()],
            after: script.arguments.iter().map(ToString::to_string).collect(),
            inputs: inputs.folder.clone(),
            whole_runs: true,
            networks: script.networks,
            peaks: Vec::new(),
        });
        peer.map_err(|error| (script.name.to_string(), error))
    });
    let programs = PROGRAMS.iter().filter(|_| of_the_post).map(|name| {
        let peer = build(workspace, name).map(|program| Peer {
            name: (*name).to_string(),
            program,
            before: Vec::new(),
            after: Vec::new(),
            inputs: inputs.folder.clone(),
            whole_runs: false,
            networks: false,
            peaks: Vec::new(),
        });
        peer.map_err(|error| ((*name).to_string(), error))
    });
    scripts.chain(programs).collect()
}

/// The interpreter of the environment that has a script's packages.
fn python(workspace: &Path, script: &Script) -> Result<PathBuf> {
    let environment = workspace.join("target/bench-venv");
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    let interpreter = environment.join(folder).join("python");
    if !interpreter.exists() {
        terminal::say(format_args!("peers    making {}", environment.display()))?;
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))
            .context("no environment could be made; install Python 3 with its module venv")?;
    }
    let installed = |package: &str| {
        process::run(Command::new(&interpreter).args(["-m", "pip", "--quiet", "show", package])).is_ok()
    };
    for package in script.packages {
        if installed(package) {
            continue;
        }
        ensure!(
            !script.on_request,
            "it is large and only run where it is installed; `{} -m pip install {package}` does that",
            interpreter.display()
        );
        terminal::say(format_args!("peers    installing {package}"))?;
        process::prepare(Command::new(&interpreter).args(["-m", "pip", "--quiet", "install", package]))
            .with_context(|| format!("{package} could not be installed; is there a network?"))?;
    }
    Ok(interpreter)
}

/// The program of a Rust peer, built for this CPU.
fn build(workspace: &Path, name: &str) -> Result<PathBuf> {
    let target = workspace.join("target/bench-peers").join(name);
    let manifest = workspace.join("benches/peers/rs").join(name).join("Cargo.toml");
    ensure!(manifest.exists(), "{} is missing", manifest.display());
    terminal::say(format_args!("peers    building {name}"))?;
    let mut command = process::cargo();
    command.args(["build", "--release", "--quiet", "--manifest-path"]).arg(&manifest);
    command.arg("--target-dir").arg(&target).env("RUSTFLAGS", "-C target-cpu=native");
    process::prepare(&mut command).context("it could not be built")?;
    Ok(target.join("release").join(format!("peer-{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// A command that times other libraries, and what it is called.
pub type Timed = (String, Command);

/// What times products of other libraries: the product's sizes are added to the command. Those that cannot be
/// had are named.
pub fn of_products(workspace: &Path) -> Vec<Timed> {
    let file = "product_peer.py";
    had([
        ("numpy", timed(workspace, file, "numpy", &["numpy"], false)),
        ("torch", timed(workspace, file, "torch", &["numpy", "torch"], true)),
        ("faer and gemm", build(workspace, "products").map(Command::new)),
    ])
}

/// What times convolutions of other libraries, likewise.
pub fn of_convolutions(workspace: &Path) -> Vec<Timed> {
    let file = "convolution_peer.py";
    had([
        ("tf1", timed(workspace, file, "tf1", &["tensorflow-cpu"], false)),
        ("torch", timed(workspace, file, "torch", &["numpy", "torch"], true)),
    ])
}

/// A script that is told which library to time.
fn timed(
    workspace: &Path,
    file: &'static str,
    name: &'static str,
    packages: &'static [&'static str],
    on_request: bool,
) -> Result<Command> {
    let script = Script { name, file, packages, arguments: &[], networks: false, on_request };
    let mut command = Command::new(python(workspace, &script)?);
    command.arg(workspace.join("benches/peers").join(file)).arg(name);
    Ok(command)
}

/// Those that can be had.
fn had<const N: usize>(peers: [(&str, Result<Command>); N]) -> Vec<Timed> {
    let mut found = Vec::new();
    for (name, command) in peers {
        match command {
            Ok(command) => found.push((name.to_string(), command)),
            // A closed terminal is noticed at the next line of our own.
            Err(error) => drop(terminal::say(format_args!("peer     {name} is left out: {error:#}"))),
        }
    }
    found
}

/// The rates that a command gives when it is told these arguments too, each with the name of its library.
///
/// # Errors
/// When its process fails or prints no rate.
pub fn rates_of(peer: &Command, told: impl IntoIterator<Item = String>) -> Result<Vec<(String, f64)>> {
    let mut command = Command::new(peer.get_program());
    command.args(peer.get_args()).args(told);
    TUNED.iter().for_each(|name| {
        command.env_remove(name);
    });
    rates(&process::run(&mut command)?.stdout)
}

/// The lines of JSON with rates.
fn rates(output: &str) -> Result<Vec<(String, f64)>> {
    let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found: Vec<(String, f64)> = lines
        .filter_map(|line| Some((line["peer"].as_str()?.to_string(), line["gflops"].as_f64()?)))
        .filter(|(_, rate)| rate.is_finite() && *rate > 0.0)
        .collect();
    ensure!(!found.is_empty(), "it printed no line of JSON with a rate");
    Ok(found)
}

impl Peer {
    /// Runs a job once; `None` where the peer has no such job.
    ///
    /// # Errors
    /// When its process fails or prints no result.
    pub fn measure(&mut self, job: Job) -> Result<Option<Measurement>> {
        let whole = matches!(job, Job::FiftyEpochs | Job::ClassifierRss);
        if !job.has_peers() || whole && !self.whole_runs || job.has_network() && !self.networks {
            return Ok(None);
        }
        if job == Job::ClassifierRss
            && let Some(peak) = self.peaks.pop()
        {
            return Ok(Some(peak.into()));
        }
        let asked = if whole { Job::FiftyEpochs } else { job };
        let mut command = Command::new(&self.program);
        command.args(&self.before).arg(asked.key()).arg(&self.inputs).args(&self.after);
        TUNED.iter().for_each(|name| {
            command.env_remove(name);
        });
        let ended = process::run(&mut command)?;
        let mut measurement = result(&ended.stdout, asked)?;
        // What a user waits for is the process; what a library says of itself leaves out its start.
        if job == Job::FiftyEpochs {
            measurement.value = ended.seconds;
            self.peaks.extend(ended.peak);
        } else if job == Job::ClassifierRss {
            let Some(peak) = ended.peak else { return Ok(None) };
            measurement = peak.into();
        }
        Ok(Some(measurement))
    }
}

/// The line of JSON among what a peer printed.
fn result(output: &str, job: Job) -> Result<Measurement> {
    let mut lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let Some(line) = lines.rfind(Value::is_object) else { bail!("it printed no line of JSON for {job}") };
    ensure!(line["job"] == job.key(), "it was asked for {job} and gave {}", line["job"]);
    let value = line["value"].as_f64().filter(|value| value.is_finite() && *value > 0.0);
    let check = line["check"].as_f64();
    let note = check.map_or(String::new(), |check| format!("loss {check:.5}"));
    Ok(Measurement { value: value.context("its line of JSON has no usable \"value\"")?, check, note })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_json_counts() {
        let output =
            "warming up\n3\n{\"peer\":\"a\",\"job\":\"epoch_s\",\"value\":0.5,\"check\":1.25}\nbye\n";
        let found = result(output, Job::Epoch).unwrap();
        assert_eq!((found.value, found.check, found.note.as_str()), (0.5, Some(1.25), "loss 1.25000"));
    }

    #[test]
    fn rates_come_by_library() {
        let output = "{\"peer\":\"faer\",\"gflops\":90.5}\nbusy\n{\"peer\":\"gemm\",\"gflops\":88}\n";
        assert_eq!(rates(output).unwrap(), [("faer".to_string(), 90.5), ("gemm".to_string(), 88.0)]);
        for output in ["", "{\"peer\":\"faer\"}", "{\"peer\":\"faer\",\"gflops\":0}"] {
            assert!(
                rates(output).unwrap_err().to_string().contains("no line of JSON with a rate"),
                "{output}"
            );
        }
    }

    #[test]
    fn other_output_is_an_error() {
        for (output, message) in [
            ("", "no line of JSON"),
            ("{\"job\":\"inverse_step_us\",\"value\":1}", "inverse_step_us"),
            ("{\"job\":\"epoch_s\",\"value\":null}", "usable"),
            ("{\"job\":\"epoch_s\",\"value\":-1}", "usable"),
        ] {
            let error = result(output, Job::Epoch).unwrap_err().to_string();
            assert!(error.contains(message), "{output}: {error}");
        }
    }
}
