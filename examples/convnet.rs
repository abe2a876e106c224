//! Trains the convolutional network of TensorFlow's tutorial "Deep MNIST for Experts" and prints its accuracy
//! on images that it has not seen: `cargo run --release --example convnet -- [FOLDER [STEPS]]`

use minutia::{datasets, prelude::*};
use std::{error::Error, path::PathBuf, time::Instant};

const BATCH: usize = 50;

/// A convolution of 5 x 5, a ReLU, and the largest of every 2 x 2.
fn layer(graph: &Graph, name: &str, x: &Output, [channels, outputs]: [usize; 2]) -> Output {
    let _scope = graph.name_scope(name);
    let filter = graph.variable("filter", graph.truncated_normal([5, 5, channels, outputs], 0.0, 0.1));
    let bias = graph.variable("bias", graph.fill([outputs], 0.1));
    (x.conv2d(&filter, Window::same()) + &bias).relu().max_pool([2, 2], Window::same().strides([2, 2]))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().map(PathBuf::from);
    let steps: usize = arguments.get(1).map_or(Ok(200), |steps| steps.parse())?;
    let located = datasets::locate(folder.as_deref())?;
    println!("data: {}", located.origin);
    let (split, test) = (located.data.split(), located.data.test);

    let graph = Graph::new();
    graph.set_random_seed(7);
    let table = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = (table.gather(&rows).cast(DType::F32) * (1.0 / 255.0)).reshape([-1, 28, 28, 1]);
    let classes = labels.gather(&rows);

    let small = layer(&graph, "conv1", &x, [1, 32]);
    let smaller = layer(&graph, "conv2", &small, [32, 64]).reshape([-1, 7 * 7 * 64]);
    let w1 = graph.variable("W1", graph.truncated_normal([7 * 7 * 64, 1024], 0.0, 0.1));
    let b1 = graph.variable("b1", graph.fill([1024], 0.1));
    let w2 = graph.variable("W2", graph.truncated_normal([1024, 10], 0.0, 0.1));
    let b2 = graph.variable("b2", graph.fill([10], 0.1));
    let y = (smaller.matmul(&w1) + &b1).relu().matmul(&w2) + &b2;
    let loss = y.sparse_softmax_cross_entropy_with_logits(&classes).reduce_mean(..);
    let hits = y.argmax(1).equal(&classes).cast(DType::F32).reduce_mean(..);
    let train = Adam::new(1e-4).minimize(&loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let feeds =
        feeds! { table => &split.train.images, labels => &split.train.labels, rows => vec![0; BATCH] };
    let mut step = session.make_callable((&train, &loss), feeds)?;
    let mut batches = datasets::Batches::new(split.train.len(), BATCH, 7);
    let start = Instant::now();
    for i in 1..=steps {
        step.set(&rows, batches.next_batch())?;
        step.run()?;
        if i % 100 == 0 || i == steps {
            let milliseconds = start.elapsed().as_secs_f64() * 1e3 / i as f64;
            println!("step {i}: loss {:.4} ({milliseconds:.1} ms a step)", step.value::<f32>(&loss)?);
        }
    }
    let (mut right, part) = (0.0, 500);
    let feeds = feeds! { table => &test.images, labels => &test.labels, rows => vec![0; part] };
    let mut evaluation = session.make_callable(&hits, feeds)?;
    for first in (0..test.len() / part * part).step_by(part) {
        let images: Vec<i32> = (first as i32..(first + part) as i32).collect();
        evaluation.set(&rows, &images)?;
        evaluation.run()?;
        right += evaluation.value::<f32>(&hits)? * part as f32;
    }
    println!("accuracy {:.4}", right / (test.len() / part * part) as f32);
    Ok(())
}
