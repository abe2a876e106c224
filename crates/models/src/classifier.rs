//! The network that reads digits.

use minutia_graph::{DType, Feeds, Graph, Operation, Output, Tensor, Variable, feeds};
use minutia_optim::{Error, GradientDescent, Optimizer};

/// Pixels of an image: 28 rows of 28.
pub const PIXELS: usize = 28 * 28;

/// Classes of images: the ten digits.
pub const CLASSES: usize = 10;

/// Sizes and distributions of the network. The default is the post's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// Units of the hidden layer.
    pub hidden: usize,
    /// Standard deviation of the initial weights.
    pub weight_stddev: f32,
    /// Standard deviation of the initial biases.
    pub bias_stddev: f32,
    /// Probabilities below this count as this in the cross-entropy.
    pub clip_low: f32,
    /// Probabilities above this count as this in the cross-entropy.
    pub clip_high: f32,
}

impl Parameters {
    /// How many numbers the network learns: the elements of W1, b1, W2 and b2.
    #[must_use]
    pub fn count(&self) -> usize {
        PIXELS * self.hidden + self.hidden + self.hidden * CLASSES + CLASSES
    }
}

impl Default for Parameters {
    fn default() -> Parameters {
        Parameters {
            hidden: 300,
            weight_stddev: 0.03,
            bias_stddev: 1.0,
            clip_low: 1e-10,
            clip_high: 0.999_999_9,
        }
    }
}

/// The graph of the network. Images and labels lie in tables, and a run says which of their rows it takes.
#[derive(Debug)]
pub struct Classifier {
    /// The graph that everything below belongs to.
    pub graph: Graph,
    /// The table of images, `u8` of `[n, PIXELS]`.
    pub images: Output,
    /// The table of labels, `i32` of `[n]`.
    pub labels: Output,
    /// The rows of the tables that a run takes, `i32` of `[batch]`.
    pub rows: Output,
    /// The hidden layer after relu, `f32` of `[batch, hidden]`.
    pub hidden: Output,
    /// The probabilities of the classes, `f32` of `[batch, CLASSES]`.
    pub probabilities: Output,
    /// The cross-entropy of each row, `f32` of `[batch]`.
    pub losses: Output,
    /// The mean of the rows' cross-entropies, a scalar.
    pub loss: Output,
    /// W1, b1, W2, b2.
    pub weights: [Variable; 4],
    /// The labels, one-hot.
    y: Output,
}

impl Classifier {
    /// The network over rows that each run is fed. The seed is that of the initial weights.
    #[must_use]
    pub fn new(parameters: &Parameters, seed: u64) -> Classifier {
        let graph = Graph::new();
        graph.set_random_seed(seed);
        Classifier::build(&graph, None, parameters)
    }

    /// The network over rows that a part of the same graph finds.
    #[must_use]
    pub fn over(rows: Output, parameters: &Parameters) -> Classifier {
        let graph = rows.graph().clone();
        Classifier::build(&graph, Some(rows), parameters)
    }

    fn build(graph: &Graph, rows: Option<Output>, parameters: &Parameters) -> Classifier {
        let (images, labels, rows, x, y) = {
            let _scope = graph.name_scope("input");
            let images = graph.placeholder("images", DType::U8, [None, Some(PIXELS)]);
            let labels = graph.placeholder("labels", DType::I32, [None]);
            let rows = rows.unwrap_or_else(|| graph.placeholder("rows", DType::I32, [None]));
            let x = (images.gather(&rows).cast(DType::F32) * (1.0 / 255.0)).with_name("x");
            let y = labels.gather(&rows).one_hot(CLASSES).with_name("y");
            (images, labels, rows, x, y)
        };
        let weights = weights(graph, parameters);
        let (hidden, probabilities) = forward(&x, &weights);
        let losses = cross_entropy(&probabilities, &y, parameters);
        let loss = losses.reduce_mean(..).with_name("loss");
        let graph = graph.clone();
        Classifier { graph, images, labels, rows, hidden, probabilities, losses, loss, weights, y }
    }

    /// Adds the sum of the rows' cross-entropies and the number of rows that are read rightly: an evaluation
    /// that goes through the data in parts adds these up.
    #[must_use]
    pub fn sums(&self) -> (Output, Output) {
        let _scope = self.graph.name_scope("accuracy");
        let right = self.y.argmax(1).equal(self.probabilities.argmax(1)).cast(DType::F32);
        (self.losses.reduce_sum(..), right.reduce_sum(..))
    }

    /// Adds a step of gradient descent.
    ///
    /// # Errors
    /// When the rate is not in the optimizer's domain.
    pub fn train(&self, rate: f32) -> Result<Operation, Error> {
        GradientDescent::new(rate).minimize(&self.loss)
    }

