//! How long a training step takes on many machines: what they compute, what they hand to the network, and
//! how long both take.

use crate::load::Load;
use minutia_mpi::Error;

/// What a rank computes, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// The gradients of one shard, added to those of the shards before it.
    pub shard: f64,
    /// Taking in a sum of another rank and adding it, for each number.
    pub add: f64,
    /// The optimizer's update, for each parameter.
    pub update: f64,
    /// Taking over what others have updated, for each parameter.
    pub install: f64,
}

/// A net, and what it costs on the machine that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    /// What a table calls it.
    pub name: String,
    /// How many numbers it learns.
    pub parameters: usize,
    pub costs: Costs,
}

/// A network of machines, each with a link of its own to a switch that never makes anyone wait.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// What a table calls it.
    pub name: String,
    /// What a link carries in each direction at once, in bits a second.
    pub rate: f64,
    /// The time that an empty message takes from rank to rank, in seconds.
    pub latency: f64,
    /// How long a rank is busy with a message before it can begin the next, in seconds.
    pub overhead: f64,
}

/// The order in which a rank's messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Schedule {
    /// R - 1 messages, begun one behind the other without waiting.
    Linear,
    /// R - 1 rounds, each of which waits for the one before: pairwise exchange, or a ring.
    Rounds,
    /// As many rounds as R - 1 has binary digits: Bruck's algorithm.
    Doubling,
}

/// What all machines have in common in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Shards of a step.
    pub shards: usize,
    /// How gradients go to those who add them.
    pub exchange: Schedule,
    /// How parameters come back.
    pub gather: Schedule,
}

/// The seconds of a step, by what they are spent on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Gradients of the shards of the rank that has the most of them.
    pub gradients: f64,
    /// Sums on their way to those who add them.
    pub exchange: f64,
    /// What a rank adds of its range.
    pub add: f64,
    /// What it updates.
    pub update: f64,
    /// New parameters on their way to all ranks.
    pub gather: f64,
    /// What a rank takes over of them.
    pub install: f64,
}

impl Schedule {
    /// The seconds of a rank's messages to `ranks - 1` others, were they empty.
    pub fn waits(self, ranks: usize, network: &Network) -> f64 {
        let others = ranks - 1;
        match self {
            Schedule::Linear if others == 0 => 0.0,
            Schedule::Linear => network.latency + (others - 1) as f64 * network.overhead,
            Schedule::Rounds => others as f64 * network.latency,
            Schedule::Doubling => f64::from(usize::BITS - others.leading_zeros()) * network.latency,
        }
    }
}

impl Step {
    /// Predicts a step on `ranks` machines.
    ///
    /// # Errors
    /// For no shards, and for more ranks than shards.
    pub fn predict(net: &Net, network: &Network, job: Job, ranks: usize) -> Result<Step, Error> {
        let load = Load::of(net.parameters, job.shards, ranks)?;
        let costs = net.costs;
        let travel = |bytes: usize| bytes as f64 * 8.0 / network.rate;
        let (numbers, range) = (load.numbers as f64, load.range as f64);
        let exchange = job.exchange.waits(ranks, network);
        Ok(Step {
            gradients: load.shards as f64 * costs.shard,
            exchange: exchange + travel(load.exchanged),
            add: (load.sums - 1) as f64 * range * costs.add,
            update: range * costs.update,
            gather: job.gather.waits(ranks, network) + travel(load.gathered),
            install: if ranks == 1 { 0.0 } else { numbers * costs.install },
        })
    }

    /// The seconds in which ranks wait for the network.
    pub fn communication(&self) -> f64 {
        self.exchange + self.gather
    }

    /// The share of the step in which ranks wait for the network.
    pub fn waiting(&self) -> f64 {
        self.communication() / self.total()
    }

    /// The seconds of the step.
    pub fn total(&self) -> f64 {
        self.gradients + self.add + self.update + self.install + self.communication()
    }

    /// Steps in a second.
    pub fn per_second(&self) -> f64 {
        1.0 / self.total()
    }
}

/// Steps on these numbers of machines.
///
/// # Errors
/// Those of [`Step::predict`].
pub fn predictions(
    net: &Net,
    network: &Network,
    job: Job,
    ranks: &[usize],
) -> Result<Vec<(usize, Step)>, Error> {
    ranks.iter().map(|&ranks| Ok((ranks, Step::predict(net, network, job, ranks)?))).collect()
}

/// The first of these steps, which are of ever more ranks, from which on all wait longer for the network than
/// they compute.
pub fn takeover(steps: &[(usize, Step)]) -> Option<(usize, Step)> {
    let computes = |(_, step): &(usize, Step)| step.waiting() <= 0.5;
    let behind = steps.iter().rposition(computes).map_or(0, |last| last + 1);
    steps.get(behind).copied()
}
