//! Predicts how many steps a second training takes on more machines than there are at hand, from what one was
//! measured to compute, the bytes that a step moves, and the latency and rate of a network:
//!
//! ```text
//! run="cargo run --release -p minutia-mpi --example scaling --"
//! $run                          # two nets, two networks
//! $run --figure scaling.png     # the same as a picture
//! $run --traffic                # bytes beside the bound of a ring
//! $run --measure 300            # the costs of this machine
//! $run --help                   # another net or network
//! ```
//!
//! `docs/mpi.md` says what the model assumes and how far it was from what was measured.

mod defaults;
mod figure;
mod load;
mod measure;
mod model;
#[expect(dead_code, reason = "nothing is evaluated")]
#[path = "../mnist_mpi/network.rs"]
mod network;
mod options;
mod table;

use anyhow::{Context, Result};
use clap::Parser;
use options::Options;
use std::io::Write;

fn main() -> Result<()> {
    let options = Options::parse();
    let (nets, networks) = (options.nets(), options.networks());
    let (job, ranks) = (options.job(), options.ranks());
    let text = match options.measure {
        Some(hidden) => table::arguments(&measure::measure(hidden, options.threads)?),
        None if options.traffic => table::traffic(nets[0].parameters)?,
        None => table::steps(&nets, &networks, job, &ranks)?,
    };
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")?;
    if let Some(path) = &options.figure {
        let png = figure::figure(&nets, &networks, job, &ranks)?.to_png(2.0)?;
        minutia_files::write(path, |file| file.write_all(&png))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
