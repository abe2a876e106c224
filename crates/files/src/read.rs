use crate::Obstacle;
use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::Path,
};

/// Opens a regular file for reading. A symbolic link to one is followed.
///
/// # Errors
/// An [`Obstacle`] where there is something else: it is looked at before it is opened, because opening a pipe
/// waits for somebody to write to it. Otherwise those of the file system.
pub fn open(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    regular(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Opens a regular file for reading in a folder that somebody else has made: a symbolic link is not followed.
///
/// # Errors
/// An [`Obstacle`] where there is something else, a link included. Otherwise those of the file system.
pub fn open_foreign(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    let seen = fs::symlink_metadata(path)?;
    regular(&seen)?;
    let file = File::open(path)?;
    let opened = file.metadata()?;
    regular(&opened)?;
    same(&seen, &opened)?;
    Ok(file)
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open`]; `FileTooLarge` with both numbers for a larger one, before anything is allocated;
/// `OutOfMemory` where the memory for it is not there.
pub fn read(path: impl AsRef<Path>, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let size = file.metadata()?.len();
    let too_large = |size| {
        let what = format!("has {size} bytes or more, at most {limit} are read here");
        io::Error::new(io::ErrorKind::FileTooLarge, what)
    };
    if size > limit {
        return Err(too_large(size));
    }
    let mut bytes = Vec::new();
    let room = usize::try_from(size).map_err(|_| io::ErrorKind::OutOfMemory)?;
    bytes.try_reserve_exact(room).map_err(|_| io::ErrorKind::OutOfMemory)?;
    // Files that grow while they are read, and those of /proc, have more than they say.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

/// Opens a file that this program alone writes, for reading and writing, from its beginning; makes an empty
/// one where there is none. What is in it stays.
///
/// # Errors
/// An [`Obstacle`] for a link of either kind, and for what is no file. Otherwise those of the file system.
pub fn open_own(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    let mut options = File::options();
    options.read(true).write(true);
    // Somebody may remove the file between two of the steps.
    for _ in 0..100 {
        match options.clone().create_new(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other,
        }
        match existing(path, &options) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn existing(path: &Path, options: &fs::OpenOptions) -> io::Result<File> {
    let seen = fs::symlink_metadata(path)?;
    regular(&seen)?;
    let file = options.open(path)?;
    let opened = file.metadata()?;
    regular(&opened)?;
    same(&seen, &opened)?;
    only_name(&opened)?;
    Ok(file)
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    Obstacle::find(metadata).map_or(Ok(()), |obstacle| Err(obstacle.into()))
}

/// Whether what was opened is what was looked at, and not what a link points to that was put there meanwhile.
#[cfg(unix)]
fn same(seen: &Metadata, opened: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let same = (seen.dev(), seen.ino()) == (opened.dev(), opened.ino());
    if same { Ok(()) } else { Err(Obstacle::Link.into()) }
}

#[cfg(not(unix))]
fn same(_: &Metadata, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn only_name(opened: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if opened.nlink() > 1 { Err(Obstacle::Linked.into()) } else { Ok(()) }
}

#[cfg(not(unix))]
fn only_name(_: &Metadata) -> io::Result<()> {
    Ok(())
}
