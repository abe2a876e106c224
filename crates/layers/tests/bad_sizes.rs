//! Sizes and inputs that a layer does not take: an error of the node that names the layer, what was found and
//! what is expected; never a panic.

use minutia_graph::{DType, Graph, Output, Variable, Window};
use minutia_layers::{
    Attention, BatchNormalization, Conv2d, Dense, Dropout, Embedding, GruCell, Initializer, LayerNorm,
    LstmCell, LstmState, losses, max_pooling2d, metrics,
};

const HUGE: usize = usize::MAX / 2;

/// What is wrong, the node, what its error says.
type Row = (&'static str, Output, &'static [&'static str]);

#[track_caller]
fn refused(what: &str, node: &Output, expected: &[&str]) {
    let text = node.check().expect_err(what).to_string();
    for expected in expected {
        assert!(text.contains(expected), "{what}: {expected:?} is not in {text}");
    }
    assert!(text.contains("bad_sizes.rs"), "{what}: {text}");
}

#[test]
fn layers_of_sizes_that_there_are_not_are_errors_of_their_variables() {
    let graph = Graph::new();
    let g = &graph;
    let rows: Vec<(Vec<Variable>, &[&str])> = vec![
        (Dense::new(0).build(g, 3).variables(), &["Dense 'dense'", "0 units", "at least 1"]),
        (Dense::new(3).build(g, 0).variables(), &["Dense 'dense_1'", "0 inputs"]),
        (Dense::new(HUGE).build(g, HUGE).variables(), &["Dense 'dense_2'", "more than memory can hold"]),
        (Dense::new(3).name("out").build(g, usize::MAX).variables(), &["Dense 'out'", "more than memory"]),
        (Conv2d::new(0, [3, 3]).build(g, 1).variables(), &["Conv2d 'conv2d'", "0 filters"]),
        (Conv2d::new(1, [0, 3]).build(g, 1).variables(), &["0 rows in its filters"]),
        (Conv2d::new(1, [3, 0]).build(g, 1).variables(), &["0 columns in its filters"]),
        (Conv2d::new(1, [3, 3]).build(g, 0).variables(), &["0 channels"]),
        (Conv2d::new(HUGE, [HUGE, 3]).build(g, 7).variables(), &["more than memory can hold"]),
        (
            BatchNormalization::new().build(g, 0).variables(),
            &["BatchNormalization 'batch_norm", "0 channels"],
        ),
        (BatchNormalization::new().momentum(1.5).build(g, 3).variables(), &["momentum 1.5", "from 0 to 1"]),
        (BatchNormalization::new().epsilon(f32::NAN).build(g, 3).variables(), &["epsilon NaN", "0 or more"]),
        (LayerNorm::new().build(g, 0).variables(), &["LayerNorm 'layer_normalization'", "0 numbers"]),
        (LayerNorm::new().epsilon(-1.0).build(g, 3).variables(), &["epsilon -1"]),
        (Embedding::new(0, 3).build(g).variables(), &["Embedding 'embedding'", "0 words"]),
        (Embedding::new(HUGE, 3).build(g).variables(), &["more than memory can hold"]),
        (LstmCell::new(0).build(g, 3).variables(), &["LstmCell 'lstm_cell'", "0 units"]),
        (LstmCell::new(usize::MAX).build(g, usize::MAX).variables(), &["more than memory can hold"]),
        (GruCell::new(3).build(g, 0).variables(), &["GruCell 'gru_cell'", "0 inputs"]),
        (GruCell::new(HUGE).build(g, 1).variables(), &["more than memory can hold"]),
        (Attention::new(0).build(g, 4).variables(), &["Attention 'attention'", "0 heads"]),
        (Attention::new(3).build(g, 4).variables(), &["4 numbers into 3 heads", "head_size"]),
        (Attention::new(2).head_size(HUGE).build(g, 4).variables(), &["more than memory can hold"]),
        (
            Dense::new(3)
                .kernel_initializer(Initializer::Constant(1.0))
                .name("no name")
                .build(g, 3)
                .variables(),
            &["invalid name \"no name\""],
        ),
        (
            Dense::new(3)
                .kernel_initializer(Initializer::RandomNormal { mean: f32::NAN, stddev: 1.0 })
                .name("wild")
                .build(g, 3)
                .variables(),
            &["RandomNormal 'wild/kernel/Initializer/RandomNormal'", "not finite"],
        ),
    ];
    for (i, (variables, expected)) in rows.iter().enumerate() {
        refused(&format!("row {i}"), &variables[0], expected);
    }
}

#[test]
fn what_is_computed_with_such_a_layer_is_the_same_error() {
    let graph = Graph::new();
    let (x, cells) = (graph.ones([2, 3]), graph.ones([2, 4, 3]));
    let training = graph.constant(true);
    let (lstm, gru) = (LstmCell::new(0).build(&graph, 3), GruCell::new(0).build(&graph, 3));
    let norm = BatchNormalization::new().build(&graph, 0);
    for (what, node) in [
        ("Dense", Dense::new(0).build(&graph, 3).apply(&x)),
        ("Conv2d", Conv2d::new(0, [1, 1]).build(&graph, 3).apply(&x)),
        ("BatchNormalization", norm.apply(&x, &training).0),
        ("BatchNormalization", norm.predict(&x)),
        ("LayerNorm", LayerNorm::new().build(&graph, 0).apply(&x)),
        ("Embedding", Embedding::new(0, 3).build(&graph).apply(graph.constant([1]))),
        ("LstmCell", lstm.unroll(&cells, &lstm.zero_state(&cells)).0),
        ("LstmCell", lstm.step(&x, &lstm.zero_state(&x)).h),
        ("GruCell", gru.unroll(&cells, &gru.zero_state(&cells)).1),
        ("GruCell", gru.step(&x, &gru.zero_state(&x))),
        ("Attention", Attention::new(0).build(&graph, 3).apply(&cells, &cells, None)),
    ] {
        refused(what, &node, &[&format!("{what} '")]);
    }
}

#[test]
fn inputs_that_a_layer_does_not_take_are_errors_of_its_result() {
    let graph = Graph::new();
    let g = &graph;
    let x = g.placeholder("x", DType::F32, [None, Some(300)]);
    let ints = g.placeholder("ints", DType::I32, [None, Some(300)]);
    let vector = g.ones([300]);
    let images = g.ones([2, 8, 8, 3]);
    let flags = g.constant([true, false]);
    let dense = Dense::new(10).build(g, 784);
    let conv = Conv2d::new(2, [3, 3]).build(g, 1);
    let norm = BatchNormalization::new().build(g, 300);
    let embedding = Embedding::new(5, 2).build(g);
    let strange = Conv2d::new(2, [3, 3]).window(Window::same().strides([0, 1])).build(g, 3);
    let rows: Vec<Row> = vec![
        (
            "width",
            dense.apply(&x),
            &["Dense 'dense': takes inputs [.., 784]", "not [?, 300]", "'x' f32 [?, 300]"],
        ),
        ("type", dense.apply(&ints), &["Dense 'dense': takes f32, not i32", "cast"]),
        ("rank", dense.apply(&vector), &["2 axes or more, not [300]"]),
        (
            "channels",
            conv.apply(&images),
            &["Conv2d 'conv2d': takes images [batch, height, width, 1], not [2, 8, 8, 3]"],
        ),
        ("no images", conv.apply(&x), &["not [?, 300]"]),
        ("strides", strange.apply(&images), &["conv2d_1/", "strides [0, 1]"]),
        ("small images", Conv2d::new(2, [9, 9]).build(g, 3).apply(&images), &["conv2d_2/", "9", "8"]),
        ("pools", max_pooling2d(&images, [2, 2], [0, 2]), &["max_pooling2d/", "strides [0, 2]"]),
        (
            "many flags",
            norm.apply(&x, &flags).0,
            &["BatchNormalization 'batch_norm", "bool scalar", "bool [2]"],
        ),
        ("a number", norm.apply(&x, g.constant(1.0_f32)).0, &["bool scalar", "f32 []", "placeholder"]),
        ("another width", norm.apply(&images, g.constant(true)).0, &["tensors [.., 300]", "[2, 8, 8, 3]"]),
        ("words", embedding.apply(&x), &["embedding/Gather", "i32, not f32"]),
    ];
    for (what, node, expected) in &rows {
        refused(what, node, expected);
    }
}

#[test]
fn inputs_that_cells_attention_and_losses_do_not_take_are_errors_of_their_results() {
    let graph = Graph::new();
    let g = &graph;
    let x = g.placeholder("x", DType::F32, [None, Some(300)]);
    let ints = g.placeholder("ints", DType::I32, [None, Some(300)]);
    let sequences = g.ones([2, 4, 3]);
    let open = g.placeholder("open", DType::F32, [None, None, Some(3)]);
    let (flags, mask) = (g.constant([true, false]), g.zeros([4, 4]));
    let (lstm, gru) = (LstmCell::new(5).build(g, 3), GruCell::new(5).build(g, 3));
    let attention = Attention::new(1).build(g, 3);
    let state = lstm.zero_state(&sequences);
    let short = LstmState { c: g.zeros([2, 4]), h: state.h.clone() };
    let two = (g.ones([2]), g.ones([2, 1]));
    let rows: Vec<Row> = vec![
        (
            "rank of sequences",
            lstm.unroll(&x, &state).0,
            &["LstmCell 'lstm_cell': takes sequences [batch, time, 3]"],
        ),
        (
            "open time",
            lstm.unroll(&open, &state).0,
            &["known number of steps", "the run decides", "placeholder"],
        ),
        ("no time", gru.unroll(g.ones([2, 0, 3]), &state.h).0, &["GruCell 'gru_cell'", "at least 1, not 0"]),
        (
            "rank in a loop",
            gru.scan(&x, &state.h).0,
            &["GruCell 'gru_cell': takes sequences [batch, time, 3]"],
        ),
        ("state of a loop", lstm.scan(&open, &short).0, &["a state [batch, 5], not [2, 4]"]),
        ("memory", lstm.unroll(&sequences, &short).0, &["a state [batch, 5], not [2, 4]"]),
        ("step", gru.step(&sequences, &state.h), &["inputs [batch, 3], not [2, 4, 3]"]),
        ("state", gru.step(g.ones([2, 3]), &short.c), &["a state [batch, 5], not [2, 4]"]),
        (
            "vectors",
            attention.apply(&sequences, &x, None),
            &["Attention 'attention': takes vectors [batch, length, 3]"],
        ),
        ("mask", attention.apply(&sequences, &sequences, Some(&mask)), &["bool mask", "not f32 [4, 4]"]),
        (
            "short mask",
            attention.apply(&sequences, &sequences, Some(&flags)),
            &["attention/Select", "do not broadcast"],
        ),
        ("all", Dropout::new(1.0).apply(&x, g.constant(true)), &["dropout: rate is 1"]),
        (
            "a column",
            losses::mean_squared_error(&two.0, &two.1, 1.0),
            &["mean_squared_error", "[2] and [2, 1]"],
        ),
        (
            "classes",
            losses::softmax_cross_entropy(&ints, &x, 1.0),
            &["i32 and f32", "sparse_softmax_cross_entropy"],
        ),
        ("weights", losses::absolute_difference(&two.0, &two.0, &two.1), &["does not broadcast"]),
        ("matrix", metrics::confusion_matrix(&x, &ints, 3), &["confusion_matrix/", "i32, not f32"]),
    ];
    for (what, node, expected) in &rows {
        refused(what, node, expected);
    }
}

/// An error further up is what is told, not what follows from it.
#[test]
fn the_first_error_is_the_one_that_is_told() {
    let graph = Graph::new();
    let wrong = graph.ones([2, 3]).matmul(graph.ones([2, 3]));
    let norm = BatchNormalization::new().build(&graph, 3);
    let lstm = LstmCell::new(2).build(&graph, 3);
    let attention = Attention::new(1).build(&graph, 3);
    for node in [
        Dense::new(3).build(&graph, 7).apply(&wrong),
        Conv2d::new(3, [1, 1]).build(&graph, 7).apply(&wrong),
        norm.apply(&wrong, graph.constant(true)).0,
        LayerNorm::new().build(&graph, 3).apply(&wrong),
        lstm.unroll(&wrong, &lstm.zero_state(&wrong)).0,
        attention.apply(graph.ones([1, 2, 3]), &wrong, None),
        losses::mean_squared_error(&wrong, graph.ones([4]), 1.0),
    ] {
        refused("first", &node, &["MatMul", "inner dimensions differ"]);
    }
}

#[test]
fn layers_and_inputs_of_two_graphs_do_not_meet() {
    let (graph, other) = (Graph::new(), Graph::new());
    let (layer, x) = (Dense::new(2).build(&graph, 3), other.ones([1, 3]));
    assert!(layer.apply(&x).check().unwrap_err().to_string().contains("belongs to another graph"));
    let norm = BatchNormalization::new().build(&graph, 3);
    let (y, update) = norm.apply(&x, other.constant(true));
    assert!(y.check().is_err());
    drop(update);
}
