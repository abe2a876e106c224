//! A network with dropout, whose rate is fed: 0.5 while it trains on batches of 100, and 0 when the same
//! graph judges all test images at once: `cargo run --release --example dropout -- [STEPS [FOLDER]]`
//!
//! TensorFlow 1, from the same values (`tf1/dropout.py`):
//! the loss is 0.50522155 after 100 steps of MNIST; here 0.50522149.

use minutia::{
    datasets::{Batches, locate, mnist::Mnist},
    prelude::*,
};
use std::path::PathBuf;

const BATCH: usize = 100;

/// The loss of each step, and the session that has what was learned.
pub fn train(data: &Mnist, steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    graph.set_random_seed(7);
    let images = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let rate = graph.placeholder("rate", DType::F32, ());
    let x = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let y_ = labels.gather(&rows);

    let w1 = graph.variable("W1", graph.truncated_normal([784, 300], 0, 0.05));
    let b1 = graph.variable("b1", graph.zeros([300]));
    let w2 = graph.variable("W2", graph.truncated_normal([300, 10], 0, 0.05));
    let b2 = graph.variable("b2", graph.zeros([10]));
    let hidden = (x.matmul(&w1) + &b1).relu().dropout(&rate);
    let y = hidden.matmul(&w2) + &b2;
    let loss = y.sparse_softmax_cross_entropy_with_logits(&y_).reduce_mean(..);
    let accuracy = y.argmax(1).equal(&y_).cast(DType::F32).reduce_mean(..);
    let train = Adam::new(1e-3).minimize(&loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let fed = feeds! {
        images => &data.train.images, labels => &data.train.labels, rows => [0; BATCH], rate => 0.5_f32
    };
    let mut step = session.make_callable((&train, &loss), fed)?;
    let mut batches = Batches::new(data.train.len(), BATCH, 7);
    let mut losses = Vec::new();
    for i in 1..=steps {
        step.set(&rows, batches.next_batch())?;
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
        if i % 100 == 0 {
            println!("step {i}: loss {:.4}", losses[i - 1]);
        }
    }
    let all: Vec<i32> = (0..data.test.len() as i32).collect();
    let fed = feeds! { images => &data.test.images, labels => &data.test.labels, rows => all };
    for share in [0.5_f32, 0.0] {
        let accuracy = session.run(&accuracy, fed.clone().with(&rate, share))?;
        println!("accuracy on the test images with a rate of {share}: {accuracy}");
    }
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let steps = arguments.next().map_or(Ok(1000), |steps| steps.parse())?;
    let located = locate(arguments.next().map(PathBuf::from).as_deref())?;
    println!("data: {}", located.origin);
    train(&located.data, steps)?;
    Ok(())
}
