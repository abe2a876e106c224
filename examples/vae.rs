//! A variational autoencoder (Kingma and Welling, 2013): digits as a cloud of 20 numbers, and new digits from
//! numbers that are drawn: `cargo run --release --example vae -- [STEPS [FOLDER]]`
//!
//! TensorFlow 1, from the same values (`tf1/vae.py`):
//! the loss is 186.62669 after 100 steps of MNIST; here 186.62621.

mod picture;

use minutia::{
    datasets::{Batches, locate, mnist::Mnist},
    layers::{Dense, DenseLayer},
    prelude::*,
};
use std::path::PathBuf;

const BATCH: usize = 100;
const LATENT: usize = 20;

/// The loss of each step, and the session that has what was learned.
pub fn train(data: &Mnist, steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    graph.set_random_seed(7);
    let images = graph.placeholder("images", DType::U8, (None, 784));
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let dense = |name, inputs, outputs| Dense::new(outputs).name(name).build(&graph, inputs);

    let hidden = dense("encoder", 784, 400).apply(&x).relu();
    let mean = dense("mean", 400, LATENT).apply(&hidden);
    let log_variance = dense("log_variance", 400, LATENT).apply(&hidden);
    let noise = mean.random_normal_like(0, 1).with_name("noise");
    let z = &mean + (&log_variance * 0.5).exp() * noise;
    let decoder: [DenseLayer; 2] = [dense("decoder", LATENT, 400), dense("logits", 400, 784)];
    let logits = decoder[1].apply(decoder[0].apply(&z).relu());

    // The bound of the evidence, with its sign changed: what the pixels cost, and what the cloud does.
    let pixels = logits.sigmoid_cross_entropy_with_logits(&x).reduce_sum(1);
    let divergence = 0.5 * (mean.square() + log_variance.exp() - &log_variance - 1.0).reduce_sum(1);
    let loss = (pixels + divergence).reduce_mean(..);
    let train = Adam::new(1e-3).minimize(&loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let fed = feeds! { images => &data.train.images, rows => [0; BATCH] };
    let mut step = session.make_callable((&train, &loss), fed)?;
    let mut batches = Batches::new(data.train.len(), BATCH, 7);
    let mut losses = Vec::new();
    for i in 1..=steps {
        step.set(&rows, batches.next_batch())?;
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
        if i % 100 == 0 {
            println!("step {i}: loss {:.2}", losses[i - 1]);
        }
    }
    // What is fed may be any tensor: here the numbers that a digit is drawn from.
    let numbers = session.run(graph.random_normal([4, LATENT], 0, 1), ())?;
    println!("digits that nobody has written:");
    picture::print(&session.run(logits.sigmoid(), feeds! { z => numbers })?)?;
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let steps = arguments.next().map_or(Ok(500), |steps| steps.parse())?;
    let located = locate(arguments.next().map(PathBuf::from).as_deref())?;
    println!("data: {}", located.origin);
    train(&located.data, steps)?;
    Ok(())
}
