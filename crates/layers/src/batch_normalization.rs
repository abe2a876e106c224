use crate::{
    Initializer,
    scope::{Building, Problem, Scope},
};
use minutia_graph::{DType, Graph, Operation, Output, Variable};

/// Batch normalization to be built (Ioffe and Szegedy, 2015): TensorFlow 1's `tf.layers.BatchNormalization`
/// over the last axis.
///
/// Each channel has mean 0 and variance 1 over the batch while the network is trained, and otherwise what the
/// moving mean and variance make of it; then it is multiplied by `gamma`, and `beta` is added. Whether it is
/// trained is a `bool` scalar that may be fed, so that one graph serves for both. Moving averages are moved
/// by an operation that [`apply`](BatchNormalizationLayer::apply) gives beside the result, and that is run
/// with each training step:
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// use minutia_layers::BatchNormalization;
///
/// let graph = Graph::new();
/// let x = graph.placeholder("x", DType::F32, [None, Some(1)]);
/// let training = graph.placeholder("training", DType::Bool, ());
/// let norm = BatchNormalization::new().momentum(0.5).epsilon(0.0).build(&graph, 1);
/// let (y, update) = norm.apply(&x, &training);
///
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// let batch = [[1.0_f32], [5.0]];
/// let (trained, ()) = session.run((&y, &update), feeds! { x => batch, training => true })?;
/// assert_eq!(trained.as_slice::<f32>()?, [-1.0, 1.0]);
/// let (mean, variance) = session.run((&norm.moving_mean, &norm.moving_variance), ())?;
/// assert_eq!((mean.as_slice::<f32>()?, variance.as_slice::<f32>()?), (&[1.5][..], &[2.5][..]));
/// # Ok::<(), minutia_graph::Error>(())
/// ```
///
/// Of images (four axes) the moving variance takes the variance of the batch times `n / (n - 1)`, where `n`
/// is how many numbers a channel has, as TensorFlow's fused kernel does, which it takes for images; of all
/// else the variance as it is.
#[doc(alias = "BatchNorm")]
#[derive(Clone, Debug)]
pub struct BatchNormalization {
    momentum: f32,
    epsilon: f32,
    center: bool,
    scale: bool,
    name: String,
}

/// Batch normalization with its variables. See [`BatchNormalization`].
#[derive(Clone, Debug)]
pub struct BatchNormalizationLayer {
    /// What normalized channels are multiplied by, if by anything: `[channels]`, from 1.
    pub gamma: Option<Variable>,
    /// What is added to them, if anything is: `[channels]`, from 0.
    pub beta: Option<Variable>,
    /// The moving average of means: `[channels]`, from 0, and not trained.
    pub moving_mean: Variable,
    /// The moving average of variances: `[channels]`, from 1, and not trained.
    pub moving_variance: Variable,
    momentum: f32,
    epsilon: f32,
    channels: usize,
    scope: Scope,
}

impl BatchNormalization {
    /// With TensorFlow's momentum of 0.99 and epsilon of 0.001.
    #[must_use]
    pub fn new() -> BatchNormalization {
        BatchNormalization {
            momentum: 0.99,
            epsilon: 1e-3,
            center: true,
            scale: true,
            name: "batch_normalization".into(),
        }
    }

    /// The share of a moving average that an update leaves, from 0 to 1.
    #[must_use]
    pub fn momentum(self, momentum: f32) -> BatchNormalization {
        BatchNormalization { momentum, ..self }
    }

    /// What is added to variances, 0 or more, so that none is 0.
    #[must_use]
    pub fn epsilon(self, epsilon: f32) -> BatchNormalization {
        BatchNormalization { epsilon, ..self }
    }

    /// With `beta` or without it.
    #[must_use]
    pub fn center(self, center: bool) -> BatchNormalization {
        BatchNormalization { center, ..self }
    }

    /// With `gamma` or without it, which what follows may not need, such as a dense layer behind a ReLU.
    #[must_use]
    pub fn scale(self, scale: bool) -> BatchNormalization {
        BatchNormalization { scale, ..self }
    }

    /// The name of the layer's scope. A name that is taken gets a number.
    #[must_use]
    pub fn name(self, name: &str) -> BatchNormalization {
        BatchNormalization { name: name.into(), ..self }
    }

