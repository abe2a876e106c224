//! A system that grants no threads.

mod common;

#[cfg(feature = "download")]
use common::fail;
use common::{Place, succeed, xtask};
use std::process::Command;

/// No thread can be started: no address space holds such a stack.
fn without_threads(mut command: Command) -> Command {
    command.env("RUST_MIN_STACK", (1_u64 << 47).to_string());
    command
}

#[test]
fn without_threads_the_same_comes_out() {
    let place = Place::new();
    let stages = ["classifier", "inverse_seeds", "--threads", "8", "--device", "cpu"];
    succeed(place.reproduce("many", &stages));
    succeed(without_threads(place.reproduce("none", &stages)));
    assert_eq!(place.manifest("many"), place.manifest("none"));
}

#[test]
fn digits_are_drawn_without_threads() {
    let place = Place::new();
    let mut command =
        xtask(&["reproduce", "dataset", "--dataset", "digits", "--no-progress", "--device", "cpu"]);
    command.arg("--config").arg(place.config()).arg("--out").arg(place.path("out"));
    succeed(without_threads(command));
}

#[cfg(feature = "download")]
#[test]
fn names_are_looked_up_without_threads() {
    let place = Place::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mirror = format!("http://localhost:{}/", closed.port());
    let mut command = xtask(&["fetch", "--mirror", &mirror, "--data-dir"]);
    command.arg(place.path("mnist")).env_remove("MINUTIA_OFFLINE");
    let error = fail(without_threads(command), 1, None);
    assert!(error.contains(&mirror) && error.contains("refused"), "{error}");
}
