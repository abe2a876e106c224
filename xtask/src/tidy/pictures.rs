//! The pictures that documents show are those that the reproduction draws.

use std::path::Path;

use anyhow::{Context, Result};

use crate::{digest, files, tidy::Violation};

/// Where the pictures lie, and what they are compared with.
const FOLDER: &str = "docs/figures";
const LOCK: &str = "repro.lock";

/// A violation for each picture that the lock does not have.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn check(workspace: &Path) -> Result<Vec<Violation>> {
    let lock = files::read(&workspace.join(LOCK))?.unwrap_or_default();
    let lock = String::from_utf8_lossy(&lock);
    let mut violations = Vec::new();
    for path in files::list(&workspace.join(FOLDER))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = files::read(&path)?.with_context(|| format!("{} vanished", path.display()))?;
        let line = format!("\"figures/{name}\" = \"{}\"", digest::hex(&bytes));
        if !lock.lines().any(|known| known == line) {
            let message = format!("is not the picture of {LOCK}; --bless puts it there");
            violations.push(Violation::new(&format!("{FOLDER}/{name}"), 0, message));
        }
    }
    Ok(violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_of_the_lock_are_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path();
        assert_eq!(check(workspace).unwrap(), []);
        files::write(&workspace.join("docs/figures/a.png"), b"a").unwrap();
        let lock = format!("\"figures/a.png\" = \"{}\"\n", digest::hex(b"a"));
        files::write(&workspace.join(LOCK), lock.as_bytes()).unwrap();
        assert_eq!(check(workspace).unwrap(), []);
        files::write(&workspace.join("docs/figures/a.png"), b"b").unwrap();
        let violations = check(workspace).unwrap();
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].file, "docs/figures/a.png");
    }
}
