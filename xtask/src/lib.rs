//! The reproduction pipeline and the repository's own checks: `cargo xtask reproduce`, `audit`, `fetch`,
//! `bench`, `kernels`, `web` and `tidy`.
#![forbid(unsafe_code)]
// Output goes through `terminal`, which knows of readers that have gone away and of disks that are full.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod audit;
mod bench;
mod cli;
mod digest;
mod fetch;
mod files;
mod kernels;
pub mod readers;
mod reproduce;
mod sources;
mod terminal;
mod tidy;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::Command;

/// Does what the command line says. An error is one message on standard error and exit code 1; a command line
/// that means nothing ends with code 2.
pub fn main() -> ExitCode {
    let command = match cli::parse() {
        Ok(cli) => cli.command,
        Err(end) => return end,
    };
    let outcome = match command {
        Command::Reproduce(options) => reproduce::reproduce(&options),
        Command::Audit(options) => audit::audit(&options),
        Command::Fetch(options) => fetch::fetch(&options),
        Command::Bench(options) => bench::bench(&options),
        Command::Kernels(options) => kernels::kernels(&workspace(), &options),
        Command::Web => web::web(&workspace()),
        Command::Tidy => tidy::tidy(&workspace()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&error);
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
