//! Word embeddings, as in `word2vec_basic.py` of TensorFlow 1's tutorial: skip-grams with noise-contrastive
//! estimation, and gradient descent.

use anyhow::Result;
use minutia_graph::{Candidates, Graph, Session};
use minutia_optim::{GradientDescent, Optimizer};
use minutia_tensor::{Device, Tensor};

use super::{Start, TrainingStep};

/// Rows that tables begin with again and again, so that peers need not read a gigabyte.
const ROWS: usize = 1000;

pub(super) struct Word2vecSizes {
    /// A multiple of a thousand.
    pub words: usize,
    pub batch: usize,
    pub width: usize,
    pub sampled: usize,
    /// Batches that are fed in turn.
    pub batches: usize,
    pub steps: usize,
}

pub(super) const FIFTY_THOUSAND: Word2vecSizes = of(50_000);
pub(super) const MILLION: Word2vecSizes = of(1_000_000);

const fn of(words: usize) -> Word2vecSizes {
    Word2vecSizes { words, batch: 128, width: 128, sampled: 64, batches: 100, steps: 100 }
}

impl Word2vecSizes {
    pub fn network(&self) -> Result<TrainingStep> {
        let Word2vecSizes { words, batch, width, sampled, batches, steps } = *self;
        let (rate, times) = (1.0, words / ROWS);
        let mut start = Start::new("word2vec");
        let numbers = self.draw()?;
        let mut numbers = numbers.as_slice::<i32>()?.iter().copied();
        let mut feed = |name, count: usize| {
            let one = |_| Tensor::from(numbers.by_ref().take(count).collect::<Vec<i32>>());
            start.feed(name, (0..batches).map(one).collect())
        };
        let fed = vec![feed("inputs", batch)?, feed("labels", batch)?, feed("sampled", sampled)?];
        let embeddings = start.weight("embeddings", [ROWS, width], 0.5)?;
        let weights = start.weight("weights", [ROWS, width], 1.0 / (width as f32).sqrt())?;

        let graph = &start.graph;
        let table = |name: &str, rows: Tensor| graph.variable(name, graph.constant(rows).tile([times, 1]));
        let (embeddings, weights) = (table("embeddings", embeddings), table("weights", weights));
        let biases = graph.variable("biases", graph.zeros([words]));
        let noise = Candidates::new(&fed[2].placeholder, words);
        let vectors = embeddings.gather(&fed[0].placeholder);
        let loss = vectors.nce_loss(&weights, &biases, &fed[1].placeholder, &noise).reduce_mean(..);
        let train = GradientDescent::new(rate).minimize(&loss)?;
        Ok(TrainingStep { start, loss, train, fed, steps, rate, sizes: vec![("times", times)] })
    }

    /// All words that are fed, as frequent as in a list that begins with the most frequent ones.
    fn draw(&self) -> Result<Tensor> {
        let graph = Graph::new();
        graph.set_random_seed(1);
        let count = self.batches * (2 * self.batch + self.sampled);
        let drawn = graph.log_uniform_candidate_sampler(count, self.words);
        Ok(Session::new(&graph, &Device::cpu()?)?.run(drawn.ids(), ())?)
    }
}
