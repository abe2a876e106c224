//! Trains the post's classifier for one epoch of the built-in digits, and writes it in every format:
//! `cargo run --release -p minutia-interchange --example export_classifier -- FOLDER`
//!
//! `classifier.onnx` computes `logits` and `probabilities` of `x`, as many images of 784 numbers from 0 to 1
//! as one likes. `classifier.pb` is the same for TensorFlow, with how it is trained; its weights are in
//! `classifier.npz` and `classifier.safetensors`. `expected.npz` has ten images `x`, and what they give.

use minutia_datasets::digits;
use minutia_graph::{DType, Device, Graph, Session, feeds};
use minutia_interchange::{npz, onnx, safetensors, tensorflow, variables};
use minutia_optim::{GradientDescent, Optimizer};
use std::{error::Error, path::PathBuf};

const BATCH: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("the folder to write to is missing")?);
    std::fs::create_dir_all(&folder)?;
    let digits = digits::generate();

    let graph = Graph::new();
    graph.set_random_seed(7);
    let x = graph.placeholder("x", DType::F32, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let w1 = graph.variable("W1", graph.random_normal([784, 300], 0.0, 0.03));
    let b1 = graph.variable("b1", graph.random_normal([300], 0.0, 1.0));
    let w2 = graph.variable("W2", graph.random_normal([300, 10], 0.0, 0.03));
    let b2 = graph.variable("b2", graph.random_normal([10], 0.0, 1.0));
    let hidden = (x.matmul(&w1) + &b1).relu();
    let logits = (hidden.matmul(&w2) + &b2).with_name("logits");
    let probabilities = logits.softmax().with_name("probabilities");
    let clipped = probabilities.clip_by_value(1e-10, 0.999_999_9);
    let y_ = labels.one_hot(10);
    let terms = &y_ * clipped.log() + (1.0 - &y_) * (1.0 - &clipped).log();
    let loss = -terms.reduce_sum(1).reduce_mean(..);
    let train = GradientDescent::new(0.1).minimize(&loss)?.with_name("train");

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    for start in (0..digits.train.len()).step_by(BATCH) {
        let batch = digits.train.rows(start, start + BATCH);
        session.run(&train, feeds! { x => batch.scaled(), labels => batch.labels })?;
    }

    let ten = digits.test.rows(0, 10);
    let expected = session.run([&x, &logits, &probabilities], feeds! { x => ten.scaled() })?;
    npz::write(folder.join("expected.npz"), ["x", "logits", "probabilities"].into_iter().zip(&expected))?;
    onnx::write(folder.join("classifier.onnx"), &session, &[&x], &[&logits, &probabilities])?;
    tensorflow::write(&graph, folder.join("classifier.pb"))?;
    let weights = variables(&session, graph.trainable_variables())?;
    safetensors::write(folder.join("classifier.safetensors"), &weights)?;
    npz::write(folder.join("classifier.npz"), &weights)?;
    println!("{}: classifier.onnx, .pb, .safetensors, .npz; expected.npz", folder.display());
    Ok(())
}
