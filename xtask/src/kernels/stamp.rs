//! What the kept kernels were made from and by.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::{
    digest, files,
    kernels::{CURE, PTX, compiler::Version},
};

/// Beside the kernels, below the workspace.
const STAMP: &str = "kernels/ptx/minutia.toml";
/// The sources, below the workspace.
const SOURCES: &str = "kernels/src";

/// Compiler and digests of the kept kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub version: Version,
    sources: String,
    ptx: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    rustc: String,
    llvm: String,
    sources: String,
    ptx: String,
}

impl Stamp {
    pub fn new(version: &Version, sources: String, ptx: &str) -> Stamp {
        Stamp { version: version.clone(), sources, ptx: digest::hex(ptx.as_bytes()) }
    }

    /// Reads the stamp that is kept.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn read(workspace: &Path) -> Result<Stamp> {
        let bytes =
            files::read(&workspace.join(STAMP))?.with_context(|| format!("{STAMP} is missing; {CURE}"))?;
        let text = String::from_utf8(bytes).with_context(|| format!("{STAMP} is no text; {CURE}"))?;
        let File { rustc, llvm, sources, ptx } =
            toml::from_str(&text).with_context(|| format!("{STAMP} is damaged; {CURE}"))?;
        Ok(Stamp { version: Version { rustc, llvm }, sources, ptx })
    }

    /// Keeps the stamp.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, workspace: &Path) -> Result<()> {
        let Stamp { version: Version { rustc, llvm }, sources, ptx } = self.clone();
        let text = toml::to_string(&File { rustc, llvm, sources, ptx }).context("a stamp is text")?;
        let text = format!("# What `cargo xtask kernels` made minutia.ptx with and from.\n{text}");
        files::write(&workspace.join(STAMP), text.as_bytes())
    }

    /// Compares the digests.
    ///
    /// # Errors
    /// When the sources have changed since, or the kernels are not those that were stamped.
    pub fn matches(&self, sources: &str, ptx: &str) -> Result<()> {
        if self.sources != sources {
            bail!("{PTX} is stale: {SOURCES} has changed since it was built; {CURE}");
        }
        if self.ptx != digest::hex(ptx.as_bytes()) {
            bail!("{PTX} is not what was built from {SOURCES}; {CURE}");
        }
        Ok(())
    }
}

/// The digest of all sources: names and contents, whatever the line ends of the checkout.
///
/// # Errors
/// When a file cannot be read.
pub fn digest_of_sources(workspace: &Path) -> Result<String> {
    let root = workspace.join(SOURCES);
    let mut paths = Vec::new();
    collect(&root, &mut paths)?;
    let mut parts = Vec::new();
    for path in paths {
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(&root).context("collected below the sources")?;
        parts.push(name.to_string_lossy().replace('\\', "/"));
        parts.push(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
    }
    Ok(digest::hex_of_strings(parts.iter().map(String::as_str)))
}

fn collect(folder: &Path, paths: &mut Vec<std::path::PathBuf>) -> Result<()> {
    let unreadable = || format!("cannot read the folder {}", folder.display());
    let entries = std::fs::read_dir(folder).with_context(unreadable)?;
    let mut found: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    found.sort();
    for path in found {
        if path.is_dir() { collect(&path, paths)? } else { paths.push(path) }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(workspace: &Path, file: &str, text: &str) {
        files::write(&workspace.join(file), text.as_bytes()).unwrap();
    }

    #[test]
    fn any_change_of_the_sources_makes_kernels_stale() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path();
        write(workspace, "kernels/src/lib.rs", "a\n");
        write(workspace, "kernels/src/gpu/map.rs", "b");
        let digest = || digest_of_sources(workspace).unwrap();
        let first = digest();
        write(workspace, "kernels/src/lib.rs", "a\r\n");
        assert_eq!(digest(), first, "line ends are no change");
        for (file, text) in [("kernels/src/gpu/map.rs", "c"), ("kernels/src/gpu/new.rs", "")] {
            write(workspace, file, text);
            let stamp = Stamp::new(&version(), first.clone(), "ptx");
            let error = stamp.matches(&digest(), "ptx").unwrap_err().to_string();
            assert!(error.contains("stale") && error.contains(CURE), "{file}: {error}");
        }
    }

    #[test]
    fn kernels_that_were_edited_are_noticed() {
        let stamp = Stamp::new(&version(), "sources".into(), "ptx");
        assert!(stamp.matches("sources", "ptx").is_ok());
        assert!(stamp.matches("sources", "ptx ").unwrap_err().to_string().contains("not what was built"));
    }

    #[test]
    fn a_stamp_survives_the_file_and_damage_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path();
        assert!(Stamp::read(workspace).unwrap_err().to_string().contains("missing"));
        let stamp = Stamp::new(&version(), "sources".into(), "ptx");
        stamp.write(workspace).unwrap();
        assert_eq!(Stamp::read(workspace).unwrap(), stamp);
        write(workspace, STAMP, "rustc = 1");
        assert!(Stamp::read(workspace).unwrap_err().to_string().contains("damaged"));
    }

    fn version() -> Version {
        Version { rustc: "1.2.3".into(), llvm: "4.5.6".into() }
    }
}
