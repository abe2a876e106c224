//! k-means in the graph: images go to the nearest of 25 centroids, and each centroid to the mean of its
//! images: `cargo run --release --example k_means -- [STEPS [FOLDER]]`
//!
//! TensorFlow 1, from the same values (`tf1/k_means.py`):
//! the squared distance before the last of 100 steps on MNIST is 33.467178; here 33.467186.

use minutia::{
    datasets::{locate, mnist::Mnist},
    prelude::*,
};
use std::path::PathBuf;

const CLUSTERS: usize = 25;
/// How many images there are, at most.
const IMAGES: usize = 10_000;

/// The mean squared distance before each step, and the session that has the centroids.
pub fn train(data: &Mnist, steps: usize) -> Result<(Vec<f32>, Session)> {
    let data = data.train.rows(0, data.train.len().min(IMAGES));
    let graph = Graph::new();
    let images = graph.placeholder("images", DType::U8, (None, 784));
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let x = images.cast(DType::F32) * (1.0 / 255.0);
    let first = data.rows(0, CLUSTERS.min(data.len()));
    let centroids = graph.variable("centroids", first.scaled());

    // |x - c|^2 = |x|^2 - 2 x c + |c|^2, for each image x and each centroid c.
    let lengths = x.square().reduce_sum_keep_dims(1);
    let distances = lengths - 2.0 * x.matmul_nt(&centroids) + centroids.square().reduce_sum(1);
    let nearest = distances.argmin(1);
    let loss = distances.reduce_min(1).reduce_mean(..);
    // A centroid without images stays where it is.
    let count = x.ones_like().unsorted_segment_sum(&nearest, CLUSTERS);
    let means = x.unsorted_segment_mean(&nearest, CLUSTERS);
    let train = centroids.assign(count.greater(0.0).select(means, &centroids)).operation();

    // Every centroid stands for the digit that most of its images show.
    let votes = labels.one_hot(10).unsorted_segment_sum(&nearest, CLUSTERS);
    let shown = votes.argmax(1).gather(&nearest);
    let accuracy = shown.equal(&labels).cast(DType::F32).reduce_mean(..);

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let fed = feeds! { images => &data.images, labels => &data.labels };
    let mut step = session.make_callable((&train, &loss, &accuracy), fed)?;
    let mut losses = Vec::new();
    for i in 1..=steps {
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
        let accuracy = step.value::<f32>(&accuracy)?;
        println!("step {i:2}: squared distance {:.4}, accuracy {accuracy:.4}", losses[i - 1]);
    }
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let steps = arguments.next().map_or(Ok(20), |steps| steps.parse())?;
    let located = locate(arguments.next().map(PathBuf::from).as_deref())?;
    println!("data: {}", located.origin);
    train(&located.data, steps)?;
    Ok(())
}
