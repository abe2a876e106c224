//! A recurrent network that reads the rows of digits one after the other, and says at the last which digit it
//! was. Gradients through 28 steps are clipped: `cargo run --release --example lstm -- [STEPS [FOLDER]]`
//!
//! TensorFlow 1, from the same values (`tf1/lstm.py`):
//! the loss is 0.72192407 after 100 steps of MNIST; here 0.72192401.

use minutia::{
    datasets::{Batches, locate, mnist::Mnist},
    layers::{Dense, LstmCell},
    prelude::*,
};
use std::path::PathBuf;

const BATCH: usize = 100;
const UNITS: usize = 64;

/// The loss of each step, and the session that has what was learned.
pub fn train(data: &Mnist, steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    graph.set_random_seed(7);
    let images = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = (images.gather(&rows).cast(DType::F32) * (1.0 / 255.0)).reshape([-1, 28, 28]);
    let y_ = labels.gather(&rows);

    let lstm = LstmCell::new(UNITS).build(&graph, 28);
    let (_, state) = lstm.scan(&x, &lstm.zero_state(&x));
    let y = Dense::new(10).build(&graph, UNITS).apply(&state.h);
    let loss = y.sparse_softmax_cross_entropy_with_logits(&y_).reduce_mean(..);
    let accuracy = y.argmax(1).equal(&y_).cast(DType::F32).reduce_mean(..);

    let optimizer = Adam::new(3e-3);
    let gradients = optimizer.compute_gradients(&loss, graph.trainable_variables())?;
    let (gradients, variables): (Vec<_>, Vec<_>) = gradients.into_iter().unzip();
    let clipped: Vec<_> = clip_by_global_norm(&gradients, 1.0).into_iter().zip(variables).collect();
    let train = optimizer.apply_gradients(&clipped)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let fed = feeds! { images => &data.train.images, labels => &data.train.labels, rows => [0; BATCH] };
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
    println!("accuracy on images that it has not seen: {}", session.run(&accuracy, fed)?);
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let steps = arguments.next().map_or(Ok(300), |steps| steps.parse())?;
    let located = locate(arguments.next().map(PathBuf::from).as_deref())?;
    println!("data: {}", located.origin);
    train(&located.data, steps)?;
    Ok(())
}
