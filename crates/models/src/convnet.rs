//! The convolutional network that reads digits.

use minutia_graph::{DType, Feeds, Graph, Operation, Output, Tensor, Variable, Window, feeds};
use minutia_optim::{Adam, Error, Optimizer, schedule};

use crate::classifier::{CLASSES, PIXELS};

/// Rows and columns of an image.
const SIDE: usize = 28;

/// Rows and columns of what two poolings leave of it.
const POOLED: usize = SIDE / 4;

/// Sizes and distributions of the network. The default is that of TensorFlow's tutorial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvnetParameters {
    /// Filters of the first and of the second convolution.
    pub filters: [usize; 2],
    /// Units of the layer between the maps and the classes.
    pub hidden: usize,
    /// Standard deviation of the initial weights, a normal distribution cut off at twice that.
    pub weight_stddev: f32,
    /// The initial value of every bias.
    pub bias: f32,
    /// The share of the hidden units that a training step leaves out.
    pub dropout_rate: f32,
}

impl Default for ConvnetParameters {
    fn default() -> ConvnetParameters {
        ConvnetParameters {
            filters: [32, 64],
            hidden: 1024,
            weight_stddev: 0.1,
            bias: 0.1,
            dropout_rate: 0.5,
        }
    }
}

/// A learning rate that falls in a straight line and then stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FallingRate {
    /// Of the first step.
    pub first: f32,
    /// Of all steps after the fall.
    pub last: f32,
    /// How many steps the fall takes.
    pub steps: f32,
}

/// The graph of the network of TensorFlow's tutorial "Deep MNIST for Experts": a convolution of 5 by 5 with
/// relu and the largest of every 2 by 2, the same again, a hidden layer with relu and dropout, and the
/// classes. Images and labels lie in tables, and a run says which of their rows it takes.
///
/// ```
/// use minutia_graph::{DType, Device, Session, Tensor};
/// use minutia_models::{Convnet, ConvnetParameters, FallingRate, PIXELS};
///
/// let small = ConvnetParameters { filters: [2, 3], hidden: 8, ..ConvnetParameters::default() };
/// let model = Convnet::new(&small, 7);
/// let train = model.train(FallingRate { first: 1e-3, last: 1e-4, steps: 10.0 })?;
/// let mut session = Session::new(&model.graph, &Device::cpu()?)?;
/// session.run(model.graph.global_variables_initializer(), ())?;
/// let images = Tensor::zeros(DType::U8, [3, PIXELS])?;
/// let data = model.feeds(&images, &Tensor::from(vec![3_i32, 1, 4]), 2);
/// let (_, classes) = session.run((&train, &model.classes), data)?;
/// assert_eq!(classes.dims(), [2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Convnet {
    /// The graph that everything below belongs to.
    pub graph: Graph,
    /// The table of images, `u8` of `[n, PIXELS]`.
    pub images: Output,
    /// The table of labels, `i32` of `[n]`.
    pub labels: Output,
    /// The rows of the tables that a run takes, `i32` of `[batch]`.
    pub rows: Output,
    /// What the convolutions, after relu, and the poolings make of the images, one after the other: `f32` of
    /// `[batch, side, side, filters]`.
    pub maps: [Output; 4],
    /// The classes that the whole network reads, `i32` of `[batch]`.
    pub classes: Output,
    /// The cross-entropy of each row under the whole network, `f32` of `[batch]`. It draws nothing at random.
    pub losses: Output,
    /// The mean of the rows' cross-entropies under the network that dropout leaves, a scalar.
    pub loss: Output,
    /// Filter and bias of each convolution, W1, b1, W2, b2.
    pub weights: [Variable; 8],
}

