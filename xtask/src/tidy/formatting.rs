//! `rustfmt --check` over every file: `cargo fmt` does not follow the modules that a macro declares.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Violation;

/// The files that rustfmt would change.
///
/// # Errors
/// When rustfmt cannot be started or a file cannot be parsed.
pub fn check(workspace: &Path, files: &[&String]) -> Result<Vec<Violation>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let output = Command::new("rustfmt")
        .args(["--edition", "2024", "--check", "--files-with-diff"])
        .args(files)
        .current_dir(workspace)
        .output()
        .context("cannot start rustfmt; `rustup component add rustfmt` installs it")?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let listed: Vec<Violation> = stdout.lines().map(|line| violation(workspace, line)).collect();
    if !output.status.success() && listed.is_empty() {
        bail!("rustfmt failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(listed)
}

fn violation(workspace: &Path, line: &str) -> Violation {
    let path = Path::new(line.trim());
    let relative = path.strip_prefix(workspace).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Violation::new(&relative, 0, format!("is not formatted; run `rustfmt --edition 2024 {relative}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unformatted_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().canonicalize().unwrap();
        std::fs::write(workspace.join("good.rs"), "fn f() {}\n").unwrap();
        std::fs::write(workspace.join("bad.rs"), "fn  f( ) {}\n").unwrap();
        let names = ["good.rs".to_string(), "bad.rs".to_string()];
        let found = check(&workspace, &names.iter().collect::<Vec<_>>()).unwrap();
        let files: Vec<&str> = found.iter().map(|violation| violation.file.as_str()).collect();
        assert_eq!(files, ["bad.rs"]);
    }

    #[test]
    fn a_file_that_does_not_parse_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("broken.rs"), "fn {").unwrap();
        assert!(
            check(folder.path(), &[&"broken.rs".to_string()])
                .unwrap_err()
                .to_string()
                .contains("rustfmt failed")
        );
    }
}
