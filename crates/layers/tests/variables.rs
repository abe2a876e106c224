//! Every layer: names of its variables, gradients to all that are trained, weights that its uses share.

use minutia_graph::{DType, Device, Graph, Output, Session, Tensor, Variable, Window};
use minutia_layers::{
    Attention, AttentionLayer, BatchNormalization, BatchNormalizationLayer, Conv2d, Conv2dLayer, Dense,
    DenseLayer, Embedding, EmbeddingLayer, GruCell, GruLayer, LayerNorm, LayerNormLayer, LstmCell, LstmLayer,
};

/// A layer as the tests see it.
struct Built {
    apply: Box<dyn Fn(&Output) -> Output>,
    name: String,
    variables: Vec<Variable>,
}

type Build = fn(&Graph) -> Built;

/// The layer, its inputs, what builds it, its scope, its variables.
type Row = (&'static str, &'static [usize], Build, &'static str, &'static [&'static str]);

/// A layer with what applies it.
macro_rules! built {
    ($layer:expr, $apply:expr) => {{
        let layer = $layer;
        let (name, variables) = (layer.name().to_string(), layer.variables());
        let apply = $apply;
        Built { apply: Box::new(move |x| apply(&layer, x)), name, variables }
    }};
}

const LAYERS: [Row; 11] = [
    (
        "dense",
        &[4, 3],
        |g| {
            built!(Dense::new(2).activation(Output::tanh).build(g, 3), |l: &DenseLayer, x: &Output| l
                .apply(x))
        },
        "dense",
        &["kernel", "bias"],
    ),
    (
        "dense without bias",
        &[4, 3],
        |g| built!(Dense::new(2).use_bias(false).build(g, 3), |l: &DenseLayer, x: &Output| l.apply(x)),
        "dense",
        &["kernel"],
    ),
    (
        "convolution",
        &[1, 5, 4, 2],
        |g| {
            built!(
                Conv2d::new(3, [2, 3]).window(Window::same().strides([2, 1])).build(g, 2),
                |l: &Conv2dLayer, x: &Output| l.apply(x)
            )
        },
        "conv2d",
        &["kernel", "bias"],
    ),
    (
        "batch normalization",
        &[4, 3],
        |g| {
            built!(BatchNormalization::new().build(g, 3), |l: &BatchNormalizationLayer, x: &Output| l
                .apply(x, x.graph().constant(true))
                .0)
        },
        "batch_normalization",
        &["gamma", "beta", "moving_mean", "moving_variance"],
    ),
    (
        "batch normalization without gamma",
        &[4, 3],
        |g| {
            built!(
                BatchNormalization::new().scale(false).build(g, 3),
                |l: &BatchNormalizationLayer, x: &Output| l.apply(x, x.graph().constant(true)).0
            )
        },
        "batch_normalization",
        &["beta", "moving_mean", "moving_variance"],
    ),
    (
        "layer normalization",
        &[4, 3],
        |g| built!(LayerNorm::new().build(g, 3), |l: &LayerNormLayer, x: &Output| l.apply(x)),
        "layer_normalization",
        &["gamma", "beta"],
    ),
    (
        "embedding",
        &[4],
        |g| {
            built!(Embedding::new(5, 3).build(g), |l: &EmbeddingLayer, x: &Output| l
                .apply((x * 3.0).abs().cast(DType::I32)))
        },
        "embedding",
        &["embeddings"],
    ),
    (
        "LSTM",
        &[2, 3, 4],
        |g| built!(LstmCell::new(3).build(g, 4), |l: &LstmLayer, x: &Output| l.unroll(x, &l.zero_state(x)).0),
        "lstm_cell",
        &["kernel", "bias"],
    ),
    (
        "GRU",
        &[2, 3, 4],
        |g| built!(GruCell::new(3).build(g, 4), |l: &GruLayer, x: &Output| l.unroll(x, &l.zero_state(x)).0),
        "gru_cell",
        &["gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias"],
    ),
    (
        "LSTM in a loop",
        &[2, 3, 4],
        |g| built!(LstmCell::new(3).build(g, 4), |l: &LstmLayer, x: &Output| l.scan(x, &l.zero_state(x)).0),
        "lstm_cell",
        &["kernel", "bias"],
    ),
    (
        "attention",
        &[2, 3, 4],
        |g| built!(Attention::new(2).build(g, 4), |l: &AttentionLayer, x: &Output| l.apply(x, x, None)),
        "attention",
        &[
            "query/kernel",
            "query/bias",
            "key/kernel",
            "key/bias",
            "value/kernel",
            "value/bias",
            "output/kernel",
            "output/bias",
        ],
    ),
];

/// Numbers without a pattern, between -1 and 1.
fn numbers(graph: &Graph, shape: &[usize]) -> Output {
    let count: usize = shape.iter().product();
    let number = |i: usize| (i * 7919 % 2003) as f32 / 1001.5 - 1.0;
    graph.constant(Tensor::from_vec(shape, (0..count).map(number).collect::<Vec<f32>>()).unwrap())
}

fn names(variables: &[Variable]) -> Vec<String> {
    variables.iter().map(|v| v.name()).collect()
}

#[test]
fn variables_have_the_names_of_tensorflow_1() {
    for (what, _, build, scope, expected) in LAYERS {
        let graph = Graph::new();
        let in_scope =
            |scope: &str| expected.iter().map(|name| format!("{scope}/{name}")).collect::<Vec<String>>();
        let first = build(&graph);
        assert_eq!((first.name.as_str(), names(&first.variables)), (scope, in_scope(scope)), "{what}");
        assert_eq!(names(&graph.global_variables()), in_scope(scope), "{what}: in the order of building");
        let second = build(&graph);
        assert_eq!(names(&second.variables), in_scope(&format!("{scope}_1")), "{what}, the second");
        let _encoder = graph.name_scope("encoder");
        let third = build(&graph);
        assert_eq!(names(&third.variables), in_scope(&format!("encoder/{scope}")), "{what}, in a scope");
        assert_eq!(third.name, format!("encoder/{scope}"), "{what}");
        let trained = names(&graph.trainable_variables());
        assert!(trained.iter().all(|name| !name.contains("moving")), "{trained:?}");
    }
}

#[test]
fn what_a_layer_computes_is_in_its_scope_wherever_it_is_applied() {
    for (what, shape, build, scope, _) in LAYERS {
        let graph = Graph::new();
        let layer = build(&graph);
        let x = numbers(&graph, shape);
        for _ in 0..2 {
            let _elsewhere = graph.name_scope("elsewhere");
            let y = (layer.apply)(&x);
            y.check().unwrap();
            assert!(y.name().starts_with(&format!("{scope}/")), "{what}: {}", y.name());
        }
    }
}

#[test]
fn gradients_reach_every_variable_that_is_trained() {
    for (what, shape, build, ..) in LAYERS {
        let graph = Graph::new();
        graph.set_random_seed(4);
        let layer = build(&graph);
        let y = (layer.apply)(&numbers(&graph, shape));
        // Weights of no symmetry: a softmax or a normalization has gradients of 0 for a plain sum.
        let weights = numbers(&graph, &y.shape().known().unwrap());
        let trained = graph.trainable_variables();
        let gradients = graph.gradients((y * weights).reduce_sum(..), &trained).unwrap();
        let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        session.run(graph.global_variables_initializer(), ()).unwrap();
        for (variable, gradient) in trained.iter().zip(gradients) {
            let gradient = gradient.unwrap_or_else(|| panic!("{what}: none for {}", variable.name()));
            let values = session.run(&gradient, ()).unwrap();
            let values = values.as_slice::<f32>().unwrap();
            assert!(values.iter().all(|g| g.is_finite()), "{what}, {}: {values:?}", variable.name());
            // A bias of keys moves all scores of a query alike: its gradient is 0 but for rounding.
            let moves = values.iter().any(|g| *g != 0.0);
            assert!(
                moves || variable.name().ends_with("key/bias"),
                "{what}, {}: {values:?}",
                variable.name()
            );
        }
    }
}

#[test]
fn uses_of_a_layer_share_its_variables() {
    for (what, shape, build, ..) in LAYERS {
        let graph = Graph::new();
        let layer = build(&graph);
        let x = numbers(&graph, shape);
        let before = graph.global_variables();
        let (once, again, other) = ((layer.apply)(&x), (layer.apply)(&x), (layer.apply)(&(&x * 0.5)));
        assert_eq!(graph.global_variables(), before, "{what}");
        let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        session.run(graph.global_variables_initializer(), ()).unwrap();
        let (once, again, other) = session.run((&once, &again, &other), ()).unwrap();
        assert_eq!(once, again, "{what}");
        assert_eq!(once.dims(), other.dims(), "{what}");
    }
}

#[test]
fn a_layer_built_after_an_operation_is_initialized_without_it() {
    for (what, _, build, ..) in LAYERS {
        let graph = Graph::new();
        let counter = graph.untrainable_variable("counter", 0);
        let layer = {
            let _after = graph.control_dependencies([&counter.assign_add(1).operation()]);
            build(&graph)
        };
        let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        let initializers: Vec<_> = layer.variables.iter().map(Variable::initializer).collect();
        session.run(&initializers, ()).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}
