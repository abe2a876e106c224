use crate::{
    Initializer,
    scope::{Building, Problem, Scope},
};
use minutia_graph::{DType, Graph, Output, Variable};

/// What a pair of query and key counts that must not meet: its share of attention is 0, unless all of the
/// query's are such.
const FORBIDDEN: f32 = -1e9;

/// Multi-head scaled dot-product attention to be built (Vaswani et al., 2017). Queries, keys and values are
/// dense layers of vectors of one width, cut into heads of `size` numbers. In each head a query `q` takes the
/// mean of the values, weighted by the softmax of `q k / sqrt(size)` over all keys `k`; a dense layer makes
/// the result of all heads.
///
/// ```
/// use minutia_graph::{DType, Graph};
/// use minutia_layers::Attention;
///
/// let graph = Graph::new();
/// let x = graph.placeholder("x", DType::F32, [None, Some(64), Some(128)]); // batch, tokens, width
/// let attention = Attention::new(4).build(&graph, 128);
/// // Each token attends to itself and to those before it.
/// let position = graph.range(0, 64, 1);
/// let mask = position.expand_dims(1).greater_equal(position.expand_dims(0));
/// let y = attention.apply(&x, &x, Some(&mask));
/// assert_eq!(y.shape().to_string(), "[?, 64, 128]");
/// assert_eq!(attention.query.kernel.name(), "attention/query/kernel");
/// ```
///
/// Kernels begin with [`Initializer::GlorotUniform`], biases with 0.
#[doc(alias = "MultiHeadAttention")]
#[doc(alias = "transformer")]
#[derive(Clone, Debug)]
pub struct Attention {
    heads: usize,
    size: Option<usize>,
    use_bias: bool,
    kernel_initializer: Initializer,
    name: String,
}

/// Multi-head attention with its variables. See [`Attention`].
#[derive(Clone, Debug)]
pub struct AttentionLayer {
    /// What queries are made with: a kernel `[width, heads size]`.
    pub query: Projection,
    /// What keys are made with, likewise.
    pub key: Projection,
    /// What values are made with, likewise.
    pub value: Projection,
    /// What the result is made with: a kernel `[heads size, width]`.
    pub output: Projection,
    heads: [usize; 2],
    width: usize,
    scope: Scope,
}

/// The variables of one of the dense layers of attention.
#[derive(Clone, Debug)]
pub struct Projection {
    /// What vectors are multiplied by.
    pub kernel: Variable,
    /// What is added to the products, if anything is.
    pub bias: Option<Variable>,
}

impl Attention {
    /// With so many heads.
    #[must_use]
    pub fn new(heads: usize) -> Attention {
        Attention {
            heads,
            size: None,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            name: "attention".into(),
        }
    }

    /// The size of a head; otherwise the width divided by the number of heads.
    #[doc(alias = "key_dim")]
    #[must_use]
    pub fn head_size(self, size: usize) -> Attention {
        Attention { size: Some(size), ..self }
    }

    /// With biases or without them.
    #[must_use]
    pub fn use_bias(self, use_bias: bool) -> Attention {
        Attention { use_bias, ..self }
    }

    /// What the kernels begin with.
    #[must_use]
    pub fn kernel_initializer(self, kernel_initializer: Initializer) -> Attention {
        Attention { kernel_initializer, ..self }
    }

    /// The name of the layer's scope. A name that is taken gets a number.
    #[must_use]
    pub fn name(self, name: &str) -> Attention {
        Attention { name: name.into(), ..self }
    }

    /// Makes the variables of a layer for vectors of this width. Sizes that it cannot have are an error of
    /// the variables, and of all that is computed with them.
    #[track_caller]
    #[must_use]
    pub fn build(&self, graph: &Graph, width: usize) -> AttentionLayer {
        let size = self.size.unwrap_or(width.checked_div(self.heads).unwrap_or(0));
        let numbers = [("heads", self.heads), ("numbers in a vector", width), ("numbers in a head", size)];
        let problem = Problem::none_of(&numbers).or_else(|| {
            let detail = format!("cannot cut vectors of {width} numbers into {} heads", self.heads);
            let hint = "take a number of heads that divides the width, or set head_size";
            let uneven = self.size.is_none() && !width.is_multiple_of(self.heads);
            uneven.then(|| Problem::new(detail, hint))
        });
        let building = Building::new(graph, "Attention", &self.name, problem);
        let inner = self.heads.saturating_mul(size);
        let query = self.projection(&building, ["query/kernel", "query/bias"], [width, inner]);
        let key = self.projection(&building, ["key/kernel", "key/bias"], [width, inner]);
        let value = self.projection(&building, ["value/kernel", "value/bias"], [width, inner]);
        let output = self.projection(&building, ["output/kernel", "output/bias"], [inner, width]);
        let scope = building.scope(&query.kernel, "query/kernel");
        AttentionLayer { query, key, value, output, heads: [self.heads, size], width, scope }
    }

