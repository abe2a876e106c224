//! Work that falls apart.

use crate::{
    Communicator, Error,
    agree::{encode, together, understood},
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
/// [`Error::Ranks`] with the first error of a rank, on every rank; [`Error::Undecodable`] for a type that
/// serde writes and does not read back.
pub fn in_order<T: Serialize + DeserializeOwned, E: Display>(
    communicator: &dyn Communicator,
    count: usize,
    compute: impl FnMut(usize) -> Result<T, E>,
) -> Result<Vec<T>, Error> {
    let own = part(count, communicator.size(), communicator.rank()).map(compute);
    let own = together(communicator, own.collect::<Result<Vec<T>, E>>())?;
    let all = communicator.exchange(&encode(&own));
    let parts = all.iter().map(|bytes| understood(bytes)).collect::<Result<Vec<Vec<T>>, Error>>()?;
    Ok(parts.into_iter().flatten().collect())
}
