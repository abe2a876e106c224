//! Which rank computes what: the logical shards of a batch.

use crate::Error;
use std::ops::Range;

/// The logical shards of a batch, and the ranks that own them. Their number is part of the model: it decides
/// the bits. The number of ranks does not.
///
/// ```
/// use minutia_mpi::Shards;
/// let shards = Shards::new(8, 3)?;
/// assert_eq!([0, 1, 2].map(|rank| shards.owned(rank)), [0..3, 3..6, 6..8]);
/// assert_eq!(shards.rows(5, 200)?, 125..150);
/// # Ok::<(), minutia_mpi::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shards {
    count: usize,
    ranks: usize,
}

impl Shards {
    /// So many shards over so many ranks: each rank owns contiguous ones, the first `count % ranks` ranks one
    /// more than the others.
    ///
    /// # Errors
    /// [`Error::NoShards`] for none, [`Error::IdleRanks`] where ranks would own none.
    pub fn new(count: usize, ranks: usize) -> Result<Shards, Error> {
        match (count, ranks) {
            (0, _) => Err(Error::NoShards),
            (_, 0) => Ok(Shards { count, ranks: 1 }),
            _ if ranks > count => Err(Error::IdleRanks { shards: count, ranks }),
            _ => Ok(Shards { count, ranks }),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many ranks own them.
    #[must_use]
    pub fn ranks(&self) -> usize {
        self.ranks
    }

    /// The shards of a rank.
    #[must_use]
    pub fn owned(&self, rank: usize) -> Range<usize> {
        part(self.count, self.ranks, rank)
    }

    /// The rows of a batch that a shard has.
    ///
    /// # Errors
    /// [`Error::Batch`] for a batch that cannot be divided by the number of shards.
    pub fn rows(&self, shard: usize, batch: usize) -> Result<Range<usize>, Error> {
        if batch == 0 || !batch.is_multiple_of(self.count) {
            return Err(Error::Batch { batch, shards: self.count });
        }
        let each = batch / self.count;
        Ok(shard * each..(shard + 1) * each)
    }

    /// How many sums a rank sends in a step: the whole subtrees of the tree over shards that it owns.
    ///
    /// ```
    /// use minutia_mpi::Shards;
    /// // Of shards 0, 1, 2 the first two are added; the third waits for another rank's.
    /// assert_eq!(Shards::new(8, 3)?.sums(0), 2);
    /// assert_eq!(Shards::new(8, 4)?.sums(0), 1);
    /// # Ok::<(), minutia_mpi::Error>(())
    /// ```
    #[must_use]
    pub fn sums(&self, rank: usize) -> usize {
        crate::blocks::blocks(self.owned(rank), self.count).len()
    }
}

/// Part `index` of `count` things in `parts` contiguous parts, of which the first ones have one more.
pub(crate) fn part(count: usize, parts: usize, index: usize) -> Range<usize> {
    let (each, more) = (count / parts, count % parts);
    let start = |index: usize| index * each + index.min(more);
    start(index)..start(index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_contiguous_complete_and_even(count in 0_usize..100, parts in 1_usize..20) {
            let all: Vec<Range<usize>> = (0..parts).map(|index| part(count, parts, index)).collect();
            prop_assert_eq!((all[0].start, all[parts - 1].end), (0, count));
            prop_assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
            let sizes = || all.iter().map(ExactSizeIterator::len);
            prop_assert!(sizes().max().unwrap_or(0) - sizes().min().unwrap_or(0) <= 1);
        }
    }
}
