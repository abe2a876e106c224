//! The compilation for GPUs.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{
    files,
    kernels::compiler::{Compiler, TARGET, Version, clean},
};

/// What the kernels are compiled with.
///
/// Without `mir-opt-level=1` the compiler copies barriers and shuffles into both arms of a branch that
/// threads take differently (rust-lang/rust#137086). The oldest GPU decides the instructions; drivers
/// translate them for newer ones.
const FLAGS: [&str; 5] =
    ["-Ctarget-cpu=sm_75", "-Copt-level=3", "-Ccodegen-units=1", "-Cdebuginfo=0", "-Zmir-opt-level=1"];

/// Compiles the kernels of a workspace and returns their PTX.
///
/// The package is one of its own below `target`: the sources of the standard library come with dependencies
/// of theirs, which stand in for the registry during the whole build.
///
/// # Errors
/// What the compiler says.
pub fn build(workspace: &Path, compiler: &Compiler) -> Result<String> {
    // Cargo does not write the output again where nothing has changed: no two compilers may share it.
    let Version { rustc, llvm } = &compiler.version;
    let folder = workspace.join("target/kernels").join(format!("{rustc}-{llvm}"));
    let source = workspace.join("kernels/src/lib.rs");
    files::write(&folder.join("Cargo.toml"), manifest(&source)?.as_bytes())?;
    let output = folder.join("minutia.ptx");

    let mut cargo = clean(&compiler.cargo);
    cargo.env("RUSTC", &compiler.rustc).env("CARGO_TARGET_DIR", folder.join("target")).current_dir(&folder);
    if let Some(vendored) = &compiler.vendored {
        cargo.args(["--offline", "--config", "source.crates-io.replace-with='library'", "--config"]);
        cargo.arg(format!("source.library.directory={:?}", vendored.display().to_string()));
    }
    cargo.args(["rustc", "--quiet", "--release", "-Zbuild-std=core", "--target", TARGET]);
    cargo.args(["--crate-type", "rlib", "--"]).args(FLAGS);
    cargo.arg(format!("--emit=asm={}", output.display()));
    let ended = cargo.output().with_context(|| format!("cannot start {}", compiler.cargo.display()))?;
    if !ended.status.success() {
        bail!("the kernels do not compile:\n{}", String::from_utf8_lossy(&ended.stderr).trim());
    }
    let ptx = files::read(&output)?.with_context(|| {
        format!("the build left no {}; remove target/kernels and try again", output.display())
    })?;
    Ok(tidied(&String::from_utf8(ptx).context("the compiler wrote no text")?))
}

fn manifest(source: &Path) -> Result<String> {
    let source = source.to_str().with_context(|| format!("{} is no text", source.display()))?;
    Ok(format!(
        "[package]\nname = \"minutia-kernels\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [features]\nrust-cuda = []\n\n[lib]\npath = {source:?}\n\n[workspace]\n"
    ))
}

/// Without comments and empty lines, which are a fifth of it.
fn tidied(ptx: &str) -> String {
    let lines = ptx.lines().map(|line| line.split("//").next().unwrap_or_default().trim_end());
    lines.filter(|line| !line.trim().is_empty()).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_instructions_stay() {
        assert_eq!(tidied("// a\n\n\tadd x; // b\n\t// begin\n}\n"), "\tadd x;\n}\n");
    }
}
