//! The ported programs among the examples learn the same bits on every machine: their losses and all that they
//! have learned after a few steps are compared with digests.

// Three programs print images, each by its own module of one file.
#![allow(clippy::duplicate_mod)]

#[path = "../examples/tf1/programs.rs"]
mod programs;

use minutia::{datasets::digits, prelude::*};
use programs::PROGRAMS;
use sha2::{Digest, Sha256};

const STEPS: usize = 3;

/// SHA-256 of the losses and of all variables, optimizers' slots included.
const LEARNED: [(&str, &str); 13] = [
    ("attention", ""),
    ("autoencoder", ""),
    ("convnet", ""),
    ("dropout", ""),
    ("gan", ""),
    ("k_means", ""),
    ("linear_regression", ""),
    ("lstm", ""),
    ("neural_ode", ""),
    ("newton", ""),
    ("softmax_regression", ""),
    ("vae", ""),
    ("word2vec", ""),
];

#[test]
fn what_the_examples_learn() {
    let data = digits::generate_some(500, 50);
    let learned = PROGRAMS.map(|(name, train)| {
        let (losses, session) = train(&data, STEPS).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, digest(&Tensor::from(losses), &session))
    });
    let differing = learned.iter().zip(LEARNED).filter(|((name, found), known)| (*name, &**found) != *known);
    let rows: String =
        differing.map(|((name, found), _)| format!("    (\"{name}\", \"{found}\"),\n")).collect();
    assert!(rows.is_empty(), "these learn other bits; where they are meant to, LEARNED has to say:\n{rows}");
}

fn digest(losses: &Tensor, session: &Session) -> String {
    let mut digest = Sha256::new_with_prefix(losses.canonical_bytes());
    for variable in session.graph().global_variables() {
        let value = session.variable(&variable).expect("can be read").expect("was initialized");
        digest.update(value.canonical_bytes());
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
