//! What a user asks for.

use crate::defaults;
use crate::model::{Costs, Job, Net, Network, Schedule};
use clap::Parser;
use std::path::PathBuf;

/// Predicts steps a second of training on many machines.
#[derive(Debug, Parser)]
pub struct Options {
    /// Shards of a step.
    #[arg(long, value_name = "S", default_value_t = defaults::SHARDS, value_parser = number)]
    shards: usize,
    /// Numbers of ranks, such as 1,2,3; unless given, powers of two up to the number of shards.
    #[arg(long, value_name = "R,...", value_delimiter = ',', value_parser = number)]
    ranks: Vec<usize>,
    /// Another net: how many numbers it learns.
    #[arg(long, value_name = "N", requires_all = ["shard_ms", "add_ns", "update_ns", "install_ns"], value_parser = number)]
    parameters: Option<usize>,
    /// The net's milliseconds for the gradients of a shard.
    #[arg(long, value_name = "MS", requires = "parameters", value_parser = positive)]
    shard_ms: Option<f64>,
    /// Its nanoseconds for a number of a sum that comes from another rank and is added.
    #[arg(long, value_name = "NS", requires = "parameters", value_parser = positive)]
    add_ns: Option<f64>,
    /// Its nanoseconds for the update of a parameter.
    #[arg(long, value_name = "NS", requires = "parameters", value_parser = positive)]
    update_ns: Option<f64>,
    /// Its nanoseconds for a parameter that others have updated.
    #[arg(long, value_name = "NS", requires = "parameters", value_parser = positive)]
    install_ns: Option<f64>,
    /// Another network: gigabits a second of each link, in each direction.
    #[arg(long, value_name = "RATE", requires = "latency_us", value_parser = positive)]
    gbit: Option<f64>,
    /// Its microseconds from rank to rank for an empty message.
    #[arg(long, value_name = "US", requires = "gbit", value_parser = positive)]
    latency_us: Option<f64>,
    /// Microseconds from the beginning of one message to that of the next, where it need not wait.
    #[arg(long, value_name = "US", requires = "gbit", default_value_t = 1.0, value_parser = positive)]
    overhead_us: f64,
    /// How sums go to those who add them.
    #[arg(long, value_enum, default_value_t = Schedule::Rounds)]
    exchange: Schedule,
    /// How new parameters go to everyone.
    #[arg(long, value_enum, default_value_t = Schedule::Rounds)]
    gather: Schedule,
    /// Hidden units of a net whose costs on this machine are to be measured, instead of a prediction.
    #[arg(long, value_name = "N", value_parser = number)]
    pub measure: Option<usize>,
    /// Threads that it is measured on [default: all].
    #[arg(long, value_name = "N", requires = "measure", value_parser = number)]
    pub threads: Option<usize>,
    /// A PNG to be written, over all numbers of ranks up to the largest.
    #[arg(long, value_name = "FILE")]
    pub figure: Option<PathBuf>,
    /// How many bytes steps move, instead of the time that they take.
    #[arg(long)]
    pub traffic: bool,
}

impl Options {
    /// What all ranks have in common.
    pub fn job(&self) -> Job {
        Job { shards: self.shards, exchange: self.exchange, gather: self.gather }
    }

    /// In the order that was given.
    pub fn ranks(&self) -> Vec<usize> {
        let doubled = std::iter::successors(Some(1_usize), |ranks| ranks.checked_mul(2));
        match &self.ranks[..] {
            [] => doubled.take_while(|ranks| *ranks <= self.shards).collect(),
            given => given.to_vec(),
        }
    }

    /// The net that was given, or two.
    pub fn nets(&self) -> Vec<Net> {
        let costs = [self.shard_ms, self.add_ns, self.update_ns, self.install_ns];
        let (Some(parameters), [Some(shard), Some(add), Some(update), Some(install)]) =
            (self.parameters, costs)
        else {
            return defaults::nets().to_vec();
        };
        let [add, update, install] = [add, update, install].map(|ns| ns / 1e9);
        let costs = Costs { shard: shard / 1e3, add, update, install };
        vec![Net { name: "the net given".to_string(), parameters, costs }]
    }

    /// The network that was given, or two.
    pub fn networks(&self) -> Vec<Network> {
        let (Some(gbit), Some(latency)) = (self.gbit, self.latency_us) else {
            return defaults::networks().to_vec();
        };
        let (latency, overhead) = (latency / 1e6, self.overhead_us / 1e6);
        vec![Network { name: format!("{gbit} Gbit/s"), rate: gbit * 1e9, latency, overhead }]
    }
}

/// A whole number that the model can compute with at once.
fn number(text: &str) -> Result<usize, String> {
    const MOST: usize = 1 << 30;
    let parsed: usize = text.parse().map_err(|error| format!("{error}"))?;
    if (1..=MOST).contains(&parsed) { Ok(parsed) } else { Err(format!("expected 1 to {MOST}")) }
}

/// A finite number of at least 0.
fn positive(text: &str) -> Result<f64, String> {
    let parsed: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if parsed.is_finite() && parsed >= 0.0 {
        Ok(parsed)
    } else {
        Err("expected a finite number from 0 on".to_string())
    }
}
