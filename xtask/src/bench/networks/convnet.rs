//! The convolutional network of TensorFlow's tutorial "Deep MNIST for Experts", as in `examples/convnet.rs`.

use anyhow::Result;
use minutia_datasets::mnist::Labelled;
use minutia_graph::{Output, Window};
use minutia_layers::{Conv2d, Dense, losses, max_pooling2d};
use minutia_models::CLASSES;
use minutia_optim::{Adam, Optimizer};

use super::{Start, TrainingStep, batches};

const SIDE: usize = 28;
/// Rows and columns of a filter.
const FILTER: usize = 5;

pub(super) struct ConvnetSizes {
    pub batch: usize,
    pub filters: [usize; 2],
    pub hidden: usize,
    pub rate: f32,
    pub steps: usize,
}

pub(super) const DEEP_MNIST: ConvnetSizes =
    ConvnetSizes { batch: 50, filters: [32, 64], hidden: 1024, rate: 1e-4, steps: 20 };

impl ConvnetSizes {
    pub fn network(&self, data: &Labelled) -> Result<TrainingStep> {
        let ConvnetSizes { batch, filters: [first, second], hidden, rate, steps } = *self;
        let mut start = Start::new("convnet");
        let graph = start.graph.clone();
        let [images, labels] = batches(data, steps, &[batch, SIDE, SIDE, 1])?;
        let (images, labels) = (start.feed("images", images)?, start.feed("labels", labels)?);

        let layer =
            |filters| Conv2d::new(filters, [FILTER; 2]).window(Window::same()).activation(Output::relu);
        let (conv1, conv2) = (layer(first).build(&graph, 1), layer(second).build(&graph, first));
        let pooled = |x| max_pooling2d(x, [2, 2], [2, 2]);
        let maps = pooled(conv2.apply(pooled(conv1.apply(&images.placeholder))));
        let flat = (SIDE / 4).pow(2) * second;
        let dense = Dense::new(hidden).activation(Output::relu).build(&graph, flat);
        let last = Dense::new(CLASSES).build(&graph, hidden);
        let logits = last.apply(dense.apply(maps.reshape([-1, flat as isize])));
        let loss = losses::sparse_softmax_cross_entropy(&labels.placeholder, &logits, 1.0);
        let train = Adam::new(rate).minimize(&loss)?;
        for variables in [conv1.variables(), conv2.variables(), dense.variables(), last.variables()] {
            start.give(variables, 0.1)?;
        }
        Ok(TrainingStep { start, loss, train, fed: vec![images, labels], steps, rate, sizes: Vec::new() })
    }

    /// Forwards, for the gradient of each weight, and for that of what each layer but the first is given.
    pub fn operations(&self) -> f64 {
        let ConvnetSizes { batch, filters: [first, second], hidden, .. } = *self;
        let window = FILTER.pow(2);
        let pooled = (SIDE / 2).pow(2);
        let conv1 = SIDE.pow(2) * window * first;
        let others = pooled * window * first * second + (pooled / 4 * second + CLASSES) * hidden;
        (2 * batch * (2 * conv1 + 3 * others)) as f64
    }
}
