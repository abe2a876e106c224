//! `cargo xtask kernels`: compiles `kernels/src` for GPUs, checks what came out, and keeps it in
//! `kernels/ptx`.

mod build;
mod compiler;
mod gate;
mod instructions;
mod stamp;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{cli, files, terminal};
use compiler::Compiler;
use stamp::Stamp;

/// The compiled kernels, below the workspace.
const PTX: &str = "kernels/ptx/minutia.ptx";
/// What brings them up to date.
const CURE: &str = "run `cargo xtask kernels`";

/// Builds the kernels, or checks that those that are kept are what the sources give.
///
/// # Errors
/// When no compiler is there to build with, the build fails, the result breaks a rule of the gate or, for a
/// check, what is kept is stale.
pub fn kernels(workspace: &Path, options: &cli::Kernels) -> Result<()> {
    if options.check { check(workspace) } else { renew(workspace) }
}

fn renew(workspace: &Path) -> Result<()> {
    let compiler = Compiler::find(None)?;
    terminal::say(format_args!("building with {compiler}"))?;
    let ptx = build::build(workspace, &compiler)?;
    pass_gate(&ptx)?;
    let stamp = Stamp::new(&compiler.version, stamp::digest_of_sources(workspace)?, &ptx);
    files::write(&workspace.join(PTX), ptx.as_bytes())?;
    stamp.write(workspace)?;
    terminal::say(format_args!("{PTX} is up to date ({} bytes).", ptx.len()))
}

fn check(workspace: &Path) -> Result<()> {
    let stamp = check_kept(workspace)?;
    let compiler = match Compiler::find(Some(&stamp.version)) {
        Ok(compiler) if compiler.version == stamp.version => compiler,
        Ok(compiler) => {
            return terminal::say(format_args!(
                "{PTX} has the digests of its stamp. It was not built again: there is {compiler}, not {}.",
                stamp.version
            ));
        }
        Err(error) => {
            return terminal::say(format_args!(
                "{PTX} has the digests of its stamp. It was not built again: {error:#}"
            ));
        }
    };
    terminal::say(format_args!("building with {compiler}"))?;
    let built = build::build(workspace, &compiler)?;
    if built != read(workspace)? {
        bail!("{PTX} is not what {compiler} makes of kernels/src; {CURE}");
    }
    terminal::say(format_args!("{PTX} is what {compiler} makes of kernels/src."))
}

/// What can be checked without a compiler for GPUs: digests and the gate.
fn check_kept(workspace: &Path) -> Result<Stamp> {
    let (stamp, ptx) = (Stamp::read(workspace)?, read(workspace)?);
    stamp.matches(&stamp::digest_of_sources(workspace)?, &ptx)?;
    pass_gate(&ptx)?;
    Ok(stamp)
}

fn read(workspace: &Path) -> Result<String> {
    let bytes = files::read(&workspace.join(PTX))?.with_context(|| format!("{PTX} is missing; {CURE}"))?;
    String::from_utf8(bytes).with_context(|| format!("{PTX} is no text; {CURE}"))
}

fn pass_gate(ptx: &str) -> Result<()> {
    let faults = gate::faults(ptx, &gate::declared());
    for fault in &faults {
        terminal::say(fault)?;
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{} faults in the compiled kernels", faults.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_kernels_are_those_of_the_sources_and_pass_the_gate() {
        if let Err(error) = check_kept(&crate::workspace()) {
            panic!("{error:#}");
        }
    }
}
