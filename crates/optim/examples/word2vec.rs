//! Learns word embeddings (skip-gram with noise-contrastive estimation, Mikolov et al., 2013), as TensorFlow
//! 1's tutorial `word2vec_basic.py` does: batches of 128, embeddings of 128 numbers, 64 sampled words,
//! gradient descent with rate 1. The corpus is made up: words are as frequent as in a language, and those of
//! a sentence are of one topic, which is what the embeddings find out.
//!
//! `cargo run --release -p minutia-optim --example word2vec -- [WORDS] [STEPS]`
//!
//! It prints how long a step takes, which does not grow with the number of words.

use minutia_graph::{DType, Device, Graph, Session};
use minutia_optim::{GradientDescent, Optimizer};
use std::time::Instant;

const BATCH: usize = 128;
const WIDTH: usize = 128;
const SAMPLED: usize = 64;
/// Words of one topic have the same remainder.
const TOPICS: usize = 20;
/// Words whose neighbours are looked at, and among how many.
const ASKED: usize = 64;
const FREQUENT: usize = 1000;

/// A congruential generator (Knuth's MMIX).
struct Corpus {
    state: u64,
    words: usize,
}

impl Corpus {
    fn uniform(&mut self) -> f64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A word of a topic: number `n` is about `1 / n` as frequent as the first.
    fn word(&mut self, topic: usize) -> i32 {
        let doublings = f64::from((self.words / TOPICS).ilog2());
        // Doubling again and again instead of a power, whose last bits differ between machines.
        let (mut left, mut size) = (self.uniform() * doublings, 1.0);
        while left >= 1.0 {
            (left, size) = (left - 1.0, size * 2.0);
        }
        let number = (size * (1.0 + left)) as usize - 1;
        (number * TOPICS + topic) as i32
    }

    /// Pairs of words that stand beside each other.
    fn batch(&mut self, inputs: &mut [i32], labels: &mut [i32]) {
        for (input, label) in inputs.iter_mut().zip(labels) {
            let topic = (self.uniform() * TOPICS as f64) as usize;
            (*input, *label) = (self.word(topic), self.word(topic));
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let words = arguments.next().transpose()?.unwrap_or(50_000).max(FREQUENT);
    let steps = arguments.next().transpose()?.unwrap_or(20_000);

    let graph = Graph::new();
    let inputs = graph.placeholder("inputs", DType::I32, [BATCH]);
    let labels = graph.placeholder("labels", DType::I32, [BATCH]);
    let embeddings = graph.variable("embeddings", graph.random_uniform([words, WIDTH], -1.0, 1.0));
    let deviation = 1.0 / (WIDTH as f32).sqrt();
    let weights = graph.variable("weights", graph.truncated_normal([words, WIDTH], 0.0, deviation));
    let biases = graph.variable("biases", graph.zeros([words]));

    let noise = graph.log_uniform_candidate_sampler(SAMPLED, words);
    let loss = embeddings.gather(&inputs).nce_loss(&weights, &biases, &labels, &noise).reduce_mean(..);
    let train = GradientDescent::new(1.0).minimize(&loss)?;

    // The most frequent words, each with how near it is to all of them.
    let frequent = embeddings.slice([0, 0], (FREQUENT, -1));
    let length = frequent.square().reduce_sum_keep_dims(1).sqrt();
    let directions = &frequent / length;
    let near = directions.slice([0, 0], (ASKED, -1)).matmul_nt(&directions);

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let mut corpus = Corpus { state: 1, words };
    let (mut from, mut to) = ([0; BATCH], [0; BATCH]);
    let feeds = minutia_graph::feeds! { inputs => from, labels => to };
    let mut step = session.make_callable((&train, &loss), feeds)?;
    let (mut mean, mut in_steps) = (0.0, 0.0);
    for number in 1..=steps {
        corpus.batch(&mut from, &mut to);
        let start = Instant::now();
        step.set(&inputs, &from)?;
        step.set(&labels, &to)?;
        step.run()?;
        mean += step.value::<f32>(&loss)? / 1000.0;
        in_steps += start.elapsed().as_secs_f64();
        if number % 1000 == 0 {
            println!("step {number:6}: loss {mean:.3}");
            mean = 0.0;
        }
    }
    println!("{:.3} ms a step", in_steps / steps as f64 * 1e3);

    let near = session.run(&near, ())?;
    let near = near.as_slice::<f32>()?;
    let nearest = |word: usize| {
        let row = &near[word * FREQUENT..][..FREQUENT];
        (0..FREQUENT).filter(|&other| other != word).max_by(|&a, &b| row[a].total_cmp(&row[b]))
    };
    let found = (0..ASKED).filter(|&word| nearest(word).is_some_and(|other| other % TOPICS == word % TOPICS));
    println!("{} of {ASKED} frequent words are nearest to one of their topic", found.count());
    Ok(())
}