impl Convnet {
    /// The network over rows that each run is fed. The seed is that of the initial weights and of dropout.
    #[must_use]
    pub fn new(parameters: &ConvnetParameters, seed: u64) -> Convnet {
        let graph = Graph::new();
        graph.set_random_seed(seed);
        let (images, labels, rows, x, y) = {
            let _scope = graph.name_scope("input");
            let images = graph.placeholder("images", DType::U8, [None, Some(PIXELS)]);
            let labels = graph.placeholder("labels", DType::I32, [None]);
            let rows = graph.placeholder("rows", DType::I32, [None]);
            let pixels = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
            let x = pixels.reshape([-1, SIDE as isize, SIDE as isize, 1]).with_name("x");
            let y = labels.gather(&rows).with_name("y");
            (images, labels, rows, x, y)
        };
        let ConvnetParameters { filters: [first, second], hidden, dropout_rate, .. } = *parameters;
        let weight = |name: &str, dims: &[usize]| {
            graph.variable(name, graph.truncated_normal(dims, 0.0, parameters.weight_stddev))
        };
        let bias = |name: &str, units: usize| graph.variable(name, graph.fill([units], parameters.bias));
        let convolution = |name: &str, x: &Output, [channels, filters]: [usize; 2]| {
            let _scope = graph.name_scope(name);
            let weights = [weight("filter", &[5, 5, channels, filters]), bias("bias", filters)];
            let map = (x.conv2d(&weights[0], Window::same()) + &weights[1]).relu();
            let pooled = map.max_pool([2, 2], Window::same().strides([2, 2]));
            (map, pooled, weights)
        };
        let (map1, pooled1, [filter1, bias1]) = convolution("conv1", &x, [1, first]);
        let (map2, pooled2, [filter2, bias2]) = convolution("conv2", &pooled1, [first, second]);
        let flat = pooled2.reshape([-1, (POOLED * POOLED * second) as isize]);
        let (w1, b1) = (weight("W1", &[POOLED * POOLED * second, hidden]), bias("b1", hidden));
        let (w2, b2) = (weight("W2", &[hidden, CLASSES]), bias("b2", CLASSES));
        let layer = (flat.matmul(&w1) + &b1).relu().with_name("hidden");
        let losses = |logits: &Output| logits.sparse_softmax_cross_entropy_with_logits(&y);
        let loss = losses(&(layer.dropout(dropout_rate).matmul(&w2) + &b2)).reduce_mean(..).with_name("loss");
        let logits = (layer.matmul(&w2) + &b2).with_name("logits");
        let (classes, losses) = (logits.argmax(1), losses(&logits));
        let maps = [map1, pooled1, map2, pooled2];
        let weights = [filter1, bias1, filter2, bias2, w1, b1, w2, b2];
        Convnet { graph, images, labels, rows, maps, classes, losses, loss, weights }
    }

    /// Adds a step of Adam.
    ///
    /// # Errors
    /// When the rate is not in the optimizer's domain.
    pub fn train(&self, rate: FallingRate) -> Result<Operation, Error> {
        let FallingRate { first, last, steps } = rate;
        let step = self.graph.untrainable_variable("global_step", 0.0_f32);
        let rate = schedule::polynomial_decay(&step, first, steps, last, 1.0);
        let update = Adam::new(&rate).minimize(&self.loss)?;
        let count = step.assign_add(1.0).operation();
        Ok(self.graph.group([&update, &count]))
    }

    /// What a callable is made with that takes `count` rows of the data; which ones, each call sets.
    #[must_use]
    pub fn feeds(&self, images: &Tensor, labels: &Tensor, count: usize) -> Feeds {
        feeds! { self.images => images, self.labels => labels }.with(&self.rows, vec![0_i32; count])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_graph::{Device, Session};

    #[test]
    fn the_default_has_as_many_weights_as_the_tutorials_network() {
        let model = Convnet::new(&ConvnetParameters::default(), 1);
        let sizes = model.weights.iter().map(|variable| variable.shape().known().unwrap());
        let sizes: Vec<usize> = sizes.map(|dims| dims.iter().product()).collect();
        assert_eq!(sizes, [5 * 5 * 32, 32, 5 * 5 * 32 * 64, 64, 7 * 7 * 64 * 1024, 1024, 1024 * 10, 10]);
    }

    #[test]
    fn a_training_step_leaves_units_out_and_a_reading_none() -> Result<(), Box<dyn std::error::Error>> {
        let parameters = ConvnetParameters { filters: [2, 3], hidden: 256, ..ConvnetParameters::default() };
        let model = Convnet::new(&parameters, 1);
        let mut session = Session::new(&model.graph, &Device::cpu()?)?;
        session.run(model.graph.global_variables_initializer(), ())?;
        let images = Tensor::from_vec([2, PIXELS], (0..2 * PIXELS).map(|i| (i % 251) as u8).collect())?;
        let labels = Tensor::from(vec![3_i32, 7]);
        let feeds = || model.feeds(&images, &labels, 1);
        let drawn = session.random_runs()?;
        let losses = |session: &mut Session| session.run(&model.losses, feeds());
        assert_eq!(losses(&mut session)?, losses(&mut session)?);
        assert_eq!(session.random_runs()?, drawn, "a reading draws nothing at random");
        let loss = |session: &mut Session| session.run(&model.loss, feeds());
        assert_ne!(loss(&mut session)?, loss(&mut session)?, "other units are left out");
        Ok(())
    }
}
