use super::checkpoint::{Checkpoint, signature};
use crate::{CheckpointProblem, Differences, Error, Graph, Session, Variable};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How many files [`Saver::save_step`] leaves, as in TensorFlow 1.
const KEPT: usize = 5;

/// Saves a session to a file and restores it: all variables (optimizers' slots and step counters are
/// variables), and how often each random operation ran. Training goes on from a checkpoint with the bits of
/// training that was never interrupted. A saver of [chosen variables](Saver::with_var_list) leaves all else
/// alone; a [`Checkpoint`] tells what a file holds.
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
    /// The variables, by their names in files; all if none are chosen.
    chosen: Option<Vec<(String, Variable)>>,
    max_to_keep: usize,
    /// What `save_step` has written and not removed, oldest first.
    kept: VecDeque<PathBuf>,
}

/// What [`Saver::restore_partial`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The variables that have their values from the file, in the order of building.
    pub variables: Vec<String>,
    /// What was left as it was, or not used.
    pub left: Differences,
}

impl Saver {
    /// A saver of all variables of a graph.
    #[must_use]
    pub fn new(graph: &Graph) -> Saver {
        Saver { graph: graph.clone(), chosen: None, max_to_keep: KEPT, kept: VecDeque::new() }
    }

    /// A saver of these variables alone, TensorFlow 1's `Saver(var_list)`: it writes no others, and restores
    /// no others, whatever else a file holds. How often random operations ran it neither writes nor changes.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Saver, Session};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("checkpoint");
    /// let trained = Graph::new();
    /// trained.variable("body", [1.0_f32, 2.0]);
    /// trained.variable("head", 3.0_f32);
    /// let mut session = Session::new(&trained, &Device::cpu()?)?;
    /// session.run(trained.global_variables_initializer(), ())?;
    /// Saver::new(&trained).save(&session, &path)?;
    ///
    /// // The same body under another head.
    /// let graph = Graph::new();
    /// let body = graph.variable("body", [0.0_f32, 0.0]);
    /// let head = graph.variable("head", [5.0_f32, 6.0, 7.0]);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// Saver::new(&graph).with_var_list([&body]).restore(&mut session, &path)?;
    /// assert_eq!(session.run(&body, ())?.as_slice::<f32>()?, [1.0, 2.0]);
    /// assert_eq!(session.run(&head, ())?.as_slice::<f32>()?, [5.0, 6.0, 7.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "var_list")]
    #[must_use]
    pub fn with_var_list(self, variables: impl IntoIterator<Item = impl AsRef<Variable>>) -> Saver {
        let named =
            variables.into_iter().map(|variable| (variable.as_ref().name(), variable.as_ref().clone()));
        Saver { chosen: Some(named.collect()), ..self }
    }

