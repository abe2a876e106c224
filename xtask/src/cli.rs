//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::{
    bench::Job,
    reproduce::{ShardChoice, StageName},
    terminal,
};

/// The reproduction pipeline and the repository's own checks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// Reads the command line.
///
/// # Errors
/// How to end where there is nothing to do: after help, which was printed, or a usage error, which was
/// explained.
pub fn parse() -> Result<Cli, ExitCode> {
    let conflict = |cli: Cli| match &cli.command {
        Command::Reproduce(options) => match options.conflict() {
            Some(message) => Err(Cli::command().error(ErrorKind::ArgumentConflict, message)),
            None => Ok(cli),
        },
        _ => Ok(cli),
    };
    Cli::try_parse().and_then(conflict).map_err(|error| {
        let printed = error.print();
        match (error.use_stderr(), printed) {
            (true, _) => ExitCode::from(2),
            (false, Err(problem)) if problem.kind() != std::io::ErrorKind::BrokenPipe => {
                terminal::complain(&anyhow::Error::new(problem).context("cannot write to standard output"));
                ExitCode::FAILURE
            }
            (false, _) => ExitCode::SUCCESS,
        }
    })
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Regenerates the post's figures and numbers, and the report
    Reproduce(Reproduce),
    /// Recomputes parts of somebody's run, and says what of it holds
    Audit(Audit),
    /// Downloads MNIST and verifies it
    Fetch(Fetch),
    /// Times the post's jobs and others against their targets and other libraries
    Bench(Bench),
    /// Compiles the kernels for GPUs
    Kernels(Kernels),
    /// Compiles the modules that web pages run
    Web,
    /// Checks the repository's own rules
    Tidy,
}

#[derive(Args, Debug)]
pub struct Kernels {
    /// Only check that kernels/ptx is what kernels/src gives
    #[arg(long)]
    pub check: bool,
}

#[derive(Args, Debug)]
pub struct Fetch {
    /// Where to put the files [default: the user's cache folder]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The URL of a folder to download from instead of the public mirrors; may be repeated
    #[arg(long, value_name = "URL")]
    pub mirror: Vec<String>,
}

#[derive(Args, Debug)]
pub struct Bench {
    /// Also time other libraries, which are installed below target/ first
    #[arg(long)]
    pub peers: bool,
    /// The folder with the four IDX files [default: where `reproduce` looks, else the built-in digits]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Write the medians to a file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where the figure goes [default: target/bench]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Only some jobs [default: all, step times by size, products and convolutions]
    #[arg(long, value_name = "JOB", value_enum, value_delimiter = ',')]
    pub jobs: Vec<Job>,
    /// Time dense products up to 4096 cubed, besides the jobs that are named
    #[arg(long)]
    pub products: bool,
    /// Time convolutions of LeNet and ResNet-18 and their gradients, besides the jobs that are named
    #[arg(long)]
    pub convolutions: bool,
    /// How often each job is run
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub repeats: u32,
}

