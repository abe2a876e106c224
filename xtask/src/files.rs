//! Reading and writing with messages that name the file and the cure.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use minutia_files::Attempt;

use crate::terminal;

/// Bytes of the largest file that is read: more than anything here writes.
const LIMIT: u64 = 1 << 31;

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
/// Any other failure, with the file's name; what is no file is one, and is not opened.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match minutia_files::read(path, LIMIT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Removes a file, or the link that stands for it; that it is not there is fine.
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
    let unreadable = || format!("cannot read the folder {}", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.with_context(unreadable)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.with_context(unreadable)?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a folder is ours to remove files from: one behind a link is somebody else's.
///
/// # Errors
/// When it is a link. That it is not there is fine.
pub fn no_link(folder: &Path) -> Result<()> {
    if fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_symlink()) {
        bail!(
            "{} is a symbolic link, and this program does not follow links to where it removes files; put a folder in \
             its place, or name another folder with --out",
            folder.display()
        );
    }
    Ok(())
}

/// Removes from a folder, but not from those in it, what killed runs have left half-written.
///
/// # Errors
/// As [`no_link`], and when the folder cannot be read or a file not removed.
pub fn sweep(folder: &Path) -> Result<()> {
    no_link(folder)?;
    minutia_files::sweep(folder).with_context(|| format!("cannot tidy up {}", folder.display()))
}

/// Keeps a second run out of an output folder. The operating system releases it however the process ends.
#[derive(Debug)]
pub struct FolderLock {
    held: Option<minutia_files::Lock>,
}

impl FolderLock {
    /// Takes the lock at `path`, creating the file and its folder where they are missing. Where the file
    /// system has no locks, that is said and the run goes on without one.
    ///
    /// # Errors
    /// When another process holds it (named by its number), the file cannot be written, or a link is in the
    /// way.
    pub fn take(path: &Path) -> Result<FolderLock> {
        FolderLock::take_within(path, Duration::ZERO)
    }

    /// As [`FolderLock::take`], and tries for a while where it is held: who only looks whether it is held
    /// holds it for a moment.
    ///
    /// # Errors
    /// As [`FolderLock::take`].
    pub fn take_within(path: &Path, patience: Duration) -> Result<FolderLock> {
        let folder = path.parent().unwrap_or(Path::new("."));
        no_link(folder)?;
        let attempt = || fs::create_dir_all(folder).and_then(|()| minutia_files::Lock::take(path));
        let begun = Instant::now();
        loop {
            match attempt() {
                Ok(Attempt::Busy(_)) if begun.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                end => return FolderLock::of(path, end),
            }
        }
    }

    /// Whether the file system has locks, so that others can see this one.
    pub fn is_seen(&self) -> bool {
        self.held.is_some()
    }

    fn of(path: &Path, attempt: io::Result<Attempt>) -> Result<FolderLock> {
        let folder = path.parent().unwrap_or(path);
        let guarded = folder.parent().unwrap_or(folder).display();
        match attempt {
            Ok(Attempt::Busy(busy)) => {
                let holder = busy.holder.map_or("another process".to_string(), |id| format!("process {id}"));
                bail!(
                    "{holder} is writing to {guarded}; wait until it is done, or name another folder with --out"
                )
            }
            Err(error) => Err(error).with_context(|| {
                format!("cannot use {} for output; name another folder with --out", path.display())
            }),
            Ok(Attempt::Taken(held)) => Ok(FolderLock { held: Some(held) }),
            Ok(Attempt::Unsupported(why)) => {
                terminal::warn(format_args!(
                    "the file system of {guarded} has no locks ({why}); see to it that no other run writes there"
                ));
                Ok(FolderLock { held: None })
            }
        }
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
    fn the_lock_names_its_holder_and_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".cache/lock");
        let first = FolderLock::take(&path).unwrap();
        let error = FolderLock::take(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        fs::write(&path, "4294967295").unwrap();
        FolderLock::take(&path).unwrap();
    }

    #[test]
    fn without_locks_a_run_goes_on_and_without_a_place_for_one_it_does_not() {
        let path = Path::new("out/.cache/lock");
        let unsupported = Attempt::Unsupported(io::ErrorKind::Unsupported.into());
        assert!(!FolderLock::of(path, Ok(unsupported)).unwrap().is_seen());
        let error =
            format!("{:#}", FolderLock::of(path, Err(io::ErrorKind::ReadOnlyFilesystem.into())).unwrap_err());
        assert!(error.contains("out/.cache/lock") && error.contains("--out"), "{error}");
    }
}
