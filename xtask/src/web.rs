//! `cargo xtask web`: makes the plans of `crates/web`, compiles it to WebAssembly, and keeps both there.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};
use minutia_web::planning;

use crate::{files, terminal};

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "minutia-web";
/// The crate, below the workspace.
const CRATE: &str = "crates/web";

/// The modules, and the instructions that each may use.
const VARIANTS: [(&str, &str); 2] = [("plain", "+simd128"), ("relaxed", "+simd128,+relaxed-simd")];

/// Makes plans and modules anew.
///
/// # Errors
/// When there is no compiler for WebAssembly, with what to install; when the build fails; when a module is
/// larger than it may be.
pub fn web(workspace: &Path) -> Result<()> {
    let folder = workspace.join(CRATE);
    for (name, bytes) in planning::files().map_err(anyhow::Error::from_boxed)? {
        renew(&folder.join("plans").join(name), &bytes)?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    has_target()?;
    for (variant, features) in VARIANTS {
        let module = build(workspace, &cargo, variant, features)?;
        let sizes = [module.len(), compressed(&module)?];
        let [bytes, gzip] = sizes;
        terminal::say(format_args!("{variant}: {bytes} bytes, {gzip} compressed"))?;
        ensure!(
            sizes.iter().zip(planning::LIMITS).all(|(&size, limit)| size <= limit),
            "the module {variant} may have {:?} bytes",
            planning::LIMITS
        );
        renew(&folder.join(format!("dist/{variant}.wasm")), &module)?;
    }
    Ok(())
}

/// Writes a file where it would change.
fn renew(path: &Path, bytes: &[u8]) -> Result<()> {
    if files::read(path)?.as_deref() == Some(bytes) {
        return Ok(());
    }
    files::write(path, bytes)?;
    terminal::say(format_args!("{} is new", path.display()))
}

fn compressed(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn has_target() -> Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer = Command::new(&rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let answer = answer.with_context(|| format!("cannot start {}", rustc.display()))?;
    if answer.status.success() && Path::new(String::from_utf8_lossy(&answer.stdout).trim()).is_dir() {
        return Ok(());
    }
    bail!(
        "{} has no standard library for {TARGET}; install it with `rustup target add {TARGET}`",
        rustc.display()
    )
}

/// Compiles a variant. Nothing in it says where that was done.
fn build(workspace: &Path, cargo: &OsString, variant: &str, features: &str) -> Result<Vec<u8>> {
    let target = workspace.join("target/web").join(variant);
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let flags = [
        format!("-Ctarget-feature={features}"),
        format!("--remap-path-prefix={}=.", workspace.display()),
        format!("--remap-path-prefix={}=cargo", home.display()),
    ];
    let mut command = Command::new(cargo);
    command.current_dir(workspace).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")).env_remove("RUSTFLAGS");
    command.args(["rustc", "--quiet", "--locked", "--package", PACKAGE, "--lib", "--crate-type", "cdylib"]);
    command.args(["--profile", "web", "--target", TARGET, "--target-dir"]).arg(&target);
    let ended = command.output().with_context(|| format!("cannot start {}", cargo.display()))?;
    if !ended.status.success() {
        bail!("the module {variant} does not compile:\n{}", String::from_utf8_lossy(&ended.stderr).trim());
    }
    let path = target.join(TARGET).join("web/minutia_web.wasm");
    files::read(&path)?.with_context(|| format!("the build left no {}", path.display()))
}
