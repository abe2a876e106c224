//! TensorFlow's checkpoints, in the format that its `Saver` writes (version 2): a table of names,
//! `PREFIX.index`, and the elements in `PREFIX.data-00000-of-00001`, or in more such files. A SavedModel's
//! are those of `FOLDER/variables/variables`.

mod messages;
mod table;

use super::import;
use crate::{Error, Problem, element, weights};
use messages::{BundleEntry, BundleHeader};
use minutia_graph::{Restored, Session, Tensor};
use prost::Message;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// What TensorFlow 2 keeps of Python's objects beside variables.
const OBJECTS: &str = "_CHECKPOINTABLE_OBJECT_GRAPH";

/// Reads the tensors of the checkpoint of this prefix, such as `run/model.ckpt-1000`. What is `int64`,
/// `double`, `half` or `bfloat16` there is converted where that is exact: [`Problem::Inexact`] names what
/// it is not for.
///
/// # Errors
/// [`Problem::Io`] for a file that is not there, [`Problem::Foreign`], [`Problem::Damaged`] for one whose
/// contents have not the checksum that stands there, [`Problem::DType`] for a tensor that there is no type
/// for.
pub fn read(prefix: impl AsRef<Path>) -> Result<BTreeMap<String, Tensor>, Error> {
    let prefix = prefix.as_ref();
    let index = with_suffix(prefix, ".index");
    let entries = minutia_files::read(&index, u64::MAX)
        .map_err(Problem::from)
        .and_then(|bytes| table::read(&bytes).map_err(Problem::from));
    let bundle = entries.and_then(Bundle::new).map_err(|problem| problem.of(&index))?;
    let mut shards = Shards { prefix, shards: bundle.shards, open: BTreeMap::new() };
    let mut tensors = BTreeMap::new();
    for (name, entry) in &bundle.entries {
        if name != OBJECTS {
            tensors.insert(name.clone(), shards.tensor(name, entry, &index)?);
        }
    }
    Ok(tensors)
}

/// Gives every variable of a session its value from a checkpoint.
///
/// # Errors
/// Those of [`read`]; [`Problem::Differs`], which names all that checkpoint and graph do not have in common.
/// The session then stays as it was.
pub fn load(session: &mut Session, prefix: impl AsRef<Path>) -> Result<(), Error> {
    let prefix = prefix.as_ref();
    let tensors = read(prefix)?;
    weights::into_session(session, tensors, true).map(drop).map_err(|problem| problem.of(prefix))
}

/// As [`load`], of what checkpoint and graph have in common; what was left is returned.
///
/// # Errors
/// As [`load`], but for [`Problem::Differs`].
pub fn load_partial(session: &mut Session, prefix: impl AsRef<Path>) -> Result<Restored, Error> {
    let prefix = prefix.as_ref();
    let tensors = read(prefix)?;
    weights::into_session(session, tensors, false).map_err(|problem| problem.of(prefix))
}

fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// What the table holds.
struct Bundle {
    shards: u32,
    entries: BTreeMap<String, BundleEntry>,
}

impl Bundle {
    fn new(table: BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Bundle, Problem> {
        const LITTLE: i32 = 0;
        let damaged = |error: prost::DecodeError| Problem::Damaged(error.to_string());
        let mut entries = BTreeMap::new();
        let mut header = None;
        for (key, value) in table {
            if key.is_empty() {
                header = Some(BundleHeader::decode(&value[..]).map_err(damaged)?);
                continue;
            }
            let name = String::from_utf8(key).map_err(|_| Problem::Damaged("a name is not UTF-8".into()))?;
            entries.insert(name, BundleEntry::decode(&value[..]).map_err(damaged)?);
        }
        let foreign = |found: &str| Problem::Foreign { expected: EXPECTED, found: found.into() };
        let header = header.ok_or_else(|| foreign("its table has no header"))?;
        if header.endianness != LITTLE {
            return Err(foreign("the bytes of numbers stand in the other order, highest first"));
        }
        let shards = u32::try_from(header.num_shards).ok().filter(|&shards| shards > 0);
        let shards = shards.ok_or_else(|| Problem::Damaged(format!("it has {} parts", header.num_shards)))?;
        Ok(Bundle { shards, entries })
    }
}

/// What an index is, in errors.
const EXPECTED: &str = "the index of a TensorFlow checkpoint";

/// The files of elements.
struct Shards<'a> {
    prefix: &'a Path,
    shards: u32,
    /// Those that were opened, with their sizes.
    open: BTreeMap<u32, (File, u64)>,
}

impl Shards<'_> {
    fn tensor(&mut self, name: &str, entry: &BundleEntry, index: &Path) -> Result<Tensor, Error> {
        let damaged = |reason: String| Problem::Damaged(format!("the tensor '{name}' {reason}"));
        if !entry.slices.is_empty() {
            return Err(damaged("is kept in slices, which are not read here".into()).of(index));
        }
        let Some(of) = import::element(entry.dtype) else {
            let found = import::type_name(entry.dtype);
            return Err(Problem::DType { name: name.into(), found, expected: element::ELEMENTS }.of(index));
        };
        let sizes = entry.shape.iter().flat_map(|shape| &shape.dim).map(|dim| usize::try_from(dim.size));
        let dims: Vec<usize> =
            sizes.collect::<Result<_, _>>().map_err(|_| damaged("has a negative extent".into()).of(index))?;
        let shard = u32::try_from(entry.shard_id).ok().filter(|&shard| shard < self.shards);
        let shard = shard
            .ok_or_else(|| damaged(format!("is in part {} of {}", entry.shard_id, self.shards)).of(index))?;
        let path = with_suffix(self.prefix, &format!(".data-{shard:05}-of-{:05}", self.shards));
        let bytes = self.bytes(shard, &path, entry).map_err(|problem| problem.of(&path))?;
        if let Err(reason) = bytes.1 {
            return Err(damaged(reason).of(&path));
        }
        element::tensor(name, of, &dims, &bytes.0, false).map_err(|problem| problem.of(index))
    }

    /// The bytes of a tensor, and what is wrong with them.
    fn bytes(
        &mut self,
        shard: u32,
        path: &Path,
        entry: &BundleEntry,
    ) -> Result<(Vec<u8>, Result<(), String>), Problem> {
        let (file, size) = match self.open.entry(shard) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => {
                let file = minutia_files::open(path)?;
                let size = file.metadata()?.len();
                place.insert((file, size))
            }
        };
        let place = u64::try_from(entry.offset).ok().zip(u64::try_from(entry.size).ok());
        let place =
            place.filter(|(offset, length)| offset.checked_add(*length).is_some_and(|end| end <= *size));
        let Some((offset, length)) = place else {
            let (offset, length) = (entry.offset, entry.size);
            let reason = format!("takes {length} bytes from byte {offset}, of {size}");
            return Ok((Vec::new(), Err(reason)));
        };
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        let (found, expected) = (table::checksum(&bytes), entry.crc32c);
        if found != expected {
            let reason = format!("has the checksum {found:#010x}, the index states {expected:#010x}");
            return Ok((bytes, Err(reason)));
        }
        Ok((bytes, Ok(())))
    }
}
