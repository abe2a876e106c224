//! The command line.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Trains the post's classifier on many machines: `mpirun -n 4 mnist_mpi`. Any number of ranks gives the bits
/// of any other.
#[derive(Debug, Parser)]
pub struct Options {
    /// The data: MNIST or else the built-in digits, MNIST or nothing, or the built-in digits
    #[arg(long, value_enum, default_value_t = Dataset::Auto)]
    pub dataset: Dataset,
    /// The folder with the four IDX files
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Logical shards of a batch; part of the model
    #[arg(long, value_name = "S", default_value_t = 8)]
    pub shards: usize,
    /// Rows of a batch
    #[arg(long, value_name = "ROWS", default_value_t = 200)]
    pub batch: usize,
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub epochs: u64,
    /// Initial weights, the order of rows, and dropout
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub seed: u64,
    /// Units of the hidden layer
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub hidden: u32,
    #[arg(long, value_enum, default_value_t = Rule::Sgd)]
    pub optimizer: Rule,
    /// The learning rate
    #[arg(long, default_value_t = 0.1)]
    pub rate: f32,
    /// The share of hidden units that is left out in training
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub dropout: f32,
    /// The Euclidean norm to which longer gradients are scaled down
    #[arg(long, value_name = "NORM")]
    pub clip: Option<f32>,
    /// Threads of each rank [default: those of the machine over the ranks on it]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Where each rank computes: ranks may differ
    #[arg(long, value_enum, default_value_t = Where::Cpu)]
    pub device: Where,
    /// The folder of the checkpoint, from which training goes on
    #[arg(long, value_name = "DIR")]
    pub checkpoint: Option<PathBuf>,
    /// Steps from checkpoint to checkpoint, beside that after each epoch
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: Option<u64>,
    /// One process without MPI
    #[arg(long)]
    pub alone: bool,
    /// Say how long the parts of a step took, and what it moved
    #[arg(long)]
    pub timings: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dataset {
    Auto,
    Mnist,
    Digits,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Rule {
    Sgd,
    Momentum,
    Adagrad,
    Rmsprop,
    Adam,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Where {
    Auto,
    Cpu,
    Cuda,
}

/// What is wrong with a command line, for one rank to say.
pub fn refusal(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let text = text.split("\n\nFor more information").next().unwrap_or(text);
    format!("{text}\n  hint: --help lists the arguments")
}