    /// Makes the variables of a layer for tensors of which the last axis has so many channels. Numbers that
    /// it cannot have are an error of the variables, and of all that is computed with them.
    #[track_caller]
    #[must_use]
    pub fn build(&self, graph: &Graph, channels: usize) -> BatchNormalizationLayer {
        let problem = Problem::none_of(&[("channels", channels)])
            .or_else(|| Problem::outside("momentum", self.momentum, 0.0..=1.0, "it is from 0 to 1"))
            .or_else(|| {
                Problem::outside("epsilon", self.epsilon, 0.0..=f32::MAX, "it is finite and 0 or more")
            });
        let building = Building::new(graph, "BatchNormalization", &self.name, problem);
        let (mut gamma, mut beta) = (None, None);
        if self.scale {
            gamma = Some(building.variable("gamma", &[channels], Initializer::Ones));
        }
        if self.center {
            beta = Some(building.variable("beta", &[channels], Initializer::Zeros));
        }
        let moving_mean = building.untrainable_variable("moving_mean", &[channels], Initializer::Zeros);
        let moving_variance =
            building.untrainable_variable("moving_variance", &[channels], Initializer::Ones);
        let scope = building.scope(&moving_mean, "moving_mean");
        let (momentum, epsilon) = (self.momentum, self.epsilon);
        BatchNormalizationLayer {
            gamma,
            beta,
            moving_mean,
            moving_variance,
            momentum,
            epsilon,
            channels,
            scope,
        }
    }
}

impl Default for BatchNormalization {
    fn default() -> BatchNormalization {
        BatchNormalization::new()
    }
}

impl BatchNormalizationLayer {
    /// What the layer gives for a tensor `[.., channels]` of two axes or more, and the operation that moves
    /// the moving averages towards the mean and variance of this batch, where `training` (a `bool` scalar) is
    /// true. Run it with each training step; where `training` is false it changes nothing. Gradients go
    /// through mean and variance of the batch.
    #[track_caller]
    #[must_use = "without the operation the moving averages stay what they are"]
    pub fn apply(&self, x: impl AsRef<Output>, training: impl AsRef<Output>) -> (Output, Operation) {
        let (x, training) = (x.as_ref(), training.as_ref());
        let graph = x.graph();
        let _scope = self.scope.open(graph);
        if let Some(refused) = self.refuse(x).or(self.scope.refuse_flag(training)) {
            return (refused.clone(), refused.operation());
        }
        let axes: Vec<usize> = (0..x.shape().len() - 1).collect();
        let (mean, variance) = x.moments(axes);
        let output = self.normalize(
            x,
            &training.select(&mean, &self.moving_mean),
            &training.select(&variance, &self.moving_variance),
        );
        let seen = if x.shape().len() == 4 { self.unbiased(&variance, x) } else { variance };
        let updates = [
            self.moved(&self.moving_mean, &mean, training),
            self.moved(&self.moving_variance, &seen, training),
        ];
        (output, graph.group(updates.map(|update| update.operation())))
    }

    /// What the layer gives where it is not trained, by its moving averages alone: for a graph that is only
    /// to predict, in which nothing of a batch is averaged.
    #[track_caller]
    #[must_use]
    pub fn predict(&self, x: impl AsRef<Output>) -> Output {
        let x = x.as_ref();
        let _scope = self.scope.open(x.graph());
        match self.refuse(x) {
            Some(refused) => refused,
            None => self.normalize(x, &self.moving_mean, &self.moving_variance),
        }
    }

    #[track_caller]
    fn refuse(&self, x: &Output) -> Option<Output> {
        let expected = format!("tensors [.., {}] of 2 axes or more", self.channels);
        self.scope.refuse(x, &expected, 2..=usize::MAX, self.channels)
    }

    #[track_caller]
    fn normalize(&self, x: &Output, mean: &Output, variance: &Output) -> Output {
        let graph = x.graph();
        let offset = self.beta.as_ref().map_or_else(|| graph.constant(0.0_f32), |beta| Output::clone(beta));
        let scale = self.gamma.as_ref().map_or_else(|| graph.constant(1.0_f32), |gamma| Output::clone(gamma));
        x.batch_normalization(mean, variance, offset, scale, self.epsilon)
    }

    /// The variance, corrected for its degree of freedom; as it is where a channel has one number.
    #[track_caller]
    fn unbiased(&self, variance: &Output, x: &Output) -> Output {
        let count = x.size().cast(DType::F32) / self.channels as f32;
        let others = (&count - 1.0).maximum(1.0);
        variance * (count / others)
    }

    /// A moving average, moved towards this one while the network is trained.
    #[track_caller]
    fn moved(&self, average: &Variable, batch: &Output, training: &Output) -> Output {
        let now = average.read_value();
        let next = &now - (&now - batch) * (1.0 - self.momentum);
        average.assign(training.select(next, now))
    }

    /// The layer's variables, in the order of building.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        let trained = self.gamma.iter().chain(&self.beta);
        trained.chain([&self.moving_mean, &self.moving_variance]).cloned().collect()
    }

    /// The full name of the layer's scope, such as `batch_normalization_1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scope.path()
    }
}
