//! Where the files of a set are, by the names and in the folders that people have them.

use super::FILES;
use crate::{
    Error, Problem,
    idx::{Foreign, START, open},
};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Folders below the one that is named: those of torchvision, and that of EMNIST's archive.
const BELOW: [&str; 7] =
    ["raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw", "QMNIST/raw", "EMNIST/raw", "gzip"];

/// Endings of archives that a set comes in.
const ARCHIVES: [&str; 7] = [".zip", ".tar", ".tar.gz", ".tgz", ".npz", ".7z", ".rar"];

/// The names that each of the four files may have after the prefix of a set: MNIST's, EMNIST's and QMNIST's.
const NAMES: [&[&str]; 4] = [
    &[FILES[0]],
    &[FILES[1], "train-labels-idx2-int"],
    &[FILES[2], "test-images-idx3-ubyte"],
    &[FILES[3], "test-labels-idx1-ubyte", "test-labels-idx2-int"],
];

/// The four files of the set in a folder, or in one of those [below](BELOW) it; of several in one folder, of
/// that whose names begin as the path ends.
pub(crate) fn set(folder: &Path) -> Result<[PathBuf; 4], Error> {
    let mut places = match prefix(folder) {
        Some(set) => vec![set],
        None => check(folder).and_then(|()| sets(folder))?,
    };
    if places.is_empty() {
        for below in BELOW.map(|name| folder.join(name)).iter().filter(|below| below.is_dir()) {
            places.extend(sets(below)?);
        }
    }
    match &places[..] {
        [] => Err(missing(folder, FILES[0])),
        [(place, prefix)] => {
            let mut paths: [PathBuf; 4] = Default::default();
            for (path, names) in paths.iter_mut().zip(NAMES) {
                *path = find(place, &prefixed(prefix, names))?;
            }
            Ok(paths)
        }
        several => {
            let name = |(place, prefix): &(PathBuf, String)| match prefix.as_str() {
                "" => place.display().to_string(),
                prefix => place.join(prefix.trim_end_matches('-')).display().to_string(),
            };
            Err(Problem::Several(several.iter().map(name).collect()).at(folder))
        }
    }
}

/// The sets that lie in a folder itself, by the prefix of their names; the one without a prefix is all there
/// is.
fn sets(folder: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    for names in NAMES {
        match find(folder, &prefixed("", names)) {
            Err(Error { problem: Problem::Missing(_) | Problem::Packed { .. }, .. }) => {}
            _ => return Ok(vec![(folder.to_path_buf(), String::new())]),
        }
    }
    Ok(prefixes(folder)?.into_iter().map(|prefix| (folder.to_path_buf(), prefix)).collect())
}

/// What the names of training images begin with in a folder.
fn prefixes(folder: &Path) -> Result<BTreeSet<String>, Error> {
    let prefix = |name: String| {
        let name = name.strip_suffix(".gz").unwrap_or(&name).replace(".idx", "-idx");
        name.strip_suffix(FILES[0]).filter(|prefix| prefix.ends_with('-')).map(str::to_string)
    };
    Ok(list(folder)?.into_iter().filter_map(prefix).collect())
}

/// The set that a path names which is no folder, but what the names of a set in its folder begin with.
fn prefix(path: &Path) -> Option<(PathBuf, String)> {
    let folder = path.parent().filter(|_| fs::symlink_metadata(path).is_err())?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let prefix = format!("{}-", path.file_name()?.to_str()?);
    prefixes(folder).ok()?.contains(&prefix).then(|| (folder.to_path_buf(), prefix))
}

fn prefixed(prefix: &str, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{prefix}{name}")).collect()
}

/// The file of one of these names in one of its spellings: with a `.` before `idx`, compressed, or in a
/// folder of its name. Empty ones and links that lead nowhere are taken only where there is no other.
pub(crate) fn find<S: AsRef<str>>(folder: &Path, names: &[S]) -> Result<PathBuf, Error> {
    check(folder)?;
    let mut second = None;
    for name in names {
        let spelled = spellings(name.as_ref());
        for path in spelled.iter().map(|name| folder.join(name)) {
            let inside = spelled.iter().map(|name| path.join(name)).filter(|_| path.is_dir());
            for path in [path.clone()].into_iter().chain(inside) {
                match look(&path) {
                    Look::Nothing => {}
                    Look::File => return Ok(path),
                    Look::Second(outcome) => second = second.or(Some(outcome.map(|()| path))),
                }
            }
        }
    }
    second.unwrap_or_else(|| Err(missing(folder, names[0].as_ref())))
}

fn spellings(name: &str) -> [String; 4] {
    let dotted = name.replace("-idx", ".idx");
    [name.to_string(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")]
}

/// What is at a path.
enum Look {
    Nothing,
    File,
    /// Something that is used, or the error, where there is nothing better.
    Second(Result<(), Error>),
}

fn look(path: &Path) -> Look {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Look::Second(Err(Problem::Folder.at(path))),
        Ok(metadata) if metadata.is_file() && metadata.len() == 0 => Look::Second(Ok(())),
        Ok(_) => Look::File,
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => Look::Second(Err(Problem::Dangling(target).at(path))),
            Err(_) => Look::Nothing,
        },
        Err(error) => Look::Second(Err(Problem::from(error).at(path))),
    }
}

/// Says what is named instead of a folder.
fn check(folder: &Path) -> Result<(), Error> {
    let metadata = folder.metadata().map_err(|error| match fs::read_link(folder) {
        Ok(target) if error.kind() == io::ErrorKind::NotFound => Problem::Dangling(target).at(folder),
        _ => Problem::from(error).at(folder),
    })?;
    if metadata.is_dir() {
        return Ok(());
    }
    let mut start = Vec::new();
    let read = open(folder).map(|file| file.take(START as u64).read_to_end(&mut start));
    let foreign = Foreign::find(&start).filter(|foreign| foreign.is_packed() && matches!(read, Ok(Ok(_))));
    Err(foreign.map_or(Problem::NotAFolder, Problem::from).at(folder))
}

/// That a file is not there, and whether it may be in an archive that is.
fn missing(folder: &Path, name: &str) -> Error {
    let is_archive = |name: &String| ARCHIVES.iter().any(|ending| name.to_lowercase().ends_with(ending));
    match list(folder) {
        Err(error) => error,
        Ok(names) => match names.into_iter().filter(is_archive).min() {
            Some(archive) => Problem::Packed { name: name.to_string(), archive }.at(folder),
            None => Problem::Missing(name.to_string()).at(folder),
        },
    }
}

/// The names in a folder that are text.
fn list(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |error: io::Error| Problem::from(error).at(folder);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    Ok(names)
}
