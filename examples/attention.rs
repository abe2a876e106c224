//! Self-attention that learns to turn sequences round: each place finds the one that lies opposite, and takes
//! what is there: `cargo run --release --example attention -- [STEPS]`
//!
//! TensorFlow 1, from the same values (`tf1/attention.py`):
//! the loss is 0.39015383 after 100 steps; here 0.39015383.

use minutia::{
    layers::{Dense, Embedding, LayerNorm, losses::sparse_softmax_cross_entropy, metrics},
    prelude::*,
};

const BATCH: usize = 64;
const TIME: usize = 10;
const SYMBOLS: usize = 16;
const WIDTH: usize = 32;

/// Scaled dot-product attention (Vaswani et al., 2017), and the weights that each place gives to all.
fn attention(x: &Output) -> (Output, Output) {
    let graph = x.graph();
    let [query, key, value] = ["query", "key", "value"]
        .map(|name| Dense::new(WIDTH).use_bias(false).name(name).build(graph, WIDTH).apply(x));
    let scores = graph.einsum("bqd,bkd->bqk", &[&query, &key]) * (1.0 / (WIDTH as f32).sqrt());
    let weights = scores.softmax();
    (graph.einsum("bqk,bkd->bqd", &[&weights, &value]), weights)
}

/// The loss of each step, and the session that has what was learned.
pub fn train(steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    graph.set_random_seed(7);
    // Every run draws sequences of its own.
    let drawn = graph.random_uniform([BATCH, TIME], 0.0, SYMBOLS as f32);
    let symbols = drawn.floor().minimum(SYMBOLS as f32 - 1.0).cast(DType::I32).with_name("symbols");
    let turned = symbols.reverse([1]);

    let places = graph.variable("places", graph.random_normal([TIME, WIDTH], 0, 0.5));
    let x = Embedding::new(SYMBOLS, WIDTH).build(&graph).apply(&symbols) + &places;
    let (attended, weights) = attention(&x);
    let normal = LayerNorm::new().build(&graph, WIDTH).apply(attended + x);
    let logits = Dense::new(SYMBOLS).name("logits").build(&graph, WIDTH).apply(normal);
    let loss = sparse_softmax_cross_entropy(&turned, &logits, 1.0);
    let accuracy = metrics::accuracy(&turned, logits.argmax(2));
    let train = Adam::new(3e-3).minimize(&loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let mut step = session.make_callable((&train, &loss, &accuracy), ())?;
    let mut losses = Vec::new();
    for i in 1..=steps {
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
        if i % 100 == 0 {
            println!("step {i}: loss {:.4}, accuracy {:.4}", losses[i - 1], step.value::<f32>(&accuracy)?);
        }
    }
    println!("what each place attends to, in hundredths, over all sequences of a batch:");
    let mean = session.run((weights.reduce_mean(0) * 100.0).round().cast(DType::I32), ())?;
    println!("{mean}");
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    train(std::env::args().nth(1).map_or(Ok(300), |steps| steps.parse())?)?;
    Ok(())
}
