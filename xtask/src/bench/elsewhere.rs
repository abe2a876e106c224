//! Jobs that run in another place than this process: in WebAssembly, and in a clone of the repository.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::process::{self, cargo};

/// WebAssembly with the system interface that Node has.
const TARGET: &str = "wasm32-wasip1";

/// What is missing to run WebAssembly here.
pub fn lacks_wasm() -> Option<String> {
    if process::run(Command::new("node").arg("--version")).is_err() {
        return Some("Node is not installed".into());
    }
    let library = process::run(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    let there = library.is_ok_and(|ended| Path::new(ended.stdout.trim()).is_dir());
    (!there).then(|| format!("its standard library is not installed: rustup target add {TARGET}"))
}

/// The rate of a product on one thread of WebAssembly with SIMD, in GFLOP/s.
///
/// # Errors
/// When the program cannot be built, or fails.
pub fn wasm_rate(workspace: &Path, out: &Path) -> Result<f64> {
    let target = out.join("wasm");
    let mut build = cargo();
    build.current_dir(workspace).args(["build", "--release", "--quiet", "--locked", "--target", TARGET]);
    build.args(["--package", "minutia-platforms", "--example", "product_rate", "--target-dir"]).arg(&target);
    build.env("CARGO_TARGET_WASM32_WASIP1_LINKER", "rust-lld");
    build.env("CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS", "-C target-feature=+simd128");
    process::prepare(&mut build).context("the program for WebAssembly could not be built")?;
    let program = target.join(TARGET).join("release/examples/product_rate.wasm");
    let script = workspace.join("tests/platforms/wasi.mjs");
    let ended = process::run(Command::new("node").arg("--no-warnings").arg(script).arg(program))?;
    ended.stdout.trim().parse().with_context(|| format!("this is no rate: {}", ended.stdout))
}

/// Seconds from a clone of what is committed to the finished report. Crates come from cargo's cache.
///
/// # Errors
/// When the repository cannot be cloned, or the report does not come about.
pub fn cold_reproduce(workspace: &Path, out: &Path, arguments: &[String]) -> Result<f64> {
    let folder = out.join("cold");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    let mut clone = Command::new("git");
    clone.args(["clone", "--quiet"]).arg(workspace).arg(&folder);
    let cloned = process::run(&mut clone)?.seconds;
    let mut reproduce = cargo();
    reproduce.current_dir(&folder).args(["xtask", "reproduce", "--no-progress", "--device", "cpu"]);
    reproduce.args(arguments).env("MINUTIA_OFFLINE", "1").env_remove("CARGO_TARGET_DIR");
    if let Some(data) = std::env::var_os("MINUTIA_DATA_DIR") {
        reproduce.env("MINUTIA_DATA_DIR", std::path::absolute(data)?);
    }
    Ok(cloned + process::prepare(&mut reproduce)?.seconds)
}
