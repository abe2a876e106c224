//! From a downloaded file to a verified one.

use super::{Failure, Wanted};
use crate::{
    Problem,
    idx::{Contents, Foreign, open},
    mnist::load::hex,
};
use sha2::{Digest, Sha256};
use std::{
    io::{self, Read, Write},
    path::Path,
};

/// Whether the contents of a file are those that are wanted.
pub(super) fn is_intact(path: &Path, wanted: &Wanted<'_>) -> bool {
    let digest = open(path).map_err(failure).and_then(|f| unpack(f, wanted, io::sink()));
    digest.is_ok_and(|digest| digest == wanted.digest)
}

/// SHA-256 of the decompressed contents of a file, whatever they are.
pub(super) fn digest(path: &Path) -> Result<String, Problem> {
    let mut contents = Contents::new(open(path)?)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match contents.read(&mut buffer)? {
            0 => return Ok(hex(hasher)),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// Decompresses `partial` to `target`, which appears only when its contents are right.
pub(super) fn install(partial: &Path, target: &Path, wanted: &Wanted<'_>) -> Result<(), Failure> {
    minutia_files::write(target, |file| {
        let found = unpack(open(partial).map_err(|problem| Failure::At(problem.at(partial)))?, wanted, file)?;
        if found == wanted.digest {
            return Ok(());
        }
        Err(Failure::Mirror(format!("sent other contents: SHA-256 {found}, expected {}", wanted.digest)))
    })
}

/// Copies the decompressed contents and gives their SHA-256. Never copies more than there should be.
fn unpack(source: impl Read, wanted: &Wanted<'_>, mut to: impl Write) -> Result<String, Failure> {
    let mut contents = Contents::new(source).map_err(failure)?;
    let mut hasher = Sha256::new();
    let mut left = wanted.size;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n = match contents.read(&mut buffer) {
            Ok(0) => return Ok(hex(hasher)),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(failure(contents.problem(e.into()))),
        };
        if left == wanted.size
            && let Some(Foreign { what, .. }) = Foreign::find(&buffer[..n])
        {
            return Err(Failure::Mirror(format!("sent {what} instead of the file")));
        }
        left = left.checked_sub(n as u64).ok_or_else(|| {
            Failure::Mirror(format!("sent more than the {} bytes of {}", wanted.size, wanted.name))
        })?;
        hasher.update(&buffer[..n]);
        to.write_all(&buffer[..n])?;
    }
}

fn failure(problem: Problem) -> Failure {
    match problem {
        Problem::Io(error) => Failure::Disk(io::Error::new(error.kind(), error.to_string())),
        Problem::Gzip(reason) => Failure::Mirror(format!("sent damaged data: {reason}")),
        Problem::Empty => Failure::Mirror("sent nothing".to_string()),
        other => Failure::Mirror(other.to_string()),
    }
}