    /// What a run is fed of the data.
    #[must_use]
    pub fn tables(&self, images: &Tensor, labels: &Tensor) -> Feeds {
        feeds! { self.images => images, self.labels => labels }
    }

    /// What a callable is made with that takes `count` rows of the data; which ones, each call sets.
    #[must_use]
    pub fn feeds(&self, images: &Tensor, labels: &Tensor, count: usize) -> Feeds {
        self.tables(images, labels).with(&self.rows, vec![0_i32; count])
    }
}

/// W1, b1, W2 and b2, normally distributed as in the post.
pub(crate) fn weights(graph: &Graph, parameters: &Parameters) -> [Variable; 4] {
    let Parameters { hidden, weight_stddev, bias_stddev, .. } = *parameters;
    let variable = |name: &str, dims: &[usize], stddev| {
        let initial = graph.random_normal(dims, 0.0, stddev).with_name(&format!("{name}/random_normal"));
        graph.variable(name, initial)
    };
    [
        variable("W1", &[PIXELS, hidden], weight_stddev),
        variable("b1", &[hidden], bias_stddev),
        variable("W2", &[hidden, CLASSES], weight_stddev),
        variable("b2", &[CLASSES], bias_stddev),
    ]
}

/// The hidden layer and the probabilities of the classes.
pub(crate) fn forward(x: &Output, [w1, b1, w2, b2]: &[Variable; 4]) -> (Output, Output) {
    let graph = x.graph();
    let hidden = {
        let _scope = graph.name_scope("hidden");
        (x.matmul(w1) + b1).relu()
    };
    let _scope = graph.name_scope("output");
    let probabilities = (hidden.matmul(w2) + b2).softmax();
    (hidden, probabilities)
}

/// The post's loss of each row: both terms of the cross-entropy, of clipped probabilities.
pub(crate) fn cross_entropy(probabilities: &Output, y: &Output, parameters: &Parameters) -> Output {
    let _scope = y.graph().name_scope("cross_entropy");
    let clipped = probabilities.clip_by_value(parameters.clip_low, parameters.clip_high);
    -(y * clipped.log() + (1.0 - y) * (1.0 - &clipped).log()).reduce_sum(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_graph::{Device, Session};

    /// Two images, of which a network with biases alone reads both as a 1.
    #[test]
    fn losses_and_sums_are_those_of_the_formula() -> Result<(), Box<dyn std::error::Error>> {
        let parameters = Parameters { hidden: 2, weight_stddev: 0.0, ..Parameters::default() };
        let model = Classifier::new(&parameters, 1);
        let (sum, right) = model.sums();
        let mut session = Session::new(&model.graph, &Device::cpu()?)?;
        session.run(model.graph.global_variables_initializer(), ())?;
        let mut b2 = [0.0_f32; CLASSES];
        b2[1] = 1e3;
        session.set_variable(&model.weights[3], &Tensor::from(b2.to_vec()))?;
        let images = Tensor::zeros(DType::U8, [3, PIXELS])?;
        let feeds = model.tables(&images, &Tensor::from(vec![1_i32, 5, 0])).with(&model.rows, vec![0_i32, 1]);
        let (losses, sum, right) = session.run((&model.losses, &sum, &right), feeds)?;
        let losses = losses.as_slice::<f32>()?.to_vec();
        assert!(losses[0].abs() < 1e-5, "both terms of a sure and right answer vanish: {losses:?}");
        // A sure and wrong answer: -ln(1e-10) for the class that it is, -ln(1 - 0.9999999) for the other.
        assert!((losses[1] - (23.026 + 15.942)).abs() < 0.01, "{losses:?}");
        assert_eq!((sum.value::<f32>()?, right.value::<f32>()?), (losses[0] + losses[1], 1.0));
        Ok(())
    }

    #[test]
    fn rows_that_the_graph_finds_are_taken_as_those_that_are_fed() -> Result<(), Box<dyn std::error::Error>> {
        let parameters = Parameters { hidden: 5, ..Parameters::default() };
        let device = Device::cpu()?;
        let images = Tensor::from_vec([2, PIXELS], (0..2 * PIXELS).map(|i| (i % 251) as u8).collect())?;
        let labels = Tensor::from(vec![3_i32, 7]);
        let fed = Classifier::new(&parameters, 4);
        let graph = Graph::new();
        graph.set_random_seed(4);
        let found = Classifier::over(graph.constant([1_i32]), &parameters);
        let mut losses = Vec::new();
        for (model, feeds) in [
            (&fed, fed.tables(&images, &labels).with(&fed.rows, vec![1_i32])),
            (&found, found.tables(&images, &labels)),
        ] {
            let mut session = Session::new(&model.graph, &device)?;
            session.run(model.graph.global_variables_initializer(), ())?;
            losses.push(session.run(&model.loss, feeds)?.value::<f32>()?.to_bits());
        }
        assert_eq!(losses[0], losses[1]);
        Ok(())
    }
}
