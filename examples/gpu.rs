//! Trains on an NVIDIA GPU if there is one, else on the CPU: what is learned is the same, to the last bit.
//!
//! `cargo run --release --features cuda --example gpu`; without the feature it stays on the CPU.

use minutia::{datasets, prelude::*, tensor};
use sha2::{Digest, Sha256};
use std::error::Error;

/// SHA-256 of the weights after training, on every device.
const LEARNED: &str = "62c0c7d8f292e78ec27e58d9dadc49c58df35ddc88fe1651af4f7d284cab48a4";

fn main() -> Result<(), Box<dyn Error>> {
    let device = match Device::cuda(0) {
        Ok(gpu) => gpu,
        // Anything else, such as a GPU whose memory is full, is an error.
        Err(error @ tensor::Error::NoDevice { .. }) => {
            println!("{error}");
            Device::cpu()?
        }
        Err(error) => return Err(error.into()),
    };
    println!("training on {device}");

    let data = datasets::digits::generate_some(1000, 1).train;
    let graph = Graph::new();
    graph.set_random_seed(7);
    let images = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let y_ = labels.gather(&rows).one_hot(10);
    let w = graph.variable("W", graph.random_normal([784, 10], 0.0, 0.03));
    let b = graph.variable("b", graph.zeros([10]));
    let logits = x.matmul(&w) + &b;
    let loss = logits.softmax_cross_entropy_with_logits(&y_).reduce_mean(..);
    let train = GradientDescent::new(0.5).minimize(&loss)?;

    let mut session = Session::new(&graph, &device)?;
    session.run(graph.global_variables_initializer(), ())?;
    let fed = feeds! { images => &data.images, labels => &data.labels, rows => vec![0; 100] };
    let mut step = session.make_callable((&train, &loss), fed)?;
    let mut batches = datasets::Batches::new(data.len(), 100, 7);
    for _ in 0..50 {
        step.set(&rows, batches.next_batch())?;
        step.run()?;
    }
    println!("loss after 50 steps: {:.4}", step.value::<f32>(&loss)?);

    let (w, b) = session.run((&w, &b), ())?;
    let digest = Sha256::digest([w.canonical_bytes(), b.canonical_bytes()].concat());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("what it has learned: {digest}");
    assert_eq!(digest, LEARNED);
    Ok(())
}
