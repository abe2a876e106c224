//! The ported programs: `main.rs` writes what TensorFlow needs to follow them, and `tests/examples.rs`
//! compares what they learn with digests.

use minutia::{datasets::mnist::Mnist, prelude::*};

/// Gives the loss of each of so many steps, and the session that has what was learned.
pub type Train = fn(&Mnist, usize) -> Result<(Vec<f32>, Session)>;

/// The examples as modules, in which nothing uses their `main`.
macro_rules! examples {
    ($($name:ident $path:literal)*) => { $(#[allow(dead_code)] #[path = $path] mod $name;)* };
}

examples! {
    attention "../attention.rs"
    autoencoder "../autoencoder.rs"
    convnet "../convnet.rs"
    dropout "../dropout.rs"
    gan "../gan.rs"
    k_means "../k_means.rs"
    linear_regression "../linear_regression.rs"
    lstm "../lstm.rs"
    neural_ode "../neural_ode.rs"
    newton "../newton.rs"
    softmax_regression "../softmax_regression.rs"
    vae "../vae.rs"
    word2vec "../word2vec.rs"
}

/// By name. What learns from no images takes none, and the words are few.
pub const PROGRAMS: [(&str, Train); 13] = [
    ("attention", |_, steps| attention::train(steps)),
    ("autoencoder", autoencoder::train),
    ("convnet", convnet::train),
    ("dropout", dropout::train),
    ("gan", gan::train),
    ("k_means", k_means::train),
    ("linear_regression", |_, steps| linear_regression::train(steps)),
    ("lstm", lstm::train),
    ("neural_ode", |_, steps| neural_ode::train(steps)),
    ("newton", |_, steps| newton::train(steps)),
    ("softmax_regression", softmax_regression::train),
    ("vae", vae::train),
    ("word2vec", |_, steps| word2vec::train(steps, 2000)),
];