    /// As [`with_var_list`](Saver::with_var_list), of variables that have other names in files: TensorFlow
    /// 1's `Saver({name: variable})`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Saver, Session};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("checkpoint");
    /// # let trained = Graph::new();
    /// # trained.variable("body", [1.0_f32, 2.0]);
    /// # let mut session = Session::new(&trained, &Device::cpu()?)?;
    /// # session.run(trained.global_variables_initializer(), ())?;
    /// # Saver::new(&trained).save(&session, &path)?;
    /// let graph = Graph::new();
    /// let encoder = graph.variable("encoder", [0.0_f32, 0.0]);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// Saver::new(&graph).with_names([("body", &encoder)]).restore(&mut session, &path)?;
    /// assert_eq!(session.run(&encoder, ())?.as_slice::<f32>()?, [1.0, 2.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[must_use]
    pub fn with_names<N: Into<String>, V: AsRef<Variable>>(
        self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Saver {
        let named = variables.into_iter().map(|(name, variable)| (name.into(), variable.as_ref().clone()));
        Saver { chosen: Some(named.collect()), ..self }
    }

    /// With another number of files that [`save_step`](Saver::save_step) leaves; 0 for all. TensorFlow's
    /// default is 5.
    #[must_use]
    pub fn max_to_keep(self, files: usize) -> Saver {
        Saver { max_to_keep: files, ..self }
    }

    /// Writes a checkpoint to `PATH-STEP`, which is handed back, and removes the oldest of those that this
    /// saver has written so, where there are more than [`max_to_keep`](Saver::max_to_keep).
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Saver, Session};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("model");
    /// let graph = Graph::new();
    /// let v = graph.variable("v", 1.0_f32);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// let mut saver = Saver::new(&graph).max_to_keep(2);
    /// for step in [100, 200, 300] {
    ///     saver.save_step(&session, &path, step)?;
    /// }
    /// let there = [100, 200, 300].map(|step| folder.path().join(format!("model-{step}")).exists());
    /// assert_eq!(there, [false, true, true]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`save`](Saver::save); [`Error::Checkpoint`] where an older file cannot be removed.
    #[doc(alias = "global_step")]
    pub fn save_step(
        &mut self,
        session: &Session,
        path: impl AsRef<Path>,
        step: u64,
    ) -> Result<PathBuf, Error> {
        let mut name = path.as_ref().as_os_str().to_owned();
        name.push(format!("-{step}"));
        let path = PathBuf::from(name);
        self.save(session, &path)?;
        self.kept.retain(|earlier| *earlier != path);
        self.kept.push_back(path.clone());
        while self.max_to_keep > 0 && self.kept.len() > self.max_to_keep {
            let Some(oldest) = self.kept.pop_front() else { break };
            match fs::remove_file(&oldest) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    let problem = CheckpointProblem::Io(Arc::new(error));
                    return Err(Error::Checkpoint { path: oldest, problem });
                }
                _ => {}
            }
        }
        Ok(path)
    }

    /// Writes a checkpoint.
    ///
    /// # Errors
    /// [`Error::Uninitialized`] for variables without a value; [`Error::Checkpoint`] when the file cannot be
    /// written, or a name is listed twice; an earlier file of this name then stays as it was.
    /// [`Error::OtherGraph`] for a session or a variable of another graph.
    pub fn save(&self, session: &Session, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        self.check(session, path)?;
        let (mut values, mut without) = (BTreeMap::new(), Vec::new());
        for (name, variable) in self.variables() {
            match session.variable(&variable)? {
                Some(value) => drop(values.insert(name, value)),
                None => without.push(format!("'{}'", variable.name())),
            }
        }
        if !without.is_empty() {
            return Err(Error::Uninitialized { variables: without });
        }
        // How often random operations ran is of the whole graph.
        let counters = if self.chosen.is_none() { session.random_runs()? } else { BTreeMap::new() };
        Checkpoint::new(values, counters).write(path)
    }

    /// Reads a checkpoint into a session, whatever the session did before: every variable of the graph gets
    /// its value from the file, and random operations that had not run when the file was written start anew.
    /// Where variables were chosen, these get theirs, and nothing else changes.
    ///
    /// # Errors
    /// [`Error::Checkpoint`], which says what is wrong with the file, or names all that the file and the
    /// graph do not have in common, of chosen variables those that the file lacks or holds otherwise;
    /// [`Error::OtherGraph`] for a session or a variable of another graph. The session then stays as it was.
    pub fn restore(&self, session: &mut Session, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        self.read(session, path, true).map(drop)
    }

    /// Reads what the file and the graph have in common into a session: variables of the same name, type and
    /// shape, of the chosen ones if there are any, and how often random operations of the same name ran. All
    /// else stays as it is in the session.
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
        self.check(session, path)?;
        let mut file = Checkpoint::read(path)?;
        let mut left = Differences::default();
        let mut common = Vec::new();
        for (name, variable) in self.variables() {
            let expected = variable.signature();
            match file.variables.remove(&name) {
                None => left.missing.push(name),
                Some(t) if t.dtype() != expected.dtype || !expected.shape.admits(t.dims()) => {
                    left.misfits.push((name, signature(&t), expected));
                }
                Some(value) => common.push((variable, value)),
            }
        }
        let all = self.chosen.is_none();
        let mut counts = Vec::new();
        for (name, count) in file.counters.into_iter().filter(|_| all) {
            match self.graph.get(&name) {
                Ok(node) if self.graph.is_random(&node) => counts.push((node, count)),
                _ => left.unknown.push(name),
            }
        }
        // What a file holds beside variables that were chosen is no reason to refuse it.
        if all || !whole {
            left.unknown.extend(file.variables.into_keys());
        }
        if whole && !left.is_empty() {
            let problem = CheckpointProblem::Differs(left);
            return Err(Error::Checkpoint { path: path.to_path_buf(), problem });
        }
        for (variable, value) in &common {
            session.set_variable(variable, value)?;
        }
        let mut state = session.state();
        if whole && all {
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

    /// The variables, by their names in files.
    fn variables(&self) -> Vec<(String, Variable)> {
        let all = || self.graph.global_variables().into_iter().map(|variable| (variable.name(), variable));
        self.chosen.clone().unwrap_or_else(|| all().collect())
    }

    fn check(&self, session: &Session, path: &Path) -> Result<(), Error> {
        if !session.graph().same(&self.graph) {
            let name = self.graph.nodes().first().map(|node| node.name.clone()).unwrap_or_default();
            return Err(Error::OtherGraph { role: "the saver's node", name });
        }
        let mut seen = BTreeSet::new();
        for (name, variable) in self.chosen.iter().flatten() {
            if !variable.graph().same(&self.graph) {
                return Err(Error::OtherGraph { role: "the saver's variable", name: variable.name() });
            }
            if !seen.insert(name) {
                let problem = CheckpointProblem::ListedTwice { name: name.clone() };
                return Err(Error::Checkpoint { path: path.to_path_buf(), problem });
            }
        }
        Ok(())
    }
}
