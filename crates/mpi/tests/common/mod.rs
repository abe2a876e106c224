//! Ranks that are threads of one process, so that a test needs no launcher.

use minutia_mpi::{Communicator, Traffic};
use std::{
    cell::Cell,
    ops::Range,
    sync::{Barrier, Mutex},
    thread,
};

/// Runs what a rank does on so many threads, and gives what each of them returned, by rank.
pub fn ranks<T: Send>(size: usize, run: impl Fn(&dyn Communicator) -> T + Sync) -> Vec<T> {
    let board = Board { posted: Mutex::new(vec![Vec::new(); size]), barrier: Barrier::new(size) };
    thread::scope(|scope| {
        let (board, run) = (&board, &run);
        let start = |rank| scope.spawn(move || run(&Rank { rank, size, board, received: Cell::default() }));
        let threads: Vec<_> = (0..size).map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("a rank panicked")).collect()
    })
}

/// Where ranks leave what others are to have.
struct Board {
    posted: Mutex<Vec<Vec<u8>>>,
    barrier: Barrier,
}

struct Rank<'b> {
    rank: usize,
    size: usize,
    board: &'b Board,
    received: Cell<Traffic>,
}

impl Rank<'_> {
    fn floats(&self, own: &[f32]) -> Vec<Vec<f32>> {
        let own: Vec<u8> = own.iter().flat_map(|element| element.to_ne_bytes()).collect();
        let float = |bytes: &[u8]| f32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        self.exchange(&own).iter().map(|bytes| bytes.chunks(4).map(float).collect()).collect()
    }

    fn receive(&self, reduction: usize, gather: usize) {
        let before = self.received.get();
        self.received.set(Traffic {
            reduction: before.reduction + 4 * reduction as u64,
            gather: before.gather + 4 * gather as u64,
        });
    }
}

impl Communicator for Rank<'_> {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn neighbours(&self) -> usize {
        self.size
    }

    fn scatter(&self, sums: &[&[f32]], owned: &[Range<usize>], counts: &[usize], received: &mut [f32]) {
        let all = self.floats(&sums.concat());
        let mut parts = Vec::new();
        for (q, sums) in all.iter().enumerate().filter(|(q, _)| *q != self.rank) {
            let length = sums.len() / counts[q];
            sums.chunks(length).for_each(|sum| parts.extend_from_slice(&sum[owned[self.rank].clone()]));
        }
        received.copy_from_slice(&parts);
        self.receive(parts.len(), 0);
    }

    fn all_gather(&self, elements: &mut [f32], owned: &[Range<usize>]) {
        let all = self.floats(&elements[owned[self.rank].clone()]);
        for (rank, part) in all.iter().enumerate() {
            elements[owned[rank].clone()].copy_from_slice(part);
        }
        self.receive(0, elements.len() - owned[self.rank].len());
    }

    fn exchange(&self, own: &[u8]) -> Vec<Vec<u8>> {
        self.board.posted.lock().expect("no rank panicked")[self.rank] = own.to_vec();
        self.board.barrier.wait();
        let all = self.board.posted.lock().expect("no rank panicked").clone();
        self.board.barrier.wait();
        all
    }

    fn gather(&self, own: &[u8]) -> Vec<Vec<u8>> {
        let all = self.exchange(own);
        if self.rank == 0 { all } else { Vec::new() }
    }

    fn broadcast(&self, own: Vec<u8>) -> Vec<u8> {
        self.exchange(&own).swap_remove(0)
    }

    fn traffic(&self) -> Traffic {
        self.received.get()
    }

    fn abort(&self, code: i32) -> ! {
        panic!("rank {} ends the job with {code}", self.rank)
    }
}
