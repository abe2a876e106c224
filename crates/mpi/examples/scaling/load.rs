//! What a step has each rank compute and send: the crate's cuts, as the slowest rank and the busiest link see
//! them.

use minutia_mpi::{Cut, Error, Shards, Traffic};
use minutia_optim::Coupling;

/// The work of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Numbers that a step adds up: the loss and the gradients.
    pub numbers: usize,
    /// Shards of the rank that owns most.
    pub shards: usize,
    /// Numbers of the largest range of them that a rank adds up and updates.
    pub range: usize,
    /// Sums that are added for each number.
    pub sums: usize,
    /// Bytes that the busiest link carries in its busier direction until all sums are with those who add
    /// them.
    pub exchanged: usize,
    /// The same, until all ranks have all parameters.
    pub gathered: usize,
}

impl Load {
    /// That of a net with so many parameters, of which the optimizer updates each by itself.
    ///
    /// # Errors
    /// Those of [`Shards::new`].
    pub fn of(parameters: usize, shards: usize, ranks: usize) -> Result<Load, Error> {
        let owners = Shards::new(shards, ranks)?;
        let cut = Cut::new(&[parameters], Coupling::Element, ranks);
        let numbers = cut.elements();
        let ranges: Vec<usize> = (0..ranks).map(|rank| cut.owned(rank).len()).collect();
        let sums: Vec<usize> = (0..ranks).map(|rank| owners.sums(rank)).collect();
        let all: usize = sums.iter().sum();
        let (least, most) =
            (ranges.iter().copied().min().unwrap_or(0), ranges.iter().copied().max().unwrap_or(0));
        let sent = |rank: usize| sums[rank] * (numbers - ranges[rank]);
        let received = |rank: usize| (all - sums[rank]) * ranges[rank];
        let busiest = (0..ranks).map(|rank| sent(rank).max(received(rank))).max().unwrap_or(0);
        Ok(Load {
            numbers,
            shards: owners.owned(0).len(),
            range: most,
            sums: all,
            exchanged: 4 * busiest,
            gathered: 4 * (numbers - least),
        })
    }
}

/// Bytes that a step moves between all ranks, and the least that it could: those of a ring all-reduce.
///
/// # Errors
/// Those of [`Shards::new`].
pub fn moved(parameters: usize, shards: usize, ranks: usize) -> Result<(u64, u64), Error> {
    let owners = Shards::new(shards, ranks)?;
    let cut = Cut::new(&[parameters], Coupling::Element, ranks);
    let all = (0..ranks).map(|rank| Traffic::of_step(&owners, &cut, rank).total()).sum();
    Ok((all, 8 * (ranks - 1) as u64 * cut.elements() as u64))
}
