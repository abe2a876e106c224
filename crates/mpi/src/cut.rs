//! Which rank owns which parameters.

use crate::shards::part;
use minutia_optim::Coupling;
use std::ops::Range;

/// Elements that are never cut apart, so that what is computed of each page, such as its part of a norm, is
/// computed by one rank, whichever it is.
pub(crate) const PAGE: usize = 256;

/// What a step exchanges, cut over the ranks: the loss, and after it the elements of all variables in order.
/// Each rank adds up and updates the elements that it owns, and rank 0 the loss besides.
///
/// ```
/// use minutia_mpi::Cut;
/// use minutia_optim::Coupling;
/// // The weights of a layer and its biases, over two ranks.
/// let cut = Cut::new(&[1000, 300], Coupling::Element, 2);
/// assert_eq!((cut.owned(0), cut.owned(1)), (0..769, 769..1301));
/// // Of the second variable, rank 1 owns all; of the first, what is left.
/// assert_eq!((cut.variable(0, 1), cut.variable(1, 1)), (768..1000, 0..300));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The elements of each variable.
    sizes: Vec<usize>,
    /// Where the ranks' parameters begin, and where the last ones end.
    starts: Vec<usize>,
}

impl Cut {
    /// Over so many ranks, for variables of these sizes and an optimizer of this coupling. Elements that are
    /// updated by themselves are cut evenly at pages of 256; whole variables go to the rank in whose even
    /// part their middle lies; what must be seen together goes to rank 0.
    #[must_use]
    pub fn new(sizes: &[usize], coupling: Coupling, ranks: usize) -> Cut {
        let all: usize = sizes.iter().sum();
        let ranks = ranks.max(1);
        let pages = |rank| (part(all.div_ceil(PAGE), ranks, rank).start * PAGE).min(all);
        let starts = match coupling {
            Coupling::Element => (0..ranks).map(pages).chain([all]).collect(),
            Coupling::Variable => {
                let even = |rank| part(all, ranks, rank).start;
                // Where each variable begins, and its middle.
                let places = sizes.iter().scan(0, |end, &size| {
                    let start = *end;
                    *end += size;
                    Some((start, start + size / 2))
                });
                let places: Vec<(usize, usize)> = places.collect();
                let first = |rank| places.iter().find(|(_, middle)| *middle >= even(rank));
                let start = |rank| first(rank).map_or(all, |(start, _)| *start);
                std::iter::once(0).chain((1..ranks).map(start)).chain([all]).collect()
            }
            Coupling::All => std::iter::once(0).chain((0..ranks).map(|_| all)).collect(),
        };
        Cut { sizes: sizes.to_vec(), starts }
    }

    /// How many ranks there are.
    #[must_use]
    pub fn ranks(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many numbers a step exchanges: one more than there are parameters.
    #[must_use]
    pub fn elements(&self) -> usize {
        1 + self.starts[self.ranks()]
    }

    /// The elements of the exchange that a rank owns.
    ///
    /// # Panics
    /// For a rank that there is not.
    #[must_use]
    pub fn owned(&self, rank: usize) -> Range<usize> {
        let start = if rank == 0 { 0 } else { 1 + self.starts[rank] };
        start..1 + self.starts[rank + 1]
    }

    /// The parameters that a rank owns, counted from the first of all.
    pub(crate) fn parameters(&self, rank: usize) -> Range<usize> {
        self.starts[rank]..self.starts[rank + 1]
    }

    /// The elements of a variable that a rank owns.
    ///
    /// # Panics
    /// For a variable or a rank that there is not.
    #[must_use]
    pub fn variable(&self, index: usize, rank: usize) -> Range<usize> {
        let start: usize = self.sizes[..index].iter().sum();
        let within = |element: usize| element.clamp(start, start + self.sizes[index]) - start;
        let owned = self.parameters(rank);
        within(owned.start)..within(owned.end)
    }

    /// The places of the first so many variables in the exchange.
    pub(crate) fn trained(&self, variables: usize) -> Range<usize> {
        1..1 + self.sizes[..variables].iter().sum::<usize>()
    }

    /// The places of a variable's elements in the exchange.
    pub(crate) fn place(&self, index: usize) -> Range<usize> {
        let start = 1 + self.sizes[..index].iter().sum::<usize>();
        start..start + self.sizes[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn coupling() -> impl Strategy<Value = Coupling> {
        prop_oneof![Just(Coupling::Element), Just(Coupling::Variable), Just(Coupling::All)]
    }

    proptest! {
        #[test]
        fn every_element_has_one_owner(
            sizes in proptest::collection::vec(0_usize..2000, 1..6),
            ranks in 1_usize..12,
            coupling in coupling(),
        ) {
            let cut = Cut::new(&sizes, coupling, ranks);
            let owned: Vec<Range<usize>> = (0..ranks).map(|rank| cut.owned(rank)).collect();
            prop_assert_eq!((owned[0].start, owned[ranks - 1].end), (0, cut.elements()));
            prop_assert!(owned.windows(2).all(|pair| pair[0].end == pair[1].start));
            for (index, &size) in sizes.iter().enumerate() {
                let parts: Vec<Range<usize>> = (0..ranks).map(|rank| cut.variable(index, rank)).collect();
                prop_assert_eq!(parts.iter().map(ExactSizeIterator::len).sum::<usize>(), size);
                let whole = |part: &Range<usize>| part.is_empty() || part.len() == size;
                prop_assert!(coupling == Coupling::Element || parts.iter().all(whole));
            }
        }

        #[test]
        fn pages_are_not_cut_apart(size in 0_usize..5000, ranks in 1_usize..12) {
            let cut = Cut::new(&[size], Coupling::Element, ranks);
            let mut starts = (0..ranks).map(|rank| cut.parameters(rank).start);
            prop_assert!(starts.all(|start| start.is_multiple_of(PAGE) || start == size));
        }
    }
}
