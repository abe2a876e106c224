use crate::{
    Activation, Initializer,
    dense::finish,
    scope::{Building, Problem, Scope},
};
use minutia_graph::{Graph, Output, Variable, Window};

/// A convolution to be built: TensorFlow 1's `tf.layers.Conv2D` over images `[batch, height, width,
/// channels]`.
///
/// ```
/// use minutia_graph::{DType, Graph, Output, Window};
/// use minutia_layers::{Conv2d, max_pooling2d};
///
/// let graph = Graph::new();
/// let images = graph.placeholder("images", DType::F32, [None, Some(28), Some(28), Some(1)]);
/// let conv = Conv2d::new(32, [5, 5]).window(Window::same()).activation(Output::relu).build(&graph, 1);
/// let small = max_pooling2d(conv.apply(&images), [2, 2], [2, 2]);
/// assert_eq!(small.shape().to_string(), "[?, 14, 14, 32]");
/// assert_eq!(conv.kernel.signature().to_string(), "f32 [5, 5, 1, 32]");
/// assert_eq!(conv.kernel.name(), "conv2d/kernel");
/// ```
///
/// As in TensorFlow the window has no padding, and strides and dilations of 1, unless
/// [`window`](Conv2d::window) says otherwise. The kernel begins with [`Initializer::GlorotUniform`], the bias
/// with 0.
#[derive(Clone, Debug)]
pub struct Conv2d {
    filters: usize,
    size: [usize; 2],
    window: Window,
    activation: Option<Activation>,
    use_bias: bool,
    kernel_initializer: Initializer,
    bias_initializer: Initializer,
    name: String,
}

/// A convolution with its variables. See [`Conv2d`].
#[derive(Clone, Debug)]
pub struct Conv2dLayer {
    /// The filters: `[height, width, channels, filters]`.
    pub kernel: Variable,
    /// What is added to each filter's result, if anything is: `[filters]`.
    pub bias: Option<Variable>,
    window: Window,
    activation: Option<Activation>,
    channels: usize,
    scope: Scope,
}

impl Conv2d {
    /// With so many filters, which are the channels of what it gives, of this height and width.
    #[must_use]
    pub fn new(filters: usize, size: [usize; 2]) -> Conv2d {
        Conv2d {
            filters,
            size,
            window: Window::valid(),
            activation: None,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
            name: "conv2d".into(),
        }
    }

    /// How filters move over images: padding, strides and dilations.
    #[doc(alias = "padding")]
    #[doc(alias = "strides")]
    #[doc(alias = "dilation_rate")]
    #[must_use]
    pub fn window(self, window: Window) -> Conv2d {
        Conv2d { window, ..self }
    }

    /// With an activation; there is none otherwise.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Conv2d {
        Conv2d { activation: Some(activation), ..self }
    }

    /// With a bias or without one.
    #[must_use]
    pub fn use_bias(self, use_bias: bool) -> Conv2d {
        Conv2d { use_bias, ..self }
    }

    /// What the kernel begins with.
    #[must_use]
    pub fn kernel_initializer(self, kernel_initializer: Initializer) -> Conv2d {
        Conv2d { kernel_initializer, ..self }
    }

    /// What the bias begins with.
    #[must_use]
    pub fn bias_initializer(self, bias_initializer: Initializer) -> Conv2d {
        Conv2d { bias_initializer, ..self }
    }

    /// The name of the layer's scope. A name that is taken gets a number.
    #[must_use]
    pub fn name(self, name: &str) -> Conv2d {
        Conv2d { name: name.into(), ..self }
    }

    /// Makes the variables of a layer for images of so many channels. Sizes that it cannot have are an error
    /// of the variables, and of all that is computed with them.
    #[track_caller]
    #[must_use]
    pub fn build(&self, graph: &Graph, channels: usize) -> Conv2dLayer {
        let [height, width] = self.size;
        let problem = Problem::none_of(&[
            ("filters", self.filters),
            ("rows in its filters", height),
            ("columns in its filters", width),
            ("channels", channels),
        ]);
        let building = Building::new(graph, "Conv2d", &self.name, problem);
        let shape = [height, width, channels, self.filters];
        let kernel = building.variable("kernel", &shape, self.kernel_initializer);
        let mut bias = None;
        if self.use_bias {
            bias = Some(building.variable("bias", &[self.filters], self.bias_initializer));
        }
        let scope = building.scope(&kernel, "kernel");
        Conv2dLayer { kernel, bias, window: self.window, activation: self.activation, channels, scope }
    }
}

impl Conv2dLayer {
    /// What the layer gives for images `[batch, height, width, channels]`. Images that it does not take are
    /// an error of the result.
    #[track_caller]
    #[must_use]
    pub fn apply(&self, images: impl AsRef<Output>) -> Output {
        let images = images.as_ref();
        let _scope = self.scope.open(images.graph());
        let expected = format!("images [batch, height, width, {}]", self.channels);
        if let Some(refused) = self.scope.refuse(images, &expected, 4..=4, self.channels) {
            return refused;
        }
        finish(images.conv2d(&self.kernel, self.window), self.bias.as_ref(), self.activation)
    }

    /// The layer's variables, in the order of building.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        [&self.kernel].into_iter().chain(&self.bias).cloned().collect()
    }

    /// The full name of the layer's scope, such as `conv2d_1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scope.path()
    }
}
