//! Where a training stands, in a file that any number of ranks goes on from.

use crate::{
    Error, Trainer,
    agree::{decode, encode, together, understood},
    launch::writing,
    update::{SCOPE, elements},
};
use minutia_graph::{Checkpoint, CheckpointProblem, Tensor, Variable};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, io, path::Path};

/// The file in a training's folder.
const FILE: &str = "checkpoint";
/// Under which name the file has steps and identity, beside the variables.
const STATE: &str = "data_parallel/state";

/// What a file holds beside variables and counts of random operations.
#[derive(Default, Deserialize, Serialize)]
struct State {
    steps: u64,
    identity: Vec<(String, String)>,
}

/// What a file holds, on its way to other ranks.
#[derive(Default, Deserialize, Serialize)]
struct Contents {
    variables: BTreeMap<String, Tensor>,
    random_runs: BTreeMap<String, i32>,
}

/// What a rank has of a variable.
#[derive(Deserialize, Serialize)]
struct Part {
    /// The name that the variable has where it is not cut.
    name: String,
    /// The shape that it has there.
    dims: Vec<usize>,
    /// The first of its elements that this is.
    start: usize,
    value: Tensor,
}

impl Trainer<'_> {
    /// Keeps checkpoints in a folder, which is made where it is not there, and goes on from the one that it
    /// holds: gives the number of steps made before, 0 where there is none. Every rank calls it; rank 0
    /// alone reads and writes the file, but any rank may be that in a later run, so that each must be able to
    /// write to its folder of this name.
    ///
    /// # Errors
    /// [`Error::Ranks`] with what one of them says: [`Error::Folder`]; [`Error::OtherTraining`] or
    /// [`Error::Foreign`] for a checkpoint that was not written by this training; an error of the file.
    pub fn resume(&mut self, folder: impl AsRef<Path>) -> Result<u64, Error> {
        let folder = folder.as_ref();
        let file = folder.join(FILE);
        together(self.communicator, is_writable(folder, &file))?;
        let read = if self.communicator.rank() == 0 { self.read(&file) } else { Ok(None) };
        let contents = together(self.communicator, read)?;
        let contents: Option<Contents> = understood(&self.communicator.broadcast(encode(&contents)))?;
        self.checkpoint = Some(file.clone());
        if let Some(contents) = contents {
            let restored = self.restore(&file, &contents);
            together(self.communicator, restored)?;
        }
        Ok(self.steps)
    }

    /// Writes a checkpoint, complete or not at all, to the folder of [`resume`](Trainer::resume); without
    /// one, nowhere. Every rank calls it, after the same step. Its bytes are the same for any number of
    /// ranks; [`Checkpoint`] and, with chosen variables, [`Saver`](minutia_graph::Saver) read it.
    ///
    /// # Errors
    /// [`minutia_graph::Error::Checkpoint`] when it cannot be written: an earlier one then stays as it was.
    pub fn save(&self) -> Result<(), Error> {
        let Some(file) = &self.checkpoint else { return Ok(()) };
        let parts = self.communicator.gather(&encode(&self.parts()?));
        if self.communicator.rank() != 0 {
            return Ok(());
        }
        let parts = parts.iter().map(|bytes| understood(bytes)).collect::<Result<Vec<Vec<Part>>, Error>>()?;
        let mut variables = BTreeMap::new();
        for variable in &self.plain {
            variables.insert(variable.name(), self.variable(variable)?);
        }
        variables.extend(join(parts.into_iter().flatten())?);
        let state = State { steps: self.steps, identity: self.plan.identity.clone() };
        variables.insert(STATE.to_string(), Tensor::from(encode(&state)));
        let random_runs = self.streams.at_step(self.steps, self.plan.shards.count());
        let _writing = writing();
        Ok(Checkpoint::new(variables, random_runs).write(file)?)
    }

    /// What this rank has of the optimizer's variables.
    fn parts(&self) -> Result<Vec<Part>, Error> {
        let part = |variable: &Variable| {
            let value = self.variable(variable)?;
            let (name, of) = self.place(variable);
            let (dims, start) = of.unwrap_or_else(|| (value.dims().to_vec(), 0));
            Ok(Part { name, dims, start, value })
        };
        self.update.own.iter().map(part).collect()
    }

    /// The name of one of the optimizer's variables where nothing is cut; of the slot of a part, the shape
    /// that it has there, and the first element that is here.
    fn place(&self, variable: &Variable) -> (String, Option<(Vec<usize>, usize)>) {
        let name = variable.name();
        let plain = name.strip_prefix(SCOPE).and_then(|name| name.strip_prefix('/'));
        let owner = self.update.pieces.iter().find(|piece| {
            let below = name.strip_prefix(&piece.variable.name()).is_some_and(|rest| rest.starts_with('/'));
            piece.is_part && below && piece.variable.shape() == variable.shape()
        });
        let of = owner.map(|piece| {
            let dims = self.trained[piece.index].shape().known().unwrap_or_default();
            (dims.to_vec(), piece.elements.start)
        });
        (plain.unwrap_or(&name).to_string(), of)
    }

    /// Reads the file, if it is there and of this training.
    fn read(&self, file: &Path) -> Result<Option<Contents>, Error> {
        let foreign = || Error::Foreign { path: file.to_path_buf() };
        let checkpoint = match Checkpoint::read(file) {
            Err(minutia_graph::Error::Checkpoint { problem: CheckpointProblem::Io(error), .. })
                if error.kind() == io::ErrorKind::NotFound =>
            {
                return Ok(None);
            }
            Err(minutia_graph::Error::Checkpoint { problem: CheckpointProblem::Foreign, .. }) => {
                return Err(foreign());
            }
            other => other?,
        };
        let state = state(checkpoint.variables()).ok_or_else(foreign)?;
        let here: BTreeMap<&String, &String> =
            self.plan.identity.iter().map(|(name, value)| (name, value)).collect();
        let there: BTreeMap<&String, &String> =
            state.identity.iter().map(|(name, value)| (name, value)).collect();
        let or_nothing =
            |value: Option<&&String>| value.map_or("not known", |value| value.as_str()).to_string();
        let names: std::collections::BTreeSet<&&String> = here.keys().chain(there.keys()).collect();
        let differences = names.into_iter().filter(|name| here.get(*name) != there.get(*name));
        let differences: Vec<(String, String, String)> = differences
            .map(|name| (name.to_string(), or_nothing(there.get(name)), or_nothing(here.get(name))))
            .collect();
        if !differences.is_empty() {
            return Err(Error::OtherTraining { path: file.to_path_buf(), differences });
        }
        let (variables, random_runs) = (checkpoint.variables().clone(), checkpoint.random_runs().clone());
        Ok(Some(Contents { variables, random_runs }))
    }

    fn restore(&mut self, file: &Path, contents: &Contents) -> Result<(), Error> {
        let foreign = || Error::Foreign { path: file.to_path_buf() };
        let value = |name: &str| contents.variables.get(name).ok_or_else(foreign);
        for variable in &self.plain {
            self.session.set_variable(variable, value(&variable.name())?)?;
        }
        let own = self.update.own.clone();
        for variable in &own {
            let (name, of) = self.place(variable);
            let value = value(&name)?;
            let value = match of {
                None => value.clone(),
                Some((_, start)) => {
                    let whole = value.as_slice::<f32>()?;
                    Tensor::from(whole.get(start..start + elements(variable)).ok_or_else(foreign)?)
                }
            };
            self.session.set_variable(variable, &value)?;
        }
        self.note_values()?;
        self.session.set_random_runs(&contents.random_runs)?;
        self.steps = state(&contents.variables).ok_or_else(foreign)?.steps;
        Ok(())
    }
}

