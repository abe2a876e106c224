//! A small reproduction: few images, few steps, the real pipeline.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use minutia_datasets::idx::{self, Data, Idx};
use minutia_datasets::mnist::{FILES, VALIDATION};
use minutia_kernels::rng::Generator;
use tempfile::TempDir;

const SIDE: usize = 28;
const TRAIN: usize = VALIDATION + 200;
const TEST: usize = 50;

/// A workplace of one test: a configuration with its lock file, and an output folder.
pub struct Place {
    folder: TempDir,
}

impl Place {
    /// With parameters that a debug build works off in a moment.
    pub fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        let mut config = include_str!("../../../reproduce.toml").to_string();
        for (from, to) in [
            ("\nsteps = 100_000\nlog_every = 100\n", "\nsteps = 400\nlog_every = 10\n"),
            ("seeds = 100\nsteps = 100_000\n", "seeds = 4\nsteps = 100\n"),
            ("adam_steps = 100_000", "adam_steps = 100"),
            ("hidden = 300", "hidden = 20"),
            ("epochs = 50", "epochs = 6"),
            ("\nsteps = 1_000\n", "\nsteps = 40\n"),
            ("first_filters = 32\nsecond_filters = 64\n", "first_filters = 3\nsecond_filters = 17\n"),
            ("hidden = 1024", "hidden = 8"),
            ("\nsteps_per_epoch = 200\nepochs = 6\n", "\nsteps_per_epoch = 3\nepochs = 4\n"),
        ] {
            assert!(config.contains(from), "reproduce.toml has no {from:?} to make smaller");
            config = config.replacen(from, to, 1);
        }
        fs::write(place.config(), config).unwrap();
        place
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("reproduce.toml")
    }

    pub fn lock(&self) -> PathBuf {
        self.folder.path().join("repro.lock")
    }

    /// A path beside the configuration.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `xtask reproduce` with this configuration, the small images and an output folder of this name.
    pub fn reproduce(&self, out: &str, arguments: &[&str]) -> Command {
        let mut command = xtask(&["reproduce", "--no-progress"]);
        command.arg("--config").arg(self.config()).arg("--out").arg(self.path(out));
        command.arg("--data-dir").arg(images()).args(arguments);
        command
    }

    /// The bytes of a manifest.
    pub fn manifest(&self, out: &str) -> String {
        fs::read_to_string(self.path(out).join("manifest.json")).unwrap()
    }
}

/// The variables in which launchers say a process's rank and how many there are.
pub const LAUNCHERS: [[&str; 2]; 3] = [
    ["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"],
    ["PMI_RANK", "PMI_SIZE"],
    ["SLURM_PROCID", "SLURM_STEP_NUM_TASKS"],
];

/// The program, without the variables that change where it finds data, how it computes and which of several
/// processes it is, and without the network.
pub fn xtask(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let ours = ["MINUTIA_SIMD", "MINUTIA_THREADS", "MINUTIA_DATA_DIR"];
    for variable in ours.iter().chain(LAUNCHERS.as_flattened()) {
        command.env_remove(variable);
    }
    command.env("MINUTIA_OFFLINE", "1");
    command.args(arguments);
    command
}

/// Standard output and standard error, one after the other.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs to a good end and returns what was said.
pub fn succeed(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output));
    text(&output)
}

/// Runs to an error with this exit code, and returns its message. Nothing half-written may be left below
/// `out`.
pub fn fail(mut command: Command, code: i32, out: Option<&Path>) -> String {
    let output = command.output().unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(code), "{command:?}\n{text}");
    assert!(!text.contains("panicked"), "{text}");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(message.matches("error: ").count(), 1, "not one message: {message}");
    if let Some(out) = out {
        assert_eq!(partials(out), Vec::<PathBuf>::new(), "left half-written");
    }
    message
}

/// What this CPU can be told to use.
pub fn instructions() -> Vec<&'static str> {
    let mut names = vec!["scalar"];
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            names.push("avx2");
        }
        if is_x86_feature_detected!("avx512f") {
            names.push("avx512");
        }
    }
    #[cfg(target_arch = "aarch64")]
    names.push("neon");
    names
}

/// Leaves a stage as a killed run does: with a checkpoint and no record.
pub fn interrupt(out: &Path, stage: &str, checkpoint: &[u8]) {
    fs::remove_file(out.join(format!(".cache/{stage}.json"))).unwrap();
    fs::write(out.join(format!(".cache/{stage}.checkpoint")), checkpoint).unwrap();
}

/// A checkpoint of a stage, from a run that was killed as soon as it had written one.
pub fn catch_checkpoint(place: &Place, stage: &str) -> Vec<u8> {
    catch_checkpoint_of(place, stage, &[stage])
}

/// A checkpoint of a job of a run, likewise. What the run left is in the folder `caught`.
pub fn catch_checkpoint_of(place: &Place, job: &str, run: &[&str]) -> Vec<u8> {
    let path = place.path("caught/.cache").join(format!("{job}.checkpoint"));
    loop {
        let _ = fs::remove_dir_all(place.path("caught"));
        let mut child = place.reproduce("caught", run).stdout(std::process::Stdio::null()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            if path.exists() {
                child.kill().unwrap();
                break;
            }
        }
        child.wait().unwrap();
        if let Ok(bytes) = fs::read(&path) {
            return bytes;
        }
    }
}

/// Half-written files below a folder.
pub fn partials(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(partials(&path));
        } else if path.to_string_lossy().ends_with("partial") {
            found.push(path);
        }
    }
    found
}

/// The folder of a small data set: each class has a bright block of its own, under noise.
pub fn images() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // Several test programs may do this at once: each file appears whole, and always with the same bytes.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small-images");
        fs::create_dir_all(&folder).unwrap();
        for (half, count) in FILES.chunks(2).zip([TRAIN, TEST]) {
            let (pixels, labels) = draw(half[0], count);
            let write = |name: &str, dims: Vec<usize>, bytes| {
                idx::write_file(&Idx { dims, data: Data::U8(bytes) }, folder.join(name)).unwrap();
            };
            write(half[0], vec![count, SIDE, SIDE], pixels);
            write(half[1], vec![count], labels);
        }
        folder
    })
}

fn draw(name: &str, count: usize) -> (Vec<u8>, Vec<u8>) {
    let mut generator = Generator::new(1, name);
    let labels: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
    let mut pixels = vec![0; count * SIDE * SIDE];
    for (image, &label) in pixels.chunks_mut(SIDE * SIDE).zip(&labels) {
        let (top, left) = (usize::from(label) / 4 * 9, usize::from(label) % 4 * 7);
        for (at, pixel) in image.iter_mut().enumerate() {
            let inside = (top..top + 7).contains(&(at / SIDE)) && (left..left + 6).contains(&(at % SIDE));
            *pixel = if inside { 150 + generator.below(106) as u8 } else { generator.below(60) as u8 };
        }
    }
    (pixels, labels)
}