#[derive(Args, Debug)]
pub struct Reproduce {
    /// The stages to run, with all that they need [default: all but convnet, which goes beyond the post]
    #[arg(value_name = "STAGE")]
    pub stages: Vec<StageName>,
    /// The data: MNIST or else the built-in digits, MNIST or nothing, or the built-in digits
    #[arg(long, value_enum, default_value_t = DatasetChoice::Auto)]
    pub dataset: DatasetChoice,
    /// The folder with the four IDX files
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Where figures, numbers and the report go [default: target/reproduce]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Another seed than the published one; results are marked as such
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Where networks are trained and used: a GPU if there is one, the CPU, or a GPU or nothing. It changes
    /// no bit, so that what one has computed the other skips
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Threads to compute with, which changes no bit [default: all CPUs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Another number of training epochs than the published one, of convnet where that is asked for, else of
    /// the classifier; results are marked as such
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub epochs: Option<u32>,
    /// Compute everything anew
    #[arg(long)]
    pub fresh: bool,
    /// Compute everything anew and compare it with repro.lock
    #[arg(long, conflicts_with_all = ["bless", "dry_run", "seed", "epochs"])]
    pub verify: bool,
    /// Write what the stages that this run was asked for give to repro.lock, which keeps the others
    #[arg(long, conflicts_with_all = ["dry_run", "seed", "epochs"])]
    pub bless: bool,
    /// Write what is found for TensorBoard, too: a run for each stage, below OUT/tensorboard
    #[arg(long)]
    pub tensorboard: bool,
    /// Only say what would run, and why
    #[arg(long)]
    pub dry_run: bool,
    /// Compute the I-th of N shards of inverse_seeds and nothing else: any number of processes may do so at
    /// once, on any machines. `launcher` stands for the shard of an MPI rank or a task of srun; rank 0 then
    /// does all else
    #[arg(long, value_name = "I/N|launcher", conflicts_with_all = ["merge", "verify"])]
    pub shard: Option<ShardChoice>,
    /// Take inverse_seeds from its N shards, all of which must be in OUT, in place of computing it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub merge: Option<u32>,
    /// Print lines instead of progress bars
    #[arg(long)]
    pub no_progress: bool,
    /// Another reproduce.toml, with a repro.lock of its own beside it
    #[arg(long, value_name = "FILE", hide = true)]
    pub config: Option<PathBuf>,
}

impl Reproduce {
    /// What the arguments say that contradicts itself and no rule of the definition can see.
    fn conflict(&self) -> Option<String> {
        if self.dataset == DatasetChoice::Digits && self.data_dir.is_some() {
            let digits = "the argument '--dataset digits' cannot be used with '--data-dir <DIR>'";
            return Some(format!("{digits}: the digits are built in"));
        }
        let seeds = StageName::InverseSeeds;
        let named = self.stages.is_empty() || self.stages.contains(&seeds);
        match (self.shard, self.merge) {
            (Some(ShardChoice::One(_)), _) if self.stages != [seeds] => {
                Some(format!("the argument '--shard <I/N>' is for the stage {seeds} and no other; name it"))
            }
            (Some(ShardChoice::One(_)), _) if self.bless || self.tensorboard => {
                let other = if self.bless { "--bless" } else { "--tensorboard" };
                Some(format!("the argument '--shard <I/N>' cannot be used with '{other}'; --merge can"))
            }
            (Some(ShardChoice::Launcher), _) if self.fresh => {
                let both = "the argument '--shard launcher' cannot be used with '--fresh'";
                Some(format!("{both}: a new folder, named with --out, has nothing that could be used"))
            }
            (Some(ShardChoice::Launcher), _) if self.dry_run => {
                let both = "the argument '--shard launcher' cannot be used with '--dry-run'";
                Some(format!("{both}; one process can say what would run"))
            }
            (Some(ShardChoice::Launcher), _) | (_, Some(_)) if !named => {
                let argument = if self.merge.is_some() { "--merge <N>" } else { "--shard launcher" };
                Some(format!("the argument '{argument}' is for the stage {seeds}; name it, too, or none"))
            }
            _ => None,
        }
    }
}

#[derive(Args, Debug)]
pub struct Audit {
    /// The output folder of `reproduce` that is audited, which is only read
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
    #[command(flatten)]
    pub chosen: Chosen,
    /// The folder with the four IDX files that the run was trained on
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Where it is recomputed: a GPU if there is one, the CPU, or a GPU or nothing. It changes no bit
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Threads to compute with, which changes no bit [default: all CPUs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// The reproduce.toml of the run
    #[arg(long, value_name = "FILE", hide = true)]
    pub config: Option<PathBuf>,
}

/// Which segments of a run are recomputed.
#[derive(Args, Debug)]
pub struct Chosen {
    /// How many of the segments from checkpoint to checkpoint are recomputed, chosen at random
    #[arg(long, value_name = "K", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub segments: u32,
    /// Recompute the segment with this epoch instead
    #[arg(long, value_name = "N", conflicts_with_all = ["segments", "seed"], value_parser = clap::value_parser!(u32).range(1..))]
    pub epoch: Option<u32>,
    /// Choose as another audit did that printed this number [default: nobody can foresee]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DatasetChoice {
    Auto,
    Mnist,
    Digits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DeviceChoice {
    Auto,
    Cpu,
    Cuda,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
