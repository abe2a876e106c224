//! Trains a 784-300-10 classifier and prints loss and test accuracy after each epoch:
//! `cargo run --release --example mnist -- [FOLDER [EPOCHS]]`

use minutia::{datasets, prelude::*};
use std::{error::Error, path::PathBuf, time::Instant};

const BATCH: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().map(PathBuf::from);
    let epochs: usize = arguments.get(1).map_or(Ok(5), |e| e.parse())?;
    let located = datasets::locate(folder.as_deref())?;
    println!("data: {}", located.origin);
    let (split, test) = (located.data.split(), located.data.test);

    let graph = Graph::new();
    graph.set_random_seed(7);
    let table = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let x = table.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let classes = labels.gather(&rows);
    let y_ = classes.one_hot(10);

    let w1 = graph.variable("W1", graph.random_normal([784, 300], 0.0, 0.03));
    let b1 = graph.variable("b1", graph.random_normal([300], 0.0, 1.0));
    let w2 = graph.variable("W2", graph.random_normal([300, 10], 0.0, 0.03));
    let b2 = graph.variable("b2", graph.random_normal([10], 0.0, 1.0));
    let hidden = (x.matmul(&w1) + &b1).relu();
    let y = (hidden.matmul(&w2) + &b2).softmax();
    let clipped = y.clip_by_value(1e-10, 0.999_999_9);
    let terms = &y_ * clipped.log() + (1.0 - &y_) * (1.0 - &clipped).log();
    let loss = -terms.reduce_sum(1).reduce_mean(..);
    let hits = y.argmax(1).equal(&classes).cast(DType::F32).reduce_mean(..);
    let train = GradientDescent::new(0.1).minimize(&loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;
    let feeds =
        feeds! { table => &split.train.images, labels => &split.train.labels, rows => vec![0; BATCH] };
    let mut step = session.make_callable((&train, &loss), feeds)?;
    let all: Vec<i32> = (0..test.len() as i32).collect();
    let feeds = feeds! { table => &test.images, labels => &test.labels, rows => all };
    let mut evaluation = session.make_callable((&loss, &hits), feeds)?;
    let mut batches = datasets::Batches::new(split.train.len(), BATCH, 7);
    for epoch in 1..=epochs {
        let start = Instant::now();
        let mut sum = 0.0;
        let steps = split.train.len() / BATCH;
        for _ in 0..steps {
            step.set(&rows, batches.next_batch())?;
            step.run()?;
            sum += step.value::<f32>(&loss)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        evaluation.run()?;
        let (test_loss, accuracy) = (evaluation.value::<f32>(&loss)?, evaluation.value::<f32>(&hits)?);
        let train_loss = sum / steps as f32;
        println!(
            "epoch {epoch}: train {train_loss:.4}, test {test_loss:.4}, accuracy {accuracy:.4} ({seconds:.3} s)"
        );
    }
    Ok(())
}
