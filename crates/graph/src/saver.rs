use crate::{CheckpointProblem, Error, Graph, PartialShape, Session, Signature};
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

/// Saves a session to a file and restores it: all variables (optimizers' slots and step counters are variables), and
/// how often each random operation ran. Training goes on from a checkpoint with the bits of training that was never
/// interrupted.
///
/// A file is: `minutia\0`, format version (`u32`, little-endian), SHA-256 of the rest, the rest in bincode. It is
/// written beside its destination and renamed, so that a checkpoint is complete or not there.
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

/// Names are borrowed from the file and lists grow as they are read, so that a length in a file that claims more
/// than the file holds is an error, not an allocation.
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

    /// Writes a checkpoint. Variables that have no value yet are left out.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when the file cannot be written; an earlier file of this name then stays as it was.
    /// [`Error::OtherGraph`] for a session of another graph.
    pub fn save(&self, session: &Session, path: impl AsRef<Path>) -> Result<(), Error> {
        self.check(session)?;
        let path = path.as_ref();
        let values = |v: &crate::Variable| session.variable(v).map(|t| (v.name(), t));
        let variables: Vec<(String, Tensor)> =
            self.graph.global_variables().iter().filter_map(values).collect();
        let counters = self.counters(session)?;
        let contents = Contents {
            variables: variables.iter().map(|(name, value)| (name.as_str(), value.clone())).collect(),
            counters: counters.iter().map(|(name, count)| (name.as_str(), *count)).collect(),
        };
        let failed = |problem| Error::Checkpoint { path: path.to_path_buf(), problem };
        let body = bincode::serde::encode_to_vec(&contents, bincode::config::standard())
            .map_err(|e| failed(CheckpointProblem::Decode(e.to_string())))?;
        minutia_files::write(path, |file| write(file, &body))
            .map_err(|e| failed(CheckpointProblem::Io(Arc::new(e))))
    }

    /// Reads a checkpoint into a session, whatever the session did before: random operations that had not run when the
    /// file was written start anew. Variables of the graph that have no value in the file must have one in the session
    /// already.
    ///
    /// # Errors
    /// [`Error::Checkpoint`], which says what is wrong with the file; [`Error::OtherGraph`] for a session of another
    /// graph. The session then stays as it was.
    pub fn restore(&self, session: &mut Session, path: impl AsRef<Path>) -> Result<(), Error> {
        self.check(session)?;
        let path = path.as_ref();
        let failed = |problem| Error::Checkpoint { path: path.to_path_buf(), problem };
        let bytes = fs::read(path).map_err(|e| failed(CheckpointProblem::Io(Arc::new(e))))?;
        let contents = decode(&bytes).map_err(failed)?;
        let variables = self.graph.global_variables();
        let mut missing = Vec::new();
        for variable in &variables {
            let (name, expected) = (variable.name(), variable.signature());
            match contents.variables.get(name.as_str()) {
                None if session.variable(variable).is_none() => missing.push(format!("'{name}'")),
                Some(t) if t.dtype() != expected.dtype || !expected.shape.admits(t.dims()) => {
                    let found = Signature::new(t.dtype(), PartialShape::from(t.shape()));
                    return Err(failed(CheckpointProblem::Shape { name, found, expected }));
                }
                _ => {}
            }
        }
        if !missing.is_empty() {
            return Err(failed(CheckpointProblem::Missing(missing)));
        }
        for variable in &variables {
            if let Some(value) = contents.variables.get(variable.name().as_str()) {
                session.set_variable(variable, value)?;
            }
        }
        let mut state = session.state();
        let ran: Vec<_> = state.counters.values().copied().collect();
        ran.into_iter().try_for_each(|slot| state.memory.store(slot, &[0_i32]))?;
        for (name, count) in contents.counters {
            if let Ok(node) = self.graph.get(name) {
                let slot = state.counter(node.id)?;
                state.memory.store(slot, &[count])?;
            }
        }
        Ok(())
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
        let read = |(&id, &slot): (&crate::node::NodeId, &minutia_tensor::Slot)| {
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
