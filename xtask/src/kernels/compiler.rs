//! Looks for a Rust compiler that can build for GPUs: one that was allowed unstable features, knows NVIDIA's
//! machine code, and has the sources of the standard library beside it.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The target that kernels are compiled for.
pub const TARGET: &str = "nvptx64-nvidia-cuda";

/// A release of a compiler and of the code generator in it. The same version gives the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub rustc: String,
    pub llvm: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rustc {} with LLVM {}", self.rustc, self.llvm)
    }
}

/// A compiler that can build kernels.
#[derive(Clone, Debug)]
pub struct Compiler {
    pub rustc: PathBuf,
    pub cargo: PathBuf,
    pub version: Version,
    /// The dependencies of the standard library, where they come with its sources.
    pub vendored: Option<PathBuf>,
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.version, self.rustc.display())
    }
}

impl Compiler {
    /// The compiler that the variable `RUSTC` names, else among the usual places the first of the `wanted`
    /// version, else the first that can build kernels.
    ///
    /// # Errors
    /// When there is none, with what each lacks and what to install.
    pub fn find(wanted: Option<&Version>) -> Result<Compiler> {
        if let Some(named) = std::env::var_os("RUSTC") {
            let rustc = PathBuf::from(named);
            return Compiler::ask(&rustc)
                .with_context(|| format!("RUSTC={} cannot build kernels", rustc.display()));
        }
        let (mut found, mut lacking) = (Vec::new(), Vec::new());
        for rustc in usual_places() {
            match Compiler::ask(&rustc) {
                Ok(compiler) => found.push(compiler),
                Err(error) => lacking.push(format!("{}: {error:#}", rustc.display())),
            }
        }
        let best = found.iter().position(|compiler| Some(&compiler.version) == wanted).unwrap_or(0);
        if found.is_empty() {
            let lacking: String = lacking.iter().map(|reason| format!("\n  {reason}")).collect();
            bail!("no compiler that can build kernels{lacking}\n  {INSTALL}");
        }
        Ok(found.swap_remove(best))
    }

    /// What a compiler says of itself.
    fn ask(rustc: &Path) -> Result<Compiler> {
        let version = version(&answer(rustc, &["-vV"])?)?;
        let root = answer(rustc, &["--print", "sysroot"])?;
        let library = Path::new(root.trim()).join("lib/rustlib/src/rust/library");
        if !library.join("core/Cargo.toml").is_file() {
            bail!("{version} has no sources of the standard library in {}", library.display());
        }
        answer(rustc, &["--print", "cfg", "--target", TARGET])
            .with_context(|| format!("{version} does not know the target {TARGET}"))?;
        let vendored = Some(library.join("vendor")).filter(|folder| folder.is_dir());
        let cargo = rustc.with_file_name(format!("cargo{}", std::env::consts::EXE_SUFFIX));
        let cargo = if cargo.is_file() { cargo } else { PathBuf::from("cargo") };
        Ok(Compiler { rustc: rustc.to_path_buf(), cargo, version, vendored })
    }
}

const INSTALL: &str = "install Debian's packages rustc-web and rust-web-src, or \
     `rustup toolchain install nightly --component rust-src`, or name a compiler in RUSTC";

/// Debian's compiler for the web and for GPUs, then rustup's nightly one.
fn usual_places() -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from("/usr/bin/rustc")];
    let nightly = clean("rustup").args(["which", "--toolchain", "nightly", "rustc"]).output();
    if let Ok(output) = nightly
        && output.status.success()
    {
        places.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    places.retain(|place| place.is_file());
    places
}

/// A command without what cargo and rustup put into the environment, which would choose another compiler and
/// other flags.
pub fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        let ours = name_text == "CARGO_HOME" || name_text == "RUSTUP_HOME";
        if !ours && ["CARGO", "RUST", "LD_LIBRARY_PATH"].iter().any(|start| name_text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}

fn answer(rustc: &Path, arguments: &[&str]) -> Result<String> {
    let output = clean(rustc).args(arguments).output().context("cannot be started")?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("{}", words.lines().next().unwrap_or("it failed without a word"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn version(words: &str) -> Result<Version> {
    let field = |name: &str| {
        let line = words.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_string()).with_context(|| format!("it did not say its {name}"))
    };
    Ok(Version { rustc: field("release:")?, llvm: field("LLVM version:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_a_compiler_says() {
        let words = "rustc 1.2.3 (abc)\nbinary: rustc\nrelease: 1.2.3-nightly\nLLVM version: 4.5.6\n";
        let expected = Version { rustc: "1.2.3-nightly".into(), llvm: "4.5.6".into() };
        assert_eq!(version(words).unwrap(), expected);
        assert!(version("release: 1").unwrap_err().to_string().contains("LLVM"));
    }

    #[test]
    fn a_compiler_without_sources_or_without_itself_is_refused() {
        let error = format!("{:#}", Compiler::ask(Path::new("/nowhere/rustc")).unwrap_err());
        assert!(error.contains("cannot be started"), "{error}");
    }
}
