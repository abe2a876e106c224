//! What training needs of those who train together.

use crate::Traffic;
use std::{ops::Range, process};

/// Processes that train together, as one of them sees it. [`World`](crate::World) is MPI's, [`Alone`] one
/// process without MPI; another transport may implement it.
///
/// All ranks call the same functions in the same order. What cannot be sent ends the job: an error of MPI
/// itself does, too.
pub trait Communicator {
    /// This process's number, from 0.
    fn rank(&self) -> usize;

    /// How many processes there are.
    fn size(&self) -> usize;

    /// How many of them run on this machine: what its threads are divided by.
    fn neighbours(&self) -> usize;

    /// The messages of a reduce-scatter. Each rank hands the elements `owned[q]` of all its sums to every
    /// other rank q. `received` takes this rank's elements of others' sums, of which rank q has `counts[q]`:
    /// rank by rank, sum by sum.
    fn scatter(&self, sums: &[&[f32]], owned: &[Range<usize>], counts: &[usize], received: &mut [f32]);

    /// Gives everybody the elements `owned[q]` of each rank q.
    fn all_gather(&self, elements: &mut [f32], owned: &[Range<usize>]);

    /// Everybody's bytes, as many as each likes, by rank.
    fn exchange(&self, own: &[u8]) -> Vec<Vec<u8>>;

    /// Everybody's bytes, by rank, on rank 0; nothing on the others.
    fn gather(&self, own: &[u8]) -> Vec<Vec<u8>>;

    /// Rank 0's bytes.
    fn broadcast(&self, own: Vec<u8>) -> Vec<u8>;

    /// What this rank has received in `scatter` and `all_gather` since the beginning.
    fn traffic(&self) -> Traffic;

    /// Ends the job on every rank.
    fn abort(&self, code: i32) -> !;
}

/// One process without MPI: rank 0 of 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Communicator for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn neighbours(&self) -> usize {
        1
    }

    fn scatter(&self, _: &[&[f32]], _: &[Range<usize>], _: &[usize], _: &mut [f32]) {}

    fn all_gather(&self, _: &mut [f32], _: &[Range<usize>]) {}

    fn exchange(&self, own: &[u8]) -> Vec<Vec<u8>> {
        vec![own.to_vec()]
    }

    fn gather(&self, own: &[u8]) -> Vec<Vec<u8>> {
        self.exchange(own)
    }

    fn broadcast(&self, own: Vec<u8>) -> Vec<u8> {
        own
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    fn abort(&self, code: i32) -> ! {
        process::exit(code)
    }
}
