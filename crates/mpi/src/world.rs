//! MPI.

use crate::{Communicator, Error, Traffic, traffic::bytes};
use mpi::{
    Threading,
    datatype::{Partition, PartitionMut},
    environment::Universe,
    topology::SimpleCommunicator,
    traits::{Communicator as _, CommunicatorCollectives, Destination, Root, Source},
};
use std::{cell::Cell, ops::Range};

/// Bytes of a message at most: MPI counts in 32 bits.
const CHUNK: usize = 1 << 30;

/// All processes that `mpirun` or another launcher has started, or this one alone where none has. MPI ends
/// with this value.
///
/// ```no_run
/// use minutia_mpi::{Communicator, World, launch};
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     let world = match World::new() {
///         Ok(world) => world,
///         Err(error) => {
///             eprintln!("error: {error}");
///             return ExitCode::FAILURE;
///         }
///     };
///     launch(&world, || {
///         println!("rank {} of {}", world.rank(), world.size());
///         Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
///     })
/// }
/// ```
pub struct World {
    world: SimpleCommunicator,
    neighbours: usize,
    received: Cell<Traffic>,
    /// Ends MPI, after all that belongs to it.
    _universe: Universe,
}

impl World {
    /// Starts MPI.
    ///
    /// # Errors
    /// [`Error::Started`] where this process has done so before.
    pub fn new() -> Result<World, Error> {
        // This thread alone calls MPI; devices have threads of their own.
        let (universe, _) = mpi::initialize_with_threading(Threading::Funneled).ok_or(Error::Started)?;
        let world = universe.world();
        let neighbours = world.split_shared(world.rank()).size() as usize;
        Ok(World { world, neighbours, received: Cell::default(), _universe: universe })
    }

    /// Counts and places as MPI wants them.
    fn ranges(ranges: impl Iterator<Item = Range<usize>>) -> (Vec<i32>, Vec<i32>) {
        ranges.map(|range| (count(range.len()), count(range.start))).unzip()
    }

    fn receive(&self, received: Traffic) {
        let Traffic { reduction, gather } = self.received.get();
        let sum = Traffic { reduction: reduction + received.reduction, gather: gather + received.gather };
        self.received.set(sum);
    }
}

impl Communicator for World {
    fn rank(&self) -> usize {
        self.world.rank() as usize
    }

    fn size(&self) -> usize {
        self.world.size() as usize
    }

    fn neighbours(&self) -> usize {
        self.neighbours
    }

    fn scatter(&self, sums: &[&[f32]], owned: &[Range<usize>], counts: &[usize], received: &mut [f32]) {
        let rank = self.rank();
        let to = |q: usize| if q == rank { 0..0 } else { owned[q].clone() };
        let from = (0..owned.len()).map(|q| if q == rank { 0 } else { counts[q] * owned[rank].len() });
        let (from, from_places) = World::ranges(in_a_row(from));
        self.receive(Traffic { reduction: from.iter().map(|&n| bytes(n as usize)).sum(), gather: 0 });
        let mut received = PartitionMut::new(received, from, from_places);
        if let [sum] = sums {
            let (counts, places) = World::ranges((0..owned.len()).map(to));
            return self.world.all_to_all_varcount_into(&Partition::new(*sum, counts, places), &mut received);
        }
        let packed: Vec<&[f32]> =
            (0..owned.len()).flat_map(|q| sums.iter().map(move |sum| &sum[to(q)])).collect();
        let (counts, places) = World::ranges(in_a_row((0..owned.len()).map(|q| sums.len() * to(q).len())));
        let packed = packed.concat();
        self.world.all_to_all_varcount_into(&Partition::new(&packed[..], counts, places), &mut received);
    }

    fn all_gather(&self, elements: &mut [f32], owned: &[Range<usize>]) {
        let own = elements[owned[self.rank()].clone()].to_vec();
        let (counts, places) = World::ranges(owned.iter().cloned());
        let all: u64 = counts.iter().map(|&n| bytes(n as usize)).sum();
        self.receive(Traffic { reduction: 0, gather: all - bytes(own.len()) });
        self.world.all_gather_varcount_into(&own[..], &mut PartitionMut::new(elements, counts, places));
    }

    fn exchange(&self, own: &[u8]) -> Vec<Vec<u8>> {
        let mut lengths = vec![0_u64; self.size()];
        self.world.all_gather_into(&(own.len() as u64), &mut lengths[..]);
        let ranges: Vec<Range<usize>> = in_a_row(lengths.iter().map(|&length| length as usize)).collect();
        let (counts, places) = World::ranges(ranges.iter().cloned());
        let mut all = vec![0_u8; ranges.last().map_or(0, |last| last.end)];
        self.world.all_gather_varcount_into(own, &mut PartitionMut::new(&mut all[..], counts, places));
        ranges.into_iter().map(|range| all[range].to_vec()).collect()
    }

    fn gather(&self, own: &[u8]) -> Vec<Vec<u8>> {
        if self.rank() != 0 {
            let root = self.world.process_at_rank(0);
            root.send(&(own.len() as u64));
            own.chunks(CHUNK).for_each(|chunk| root.send(chunk));
            return Vec::new();
        }
        let from = |q| {
            let process = self.world.process_at_rank(q);
            let (length, _) = process.receive::<u64>();
            let mut received = vec![0_u8; length as usize];
            received.chunks_mut(CHUNK).for_each(|chunk| _ = process.receive_into(chunk));
            received
        };
        std::iter::once(own.to_vec()).chain((1..self.world.size()).map(from)).collect()
    }

    fn broadcast(&self, mut own: Vec<u8>) -> Vec<u8> {
        let root = self.world.process_at_rank(0);
        let mut length = own.len() as u64;
        root.broadcast_into(&mut length);
        own.resize(length as usize, 0);
        own.chunks_mut(CHUNK).for_each(|chunk| root.broadcast_into(chunk));
        own
    }

    fn traffic(&self) -> Traffic {
        self.received.get()
    }

    fn abort(&self, code: i32) -> ! {
        self.world.abort(code)
    }
}

/// Where things of these lengths lie one after another.
fn in_a_row(lengths: impl Iterator<Item = usize>) -> impl Iterator<Item = Range<usize>> {
    lengths.scan(0, |end, length| {
        let start = *end;
        *end += length;
        Some(start..*end)
    })
}

/// A number as MPI counts.
fn count(elements: usize) -> i32 {
    i32::try_from(elements).unwrap_or_else(|_| panic!("MPI counts to {}, not to {elements}", i32::MAX))
}
