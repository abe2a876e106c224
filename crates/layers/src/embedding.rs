use crate::{
    Initializer,
    scope::{Building, Problem, Scope},
};
use minutia_graph::{Graph, Output, Variable};

/// An embedding to be built: a table with a vector for each of so many words, TensorFlow 1's
/// `tf.keras.layers.Embedding`. Optimizers change the rows that a batch picks, and no others.
///
/// ```
/// use minutia_graph::{DType, Graph};
/// use minutia_layers::Embedding;
///
/// let graph = Graph::new();
/// let words = graph.placeholder("words", DType::I32, [None, Some(20)]);
/// let embedding = Embedding::new(50_000, 128).build(&graph);
/// assert_eq!(embedding.apply(&words).shape().to_string(), "[?, 20, 128]");
/// assert_eq!(embedding.embeddings.name(), "embedding/embeddings");
/// ```
///
/// It begins with numbers between -0.05 and 0.05, uniformly distributed.
#[doc(alias = "embedding_lookup")]
#[derive(Clone, Debug)]
pub struct Embedding {
    words: usize,
    width: usize,
    initializer: Initializer,
    name: String,
}

/// An embedding with its table. See [`Embedding`].
#[derive(Clone, Debug)]
pub struct EmbeddingLayer {
    /// The table: `[words, width]`.
    pub embeddings: Variable,
    scope: Scope,
}

impl Embedding {
    /// For so many words, with vectors of this width.
    #[must_use]
    pub fn new(words: usize, width: usize) -> Embedding {
        let initializer = Initializer::RandomUniform { low: -0.05, high: 0.05 };
        Embedding { words, width, initializer, name: "embedding".into() }
    }

    /// What the table begins with.
    #[doc(alias = "embeddings_initializer")]
    #[must_use]
    pub fn initializer(self, initializer: Initializer) -> Embedding {
        Embedding { initializer, ..self }
    }

    /// The name of the layer's scope. A name that is taken gets a number.
    #[must_use]
    pub fn name(self, name: &str) -> Embedding {
        Embedding { name: name.into(), ..self }
    }

    /// Makes the table. Sizes that it cannot have are an error of the variable, and of all that is computed
    /// with it.
    #[track_caller]
    #[must_use]
    pub fn build(&self, graph: &Graph) -> EmbeddingLayer {
        let problem = Problem::none_of(&[("words", self.words), ("numbers in a vector", self.width)]);
        let building = Building::new(graph, "Embedding", &self.name, problem);
        let embeddings = building.variable("embeddings", &[self.words, self.width], self.initializer);
        let scope = building.scope(&embeddings, "embeddings");
        EmbeddingLayer { embeddings, scope }
    }
}

impl EmbeddingLayer {
    /// The vectors of words, which are given by number (`i32` of any shape): `[.., width]`. A number that is
    /// no word's is an error of the run, which names the layer.
    #[track_caller]
    #[must_use]
    pub fn apply(&self, words: impl AsRef<Output>) -> Output {
        let words = words.as_ref();
        let _scope = self.scope.open(words.graph());
        match self.scope.broken_or(words) {
            Some(broken) => broken,
            None => self.embeddings.gather(words),
        }
    }

    /// The layer's variable.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        vec![self.embeddings.clone()]
    }

    /// The full name of the layer's scope, such as `embedding_1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scope.path()
    }
}
