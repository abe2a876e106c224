use crate::{CheckpointProblem, Differences, Error, Graph, PartialShape, Session, Signature};
use minutia_tensor::{DType, Tensor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

const MAGIC: &[u8; 8] = b"minutia\0";
const VERSION: u32 = 1;
const HEADER: usize = MAGIC.len() + 4 + 32;

/// Saves a session to a file and restores it: all variables (optimizers' slots and step counters are
/// variables), and how often each random operation ran. Training goes on from a checkpoint with the bits of
/// training that was never interrupted.
///
/// A file is: `minutia\0`, format version (`u32`, little-endian), SHA-256 of the rest, the rest in bincode.
/// It is written beside its destination and renamed, so that a checkpoint is complete or not there.
///
/// ```
/// use minutia_graph::{Graph, Saver, Session, feeds};
/// use minutia_tensor::Device;
///
/// let graph = Graph::new();
/// let v = graph.variable("v", [1.0_f32, 2.0]);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), feeds! {})?;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("checkpoint");
/// Saver::new(&graph).save(&session, &path)?;
///
/// let mut other = Session::new(&graph, &Device::cpu()?)?;
/// Saver::new(&graph).restore(&mut other, &path)?;
/// assert_eq!(other.run(&v, feeds! {})?.as_slice::<f32>()?, [1.0, 2.0]);
///
/// std::fs::write(&path, "something else")?;
/// let error = Saver::new(&graph).restore(&mut other, &path).unwrap_err();
/// assert!(error.to_string().ends_with("is not a minutia checkpoint"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Saver {
    graph: Graph,
}

/// What [`Saver::restore_partial`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The variables that have their values from the file, in the order of building.
    pub variables: Vec<String>,
    /// What was left as it was, or not used.
    pub left: Differences,
}

/// Names are borrowed from the file and lists grow as they are read, so that a length in a file that claims
/// more than the file holds is an error, not an allocation.
#[derive(Serialize, Deserialize)]
struct Contents<'a> {
    #[serde(borrow)]
    variables: BTreeMap<&'a str, Tensor>,
    #[serde(borrow)]
    counters: BTreeMap<&'a str, i32>,
}

impl Saver {
    /// A saver of all variables of a graph.
    #[must_use]
    pub fn new(graph: &Graph) -> Saver {
        Saver { graph: graph.clone() }
    }

    /// Writes a checkpoint.
    ///
    /// # Errors
    /// [`Error::Uninitialized`] for variables without a value; [`Error::Checkpoint`] when the file cannot be
    /// written; an earlier file of this name then stays as it was. [`Error::OtherGraph`] for a session of
    /// another graph.
    pub fn save(&self, session: &Session, path: impl AsRef<Path>) -> Result<(), Error> {
        self.check(session)?;
        let path = path.as_ref();
        let (mut values, mut without) = (Vec::new(), Vec::new());
        for variable in self.graph.global_variables() {
            match session.variable(&variable)? {
                Some(value) => values.push((variable.name(), value)),
                None => without.push(format!("'{}'", variable.name())),
            }
        }
        if !without.is_empty() {
            return Err(Error::Uninitialized { variables: without });
        }
        let counters = self.counters(session)?;
        let contents = Contents {
            variables: values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect(),
            counters: counters.iter().map(|(name, count)| (name.as_str(), *count)).collect(),
        };
        let failed = |problem| Error::Checkpoint { path: path.to_path_buf(), problem };
        let body = bincode::serde::encode_to_vec(&contents, bincode::config::standard())
            .map_err(|e| failed(CheckpointProblem::Decode(e.to_string())))?;
        minutia_files::write(path, |file| write(file, &body))
            .map_err(|e| failed(CheckpointProblem::Io(Arc::new(e))))
    }

    /// Reads a checkpoint into a session, whatever the session did before: every variable of the graph gets
    /// its value from the file, and random operations that had not run when the file was written start anew.
    ///
    /// # Errors
    /// [`Error::Checkpoint`], which says what is wrong with the file, or names all that the file and the
    /// graph do not have in common; [`Error::OtherGraph`] for a session of another graph. The session then
    /// stays as it was.
    pub fn restore(&self, session: &mut Session, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        self.read(session, path, true).map(drop)
    }

