//! Self-attention that learns random vectors.

use anyhow::Result;
use minutia_layers::Attention;
use minutia_optim::{Adam, Optimizer};
use minutia_tensor::Tensor;

use super::{Start, TrainingStep};

/// Batches that are fed in turn.
const BATCHES: usize = 4;

pub(super) struct AttentionSizes {
    pub batch: usize,
    pub tokens: usize,
    pub width: usize,
    pub heads: usize,
    pub rate: f32,
    pub steps: usize,
}

pub(super) const TOKENS: AttentionSizes =
    AttentionSizes { batch: 32, tokens: 64, width: 128, heads: 4, rate: 1e-3, steps: 60 };

impl AttentionSizes {
    pub fn network(&self) -> Result<TrainingStep> {
        let AttentionSizes { batch, tokens, width, heads, rate, steps } = *self;
        let mut start = Start::new("attention");
        let mut batches = || {
            (0..BATCHES)
                .map(|_| start.normal([batch, tokens, width], [0.0, 1.0]))
                .collect::<Result<Vec<Tensor>>>()
        };
        let (x, wanted) = (batches()?, batches()?);
        let (x, wanted) = (start.feed("x", x)?, start.feed("wanted", wanted)?);
        let attention = Attention::new(heads).build(&start.graph, width);
        let y = attention.apply(&x.placeholder, &x.placeholder, None);
        let loss = (y - &wanted.placeholder).square().reduce_mean(..);
        let train = Adam::new(rate).minimize(&loss)?;
        start.give(attention.variables(), 0.1)?;
        Ok(TrainingStep {
            start,
            loss,
            train,
            fed: vec![x, wanted],
            steps,
            rate,
            sizes: vec![("heads", heads)],
        })
    }

    /// Of queries, keys and values forwards and for the gradients of their kernels, since none is of the
    /// vectors; of scores, means and the output for both gradients, too.
    pub fn operations(&self) -> f64 {
        let AttentionSizes { batch, tokens, width, .. } = *self;
        let (dense, scores) = (tokens * width * width, tokens * tokens * width);
        (2 * batch * (2 * 3 * dense + 3 * (2 * scores + dense))) as f64
    }
}
