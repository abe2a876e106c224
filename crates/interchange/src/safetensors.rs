//! The format in which most libraries exchange weights: a table of names, types and shapes, then the
//! elements.

use crate::{
    Error, Problem,
    element::{self, ELEMENTS, Element},
    weights::{self, little_endian},
};
use minutia_graph::{DType, Restored, Session, Tensor};
use safetensors::{Dtype, SafeTensorError, SafeTensors, View};
use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::Write,
    path::Path,
};

/// A key of the table that is no tensor.
const METADATA: &str = "__metadata__";

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
    let bytes = minutia_files::read(path, u64::MAX)?;
    let file = SafeTensors::deserialize(&bytes).map_err(problem)?;
    if let Some(name) = twice(&bytes)? {
        return Err(Problem::Twice { name });
    }
    let mut all = BTreeMap::new();
    for (name, view) in file.tensors() {
        let element = match view.dtype() {
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
            other => return Err(Problem::DType { name, found: other.to_string(), expected: ELEMENTS }),
        };
        let value = element::tensor(&name, element, view.shape(), view.data(), false)?;
        all.insert(name, value);
    }
    Ok(all)
}

/// A name that stands twice in the table of a file that can be read: the library takes the last of its
/// entries.
fn twice(bytes: &[u8]) -> Result<Option<String>, Problem> {
    let (length, _) = SafeTensors::read_metadata(bytes).map_err(problem)?;
    let mut table = serde_json::Deserializer::from_slice(&bytes[size_of::<u64>()..][..length]);
    table.deserialize_map(FirstTwice).map_err(|error| Problem::Damaged(error.to_string()))
}

/// Finds the first key of a map that was there before.
struct FirstTwice;

impl<'de> Visitor<'de> for FirstTwice {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        let (mut seen, mut twice) = (BTreeSet::new(), None);
        while let Some((key, IgnoredAny)) = map.next_entry::<String, _>()? {
            if seen.contains(&key) {
                twice.get_or_insert(key);
            } else {
                seen.insert(key);
            }
        }
        Ok(twice)
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
