//! Child processes with their wall time and peak memory.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::load::peak_megabytes;

/// How often a child's memory is looked at. The peak that the system keeps never falls, so that only what a
/// child grows by in its last moments can be missed.
const LOOK: Duration = Duration::from_millis(2);

/// A child that takes longer is ended: two libraries' threads that spin for the same cores may take hundreds
/// of times as long as either alone.
const LIMIT: Duration = Duration::from_secs(600);
/// The same for what downloads or compiles.
const PREPARING: Duration = Duration::from_secs(3600);

/// The cargo that runs this program, or else the one on the path.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// What a child process did.
#[derive(Debug)]
pub struct Ended {
    pub seconds: f64,
    /// The most memory it held, in 10⁶ bytes; unknown where there is no `/proc`.
    pub peak: Option<f64>,
    pub stdout: String,
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started, fails (with the last lines that it wrote), or does not end.
pub fn run(command: &mut Command) -> Result<Ended> {
    run_within(command, LIMIT)
}

/// Runs a command that downloads or compiles, which may take longer.
///
/// # Errors
/// As [`run`].
pub fn prepare(command: &mut Command) -> Result<Ended> {
    run_within(command, PREPARING)
}

fn run_within(command: &mut Command, limit: Duration) -> Result<Ended> {
    let program = command.get_program().to_string_lossy().into_owned();
    // Files rather than pipes: nobody has to read along, and no thread wakes up during a measurement.
    let mut streams = [tempfile::tempfile()?, tempfile::tempfile()?];
    command.stdin(Stdio::null()).stdout(streams[0].try_clone()?).stderr(streams[1].try_clone()?);
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = None;
    let status = loop {
        // Not the usage that `wait4` gives: after a fork that begins with the peak of the parent.
        peak = fs::read_to_string(&status_file).ok().as_deref().and_then(peak_megabytes).or(peak);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("{program} was ended after {} s; is the machine busy otherwise?", limit.as_secs_f64());
        }
        thread::sleep(LOOK);
    };
    let seconds = start.elapsed().as_secs_f64();
    let [stdout, stderr] = &mut streams;
    let (stdout, stderr) = (text(stdout)?, text(stderr)?);
    if !status.success() {
        let last: Vec<&str> = stderr.lines().chain(stdout.lines()).filter(|l| !l.trim().is_empty()).collect();
        bail!("{program} failed ({status}): {}", last[last.len().saturating_sub(3)..].join(" / "));
    }
    Ok(Ended { seconds, peak, stdout })
}

fn text(file: &mut fs::File) -> Result<String> {
    use std::io::{Read, Seek};
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_child_s_words_time_and_failure_are_kept() {
        let ended = run(Command::new("sh").args(["-c", "echo out; echo err >&2"])).unwrap();
        assert_eq!(ended.stdout, "out\n");
        assert!(ended.seconds > 0.0);
        let error = run(Command::new("sh").args(["-c", "echo broken >&2; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("sh failed") && error.contains("broken"), "{error}");
        let error = run_within(Command::new("sleep").arg("60"), Duration::from_millis(20)).unwrap_err();
        assert!(error.to_string().contains("sleep was ended"), "{error}");
        let error = run(&mut Command::new("/nowhere/at-all")).unwrap_err().to_string();
        assert!(error.contains("/nowhere/at-all"), "{error}");
    }
}