    /// Reads what the file and the graph have in common into a session: variables of the same name, type and
    /// shape, and how often random operations of the same name ran. All else stays as it is in the session.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Saver, Session, feeds};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("checkpoint");
    /// let trained = Graph::new();
    /// trained.variable("body", [1.0_f32, 2.0]);
    /// trained.variable("head", 3.0_f32);
    /// let mut session = Session::new(&trained, &Device::cpu()?)?;
    /// session.run(trained.global_variables_initializer(), feeds! {})?;
    /// Saver::new(&trained).save(&session, &path)?;
    ///
    /// let other = Graph::new();
    /// let body = other.variable("body", [0.0_f32, 0.0]);
    /// other.variable("another_head", 0.0_f32);
    /// let mut session = Session::new(&other, &Device::cpu()?)?;
    /// session.run(other.global_variables_initializer(), feeds! {})?;
    /// assert!(Saver::new(&other).restore(&mut session, &path).is_err());
    /// let restored = Saver::new(&other).restore_partial(&mut session, &path)?;
    /// assert_eq!(restored.variables, ["body"]);
    /// assert_eq!(restored.left.missing, ["another_head"]);
    /// assert_eq!(restored.left.unknown, ["head"]);
    /// assert_eq!(session.run(&body, feeds! {})?.as_slice::<f32>()?, [1.0, 2.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`restore`](Saver::restore), but for what the two do not have in common, which is returned.
    pub fn restore_partial(&self, session: &mut Session, path: impl AsRef<Path>) -> Result<Restored, Error> {
        self.read(session, path.as_ref(), false)
    }

    fn read(&self, session: &mut Session, path: &Path, whole: bool) -> Result<Restored, Error> {
        self.check(session)?;
        let failed = |problem| Error::Checkpoint { path: path.to_path_buf(), problem };
        let bytes =
            minutia_files::read(path, u64::MAX).map_err(|e| failed(CheckpointProblem::Io(Arc::new(e))))?;
        let mut contents = decode(&bytes).map_err(failed)?;
        let mut left = Differences::default();
        let mut common = Vec::new();
        for variable in self.graph.global_variables() {
            let (name, expected) = (variable.name(), variable.signature());
            match contents.variables.remove(name.as_str()) {
                None => left.missing.push(name),
                Some(t) if t.dtype() != expected.dtype || !expected.shape.admits(t.dims()) => {
                    let found = Signature::new(t.dtype(), PartialShape::from(t.shape()));
                    left.misfits.push((name, found, expected));
                }
                Some(value) => common.push((variable, value)),
            }
        }
        let mut counts = Vec::new();
        for (name, count) in contents.counters {
            match self.graph.get(name) {
                Ok(node) if self.graph.is_random(&node) => counts.push((node, count)),
                _ => left.unknown.push(name.into()),
            }
        }
        left.unknown.extend(contents.variables.into_keys().map(String::from));
        if whole && !left.is_empty() {
            return Err(failed(CheckpointProblem::Differs(left)));
        }
        for (variable, value) in &common {
            session.set_variable(variable, value)?;
        }
        let mut state = session.state();
        if whole {
            let ran: Vec<_> = state.counters.values().copied().collect();
            ran.into_iter().try_for_each(|slot| state.memory.store(slot, &[0_i32]))?;
        }
        for (node, count) in counts {
            let slot = state.counter(node.id)?;
            state.memory.store(slot, &[count])?;
        }
        drop(state);
        Ok(Restored { variables: common.iter().map(|(variable, _)| variable.name()).collect(), left })
    }

    fn check(&self, session: &Session) -> Result<(), Error> {
        if session.graph().same(&self.graph) {
            return Ok(());
        }
        let name = self.graph.nodes().first().map(|node| node.name.clone()).unwrap_or_default();
        Err(Error::OtherGraph { role: "the saver's node", name })
    }

    fn counters(&self, session: &Session) -> Result<BTreeMap<String, i32>, Error> {
        let state = session.state();
        let inner = self.graph.lock();
        let read = |(&id, &slot): (&crate::build::node::NodeId, &minutia_tensor::Slot)| {
            Ok((inner.nodes[id].name.clone(), state.read(slot, 0, DType::I32, &[])?.value::<i32>()?))
        };
        state.counters.iter().map(read).collect()
    }
}

fn write(file: &mut fs::File, body: &[u8]) -> io::Result<()> {
    file.write_all(MAGIC)?;
    file.write_all(&VERSION.to_le_bytes())?;
    file.write_all(&Sha256::digest(body))?;
    file.write_all(body)
}

fn decode(bytes: &[u8]) -> Result<Contents<'_>, CheckpointProblem> {
    if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) || bytes.is_empty() {
        return Err(CheckpointProblem::Foreign);
    }
    let Some((header, body)) = bytes.split_at_checked(HEADER) else { return Err(CheckpointProblem::Digest) };
    let found = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
    if found != VERSION {
        return Err(CheckpointProblem::Version { found, expected: VERSION });
    }
    if Sha256::digest(body)[..] != header[12..] {
        return Err(CheckpointProblem::Digest);
    }
    let (contents, used) = bincode::serde::borrow_decode_from_slice(body, bincode::config::standard())
        .map_err(|e| CheckpointProblem::Decode(e.to_string()))?;
    if used != body.len() {
        return Err(CheckpointProblem::Decode(format!("{} bytes are left over", body.len() - used)));
    }
    Ok(contents)
}
