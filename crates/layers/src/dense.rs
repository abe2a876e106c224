use crate::{
    Initializer,
    scope::{Building, Problem, Scope},
};
use minutia_graph::{Graph, Output, Variable};

/// A function that a layer applies to what it has computed, such as [`Output::relu`] or a closure that
/// captures nothing: `|x| x.leaky_relu(0.2)`.
pub type Activation = fn(&Output) -> Output;

/// A dense layer to be built: `activation(x kernel + bias)`, TensorFlow 1's `tf.layers.Dense`.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Output, Session, feeds};
/// use minutia_layers::Dense;
///
/// let graph = Graph::new();
/// let x = graph.placeholder("x", DType::F32, [None, Some(784)]);
/// let hidden = Dense::new(300).activation(Output::relu).build(&graph, 784);
/// let output = Dense::new(10).build(&graph, 300);
/// let logits = output.apply(hidden.apply(&x));
/// assert_eq!(logits.shape().to_string(), "[?, 10]");
/// let names: Vec<String> = graph.trainable_variables().iter().map(|v| v.name()).collect();
/// assert_eq!(names, ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]);
/// ```
///
/// The kernel begins with [`Initializer::GlorotUniform`], the bias with 0.
#[doc(alias = "Linear")]
#[doc(alias = "fully_connected")]
#[derive(Clone, Debug)]
pub struct Dense {
    units: usize,
    activation: Option<Activation>,
    use_bias: bool,
    kernel_initializer: Initializer,
    bias_initializer: Initializer,
    name: String,
}

/// A dense layer with its variables. See [`Dense`].
#[derive(Clone, Debug)]
pub struct DenseLayer {
    /// What the inputs are multiplied by: `[inputs, units]`.
    pub kernel: Variable,
    /// What is added to the products, if anything is: `[units]`.
    pub bias: Option<Variable>,
    activation: Option<Activation>,
    inputs: usize,
    scope: Scope,
}

impl Dense {
    /// With so many units: the width of what it gives.
    #[must_use]
    pub fn new(units: usize) -> Dense {
        Dense {
            units,
            activation: None,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
            name: "dense".into(),
        }
    }

    /// With an activation; there is none otherwise.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Dense {
        Dense { activation: Some(activation), ..self }
    }

    /// With a bias or without one.
    #[must_use]
    pub fn use_bias(self, use_bias: bool) -> Dense {
        Dense { use_bias, ..self }
    }

    /// What the kernel begins with.
    #[must_use]
    pub fn kernel_initializer(self, kernel_initializer: Initializer) -> Dense {
        Dense { kernel_initializer, ..self }
    }

    /// What the bias begins with.
    #[must_use]
    pub fn bias_initializer(self, bias_initializer: Initializer) -> Dense {
        Dense { bias_initializer, ..self }
    }

    /// The name of the layer's scope. A name that is taken gets a number.
    #[must_use]
    pub fn name(self, name: &str) -> Dense {
        Dense { name: name.into(), ..self }
    }

    /// Makes the variables of a layer for inputs of this width. Sizes that it cannot have are an error of the
    /// variables, and of all that is computed with them.
    #[track_caller]
    #[must_use]
    pub fn build(&self, graph: &Graph, inputs: usize) -> DenseLayer {
        let problem = Problem::none_of(&[("units", self.units), ("inputs", inputs)]);
        let building = Building::new(graph, "Dense", &self.name, problem);
        let kernel = building.variable("kernel", &[inputs, self.units], self.kernel_initializer);
        let mut bias = None;
        if self.use_bias {
            bias = Some(building.variable("bias", &[self.units], self.bias_initializer));
        }
        let scope = building.scope(&kernel, "kernel");
        DenseLayer { kernel, bias, activation: self.activation, inputs, scope }
    }
}

impl DenseLayer {
    /// What the layer gives for inputs `[.., inputs]` of two axes or more: `[.., units]`. Inputs that it does
    /// not take are an error of the result.
    #[track_caller]
    #[must_use]
    pub fn apply(&self, x: impl AsRef<Output>) -> Output {
        let x = x.as_ref();
        let graph = x.graph();
        let _scope = self.scope.open(graph);
        let expected = format!("inputs [.., {}] of 2 axes or more", self.inputs);
        // The letters of an equation are 26, of which two are the width before and after.
        if let Some(refused) = self.scope.refuse(x, &expected, 2..=24, self.inputs) {
            return refused;
        }
        let product = if x.shape().len() == 2 {
            x.matmul(&self.kernel)
        } else {
            let rows: String = ('a'..'y').take(x.shape().len() - 1).collect();
            graph.einsum(&format!("{rows}y,yz->{rows}z"), &[x, &self.kernel])
        };
        finish(product, self.bias.as_ref(), self.activation)
    }

    /// The layer's variables, in the order of building.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        [&self.kernel].into_iter().chain(&self.bias).cloned().collect()
    }

    /// The full name of the layer's scope, such as `dense_1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scope.path()
    }
}

/// Adds a bias and applies an activation, where there are these.
#[track_caller]
pub(crate) fn finish(product: Output, bias: Option<&Variable>, activation: Option<Activation>) -> Output {
    let sum = match bias {
        Some(bias) => product + bias,
        None => product,
    };
    match activation {
        Some(activation) => activation(&sum),
        None => sum,
    }
}
