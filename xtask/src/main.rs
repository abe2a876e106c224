//! The reproduction pipeline and the repository's own checks: `cargo xtask reproduce`, `fetch`, `bench`,
//! `kernels` and `tidy`.
#![forbid(unsafe_code)]

mod bench;
mod cli;
mod digest;
mod fetch;
mod files;
mod kernels;
mod reproduce;
mod sources;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::Command;

fn main() -> ExitCode {
    let outcome = match cli::parse().command {
        Command::Reproduce(options) => reproduce::reproduce(&options),
        Command::Fetch(options) => fetch::fetch(&options),
        Command::Bench(options) => bench::bench(&options),
        Command::Kernels(options) => kernels::kernels(&workspace(), &options),
        Command::Tidy => tidy::tidy(&workspace()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder: where cargo says that xtask lies, else where it lay when it was built.
fn workspace() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().unwrap_or(Path::new(".")).to_path_buf()
}
