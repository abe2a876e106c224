//! Work that falls apart.

use crate::{
    Communicator, Error,
    agree::{decode, encode, together},
    shards::part,
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Display;

/// Computes `count` things, each rank a contiguous part of them, and gives every rank all, in order: parts of
/// an evaluation, say, which every rank then adds up in the same order.
///
/// ```
/// use minutia_mpi::{Alone, in_order};
/// let squares = in_order(&Alone, 4, |i| Ok::<usize, String>(i * i))?;
/// assert_eq!(squares, [0, 1, 4, 9]);
/// # Ok::<(), minutia_mpi::Error>(())
/// ```
///
/// # Errors
/// [`Error::Ranks`] with the first error of a rank, on every rank.
pub fn in_order<T: Serialize + DeserializeOwned, E: Display>(
    communicator: &dyn Communicator,
    count: usize,
    compute: impl FnMut(usize) -> Result<T, E>,
) -> Result<Vec<T>, Error> {
    let own = part(count, communicator.size(), communicator.rank()).map(compute);
    let own = together(communicator, own.collect::<Result<Vec<T>, E>>())?;
    let all = communicator.exchange(&encode(&own));
    let parts: Option<Vec<Vec<T>>> = all.iter().map(|bytes| decode(bytes)).collect();
    let undecodable =
        || Error::Ranks { ranks: vec![communicator.rank()], message: "results cannot be decoded".into() };
    Ok(parts.ok_or_else(undecodable)?.into_iter().flatten().collect())
}
