//! What a GPU takes for the post's jobs, for products and for memory, each result compared with the CPU's,
//! bit by bit: `cargo bench -p minutia --features cuda --bench gpu`; see `benches/gpu/README.md`.

mod options;
mod suite;

use std::process::ExitCode;

use minutia::prelude::Device;
use options::Options;
use suite::Failure;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and prints; whether all went well and every bit was the CPU's.
fn run() -> Result<bool, Failure> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        println!("{}", options::HELP);
        return Ok(true);
    };
    let device = Device::cuda(options.device)?;
    let report = suite::run(&device, &options.settings);
    println!("{}", report.markdown());
    if let Some(path) = &options.json {
        std::fs::write(path, report.json())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(report.faults().is_empty())
}
