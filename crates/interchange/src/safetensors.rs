//! The format in which most libraries exchange weights: a table of names, types and shapes, then the
//! elements.

use crate::{
    Error, Problem,
    element::{self, ELEMENTS, Element},
    weights::{self, little_endian},
};
use minutia_graph::{DType, Restored, Session, Tensor};
use safetensors::{
    Dtype, SafeTensorError, View,
    tensor::{Metadata, TensorInfo},
};
use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    num::NonZero,
    panic::resume_unwind,
    path::Path,
    thread::{self, Builder},
};

/// A key of the table that is no tensor.
const METADATA: &str = "__metadata__";
/// Bytes of a table at most, which the library and the format's other readers allow.
const LONGEST: u64 = 100_000_000;
/// Bytes of elements from which on several threads read them.
const LARGE: usize = 1 << 23;

/// Writes tensors to a file.
///
/// ```
/// use minutia_graph::Tensor;
/// use minutia_interchange::safetensors;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("tensors.safetensors");
/// let (x, y) = (Tensor::from([1.0_f32, 2.0]), Tensor::from([true, false]));
/// safetensors::write(&path, [("x", &x), ("y", &y)])?;
/// assert_eq!(safetensors::read(&path)?["x"], x);
/// # Ok::<(), minutia_interchange::Error>(())
/// ```
///
/// # Errors
/// [`Problem::Twice`] for a name that stands for two tensors, [`Problem::Name`] for `__metadata__`,
/// [`Problem::Io`]; an earlier file of this name then stays as it was.
pub fn write<'a, N: AsRef<str>>(
    path: impl AsRef<Path>,
    tensors: impl IntoIterator<Item = (N, &'a Tensor)>,
) -> Result<(), Error> {
    let path = path.as_ref();
    fill(path, tensors).map_err(|problem| problem.of(path))
}

fn fill<'a, N: AsRef<str>>(
    path: &Path,
    tensors: impl IntoIterator<Item = (N, &'a Tensor)>,
) -> Result<(), Problem> {
    let tensors = weights::named(tensors)?;
    if tensors.contains_key(METADATA) {
        return Err(Problem::Name { name: METADATA.into(), expected: "any other name" });
    }
    let views = tensors.iter().map(|(name, tensor)| (name, Elements(tensor)));
    let bytes = safetensors::serialize(views, None).map_err(problem)?;
    Ok(minutia_files::write(path, |file| file.write_all(&bytes))?)
}

/// A tensor as the library asks for it.
struct Elements<'a>(&'a Tensor);

impl View for Elements<'_> {
    fn dtype(&self) -> Dtype {
        match self.0.dtype() {
            DType::F32 => Dtype::F32,
            DType::I32 => Dtype::I32,
            DType::U8 => Dtype::U8,
            DType::Bool => Dtype::BOOL,
        }
    }

    fn shape(&self) -> &[usize] {
        self.0.dims()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        little_endian(self.0)
    }

    fn data_len(&self) -> usize {
        self.0.as_bytes().len()
    }
}

/// Reads the tensors of a file.
///
/// # Errors
/// [`Problem::Foreign`], [`Problem::Damaged`], [`Problem::DType`], [`Problem::Inexact`], [`Problem::Twice`]
/// and [`Problem::Io`].
pub fn read(path: impl AsRef<Path>) -> Result<BTreeMap<String, Tensor>, Error> {
    let path = path.as_ref();
    tensors(path).map_err(|problem| problem.of(path))
}

