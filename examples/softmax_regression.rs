//! Softmax regression on handwritten digits, with a learning rate that decays as steps are counted, as in
//! TensorFlow 1's first tutorial: `cargo run --release --example softmax_regression -- [STEPS [FOLDER]]`
//!
//! TensorFlow 1, from the same values (`tf1/softmax_regression.py`):
//! the loss is 0.51954937 after 100 steps of MNIST; here 0.51954931.

use minutia::{
    datasets::{Batches, locate, mnist::Mnist},
    prelude::*,
};
use std::path::PathBuf;

const BATCH: usize = 100;

/// The loss of each step, and the session that has what was learned.
pub fn train(data: &Mnist, steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    let images = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let y_ = labels.gather(&rows);

    let w = graph.variable("W", graph.zeros([784, 10]));
    let b = graph.variable("b", graph.zeros([10]));
    let y = x.matmul(&w) + &b;
    let loss = y.sparse_softmax_cross_entropy_with_logits(&y_).reduce_mean(..);
    let accuracy = y.argmax(1).equal(&y_).cast(DType::F32).reduce_mean(..);

    let global_step = graph.untrainable_variable("global_step", 0);
    let rate = schedule::exponential_decay(&global_step, 0.5, 100, 0.96);
    let train = GradientDescent::new(&rate).minimize_counting(&loss, &global_step)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let fed = feeds! { images => &data.train.images, labels => &data.train.labels, rows => [0; BATCH] };
    let mut step = session.make_callable((&train, &loss, &rate), fed)?;
    let mut batches = Batches::new(data.train.len(), BATCH, 7);
    let mut losses = Vec::new();
    for i in 1..=steps {
        step.set(&rows, batches.next_batch())?;
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
        if i % 100 == 0 {
            println!("step {i}: loss {:.4}, rate {:.4}", losses[i - 1], step.value::<f32>(&rate)?);
        }
    }
    let all: Vec<i32> = (0..data.test.len() as i32).collect();
    let fed = feeds! { images => &data.test.images, labels => &data.test.labels, rows => all };
    println!("accuracy on images that it has not seen: {}", session.run(&accuracy, fed)?);
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
