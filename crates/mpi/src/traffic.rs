//! How many bytes a step moves.

use crate::{Cut, Shards};

/// Bytes that a rank receives from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Sums of gradients of the elements that the rank owns.
    pub reduction: u64,
    /// Updated parameters of the elements that others own.
    pub gather: u64,
}

impl Traffic {
    /// What a rank receives in a step: of the `n` elements that it owns, 4 bytes for each sum of each other
    /// rank (see [`Shards::sums`]), and 4 bytes for each element that it does not own. Where every rank sends
    /// one sum, all ranks together receive what they do in an all-reduce over a ring, which is the least
    /// possible: `2 (ranks - 1) elements` numbers.
    ///
    /// ```
    /// use minutia_mpi::{Cut, Shards, Traffic};
    /// use minutia_optim::Coupling;
    /// let (shards, cut) = (Shards::new(8, 2)?, Cut::new(&[1024], Coupling::Element, 2));
    /// // Rank 1 owns 512 parameters; the others are 512, and the loss.
    /// assert_eq!(Traffic::of_step(&shards, &cut, 1), Traffic { reduction: 4 * 512, gather: 4 * 513 });
    /// # Ok::<(), minutia_mpi::Error>(())
    /// ```
    #[must_use]
    pub fn of_step(shards: &Shards, cut: &Cut, rank: usize) -> Traffic {
        let own = cut.owned(rank).len();
        let sums: usize = (0..shards.ranks()).filter(|&other| other != rank).map(|r| shards.sums(r)).sum();
        Traffic { reduction: bytes(sums * own), gather: bytes(cut.elements() - own) }
    }

    /// Both together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.reduction + self.gather
    }
}

/// The bytes of so many `f32`.
pub(crate) fn bytes(elements: usize) -> u64 {
    4 * elements as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_optim::Coupling;

    /// All ranks together, in numbers, over those of a ring all-reduce.
    fn over_the_bound(shards: usize, ranks: usize) -> f64 {
        let cut = Cut::new(&[256 * 840], Coupling::Element, ranks);
        let shards = Shards::new(shards, ranks).unwrap();
        let all: u64 = (0..ranks).map(|rank| Traffic::of_step(&shards, &cut, rank).total()).sum();
        all as f64 / (8 * (ranks - 1) * cut.elements()) as f64
    }

    #[test]
    fn ranks_that_own_one_subtree_each_move_the_least_possible() {
        for ranks in [2, 4, 5, 6, 7, 8] {
            assert!((over_the_bound(8, ranks) - 1.0).abs() < 1e-12, "{ranks} ranks");
        }
        // Two of three ranks own shards that are no subtree: 5 sums in place of 3.
        assert!((over_the_bound(8, 3) - 4.0 / 3.0).abs() < 1e-3);
    }
}
