//! Trains a graph that TensorFlow wrote, from TensorFlow's first weights, and compares the loss of each step
//! with TensorFlow's:
//!
//! ```text
//! python crates/interchange/tests/tensorflow/make_graphs.py --mnist MNIST --out PROGRAM
//! cargo run --release --features interchange --example train_tensorflow_graph -- PROGRAM [MNIST]
//! ```
//!
//! The first line needs TensorFlow, and makes the folder PROGRAM with the post's program: its graph, its
//! weights, its losses on one epoch. The second reads them, writes `losses.csv` and `losses.png` beside them,
//! and fails where a loss is further from TensorFlow's than 1e-3.

use minutia::{
    datasets::locate,
    interchange::{
        npz,
        tensorflow::{checkpoint, read_fetches},
    },
    prelude::*,
    viz::{Figure, LineChart, Marks, Scale},
};
use std::{fmt::Write, fs, path::PathBuf};

const BATCH: usize = 100;
const TOLERANCE: f32 = 1e-3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("which folder has graph.pb, weights.index and expected.npz?")?;
    let located = locate(arguments.next().as_deref())?;
    println!("data: {}", located.origin);
    let digits = &located.data.train;

    let program = read_fetches(folder.join("graph.pb"), ["loss:0", "train"])?;
    let (x, y) = (program.tensor("x:0")?, program.tensor("y:0")?);
    let (loss, train) = (program.tensor("loss:0")?, program.operation("train")?);
    let mut session = Session::new(program.graph(), &Device::cpu()?)?;
    checkpoint::load(&mut session, folder.join("weights"))?;

    let expected = npz::read(folder.join("expected.npz"))?;
    let expected = expected.get("fetch loss:0").ok_or("expected.npz has no losses")?;
    let expected = expected.as_slice::<f32>()?;

    // In the order of the files, as TensorFlow was fed.
    let pixels: Vec<f32> =
        digits.images.as_slice::<u8>()?.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let hot = |&label: &i32| (0..10).map(move |class| f32::from(u8::from(class == label)));
    let labels: Vec<f32> = digits.labels.as_slice::<i32>()?.iter().flat_map(hot).collect();
    let (images, classes) = (pixels.chunks_exact(BATCH * 784), labels.chunks_exact(BATCH * 10));
    let (blank, none) = (Tensor::zeros(DType::F32, [BATCH, 784])?, Tensor::zeros(DType::F32, [BATCH, 10])?);
    let mut step = session.make_callable((&train, &loss), feeds! { &x => blank, &y => none })?;
    let mut losses = Vec::new();
    for (images, classes) in images.zip(classes).take(expected.len()) {
        step.set(&x, images)?;
        step.set(&y, classes)?;
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
    }

    let mut csv = "step,minutia,tensorflow\n".to_string();
    for (i, (here, there)) in losses.iter().zip(expected).enumerate() {
        writeln!(csv, "{},{here},{there}", i + 1)?;
    }
    fs::write(folder.join("losses.csv"), csv)?;
    fs::write(folder.join("losses.png"), figure(&losses, expected).to_png(2.0)?)?;
    let far = losses.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("{} steps, all losses within {far:e} of TensorFlow's", losses.len());
    if losses.len() == expected.len() && far <= TOLERANCE {
        return Ok(());
    }
    Err(format!(
        "{} of {} steps, at most {far:e} apart, expected {TOLERANCE:e}",
        losses.len(),
        expected.len()
    )
    .into())
}

/// Both curves, and below them how far they are apart, where they are.
fn figure(losses: &[f32], expected: &[f32]) -> Figure {
    let points = |values: &mut dyn Iterator<Item = f32>| -> Vec<(f64, f64)> {
        values.enumerate().map(|(i, value)| ((i + 1) as f64, f64::from(value))).collect()
    };
    let here = points(&mut losses.iter().copied());
    let there = points(&mut expected.iter().copied());
    let mut apart = points(&mut losses.iter().zip(expected).map(|(a, b)| (a - b).abs()));
    apart.retain(|&(_, distance)| distance > 0.0);
    let both = LineChart::new("step", "cross-entropy").y_scale(Scale::Log);
    let both = both.line("minutia", &here).dashed_line("TensorFlow", &there);
    let distance = LineChart::new("step", "distance of the losses").y_scale(Scale::Log);
    let distance = distance.marks("distance", &apart, Marks::new().size(1.5));
    Figure::grid(vec![vec![Box::new(both) as _], vec![Box::new(distance) as _]])
        .title("A graph that TensorFlow wrote, trained here and there")
}
