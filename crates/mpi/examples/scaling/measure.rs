//! What this machine takes for its part of a step, without a network: rank 0 of two, of which the other is
//! not there.

use crate::defaults::ROWS;
use crate::model::{Costs, Net};
use crate::network::Network as Classifier;
use anyhow::Result;
use minutia_datasets::digits;
use minutia_graph::{Device, Graph};
use minutia_mpi::{Communicator, DataParallel, Seconds, Traffic};
use minutia_optim::GradientDescent;
use minutia_tensor::cpu;
use std::{
    ops::Range,
    process,
    time::{Duration, Instant},
};

/// Steps that are made at least, and for how long.
const STEPS: usize = 20;
const TIME: Duration = Duration::from_secs(5);
const SHARDS: usize = 8;

/// The costs of a net with so many hidden units, on so many threads; all of the machine's unless given. Of
/// each part of a step the fastest counts, so that others who use the machine do not.
///
/// # Errors
/// When there is not enough memory.
pub fn measure(hidden: usize, threads: Option<usize>) -> Result<Net> {
    let rows = ROWS * SHARDS;
    let data = digits::generate_some(rows, 1).train;
    let graph = Graph::new();
    graph.set_random_seed(7);
    let net = Classifier::new(&graph, hidden);
    let device = Device::cpu_with(cpu::Options { threads, ..cpu::Options::from_env()? })?;
    let (descent, feeds) = (GradientDescent::new(0.1), net.feeds(&data, ROWS, 0.0));
    let mut trainer = DataParallel::new(SHARDS).build(&Half, &descent, &net.loss, &device, feeds)?;
    let indices: Vec<i32> = (0..rows as i32).collect();
    let mut all = Vec::new();
    let start = Instant::now();
    while all.len() < STEPS || start.elapsed() < TIME {
        let shards = trainer.shards();
        trainer.step(|shard, run| Ok(run.set(&net.rows, &indices[shards.rows(shard, rows)?])?))?;
        all.push(trainer.seconds());
    }
    let least = |part: fn(&Seconds) -> Duration| all.iter().map(part).min().unwrap_or_default().as_secs_f64();
    let numbers = trainer.cut().elements() as f64;
    let range = trainer.cut().owned(0).len() as f64;
    let costs = Costs {
        shard: least(|seconds| seconds.gradients) / trainer.shards().owned(0).len() as f64,
        add: least(|seconds| seconds.reduction) / range,
        update: least(|seconds| seconds.update) / range,
        install: least(|seconds| seconds.gather) / numbers,
    };
    Ok(Net { name: format!("784-{hidden}-10"), parameters: trainer.cut().elements() - 1, costs })
}

/// Rank 0 of two; the other sends nothing but zeros, and agrees with everything.
struct Half;

impl Communicator for Half {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        2
    }

    fn neighbours(&self) -> usize {
        1
    }

    fn scatter(&self, _: &[&[f32]], _: &[Range<usize>], _: &[usize], _: &mut [f32]) {}

    fn all_gather(&self, _: &mut [f32], _: &[Range<usize>]) {}

    fn exchange(&self, own: &[u8]) -> Vec<Vec<u8>> {
        vec![own.to_vec(), own.to_vec()]
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