    #[track_caller]
    fn projection(&self, building: &Building<'_>, names: [&str; 2], shape: [usize; 2]) -> Projection {
        let kernel = building.variable(names[0], &shape, self.kernel_initializer);
        let mut bias = None;
        if self.use_bias {
            bias = Some(building.variable(names[1], &shape[1..], Initializer::Zeros));
        }
        Projection { kernel, bias }
    }
}

impl AttentionLayer {
    /// What each query takes from memory: queries `[batch, queries, width]` and memory `[batch, keys, width]`
    /// give `[batch, queries, width]`; both are the same tensor where a sequence attends to itself. A mask is
    /// `bool`, true where a query may attend to a key, and broadcasts to `[batch, queries, keys]`; a query
    /// that may attend to none attends to all equally. What the layer does not take is an error of the
    /// result.
    #[track_caller]
    #[must_use]
    pub fn apply(
        &self,
        queries: impl AsRef<Output>,
        memory: impl AsRef<Output>,
        mask: Option<&Output>,
    ) -> Output {
        let (queries, memory) = (queries.as_ref(), memory.as_ref());
        let graph = queries.graph();
        let _scope = self.scope.open(graph);
        let refused = self.refuse(queries).or(self.refuse(memory)).or(self.refuse_mask(mask));
        if let Some(refused) = refused {
            return refused;
        }
        let q = self.cut(queries, &self.query);
        let (k, v) = (self.cut(memory, &self.key), self.cut(memory, &self.value));
        let scores = graph.einsum("bqhs,bkhs->bhqk", &[&q, &k]) * (1.0 / (self.heads[1] as f32).sqrt());
        let scores = match mask {
            // One mask for all heads.
            Some(mask) if mask.shape().len() == 3 => {
                mask.expand_dims(1).select(&scores, graph.constant(FORBIDDEN))
            }
            Some(mask) => mask.select(&scores, graph.constant(FORBIDDEN)),
            None => scores,
        };
        let taken = graph.einsum("bhqk,bkhs->bqhs", &[&scores.softmax(), &v]);
        let [heads, size] = self.heads.map(|extent| extent as isize);
        let kernel = self.output.kernel.reshape([heads, size, -1]);
        let result = graph.einsum("bqhs,hso->bqo", &[&taken, &kernel]);
        match &self.output.bias {
            Some(bias) => result + bias,
            None => result,
        }
    }

    /// What a dense layer makes of vectors, with an axis of heads: `[batch, length, heads, size]`.
    #[track_caller]
    fn cut(&self, x: &Output, projection: &Projection) -> Output {
        let [heads, size] = self.heads.map(|extent| extent as isize);
        let kernel = projection.kernel.reshape([-1, heads, size]);
        let product = x.graph().einsum("bti,ihs->bths", &[x, &kernel]);
        match &projection.bias {
            Some(bias) => product + bias.reshape([heads, size]),
            None => product,
        }
    }

    #[track_caller]
    fn refuse(&self, x: &Output) -> Option<Output> {
        self.scope.refuse(x, &format!("vectors [batch, length, {}]", self.width), 3..=3, self.width)
    }

    #[track_caller]
    fn refuse_mask(&self, mask: Option<&Output>) -> Option<Output> {
        let mask = mask?;
        if let Some(broken) = self.scope.broken_or(mask) {
            return Some(broken);
        }
        let signature = mask.signature();
        if signature.dtype == DType::Bool && signature.shape.len() <= 3 {
            return None;
        }
        let detail = format!("takes a bool mask that broadcasts to [batch, queries, keys], not {signature}");
        Some(
            self.scope
                .invalid(Problem::new(detail, "compare to make one: lengths.greater(positions)"), &[mask]),
        )
    }

    /// The layer's variables, in the order of building.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        let projections = [&self.query, &self.key, &self.value, &self.output];
        let variables = projections.into_iter().flat_map(|p| [&p.kernel].into_iter().chain(&p.bias));
        variables.cloned().collect()
    }

    /// The full name of the layer's scope, such as `attention_1`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scope.path()
    }
}
