//! NumPy's files: `.npy` has one array, `.npz` several by name.
//!
//! Arrays are written with the lowest byte of each element first, row by row, and read in any order of bytes
//! and of axes. Archives are written without compression and without times, so that the same tensors have the
//! same bytes; compressed ones are read, too.

mod header;
mod npy;

use crate::{Error, Problem, weights};
use minutia_graph::{Restored, Session, Tensor};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
    path::Path,
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// How many bytes [`read`] unpacks for each byte of the file, beside a million.
const UNPACKED: u64 = 64;
/// The end of the name of each array in an archive.
const ENDING: &str = ".npy";

/// A tensor as a `.npy` file, the form of one array.
///
/// ```
/// use minutia_graph::Tensor;
/// use minutia_interchange::npz::Npy;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("x.npy");
/// let x = Tensor::from([[1.0_f32, 2.0], [3.0, 4.0]]);
/// x.write_npy(&path)?;
/// assert_eq!(Tensor::read_npy(&path)?, x);
/// # Ok::<(), minutia_interchange::Error>(())
/// ```
pub trait Npy: Sized {
    /// Writes the tensor.
    ///
    /// # Errors
    /// [`Problem::Io`]; an earlier file of this name then stays as it was.
    fn write_npy(&self, path: impl AsRef<Path>) -> Result<(), Error>;

    /// Reads the tensor of a file.
    ///
    /// # Errors
    /// [`Problem::Foreign`], [`Problem::Damaged`], [`Problem::Size`], [`Problem::DType`],
    /// [`Problem::Inexact`] and [`Problem::Io`].
    fn read_npy(path: impl AsRef<Path>) -> Result<Self, Error>;
}

impl Npy for Tensor {
    fn write_npy(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let written = minutia_files::write(path, |file| {
            let mut file = BufWriter::new(file);
            npy::encode(self, &mut file)?;
            file.flush()
        });
        written.map_err(|error| Problem::from(error).of(path))
    }

    fn read_npy(path: impl AsRef<Path>) -> Result<Tensor, Error> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = minutia_files::read(path, u64::MAX).map_err(Problem::from);
        bytes.and_then(|bytes| npy::decode(&name, &bytes)).map_err(|problem| problem.of(path))
    }
}

/// Writes tensors to a `.npz` file, in the order of their names.
///
/// # Errors
/// [`Problem::Twice`] for a name that stands for two tensors, [`Problem::Name`] for one that no archive can
/// hold, [`Problem::Io`]; an earlier file of this name then stays as it was.
pub fn write<'a, N: AsRef<str>>(
    path: impl AsRef<Path>,
    tensors: impl IntoIterator<Item = (N, &'a Tensor)>,
) -> Result<(), Error> {
    let path = path.as_ref();
    let written = weights::named(tensors).and_then(|all| minutia_files::write(path, |file| fill(file, &all)));
    written.map_err(|problem| problem.of(path))
}

fn fill(file: &mut File, tensors: &BTreeMap<String, &Tensor>) -> Result<(), Problem> {
    let mut archive = ZipWriter::new(BufWriter::new(file));
    for (name, tensor) in tensors {
        // An archive has 16 bits for the length of a name.
        if name.len() + ENDING.len() > usize::from(u16::MAX) {
            return Err(Problem::Name { name: name.clone(), expected: "at most 65531 bytes" });
        }
        let is_large = u32::try_from(tensor.as_bytes().len().saturating_add(1 << 20)).is_err();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(<_>::default())
            .large_file(is_large);
        archive.start_file(format!("{name}{ENDING}"), options).map_err(problem)?;
        npy::encode(tensor, &mut archive)?;
    }
    archive.finish().map_err(problem)?.flush()?;
    Ok(())
}

