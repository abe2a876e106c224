//! What all ranks must have in common.

use crate::{Communicator, Difference, Error};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Display;

/// Refuses, on every rank and with one message, ranks that do not do the same: those for which a value of the
/// same name differs, or is missing.
///
/// ```
/// use minutia_mpi::{Alone, agree};
/// agree(&Alone, &[("seed".to_string(), "7".to_string())])?;
/// # Ok::<(), minutia_mpi::Error>(())
/// ```
///
/// # Errors
/// [`Error::Disagreement`].
pub fn agree(communicator: &dyn Communicator, values: &[(String, String)]) -> Result<(), Error> {
    let all: Vec<Vec<(String, String)>> = everybody(communicator, &values);
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in all.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let difference = |name: &String| {
        let mut values: Vec<(Vec<usize>, String)> = Vec::new();
        for (rank, list) in all.iter().enumerate() {
            let value = list.iter().find(|(other, _)| other == name);
            let value = value.map_or_else(|| "not known".to_string(), |(_, value)| value.clone());
            match values.iter_mut().find(|(_, other)| *other == value) {
                Some((ranks, _)) => ranks.push(rank),
                None => values.push((vec![rank], value)),
            }
        }
        (values.len() > 1).then(|| Difference { what: name.clone(), values })
    };
    let differences: Vec<Difference> = names.into_iter().filter_map(difference).collect();
    if differences.is_empty() { Ok(()) } else { Err(Error::Disagreement(differences)) }
}

/// What a rank has achieved, where all have; otherwise the error of the first rank that has not, on every
/// rank.
///
/// ```
/// use minutia_mpi::{Alone, together};
/// let number = together(&Alone, "7".parse::<u8>())?;
/// assert_eq!(number, 7);
/// let error = together(&Alone, "seven".parse::<u8>()).unwrap_err();
/// assert_eq!(error.to_string(), "rank 0: invalid digit found in string");
/// # Ok::<(), minutia_mpi::Error>(())
/// ```
///
/// # Errors
/// [`Error::Ranks`]: which ranks say so, and what; an error that all ranks have been given goes on as it is.
pub fn together<T, E: Display>(communicator: &dyn Communicator, result: Result<T, E>) -> Result<T, Error> {
    let own = result.as_ref().err().map(E::to_string);
    let all: Vec<Option<String>> = everybody(communicator, &own);
    let Some(message) = all.iter().flatten().next().cloned() else {
        return result
            .map_err(|error| Error::Ranks { ranks: vec![communicator.rank()], message: error.to_string() });
    };
    let ranks = (0..all.len()).filter(|&rank| all[rank].as_ref() == Some(&message)).collect();
    Err(Error::Ranks { ranks, message })
}

/// Everybody's value, by rank.
pub(crate) fn everybody<T: Serialize, U: DeserializeOwned + Default>(
    communicator: &dyn Communicator,
    own: &T,
) -> Vec<U> {
    communicator.exchange(&encode(own)).iter().map(|bytes| decode(bytes).unwrap_or_default()).collect()
}

/// A value as bytes that another rank, of the same version, understands.
pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    // Into a growing list, which only values that refuse to be serialised can make fail.
    bincode::serde::encode_to_vec(value, bincode::config::standard()).unwrap_or_default()
}

/// The value of bytes, if they are one.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (value, used) = bincode::serde::decode_from_slice(bytes, bincode::config::standard()).ok()?;
    (used == bytes.len()).then_some(value)
}

/// The value of bytes that another rank has sent.
pub(crate) fn understood<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    decode(bytes).ok_or(Error::Undecodable { bytes: bytes.len() })
}
