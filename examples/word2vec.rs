//! Word embeddings (skip-gram with noise-contrastive estimation, Mikolov et al., 2013), as TensorFlow 1's
//! tutorial `word2vec_basic.py` learns them: batches of 128, embeddings of 128 numbers, 64 sampled words,
//! gradient descent with rate 1. The corpus is made up: words are as frequent as in a language, and those
//! that stand beside each other are of one topic, which is what the embeddings find out.
//!
//! `cargo run --release --example word2vec -- [STEPS [WORDS]]`
//!
//! It prints how long a step takes, which does not grow with the number of words.
//!
//! TensorFlow 1, from the same values (`tf1/word2vec.py`):
//! the loss is 65.383644 after 100 steps with 2,000 words; here 65.383644.

use minutia::prelude::*;
use std::time::Instant;

const BATCH: usize = 128;
const WIDTH: usize = 128;
const SAMPLED: usize = 64;
/// Words of one topic have the same remainder.
const TOPICS: usize = 20;
/// Words whose neighbours are looked at, and among how many.
const ASKED: usize = 64;
const FREQUENT: usize = 1000;

/// Words of these topics: number `n` of a topic is about `1 / n` as frequent as its first.
fn words_of(topics: &Output, words: usize) -> Output {
    let graph = topics.graph();
    let range = graph.constant((words / TOPICS) as f32).log();
    let number = (topics.random_uniform_like(0, 1) * range).exp().floor() - 1.0;
    (number * TOPICS as f32 + topics).clip_by_value(0.0, words as f32 - 1.0).cast(DType::I32)
}

/// The loss of each step, and the session that has the embeddings.
pub fn train(steps: usize, words: usize) -> Result<(Vec<f32>, Session)> {
    let words = words.max(FREQUENT);
    let graph = Graph::new();
    graph.set_random_seed(7);
    // Every run draws pairs of words that stand beside each other.
    let topics = graph.random_uniform([BATCH], 0.0, TOPICS as f32).floor();
    let inputs = words_of(&topics, words).with_name("inputs");
    let labels = words_of(&topics, words).with_name("labels");

    let embeddings = graph.variable("embeddings", graph.random_uniform([words, WIDTH], -1.0, 1.0));
    let deviation = 1.0 / (WIDTH as f32).sqrt();
    let weights = graph.variable("weights", graph.truncated_normal([words, WIDTH], 0.0, deviation));
    let biases = graph.variable("biases", graph.zeros([words]));
    let noise = graph.log_uniform_candidate_sampler(SAMPLED, words);
    let loss = embeddings.gather(&inputs).nce_loss(&weights, &biases, &labels, &noise).reduce_mean(..);
    let train = GradientDescent::new(1.0).minimize(&loss)?;

    // Whether each of the most frequent words is nearest to one of its topic, itself left out.
    let frequent = embeddings.slice([0, 0], (FREQUENT, -1)).l2_normalize(1, 1e-12);
    let near = frequent.slice([0, 0], (ASKED, -1)).matmul_nt(&frequent);
    let asked = graph.range(0, ASKED as i32, 1);
    let nearest = (near - 2.0 * asked.one_hot(FREQUENT)).argmax(1);
    let of_topic = nearest.floor_mod(TOPICS as i32).equal(asked.floor_mod(TOPICS as i32));
    let found = of_topic.cast(DType::I32).reduce_sum(..);

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let mut step = session.make_callable((&train, &loss), ())?;
    let mut losses = Vec::new();
    let start = Instant::now();
    for i in 1..=steps {
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
        if i % 1000 == 0 {
            let mean = losses[i - 1000..].iter().sum::<f32>() / 1000.0;
            println!("step {i:6}: loss {mean:.3}");
        }
    }
    println!("{:.3} ms a step", start.elapsed().as_secs_f64() * 1e3 / steps as f64);
    let found = session.run(&found, ())?;
    println!("{found} of {ASKED} frequent words are nearest to one of their topic");
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let steps = arguments.next().transpose()?.unwrap_or(20_000);
    let words = arguments.next().transpose()?.unwrap_or(50_000);
    train(steps, words)?;
    Ok(())
}
