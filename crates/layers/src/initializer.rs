use minutia_graph::{Graph, Output};

/// The standard deviation of a normal distribution that is cut off at two standard deviations, as TensorFlow
/// has it.
const TRUNCATED: f64 = 0.879_625_661_034_239_8;

/// What a variable is filled with at first: TensorFlow 1's `tf.initializers`.
///
/// Glorot's numbers (Glorot and Bengio, 2010) and He's (He et al., 2015) keep signals about as large from
/// layer to layer. They are uniformly distributed between `-sqrt(3 v)` and `sqrt(3 v)`, or normally around 0
/// with variance `v`, drawn again beyond two standard deviations. Glorot's `v` is `2 / (inputs + outputs)`,
/// He's `2 / inputs`, where a matrix `[inputs, outputs]` has as many of both as it says. In a convolution's
/// kernel `[height, width, channels, filters]` each counts once for every place in the window: `[5, 5, 3,
/// 32]` has 75 inputs and 800 outputs. A vector has as many of both as it has numbers.
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// use minutia_layers::Initializer;
///
/// let graph = Graph::new();
/// let kernel = graph.variable("kernel", Initializer::GlorotUniform.values(&graph, &[2, 4]));
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// let kernel = session.run(&kernel, ())?;
/// assert!(kernel.as_slice::<f32>()?.iter().all(|x| x.abs() <= 1.0)); // sqrt(6 / (2 + 4))
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[doc(alias = "VarianceScaling")]
#[doc(alias = "xavier")]
#[doc(alias = "kaiming")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initializer {
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
    /// All the same number.
    Constant(f32),
    /// Normally distributed.
    RandomNormal {
        /// Their mean.
        mean: f32,
        /// Their standard deviation.
        stddev: f32,
    },
    /// Uniformly distributed.
    RandomUniform {
        /// The least.
        low: f32,
        /// What they are below, but for rounding.
        high: f32,
    },
    /// Normally distributed; drawn again beyond two standard deviations.
    TruncatedNormal {
        /// Their mean.
        mean: f32,
        /// The standard deviation before they are drawn again.
        stddev: f32,
    },
    /// Glorot's, uniformly distributed: what layers take unless they are told otherwise.
    GlorotUniform,
    /// Glorot's, normally distributed.
    GlorotNormal,
    /// He's, uniformly distributed, for layers with ReLUs.
    HeUniform,
    /// He's, normally distributed, for layers with ReLUs.
    HeNormal,
}

impl Initializer {
    /// Numbers of this shape, `f32`, to be the initial value of a variable. Random ones depend on the graph's
    /// seed and on the name of their node, as those of
    /// [`Graph::random_normal`](minutia_graph::Graph::random_normal) do.
    #[track_caller]
    #[must_use]
    pub fn values(&self, graph: &Graph, shape: &[usize]) -> Output {
        let [inputs, outputs] = fans(shape);
        let glorot = 2.0 / (inputs + outputs).max(2.0);
        let he = 2.0 / inputs.max(1.0);
        match *self {
            Initializer::Zeros => graph.zeros(shape),
            Initializer::Ones => graph.ones(shape),
            Initializer::Constant(value) => graph.fill(shape, value),
            Initializer::RandomNormal { mean, stddev } => graph.random_normal(shape, mean, stddev),
            Initializer::RandomUniform { low, high } => graph.random_uniform(shape, low, high),
            Initializer::TruncatedNormal { mean, stddev } => graph.truncated_normal(shape, mean, stddev),
            Initializer::GlorotUniform => uniform(graph, shape, glorot),
            Initializer::GlorotNormal => normal(graph, shape, glorot),
            Initializer::HeUniform => uniform(graph, shape, he),
            Initializer::HeNormal => normal(graph, shape, he),
        }
    }
}

/// How many inputs each output of a kernel has, and how many outputs each input.
fn fans(shape: &[usize]) -> [f64; 2] {
    match shape {
        [] => [1.0, 1.0],
        [length] => [*length as f64; 2],
        [window @ .., inputs, outputs] => {
            let window: f64 = window.iter().map(|&extent| extent as f64).product();
            [window * *inputs as f64, window * *outputs as f64]
        }
    }
}

#[track_caller]
fn uniform(graph: &Graph, shape: &[usize], variance: f64) -> Output {
    let limit = (3.0 * variance).sqrt() as f32;
    graph.random_uniform(shape, -limit, limit)
}

#[track_caller]
fn normal(graph: &Graph, shape: &[usize], variance: f64) -> Output {
    graph.truncated_normal(shape, 0.0, (variance.sqrt() / TRUNCATED) as f32)
}
