//! A reduce-scatter in the order of the tree over shards.

use crate::{
    Communicator, Cut, Shards,
    blocks::{TreeSum, blocks},
};
use std::{convert::Infallible, ops::Range};

/// Adds the sums of all ranks, each rank those of the elements that it owns.
#[derive(Debug)]
pub(crate) struct Reduction {
    /// The elements of each rank.
    owned: Vec<Range<usize>>,
    /// The blocks of shards of each rank.
    blocks: Vec<Vec<Range<usize>>>,
    /// How many sums each rank has.
    counts: Vec<usize>,
    /// What others have sent.
    received: Vec<f32>,
    total: TreeSum,
}

impl Reduction {
    pub fn new(shards: &Shards, cut: &Cut, rank: usize) -> Reduction {
        let owned: Vec<Range<usize>> = (0..shards.ranks()).map(|rank| cut.owned(rank)).collect();
        let blocks: Vec<Vec<Range<usize>>> =
            (0..shards.ranks()).map(|rank| blocks(shards.owned(rank), shards.count())).collect();
        let counts: Vec<usize> = blocks.iter().map(Vec::len).collect();
        let others: usize = counts.iter().sum::<usize>() - counts[rank];
        let received = vec![0.0; others * owned[rank].len()];
        Reduction { owned, blocks, counts, received, total: TreeSum::new(shards.count()) }
    }

    /// The elements of each rank.
    pub fn owned(&self) -> &[Range<usize>] {
        &self.owned
    }

    /// The total of the elements that this rank owns, from the sums of its own shards. Everybody calls it.
    pub fn run<'a>(&'a mut self, communicator: &dyn Communicator, own: &'a mut TreeSum) -> &'a mut [f32] {
        let rank = communicator.rank();
        if self.owned.len() == 1 {
            return own.total().unwrap_or_default();
        }
        let sums: Vec<&[f32]> = own.sums().map(|(_, sum)| sum).collect();
        communicator.scatter(&sums, &self.owned, &self.counts, &mut self.received);
        let mine = self.owned[rank].clone();
        let own = sums.iter().map(|sum| &sum[mine.clone()]);
        let mut others = &self.received[..];
        self.total.clear();
        for (q, blocks) in self.blocks.iter().enumerate() {
            let mut own = own.clone();
            for block in blocks {
                let source = if q == rank { own.next() } else { others.split_off(..mine.len()) };
                let copy = |values: &mut [f32]| {
                    values.copy_from_slice(source.unwrap_or_default());
                    Ok::<(), Infallible>(())
                };
                let Ok(()) = self.total.push(block.clone(), mine.len(), copy);
            }
        }
        self.total.total().unwrap_or_default()
    }
}
