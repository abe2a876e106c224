//! Files that are either there completely or not at all.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Writes a file, complete or not at all, creating the folder where it is missing.
///
/// # Errors
/// Names the file and the cure; nothing is left of the attempt.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let attempt = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        minutia_files::write(path, |file| file.write_all(bytes))
    };
    attempt().with_context(|| {
        format!(
            "cannot write {}; make room, allow writing there, or name another folder with --out",
            path.display()
        )
    })
}

/// Reads a file; `None` when there is none.
///
/// # Errors
/// Any other failure, with the file's name.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Removes a file; that it is not there is fine.
///
/// # Errors
/// Any other failure, with the file's name.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// The files of a folder, sorted; none where there is no folder.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in entries(folder)? {
        let path = entry.with_context(|| unreadable(folder))?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn entries(folder: &Path) -> Result<Vec<io::Result<fs::DirEntry>>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => Ok(other.with_context(|| unreadable(folder))?.collect()),
    }
}

fn unreadable(folder: &Path) -> String {
    format!("cannot read the folder {}", folder.display())
}

/// Removes the `.partial` files that a killed run has left below a folder.
///
/// # Errors
/// When a folder cannot be read or a file not removed.
pub fn remove_partials(folder: &Path) -> Result<()> {
    for entry in entries(folder)? {
        let path = entry.with_context(|| unreadable(folder))?.path();
        if path.is_dir() {
            remove_partials(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "partial") {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Keeps a second run out of an output folder. The operating system releases it however the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`, creating the file and its folder where they are missing.
    ///
    /// # Errors
    /// When another process holds it (named by its number) or the file cannot be written.
    pub fn take(path: &Path) -> Result<Lock> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let cure = || format!("cannot use {} for output; name another folder with --out", folder.display());
        fs::create_dir_all(folder).with_context(cure)?;
        let mut file = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(path)
            .with_context(cure)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(path).unwrap_or_default();
                let holder = holder
                    .trim()
                    .parse::<u32>()
                    .map_or("another process".to_string(), |id| format!("process {id}"));
                bail!(
                    "{holder} is writing to {}; wait until it is done, or name another folder with --out",
                    folder.parent().unwrap_or(folder).display()
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        let write = |file: &mut File| -> io::Result<()> {
            file.set_len(0)?;
            write!(file, "{}", std::process::id())
        };
        write(&mut file).with_context(cure)?;
        Ok(Lock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_replaces_the_file_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_names_the_file_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        let error = write(&path, b"x").unwrap_err().to_string();
        assert!(error.contains("taken") && error.contains("--out"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn partial_files_are_found_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("a/keep"), b"").unwrap();
        fs::write(folder.path().join("a/x.svg.partial"), b"").unwrap();
        remove_partials(folder.path()).unwrap();
        let left: Vec<_> =
            fs::read_dir(folder.path().join("a")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["keep"]);
        remove_partials(&folder.path().join("none")).unwrap();
    }

    #[test]
    fn the_lock_names_its_holder_and_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".cache/lock");
        let first = Lock::take(&path).unwrap();
        let error = Lock::take(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        fs::write(&path, "4294967295").unwrap();
        Lock::take(&path).unwrap();
    }
}
