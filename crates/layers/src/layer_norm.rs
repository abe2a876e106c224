use crate::{
    Initializer,
    scope::{Building, Problem, Scope},
};
use minutia_graph::{Graph, Output, Variable};

/// Layer normalization to be built (Ba, Kiros and Hinton, 2016): TensorFlow 1's
/// `tf.keras.layers.LayerNormalization` over the last axis. Each vector along it has mean 0 and variance 1,
/// is multiplied by `gamma`, and `beta` is added. It is the same in training as otherwise.
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// use minutia_layers::LayerNorm;
///
/// let graph = Graph::new();
/// let norm = LayerNorm::new().epsilon(0.0).build(&graph, 2);
/// let y = norm.apply(graph.constant([[1.0_f32, 5.0], [30.0, 10.0]]));
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// assert_eq!(session.run(&y, ())?.as_slice::<f32>()?, [-1.0, 1.0, 1.0, -1.0]);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[doc(alias = "LayerNormalization")]
#[derive(Clone, Debug)]
pub struct LayerNorm {
    epsilon: f32,
    name: String,
}

/// Layer normalization with its variables. See [`LayerNorm`].
#[derive(Clone, Debug)]
pub struct LayerNormLayer {
    /// What normalized numbers are multiplied by: `[width]`, from 1.
    pub gamma: Variable,
    /// What is added to them: `[width]`, from 0.
    pub beta: Variable,
    epsilon: f32,
    width: usize,
    scope: Scope,
}

impl LayerNorm {
    /// With TensorFlow's epsilon, 0.001.
    #[must_use]
    pub fn new() -> LayerNorm {
        LayerNorm { epsilon: 1e-3, name: "layer_normalization".into() }
    }

    /// What is added to variances, 0 or more, so that none is 0.
    #[must_use]
    pub fn epsilon(self, epsilon: f32) -> LayerNorm {
        LayerNorm { epsilon, ..self }
    }

    /// The name of the layer's scope. A name that is taken gets a number.
    #[must_use]
    pub fn name(self, name: &str) -> LayerNorm {
        LayerNorm { name: name.into(), ..self }
    }

    /// Makes the variables of a layer for tensors of this width. Numbers that it cannot have are an error of
    /// the variables, and of all that is computed with them.
    #[track_caller]
    #[must_use]
    pub fn build(&self, graph: &Graph, width: usize) -> LayerNormLayer {
        let problem = Problem::none_of(&[("numbers in a vector", width)]).or_else(|| {
            Problem::outside("epsilon", self.epsilon, 0.0..=f32::MAX, "it is finite and 0 or more")
        });
        let building = Building::new(graph, "LayerNorm", &self.name, problem);
        let gamma = building.variable("gamma", &[width], Initializer::Ones);
        let beta = building.variable("beta", &[width], Initializer::Zeros);
        let scope = building.scope(&gamma, "gamma");
        LayerNormLayer { gamma, beta, epsilon: self.epsilon, width, scope }
    }
}

impl Default for LayerNorm {
    fn default() -> LayerNorm {
        LayerNorm::new()
    }
}

impl LayerNormLayer {
    /// What the layer gives for a tensor `[.., width]`. What it does not take is an error of the result.
    #[track_caller]
    #[must_use]
    pub fn apply(&self, x: impl AsRef<Output>) -> Output {
        let x = x.as_ref();
        let _scope = self.scope.open(x.graph());
        let expected = format!("tensors [.., {}]", self.width);
        if let Some(refused) = self.scope.refuse(x, &expected, 1..=usize::MAX, self.width) {
            return refused;
        }
        let mean = x.reduce_mean_keep_dims(-1);
        let variance = x.squared_difference(&mean).reduce_mean_keep_dims(-1);
        x.batch_normalization(&mean, &variance, &self.beta, &self.gamma, self.epsilon)
    }

    /// The layer's variables, in the order of building.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        vec![self.gamma.clone(), self.beta.clone()]
    }

    /// The full name of the layer's scope, such as `layer_normalization_1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scope.path()
    }
}
