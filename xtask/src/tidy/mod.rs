//! `cargo xtask tidy`: the repository's rules as code. Every violation is printed with its place and its
//! cure.

mod comments;
mod layers;
mod line_ends;
mod links;
mod manifests;
mod names;
mod pictures;
mod text;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::terminal;

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Relative to the workspace.
    pub file: String,
    /// From 1; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong, and the cure.
    pub message: String,
}

impl Violation {
    fn new(file: &str, line: usize, message: impl Into<String>) -> Violation {
        Violation { file: file.to_string(), line, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// Checks every rule.
///
/// # Errors
/// When any is broken, after all violations are printed, or when a file or cargo cannot be read.
pub fn tidy(workspace: &Path) -> Result<()> {
    let mut files = Vec::new();
    collect(workspace, workspace, &mut files)?;
    files.sort();
    let mut violations = Vec::new();
    let mut names = names::Names::default();
    for file in &files {
        let bytes = std::fs::read(workspace.join(file)).with_context(|| format!("cannot read {file}"))?;
        match String::from_utf8(bytes) {
            Ok(text) => {
                violations.extend(text::check(file, &text));
                if file.ends_with(".rs") {
                    violations.extend(comments::check(file, &text));
                    names.add(file, &text);
                } else if file.ends_with(".md") {
                    violations.extend(links::check(workspace, file, &text));
                }
            }
            Err(_) => violations.push(Violation::new(file, 0, "is no text; write it in UTF-8")),
        }
    }
    violations.extend(names.check());
    let metadata = metadata(workspace)?;
    violations.extend(layers::check(&metadata));
    violations.extend(manifests::check(workspace, &metadata));
    violations.extend(pictures::check(workspace)?);
    violations.extend(line_ends::check(workspace));
    violations.sort();
    violations.dedup();
    for violation in &violations {
        terminal::say(violation)?;
    }
    if violations.is_empty() {
        return terminal::say(format_args!("{} files are tidy.", files.len()));
    }
    bail!("{} violations of the rules that are checked here", violations.len());
}

/// The files whose text is checked: sources, manifests and documents, below the workspace.
fn collect(workspace: &Path, folder: &Path, files: &mut Vec<String>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                collect(workspace, &path, files)?;
            }
        } else if [".rs", ".md", ".toml"].iter().any(|ending| name.ends_with(ending)) {
            let relative = path.strip_prefix(workspace).context("collected below the workspace")?;
            files.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

fn metadata(workspace: &Path) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.current_dir(workspace).other_options(["--locked".to_string()]);
    command.exec().context("cargo metadata failed")
}
