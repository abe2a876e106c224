use crate::{Obstacle, open_foreign, open_own};
use std::{
    fs::{File, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
    process,
};

/// Bytes that the number of a process has at most.
const DIGITS: u64 = 10;

/// A file by which processes keep out of each other's way. The operating system releases it however a process
/// ends, so that the file says nothing by being there; it holds the number of the process that took it last.
///
/// ```
/// use minutia_files::{Attempt, Lock};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("lock");
/// let Attempt::Taken(lock) = Lock::take(&path)? else { panic!("nobody else has it") };
/// let Attempt::Busy(busy) = Lock::take(&path)? else { panic!("we have it ourselves") };
/// drop(lock);
/// let _lock = busy.wait()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// What came of an attempt to take a lock.
#[derive(Debug)]
pub enum Attempt {
    /// It is held until the value is dropped.
    Taken(Lock),
    /// Somebody else holds it.
    Busy(Busy),
    /// The file system knows no locks, as some network file systems do; what it answered. Most programs warn
    /// and go on.
    Unsupported(io::Error),
}

/// A lock that somebody else holds.
#[derive(Debug)]
pub struct Busy {
    file: File,
    /// The number of the process that holds it, where it can be read.
    pub holder: Option<u32>,
}

impl Lock {
    /// Takes the lock at `path` if it is free, making the file where there is none, and never through a link.
    ///
    /// # Errors
    /// An [`Obstacle`] for what is no lock, which stays as it is; otherwise those of the file system.
    pub fn take(path: impl AsRef<Path>) -> io::Result<Attempt> {
        Lock::take_with(path.as_ref(), File::try_lock)
    }

    /// Whether somebody holds the lock at `path`, which is neither made nor changed: nobody holds one that is
    /// not there. Who tries to take it in the moment of looking finds it busy.
    ///
    /// # Errors
    /// An [`Obstacle`] for what is no file, a link included; otherwise those of the file system, which may
    /// have no locks.
    pub fn is_held(path: impl AsRef<Path>) -> io::Result<bool> {
        let file = match open_foreign(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn take_with(
        path: &Path,
        try_lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> io::Result<Attempt> {
        let mut file = open_own(path)?;
        match try_lock(&file) {
            Ok(()) => Lock::of(file).map(Attempt::Taken),
            Err(TryLockError::WouldBlock) => {
                // Where locks are mandatory, nobody else may read the file.
                let holder = holder(&mut file).ok().flatten();
                Ok(Attempt::Busy(Busy { file, holder }))
            }
            Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(Attempt::Unsupported(error)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Writes this process's number to a file that is locked.
    fn of(mut file: File) -> io::Result<Lock> {
        if file.metadata()?.len() > 0 && holder(&mut file)?.is_none() {
            return Err(Obstacle::NoLock.into());
        }
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "{}", process::id())?;
        Ok(Lock { _file: file })
    }
}

impl Busy {
    /// Waits until it is free and takes it.
    ///
    /// # Errors
    /// As [`Lock::take`].
    pub fn wait(self) -> io::Result<Lock> {
        self.file.lock()?;
        Lock::of(self.file)
    }
}

fn holder(file: &mut File) -> io::Result<Option<u32>> {
    let mut text = Vec::new();
    file.rewind()?;
    file.take(DIGITS + 1).read_to_end(&mut text)?;
    Ok(str::from_utf8(&text).ok().and_then(|text| text.parse().ok()))
}

/// Whether an error says that this file system has no locks (EOPNOTSUPP, ENOTSUP, ENOSYS) or no place for one
/// (ENOLCK).
pub(crate) fn is_unsupported(error: &io::Error) -> bool {
    const CODES: &[i32] = match () {
        () if cfg!(target_os = "linux") => &[37, 38, 95],
        () if cfg!(unix) => &[45, 77, 78, 102],
        () => &[],
    };
    error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error().is_some_and(|code| CODES.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_looked_at_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert!(!Lock::is_held(&path).unwrap());
        assert!(!path.exists(), "looking has made it");
        let Attempt::Taken(lock) = Lock::take(&path).unwrap() else { panic!("nobody else has it") };
        assert!(Lock::is_held(&path).unwrap());
        drop(lock);
        std::fs::write(&path, "7").unwrap();
        assert!(!Lock::is_held(&path).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"7");
        Lock::is_held(folder.path()).unwrap_err();
    }

    #[test]
    fn a_file_system_without_locks_is_told_and_other_failures_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let answer = |error: io::Error| Lock::take_with(&path, |_| Err(TryLockError::Error(error)));
        let unsupported = io::Error::from(io::ErrorKind::Unsupported);
        assert!(matches!(answer(unsupported).unwrap(), Attempt::Unsupported(_)));
        #[cfg(target_os = "linux")]
        for (name, code) in [("ENOLCK", 37), ("ENOSYS", 38), ("EOPNOTSUPP", 95)] {
            let outcome = answer(io::Error::from_raw_os_error(code)).unwrap();
            assert!(matches!(outcome, Attempt::Unsupported(_)), "{name}");
        }
        let failed = answer(io::Error::from(io::ErrorKind::PermissionDenied)).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::PermissionDenied);
    }
}
