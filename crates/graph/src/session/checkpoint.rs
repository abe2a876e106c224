use crate::{CheckpointProblem, Error, PartialShape, Signature, build::graph::most_similar};
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

const MAGIC: &[u8; 8] = b"minutia\0";
const VERSION: u32 = 1;
const HEADER: usize = MAGIC.len() + 4 + 32;

/// What a file holds that a [`Saver`](crate::Saver) wrote, without a graph or a session: TensorFlow 1's
/// `NewCheckpointReader`. It prints as a list of names, types and shapes.
///
/// ```
/// use minutia_graph::{Checkpoint, Device, Graph, Saver, Session};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("checkpoint");
/// let graph = Graph::new();
/// graph.variable("body/W", [[1.0_f32, 2.0]]);
/// graph.variable("step", 7);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// Saver::new(&graph).save(&session, &path)?;
///
/// let checkpoint = Checkpoint::read(&path)?;
/// assert_eq!(checkpoint.to_string(), "body/W f32 [1, 2]\nstep i32 []\n");
/// assert_eq!(checkpoint.variable("step")?.value::<i32>()?, 7);
/// let error = checkpoint.variable("body/w").unwrap_err().to_string();
/// assert!(error.ends_with("holds no variable 'body/w'; did you mean 'body/W'?"), "{error}");
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[doc(alias = "list_variables")]
#[derive(Clone, Debug)]
pub struct Checkpoint {
    pub(super) path: PathBuf,
    pub(super) variables: BTreeMap<String, Tensor>,
    pub(super) counters: BTreeMap<String, i32>,
}

impl Checkpoint {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Checkpoint`], which says what is wrong with it.
    pub fn read(path: impl AsRef<Path>) -> Result<Checkpoint, Error> {
        let path = path.as_ref().to_path_buf();
        let failed = |problem| Error::Checkpoint { path: path.clone(), problem };
        let bytes =
            minutia_files::read(&path, u64::MAX).map_err(|e| failed(CheckpointProblem::Io(Arc::new(e))))?;
        let Contents { variables, counters } = decode(&bytes).map_err(failed)?;
        let variables = variables.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        let counters = counters.into_iter().map(|(name, count)| (name.to_string(), count)).collect();
        Ok(Checkpoint { path, variables, counters })
    }

    /// What a file is to hold: values by the names of variables, and how often random operations ran, as
    /// [`Session::random_runs`](crate::Session::random_runs) says it. A [`Saver`](crate::Saver) writes that
    /// of its session; this is for values from elsewhere.
    ///
    /// ```
    /// use minutia_graph::{Checkpoint, Device, Graph, Saver, Session, Tensor};
    /// use std::collections::BTreeMap;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("checkpoint");
    /// let values = BTreeMap::from([("v".to_string(), Tensor::from([3.0_f32, 4.0]))]);
    /// Checkpoint::new(values, BTreeMap::new()).write(&path)?;
    ///
    /// let graph = Graph::new();
    /// let v = graph.variable("v", [0.0_f32, 0.0]);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// Saver::new(&graph).restore(&mut session, &path)?;
    /// assert_eq!(session.run(&v, ())?.as_slice::<f32>()?, [3.0, 4.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[must_use]
    pub fn new(variables: BTreeMap<String, Tensor>, random_runs: BTreeMap<String, i32>) -> Checkpoint {
        Checkpoint { path: PathBuf::from("in memory"), variables, counters: random_runs }
    }

    /// Writes it to a file, as a [`Saver`](crate::Saver) does.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when the file cannot be written; an earlier file of this name then stays as it
    /// was.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let variables = self.variables.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let counters = self.counters.iter().map(|(name, &count)| (name.as_str(), count));
        Contents { variables: variables.collect(), counters: counters.collect() }.write(path.as_ref())
    }

    /// How often random operations had run, by name.
    #[must_use]
    pub fn random_runs(&self) -> &BTreeMap<String, i32> {
        &self.counters
    }

    /// The variables' values, by name.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, Tensor> {
        &self.variables
    }

    /// A variable's value.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] with [`CheckpointProblem::NoVariable`].
    #[doc(alias = "get_tensor")]
    pub fn variable(&self, name: &str) -> Result<&Tensor, Error> {
        self.variables.get(name).ok_or_else(|| {
            let near = most_similar(name, self.variables.keys().map(String::as_str)).map(String::from);
            let problem = CheckpointProblem::NoVariable { name: name.into(), near };
            Error::Checkpoint { path: self.path.clone(), problem }
        })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut variables = self.variables.iter();
        variables.try_for_each(|(name, value)| writeln!(f, "{name} {}", signature(value)))
    }
}

/// Type and shape of what a file holds.
pub(super) fn signature(value: &Tensor) -> Signature {
    Signature::new(value.dtype(), PartialShape::from(value.shape()))
}

/// Names are borrowed from the file and lists grow as they are read, so that a length in a file that claims
/// more than the file holds is an error, not an allocation.
#[derive(Serialize, Deserialize)]
pub(super) struct Contents<'a> {
    #[serde(borrow)]
    pub variables: BTreeMap<&'a str, Tensor>,
    #[serde(borrow)]
    pub counters: BTreeMap<&'a str, i32>,
}

impl Contents<'_> {
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |problem| Error::Checkpoint { path: path.to_path_buf(), problem };
        let body = bincode::serde::encode_to_vec(self, bincode::config::standard())
            .map_err(|e| failed(CheckpointProblem::Decode(e.to_string())))?;
        minutia_files::write(path, |file| write(file, &body))
            .map_err(|e| failed(CheckpointProblem::Io(Arc::new(e))))
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
