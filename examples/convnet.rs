//! The convolutional network of TensorFlow's tutorial "Deep MNIST for Experts", and its accuracy on images
//! that it has not seen: `cargo run --release --example convnet -- [STEPS [FOLDER]]`
//!
//! TensorFlow 1, from the same values (`tf1/convnet.py`):
//! the loss is 0.35769513 after 100 steps of MNIST, and 0.36179158 in double precision; here 0.36158597.
//! The first ten losses are within 9e-7 of each other; later the optimizer, which divides by the size of
//! gradients, magnifies how TensorFlow rounds sums.

use minutia::{
    datasets::{Batches, locate, mnist::Mnist},
    prelude::*,
};
use std::{path::PathBuf, time::Instant};

const BATCH: usize = 50;

/// A convolution of 5 x 5, a ReLU, and the largest of every 2 x 2.
fn layer(x: &Output, name: &str, [channels, outputs]: [usize; 2]) -> Output {
    let graph = x.graph();
    let _scope = graph.name_scope(name);
    let filter = graph.variable("filter", graph.truncated_normal([5, 5, channels, outputs], 0.0, 0.1));
    let bias = graph.variable("bias", graph.fill([outputs], 0.1));
    (x.conv2d(&filter, Window::same()) + &bias).relu().max_pool([2, 2], Window::same().strides([2, 2]))
}

/// The loss of each step, and the session that has what was learned.
pub fn train(data: &Mnist, steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    graph.set_random_seed(7);
    let images = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = (images.gather(&rows).cast(DType::F32) * (1.0 / 255.0)).reshape([-1, 28, 28, 1]);
    let y_ = labels.gather(&rows);

    let small = layer(&x, "conv1", [1, 32]);
    let smaller = layer(&small, "conv2", [32, 64]).reshape([-1, 7 * 7 * 64]);
    let w1 = graph.variable("W1", graph.truncated_normal([7 * 7 * 64, 1024], 0.0, 0.1));
    let b1 = graph.variable("b1", graph.fill([1024], 0.1));
    let w2 = graph.variable("W2", graph.truncated_normal([1024, 10], 0.0, 0.1));
    let b2 = graph.variable("b2", graph.fill([10], 0.1));
    let y = (smaller.matmul(&w1) + &b1).relu().matmul(&w2) + &b2;
    let loss = y.sparse_softmax_cross_entropy_with_logits(&y_).reduce_mean(..);
    let hits = y.argmax(1).equal(&y_).cast(DType::F32).reduce_sum(..);
    let train = Adam::new(1e-4).minimize(&loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let fed = feeds! { images => &data.train.images, labels => &data.train.labels, rows => [0; BATCH] };
    let mut step = session.make_callable((&train, &loss), fed)?;
    let mut batches = Batches::new(data.train.len(), BATCH, 7);
    let mut losses = Vec::new();
    let start = Instant::now();
    for i in 1..=steps {
        step.set(&rows, batches.next_batch())?;
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
        if i % 100 == 0 || i == steps {
            let milliseconds = start.elapsed().as_secs_f64() * 1e3 / i as f64;
            println!("step {i}: loss {:.4} ({milliseconds:.1} ms a step)", losses[i - 1]);
        }
    }
    // All images at once would take gigabytes.
    let all: Vec<i32> = (0..data.test.len() as i32).collect();
    let mut right = 0.0;
    for part in all.chunks(500) {
        let fed = feeds! { images => &data.test.images, labels => &data.test.labels, rows => part };
        right += session.run(&hits, fed)?.value::<f32>()?;
    }
    println!("accuracy {:.4}", right / data.test.len() as f32);
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let steps = arguments.next().map_or(Ok(200), |steps| steps.parse())?;
    let located = locate(arguments.next().map(PathBuf::from).as_deref())?;
    println!("data: {}", located.origin);
    train(&located.data, steps)?;
    Ok(())
}
