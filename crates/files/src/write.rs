use crate::{Obstacle, lock};
use std::{
    fs::{self, File, TryLockError},
    hash::{BuildHasher, Hasher, RandomState},
    io,
    path::{self, Path, PathBuf},
};

/// How many symbolic links are followed, as in Linux.
const LINKS: usize = 40;
/// What the name of an unfinished file ends in.
const ENDING: &str = ".minutia-partial";
/// Hexadecimal digits that keep unfinished files of one target apart.
const DIGITS: usize = 16;
/// Bytes of the target's name in that of its unfinished file: names of 255 bytes are common limits.
const NAME: usize = 200;

/// Puts a file in its place, complete or not at all: `fill` writes to a new file beside it, which is brought
/// to the disk and then renamed.
///
/// The file keeps the mode of the one that it replaces; without one, it has what the umask leaves of reading
/// and writing. A symbolic link stays, and the file that it points to is replaced or made. Any number of
/// processes may write to one path, and the last one to finish wins; on Windows, one that meets another may
/// be refused. Where `fill` or the file system fails, the target is as it was, and nothing else is left.
/// Whoever is killed half-way leaves `.NAME.DIGITS.minutia-partial` beside the target, which the next write
/// to it removes.
///
/// ```
/// use std::io::Write;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("greeting");
/// minutia_files::write(&path, |file| write!(file, "hello"))?;
/// assert_eq!(std::fs::read(&path)?, b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of `fill`; an [`Obstacle`] where something else than a file is in the way, and those of the file
/// system: folders are not made.
pub fn write<T, E: From<io::Error>>(
    path: impl AsRef<Path>,
    fill: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<T, E> {
    let Target { path, mode } = Target::of(path.as_ref())?;
    let partials = Partials::of(&path);
    partials.sweep();
    let mut partial = partials.create()?;
    let filled = fill(&mut partial.file)?;
    set_mode(&partial.file, mode);
    partial.file.sync_all()?;
    partial.rename(&path)?;
    Ok(filled)
}

/// Where a file goes, all links followed.
struct Target {
    path: PathBuf,
    /// The mode of the file that is there.
    mode: Option<u32>,
}

impl Target {
    fn of(path: &Path) -> io::Result<Target> {
        if path.as_os_str().as_encoded_bytes().last().is_some_and(|&end| path::is_separator(end.into())) {
            return Err(Obstacle::Folder.into());
        }
        let mut place = path.to_path_buf();
        let mut links = 0..LINKS;
        while fs::symlink_metadata(&place).is_ok_and(|metadata| metadata.is_symlink()) {
            links.next().ok_or(Obstacle::Loop)?;
            // Links are relative to the folder that they are in.
            let folder = place.parent().unwrap_or(Path::new("")).to_path_buf();
            place = folder.join(fs::read_link(&place)?);
        }
        // What the path leads to decides: links of /proc lead to pipes that have no path.
        let mode = match fs::metadata(path) {
            Ok(metadata) => match Obstacle::find(&metadata) {
                Some(obstacle) => return Err(obstacle.into()),
                None => mode(&metadata),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if place.file_name().is_none() {
            return Err(Obstacle::Nameless.into());
        }
        Ok(Target { path: place, mode })
    }
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> Option<u32> {
    None
}

/// Some file systems have no modes, and refuse: the file then has theirs.
#[cfg(unix)]
fn set_mode(file: &File, mode: Option<u32>) {
    use std::os::unix::fs::PermissionsExt;
    if let Some(mode) = mode {
        let _ = file.set_permissions(fs::Permissions::from_mode(mode));
    }
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: Option<u32>) {}

/// The unfinished files of one target.
struct Partials {
    folder: PathBuf,
    /// What their names begin with.
    start: String,
}

impl Partials {
    fn of(target: &Path) -> Partials {
        let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let end = (0..=NAME.min(name.len())).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
        let start = format!(".{}.", &name[..end]);
        Partials { folder: folder.unwrap_or(Path::new(".")).to_path_buf(), start }
    }

    /// Makes a file that nobody has, and holds its lock, by which others know that it is in use.
    fn create(&self) -> io::Result<Partial> {
        // A file that was just made and has no lock yet looks forsaken to others, who may remove it.
        for _ in 0..100 {
            let path = self.folder.join(format!("{}{:0DIGITS$x}{ENDING}", self.start, random()));
            // Fails where the name is taken, be it by a link that leads nowhere.
            let file = match File::options().read(true).write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other?,
            };
            let partial = Partial { file, path };
            let is_ours = match partial.file.try_lock() {
                Ok(()) => fs::symlink_metadata(&partial.path).is_ok(),
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(error)) if lock::is_unsupported(&error) => true,
                Err(TryLockError::Error(error)) => return Err(error),
            };
            if is_ours {
                return Ok(partial);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// That this fails is no reason not to write.
    fn sweep(&self) {
        let _ = remove_forsaken(&self.folder, |name| is_partial(name, Some(&self.start)));
    }
}

/// Removes from a folder, but not from those below it, what killed writers to any of its files have left:
/// nobody holds the locks of these. No folder is fine.
///
/// # Errors
/// Those of the file system.
pub fn sweep(folder: impl AsRef<Path>) -> io::Result<()> {
    match remove_forsaken(folder.as_ref(), |name| is_partial(name, None)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Whether this is the name of an unfinished file, of one target or of any.
fn is_partial(name: &str, start: Option<&str>) -> bool {
    let Some((found, digits)) = name.strip_suffix(ENDING).and_then(|name| name.rsplit_once('.')) else {
        return false;
    };
    let mine = start.map_or(found.starts_with('.'), |start| start.strip_suffix('.') == Some(found));
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    mine && digits.len() == DIGITS && digits.bytes().all(digit)
}

fn remove_forsaken(folder: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&is_ours) && entry.file_type()?.is_file() {
            remove_unless_locked(&entry.path())?;
        }
    }
    Ok(())
}

fn remove_unless_locked(path: &Path) -> io::Result<()> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    match file.try_lock() {
        // The name goes while the lock is held: who made the file asks for the name after the lock.
        Ok(()) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

/// A number that no other process has.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// An unfinished file, which goes unless it is renamed.
struct Partial {
    file: File,
    path: PathBuf,
}

impl Partial {
    fn rename(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // The write has failed already; that its remains cannot be removed adds nothing.
            let _ = fs::remove_file(&self.path);
        }
    }
}
