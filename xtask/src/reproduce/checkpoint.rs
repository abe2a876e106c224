//! Where a long stage stands, kept so that a killed run can go on: `OUT/.cache/STAGE.checkpoint`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{digest, files, reproduce::record::Key};

/// A place for the state of one stage.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    key: String,
}

/// What was found at the start of a stage.
#[derive(Debug, PartialEq, Eq)]
pub enum Loaded<T> {
    /// Nothing, or the state of another computation.
    Nothing,
    /// A file that cannot be trusted.
    Damaged,
    /// The state to go on from.
    State(T),
}

impl Checkpoint {
    /// The checkpoint of a stage for a computation with this key.
    pub fn new(out: &Path, stage: &str, key: &Key) -> Checkpoint {
        Checkpoint { path: out.join(".cache").join(format!("{stage}.checkpoint")), key: key.digest() }
    }

    /// Reads the state.
    ///
    /// # Errors
    /// When there is a file that cannot be read at all.
    pub fn load<T: DeserializeOwned>(&self) -> Result<Loaded<T>> {
        let Some(bytes) = files::read(&self.path)? else { return Ok(Loaded::Nothing) };
        // The digest of the rest, the key, the state.
        let Some((expected, rest)) = bytes.split_at_checked(64) else { return Ok(Loaded::Damaged) };
        if digest::hex(rest).as_bytes() != expected {
            return Ok(Loaded::Damaged);
        }
        match rest.split_at_checked(64) {
            Some((key, _)) if key != self.key.as_bytes() => Ok(Loaded::Nothing),
            Some((_, state)) => Ok(decode(state)),
            None => Ok(Loaded::Damaged),
        }
    }

    /// Writes the state.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, state: &impl Serialize) -> Result<()> {
        let state = bincode::serde::encode_to_vec(state, bincode::config::standard());
        let rest = [self.key.as_bytes(), &state.context("a checkpoint cannot be encoded")?].concat();
        let bytes = [digest::hex(&rest).into_bytes(), rest].concat();
        files::write(&self.path, &bytes)
    }

    /// Removes it: the stage is done.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> Result<()> {
        files::remove(&self.path)
    }
}

/// Decodes a state. Lists grow as they are read and names are borrowed, so that a length that claims more
/// than there is allocates nothing.
pub fn decode<T: DeserializeOwned>(state: &[u8]) -> Loaded<T> {
    match bincode::serde::borrow_decode_from_slice(state, bincode::config::standard()) {
        Ok((value, used)) if used == state.len() => Loaded::State(value),
        _ => Loaded::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_comes_back_only_whole_and_to_its_own_computation() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::default().with("parameter steps", "10");
        let checkpoint = Checkpoint::new(folder.path(), "inverse", &key);
        let other = Checkpoint::new(folder.path(), "inverse", &key.clone().with("parameter steps", "20"));
        assert_eq!(checkpoint.load::<Vec<u32>>().unwrap(), Loaded::Nothing);
        checkpoint.save(&vec![1_u32, 2]).unwrap();
        assert_eq!(checkpoint.load::<Vec<u32>>().unwrap(), Loaded::State(vec![1, 2]));
        assert_eq!(other.load::<Vec<u32>>().unwrap(), Loaded::Nothing);

        let whole = files::read(&checkpoint.path).unwrap().unwrap();
        for position in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[position] ^= 1;
            files::write(&checkpoint.path, &damaged).unwrap();
            assert_eq!(checkpoint.load::<Vec<u32>>().unwrap(), Loaded::Damaged, "byte {position}");
            files::write(&checkpoint.path, &whole[..position]).unwrap();
            assert_eq!(checkpoint.load::<Vec<u32>>().unwrap(), Loaded::Damaged, "cut at {position}");
        }
        checkpoint.remove().unwrap();
        checkpoint.remove().unwrap();
        assert_eq!(checkpoint.load::<Vec<u32>>().unwrap(), Loaded::Nothing);
    }
}
