//! An autoencoder: digits as 64 numbers, from which they are drawn again, trained by RMSProp:
//! `cargo run --release --example autoencoder -- [STEPS [FOLDER]]`
//!
//! TensorFlow 1, from the same values (`tf1/autoencoder.py`):
//! the loss is 0.2303848 after 100 steps of MNIST; here 0.2303848.

mod picture;

use minutia::{
    datasets::{Batches, locate, mnist::Mnist},
    prelude::*,
};
use std::path::PathBuf;

const BATCH: usize = 100;

/// Products with a matrix, and a bias, which are variables of their own.
fn layer(x: &Output, name: &str, [inputs, outputs]: [usize; 2]) -> Output {
    let graph = x.graph();
    let _scope = graph.name_scope(name);
    let w = graph.variable("W", graph.random_normal([inputs, outputs], 0, 0.05));
    let b = graph.variable("b", graph.zeros([outputs]));
    x.matmul(&w) + &b
}

/// The loss of each step, and the session that has what was learned.
pub fn train(data: &Mnist, steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    graph.set_random_seed(7);
    let images = graph.placeholder("images", DType::U8, (None, 784));
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);

    let hidden = layer(&x, "encoder1", [784, 256]).relu();
    let code = layer(&hidden, "encoder2", [256, 64]).relu();
    let hidden = layer(&code, "decoder1", [64, 256]).relu();
    let drawn = layer(&hidden, "decoder2", [256, 784]).sigmoid();
    let loss = (&x - &drawn).square().reduce_mean(..);
    let train = RmsProp::new(1e-3).minimize(&loss)?;

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
            println!("step {i}: loss {:.5}", losses[i - 1]);
        }
    }
    let (x, drawn) =
        session.run((&x, &drawn), feeds! { images => &data.test.images, rows => [0, 1, 2, 3] })?;
    println!("images that it has not seen, and what it makes of them:");
    picture::print(&x)?;
    picture::print(&drawn)?;
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