/// Steps and identity, among the variables of a file.
fn state(variables: &BTreeMap<String, Tensor>) -> Option<State> {
    decode(variables.get(STATE)?.as_slice::<u8>().ok()?)
}

/// Whole variables, of their parts.
fn join(parts: impl Iterator<Item = Part>) -> Result<BTreeMap<String, Tensor>, Error> {
    let mut whole: BTreeMap<String, (Vec<usize>, Vec<Part>)> = BTreeMap::new();
    for part in parts {
        whole.entry(part.name.clone()).or_insert_with(|| (part.dims.clone(), Vec::new())).1.push(part);
    }
    let tensor = |(name, (dims, mut parts)): (String, (Vec<usize>, Vec<Part>))| {
        // What is kept once is the same on every rank.
        let first = parts.iter().position(|part| part.value.dims() == dims);
        let value = match first {
            Some(first) => parts.swap_remove(first).value,
            None => {
                parts.sort_by_key(|part| part.start);
                let slices = parts.iter().map(|part| part.value.as_slice::<f32>());
                let slices = slices.collect::<Result<Vec<&[f32]>, _>>()?;
                Tensor::from_vec(dims, slices.concat())?
            }
        };
        Ok((name, value))
    };
    whole.into_iter().map(tensor).collect()
}

/// Tries to write a file in a folder, as far as the last moment, and leaves nothing there. What killed runs
/// have left goes.
fn is_writable(folder: &Path, file: &Path) -> Result<(), Error> {
    let problem =
        |problem: io::Error| Error::Folder { path: folder.to_path_buf(), problem: problem.to_string() };
    fs::create_dir_all(folder).and_then(|()| minutia_files::sweep(folder)).map_err(problem)?;
    // Without a problem, the file was open for writing when this was given up.
    match minutia_files::write(file, |_| Err::<(), Option<io::Error>>(None)) {
        Err(Some(error)) => Err(problem(error)),
        _ => Ok(()),
    }
}
