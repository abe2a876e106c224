//! The ported programs among the examples learn the same bits on every machine: their losses and all that
//! they have learned after a few steps are compared with digests.

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
    ("attention", "ff36a3c06eb718b082d3b28c85c5716728be4dc7880ebed235b04ee6e83df522"),
    ("autoencoder", "727ff3d06aa81e9d264dcdeb7fff6734119261aa4b804e2942bfef91d58b1b0f"),
    ("convnet", "1880ac9952c0af6b6d4294322199fd909976ea7b863c0f8f48334637ff9a8c3d"),
    ("dropout", "07c10c13060abc7c7a7eeb8b31f2df1b7efe6f168083439204074428f6989f4f"),
    ("gan", "8d6ab110022284a1851cf6ea8f77225c72e098db86d61a1133e32ecaeca04d5e"),
    ("k_means", "1c17e312751a7bb6e19852ef3b3b48101c1abaa818f3761904b59c8ecc9cf539"),
    ("linear_regression", "e0b1bfad89efde51eb33ebceeb787e66a31ae175d68a56074a5b9cb44ac010bf"),
    ("lstm", "7242ddf4df89f9129d146ef1abe9bfad47a8fb47db331282a4316eddf8d74ffb"),
    ("neural_ode", "e53a2635a02e0d69d05387d9897dd409156280729b24e508824724b6b1e26cc7"),
    ("newton", "cd6d8cd4a9b2557fa4a84c85c3955adc16a19fc6eb5d5c900253da52dd4abf1d"),
    ("softmax_regression", "8f7dbd6f4d80707d468063914f2479d39cf46bf8edb8bce436431c244c375a56"),
    ("vae", "c3d3d5431a87ad4a23bc9fd7d8e43e327f210e1a9b64d1c7bd0e3742adee06fa"),
    ("word2vec", "298c80e4672ce2d2e0932b29e29bbe5cabe28387e2e0837ca91f9b4b694021c9"),
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
