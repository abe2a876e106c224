//! The tree over shards, in which everything is added: pairs of neighbours, then pairs of these, and so on;
//! a last one without a partner goes up as it is. A *block* is a node of this tree: the shards below it.

use minutia_tensor::cpu::ExactFloats;
use std::ops::Range;

/// The largest blocks of the tree over `count` shards that `shards` consists of, in order.
pub(crate) fn blocks(shards: Range<usize>, count: usize) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = Vec::new();
    for shard in shards {
        blocks.push(shard..shard + 1);
        while let [.., left, right] = &blocks[..]
            && are_siblings(left, right, count)
        {
            let whole = left.start..right.end;
            blocks.truncate(blocks.len() - 2);
            blocks.push(whole);
        }
    }
    blocks
}

/// Whether two neighbouring blocks are the two halves of one.
fn are_siblings(left: &Range<usize>, right: &Range<usize>, count: usize) -> bool {
    let half = left.len();
    half.is_power_of_two()
        && left.start.is_multiple_of(2 * half)
        && right.start == left.end
        && right.end == (left.start + 2 * half).min(count)
}

/// Adds vectors in the order of the tree, whatever blocks they come as: those of single shards, or sums of
/// whole blocks that others have added. Its buffers are used again.
#[derive(Debug)]
pub(crate) struct TreeSum {
    count: usize,
    /// Sums that wait for their sibling, from left to right.
    stack: Vec<(Range<usize>, Vec<f32>)>,
    free: Vec<Vec<f32>>,
}

impl TreeSum {
    /// Over the tree of `count` shards.
    pub fn new(count: usize) -> TreeSum {
        TreeSum { count, stack: Vec::new(), free: Vec::new() }
    }

    /// Adds the next block, which begins where the one before it ended: `fill` writes its `length` elements.
    pub fn push<E>(
        &mut self,
        block: Range<usize>,
        length: usize,
        fill: impl FnOnce(&mut [f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut values = self.free.pop().unwrap_or_default();
        values.resize(length, 0.0);
        fill(&mut values)?;
        self.stack.push((block, values));
        let _exact = ExactFloats::enter();
        while let [.., (left, _), (right, _)] = &self.stack[..]
            && are_siblings(left, right, self.count)
            && let (Some((right, terms)), Some((left, sum))) = (self.stack.pop(), self.stack.last_mut())
        {
            left.end = right.end;
            sum.iter_mut().zip(&terms).for_each(|(sum, term)| *sum += term);
            self.free.push(terms);
        }
        Ok(())
    }

    /// What was added up so far, from left to right.
    pub fn sums(&self) -> impl ExactSizeIterator<Item = (&Range<usize>, &[f32])> {
        self.stack.iter().map(|(block, sum)| (block, &sum[..]))
    }

    /// The sum of all shards, once all were added.
    pub fn total(&mut self) -> Option<&mut [f32]> {
        match &mut self.stack[..] {
            [(block, sum)] if *block == (0..self.count) => Some(sum),
            _ => None,
        }
    }

    /// Forgets all sums.
    pub fn clear(&mut self) {
        self.free.extend(self.stack.drain(..).map(|(_, values)| values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shards::part;
    use proptest::prelude::*;
    use std::convert::Infallible;

    /// The tree's sum by its definition: level by level.
    fn by_levels(terms: &[f32]) -> f32 {
        let mut level = terms.to_vec();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| pair.iter().copied().reduce(|a, b| a + b).unwrap_or(0.0))
                .collect();
        }
        level[0]
    }

    #[test]
    fn blocks_are_the_largest_subtrees() {
        for (shards, count, expected) in [
            (0..8, 8, &[(0, 8)][..]),
            (0..3, 8, &[(0, 2), (2, 3)]),
            (3..6, 8, &[(3, 4), (4, 6)]),
            (6..8, 8, &[(6, 8)]),
            (4..7, 7, &[(4, 7)]),
            (0..5, 5, &[(0, 5)]),
            (1..5, 5, &[(1, 2), (2, 4), (4, 5)]),
            (2..2, 5, &[]),
        ] {
            let found: Vec<(usize, usize)> =
                blocks(shards.clone(), count).iter().map(|block| (block.start, block.end)).collect();
            assert_eq!(found, expected, "{shards:?} of {count}");
        }
    }

    proptest! {
        #[test]
        fn any_number_of_ranks_gives_the_sum_of_one(
            terms in proptest::collection::vec(-1e3_f32..1e3, 1..40),
            ranks in 1_usize..40,
        ) {
            let (count, ranks) = (terms.len(), ranks.min(terms.len()));
            let mut all = TreeSum::new(count);
            for rank in 0..ranks {
                let owned = part(count, ranks, rank);
                let mut own = TreeSum::new(count);
                for shard in owned.clone() {
                    own.push(shard..shard + 1, 1, |one| { one[0] = terms[shard]; Ok::<(), Infallible>(()) }).unwrap();
                }
                let found: Vec<Range<usize>> = own.sums().map(|(block, _)| block.clone()).collect();
                prop_assert_eq!(&found, &blocks(owned, count));
                for (block, sum) in own.sums() {
                    all.push(block.clone(), 1, |one| { one.copy_from_slice(sum); Ok::<(), Infallible>(()) }).unwrap();
                }
            }
            let total = all.total().map(|sum| sum[0].to_bits());
            prop_assert_eq!(total, Some(by_levels(&terms).to_bits()));
        }
    }
}