fn tensors(path: &Path) -> Result<BTreeMap<String, Tensor>, Problem> {
    let mut file = minutia_files::open(path)?;
    let size = file.metadata()?.len();
    let table = table(&mut file, size)?;
    let names = table.offset_keys();
    let behind = size - table.data_len() as u64;
    let threads = match table.data_len() >= LARGE {
        true => thread::available_parallelism().map_or(1, NonZero::get),
        false => 1,
    };
    let parts: Vec<&[String]> = names.chunks(names.len().div_ceil(threads).max(1)).collect();
    if let [] | [_] = parts[..] {
        return part(&table, &names, &mut file);
    }
    let read = |names: &[String]| {
        let mut file = minutia_files::open(path)?;
        let first = names.first().and_then(|name| table.info(name)).map_or(0, |info| info.data_offsets.0);
        file.seek(SeekFrom::Start(behind + first as u64))?;
        part(&table, names, &mut file)
    };
    // Most of the time goes into pages of memory that the operating system has to find.
    thread::scope(|scope| {
        let start = |names| Builder::new().spawn_scoped(scope, move || read(names));
        let workers = parts.into_iter().map(start).collect::<io::Result<Vec<_>>>()?;
        let mut all = BTreeMap::new();
        for worker in workers {
            all.append(&mut worker.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(all)
    })
}

/// Reads tensors that follow each other in a file, the first of which is next.
fn part(table: &Metadata, names: &[String], file: &mut File) -> Result<BTreeMap<String, Tensor>, Problem> {
    let mut all = BTreeMap::new();
    for name in names {
        let Some(info) = table.info(name) else { continue };
        let Some(element) = element_of(info.dtype) else {
            let (name, found) = (name.clone(), info.dtype.to_string());
            return Err(Problem::DType { name, found, expected: ELEMENTS });
        };
        all.insert(name.clone(), element::read(name, element, &info.shape, file, false)?);
    }
    Ok(all)
}

fn element_of(dtype: Dtype) -> Option<Element> {
    Some(match dtype {
        Dtype::BOOL => Element::Bool,
        Dtype::U8 => Element::U8,
        Dtype::I8 => Element::I8,
        Dtype::U16 => Element::U16,
        Dtype::I16 => Element::I16,
        Dtype::U32 => Element::U32,
        Dtype::I32 => Element::I32,
        Dtype::U64 => Element::U64,
        Dtype::I64 => Element::I64,
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::BF16,
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        _ => return None,
    })
}

/// Reads the table of a file of so many bytes, and checks that it tells what each of them is.
fn table(file: &mut impl Read, size: u64) -> Result<Metadata, Problem> {
    let mut length = [0; 8];
    let behind = size.checked_sub(length.len() as u64);
    let behind = behind.ok_or_else(|| problem(SafeTensorError::HeaderTooSmall))?;
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST {
        return Err(problem(SafeTensorError::HeaderTooLarge));
    }
    let elements = behind.checked_sub(length);
    let elements = elements.ok_or_else(|| problem(SafeTensorError::InvalidHeaderLength))?;
    let mut text = Vec::new();
    file.take(length).read_to_end(&mut text)?;
    let text = str::from_utf8(&text).map_err(|error| problem(SafeTensorError::InvalidHeader(error)))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let entries = json.deserialize_map(Entries).and_then(|entries| json.end().map(|()| entries));
    let (mut entries, twice) =
        entries.map_err(|error| problem(SafeTensorError::InvalidHeaderDeserialization(error)))?;
    if let Some(name) = twice {
        return Err(Problem::Twice { name });
    }
    entries.sort_by_key(|(_, info)| info.data_offsets);
    let table = Metadata::new(None, entries).map_err(problem)?;
    if table.data_len() as u64 != elements {
        return Err(problem(SafeTensorError::MetadataIncompleteBuffer));
    }
    Ok(table)
}

/// Reads the entries of a table, and the first name that stands there twice, of which the library would take
/// the last entry.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = (Vec<(String, TensorInfo)>, Option<String>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut entries, mut seen, mut twice) = (Vec::new(), BTreeSet::new(), None);
        while let Some(key) = map.next_key::<String>()? {
            if key == METADATA {
                map.next_value::<Option<BTreeMap<String, String>>>()?;
            } else {
                entries.push((key.clone(), map.next_value()?));
            }
            if seen.contains(&key) {
                twice.get_or_insert(key);
            } else {
                seen.insert(key);
            }
        }
        Ok((entries, twice))
    }
}

fn problem(error: SafeTensorError) -> Problem {
    match error {
        SafeTensorError::IoError(error) => error.into(),
        SafeTensorError::HeaderTooLarge
        | SafeTensorError::InvalidHeader(_)
        | SafeTensorError::InvalidHeaderDeserialization(_) => {
            Problem::Foreign { expected: "a safetensors file", found: error.to_string() }
        }
        other => Problem::Damaged(other.to_string()),
    }
}

/// Writes all variables of a session to a file, by name: optimizers' slots and step counters are variables,
/// too.
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// use minutia_interchange::safetensors;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("weights.safetensors");
/// let graph = Graph::new();
/// let w = graph.variable("w", [1.0_f32, 2.0]);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// safetensors::save(&session, &path)?;
///
/// let mut other = Session::new(&graph, &Device::cpu()?)?;
/// safetensors::load(&mut other, &path)?;
/// assert_eq!(other.run(&w, ())?.as_slice::<f32>()?, [1.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Problem::Graph`] for variables without a value, [`Problem::Io`].
pub fn save(session: &Session, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    write(path, &weights::of_session(session).map_err(|problem| problem.of(path))?)
}

/// Gives every variable of a session its value from a file. How often random operations ran is in no such
/// file, and stays as it is.
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
