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
    rounds: Vec<Round>,
    total: TreeSum,
}

/// A message from each rank that has so many sums.
#[derive(Debug)]
struct Round {
    /// From whom this rank receives.
    from: Vec<bool>,
    received: Vec<f32>,
}

impl Reduction {
    pub fn new(shards: &Shards, cut: &Cut, rank: usize) -> Reduction {
        let owned: Vec<Range<usize>> = (0..shards.ranks()).map(|rank| cut.owned(rank)).collect();
        let blocks: Vec<Vec<Range<usize>>> =
            (0..shards.ranks()).map(|rank| blocks(shards.owned(rank), shards.count())).collect();
        let most = blocks.iter().map(Vec::len).max().unwrap_or(0);
        let round = |round: usize| {
            let from: Vec<bool> =
                blocks.iter().enumerate().map(|(q, b)| q != rank && b.len() > round).collect();
            let messages = from.iter().filter(|&&from| from).count();
            Round { from, received: vec![0.0; messages * owned[rank].len()] }
        };
        let rounds = (0..most).map(round).collect();
        Reduction { owned, blocks, rounds, total: TreeSum::new(shards.count()) }
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
        for (index, Round { from, received }) in self.rounds.iter_mut().enumerate() {
            let sent = own.sums().nth(index).map(|(_, sum)| sum);
            communicator.scatter(sent, &self.owned, from, received);
        }
        let mine = self.owned[rank].clone();
        self.total.clear();
        for (q, blocks) in self.blocks.iter().enumerate() {
            for (index, block) in blocks.iter().enumerate() {
                let source = if q == rank {
                    own.sums().nth(index).map_or(&[][..], |(_, sum)| &sum[mine.clone()])
                } else {
                    let Round { from, received } = &self.rounds[index];
                    let before = from[..q].iter().filter(|&&from| from).count();
                    &received[before * mine.len()..(before + 1) * mine.len()]
                };
                let copy = |values: &mut [f32]| {
                    values.copy_from_slice(source);
                    Ok::<(), Infallible>(())
                };
                let Ok(()) = self.total.push(block.clone(), mine.len(), copy);
            }
        }
        self.total.total().unwrap_or_default()
    }
}