/// Reads the tensors of a `.npz` file, which may unpack to 64 times its size.
///
/// ```
/// use minutia_graph::Tensor;
/// use minutia_interchange::npz;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("tensors.npz");
/// let (x, y) = (Tensor::from([1.0_f32, 2.0]), Tensor::from([true, false]));
/// npz::write(&path, [("x", &x), ("y", &y)])?;
/// assert_eq!(npz::read(&path)?["y"], y);
/// # Ok::<(), minutia_interchange::Error>(())
/// ```
///
/// # Errors
/// Those of [`Npy::read_npy`]; [`Problem::Bomb`] for a file that unpacks to more.
pub fn read(path: impl AsRef<Path>) -> Result<BTreeMap<String, Tensor>, Error> {
    let path = path.as_ref();
    unpack(path, None).map_err(|problem| problem.of(path))
}

/// As [`read`], with another limit of what is unpacked, in bytes.
///
/// # Errors
/// As [`read`].
pub fn read_at_most(path: impl AsRef<Path>, limit: u64) -> Result<BTreeMap<String, Tensor>, Error> {
    let path = path.as_ref();
    unpack(path, Some(limit)).map_err(|problem| problem.of(path))
}

fn unpack(path: &Path, limit: Option<u64>) -> Result<BTreeMap<String, Tensor>, Problem> {
    let mut file = BufReader::new(minutia_files::open(path)?);
    let limit = match limit {
        Some(limit) => limit,
        None => file.get_ref().metadata()?.len().saturating_mul(UNPACKED).saturating_add(1 << 20),
    };
    let mut start = Vec::new();
    file.by_ref().take(2).read_to_end(&mut start)?;
    if start != b"PK" {
        let found = "it does not begin with PK".to_string();
        return Err(Problem::Foreign { expected: "an archive of arrays (.npz)", found });
    }
    file.rewind()?;
    let mut archive = ZipArchive::new(file).map_err(problem)?;
    if archive.has_duplicate_names() {
        return Err(Problem::Damaged("two of its arrays have one name".into()));
    }
    let mut left = limit;
    let mut tensors = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(problem)?;
        let full = entry.name().map_err(problem)?.into_owned();
        let Some(name) = full.strip_suffix(ENDING).map(str::to_string) else {
            let found = format!("it holds '{full}', which is no array");
            return Err(Problem::Foreign { expected: "an archive of arrays (.npz)", found });
        };
        let mut bytes = Vec::new();
        let unpacked = entry.by_ref().take(left.saturating_add(1)).read_to_end(&mut bytes);
        unpacked.map_err(|error| problem(ZipError::Io(error)))?;
        left = left.checked_sub(bytes.len() as u64).ok_or(Problem::Bomb { limit })?;
        let tensor = npy::decode(&name, &bytes)?;
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

/// What an archive has wrong.
fn problem(error: ZipError) -> Problem {
    match error {
        ZipError::Io(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Problem::Damaged(error.to_string())
            }
            _ => error.into(),
        },
        ZipError::InvalidArchive(_) | ZipError::FileNotFound => Problem::Damaged(error.to_string()),
        other => {
            let expected = "an archive of arrays, stored or deflated, without a password";
            Problem::Foreign { expected, found: other.to_string() }
        }
    }
}

/// Writes all variables of a session to a `.npz` file, by name.
///
/// # Errors
/// [`Problem::Graph`] for variables without a value, [`Problem::Io`].
pub fn save(session: &Session, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    write(path, &weights::of_session(session).map_err(|problem| problem.of(path))?)
}

/// Gives every variable of a session its value from a `.npz` file.
///
/// # Errors
/// Those of [`read`]; [`Problem::Differs`], which names all that file and graph do not have in common. The
/// session then stays as it was.
pub fn load(session: &mut Session, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let tensors = read(path)?;
    weights::into_session(session, tensors, true).map(drop).map_err(|problem| problem.of(path))
}

/// As [`load`], of what file and graph have in common; what was left is returned.
///
/// # Errors
/// As [`load`], but for [`Problem::Differs`].
pub fn load_partial(session: &mut Session, path: impl AsRef<Path>) -> Result<Restored, Error> {
    let path = path.as_ref();
    let tensors = read(path)?;
    weights::into_session(session, tensors, false).map_err(|problem| problem.of(path))
}
