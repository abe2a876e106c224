//! What layers compute: numbers that TensorFlow's own tests expect, or the formulas written out in `f64`.
#![expect(clippy::disallowed_methods, reason = "references within a tolerance, no results")]

use minutia_graph::{DType, Device, Graph, Output, Session, Tensor, Window, feeds};
use minutia_layers::{
    Attention, BatchNormalization, Conv2d, Dense, Embedding, GruCell, Initializer, LayerNorm, LstmCell,
    LstmState,
};

const HALF: Initializer = Initializer::Constant(0.5);

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    session
}

fn values(graph: &Graph, of: &Output) -> Vec<f32> {
    session(graph).run(of, ()).unwrap().as_slice::<f32>().unwrap().to_vec()
}

#[track_caller]
fn near(what: &str, found: &[f32], expected: &[f64]) {
    let near = |(f, e): (&f32, &f64)| (f64::from(*f) - e).abs() <= 2e-6 * e.abs().max(1.0);
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(near),
        "{what}: {found:?}, expected {expected:?}"
    );
}

/// Numbers without a pattern, between -1 and 1.
fn numbers(shape: &[usize], seed: usize) -> Tensor {
    let count: usize = shape.iter().product();
    let number = |i: usize| (((i + 31 * seed) * 7919 % 2003) as f32 / 1001.5 - 1.0) * 0.9;
    Tensor::from_vec(shape, (0..count).map(number).collect::<Vec<f32>>()).unwrap()
}

fn wide(x: &Tensor) -> Vec<f64> {
    x.as_slice::<f32>().unwrap().iter().map(|&x| f64::from(x)).collect()
}

/// `rnn_cell_test.py`, testBasicLSTMCell: two cells of two units, one upon the other, all weights 0.5, inputs
/// of 1 and states of 0.1.
#[test]
fn an_lstm_gives_the_numbers_of_tensorflow() {
    let graph = Graph::new();
    let tenths = graph.fill([1, 2], 0.1);
    let state = LstmState { c: tenths.clone(), h: tenths };
    let cell = |inputs| LstmCell::new(2).kernel_initializer(HALF).build(&graph, inputs);
    let first = cell(2).step(graph.ones([1, 2]), &state);
    let second = cell(2).step(&first.h, &state);
    let all = graph.concat([&first.c, &first.h, &second.c, &second.h], 1);
    let expected =
        [0.68967271, 0.68967271, 0.44848421, 0.44848421, 0.39897051, 0.39897051, 0.24024698, 0.24024698];
    near("two cells", &values(&graph, &all), &expected);
}

/// `rnn_cell_test.py`, testGRUCell: two units, all weights 0.5, inputs of 1, a state of 0.1.
#[test]
fn a_gru_gives_the_numbers_of_tensorflow() {
    for (inputs, expected) in [(2, 0.175991), (3, 0.156736)] {
        let graph = Graph::new();
        let cell = GruCell::new(2).kernel_initializer(HALF).build(&graph, inputs);
        let next = cell.step(graph.ones([1, inputs]), &graph.fill([1, 2], 0.1));
        let found = values(&graph, &next);
        assert!(found.iter().all(|f| (f64::from(*f) - expected).abs() < 1e-6), "{inputs} inputs: {found:?}");
    }
}

/// The gates are four blocks of columns in TensorFlow's order: input, new, forget, output.
#[test]
fn the_gates_of_an_lstm_are_in_the_order_of_tensorflow() {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let graph = Graph::new();
    let cell = LstmCell::new(1).forget_bias(0.25).build(&graph, 1);
    let state = LstmState { c: graph.fill([1, 1], 0.7), h: graph.fill([1, 1], -0.3) };
    let next = cell.step(graph.fill([1, 1], 1.5), &state);
    let mut session = session(&graph);
    let (kernel, bias) = (numbers(&[2, 4], 1), numbers(&[4], 2));
    session.set_variable(&cell.kernel, &kernel).unwrap();
    session.set_variable(&cell.bias, &bias).unwrap();
    let (c, h) = session.run((&next.c, &next.h), ()).unwrap();
    let (kernel, bias) = (wide(&kernel), wide(&bias));
    let [i, j, f, o] = [0, 1, 2, 3].map(|gate| 1.5 * kernel[gate] - 0.3 * kernel[4 + gate] + bias[gate]);
    let expected = 0.7 * sigmoid(f + 0.25) + sigmoid(i) * j.tanh();
    near("memory", c.as_slice().unwrap(), &[expected]);
    near("output", h.as_slice().unwrap(), &[expected.tanh() * sigmoid(o)]);
}

/// Unrolling multiplies all steps at once, and gives the bits of one step after the other; so does a loop.
#[test]
fn a_sequence_that_is_unrolled_or_scanned_is_step_after_step() {
    let graph = Graph::new();
    graph.set_random_seed(5);
    let x = graph.placeholder("x", DType::F32, [None, Some(4), Some(3)]);
    let (lstm, gru) = (LstmCell::new(5).build(&graph, 3), GruCell::new(5).build(&graph, 3));
    let (of_lstm, last) = lstm.unroll(&x, &lstm.zero_state(&x));
    let (of_gru, end) = gru.unroll(&x, &gru.zero_state(&x));
    let (mut state, mut unit) = (lstm.zero_state(&x), gru.zero_state(&x));
    let (mut lstms, mut grus) = (Vec::new(), Vec::new());
    for step in x.unstack(4, 1) {
        state = lstm.step(&step, &state);
        unit = gru.step(&step, &unit);
        lstms.push(state.h.clone());
        grus.push(unit.clone());
    }
    let (scanned, scanned_last) = lstm.scan(&x, &lstm.zero_state(&x));
    let (units, scanned_end) = gru.scan(&x, &gru.zero_state(&x));
    let pairs = [
        [scanned, graph.stack(&lstms, 1)],
        [scanned_last.c, state.c.clone()],
        [scanned_last.h, state.h.clone()],
        [units, graph.stack(&grus, 1)],
        [scanned_end, unit.clone()],
        [of_lstm, graph.stack(&lstms, 1)],
        [last.c, state.c],
        [last.h, state.h],
        [of_gru, graph.stack(&grus, 1)],
        [end, unit],
    ];
    let mut session = session(&graph);
    for batch in [1, 6] {
        for [unrolled, stepped] in &pairs {
            let fed = feeds! { x => numbers(&[batch, 4, 3], 3) };
            let (unrolled, stepped) = session.run((unrolled, stepped), fed).unwrap();
            assert_eq!(unrolled, stepped, "batch {batch}");
        }
    }
}

#[test]
fn a_dense_layer_is_a_product_a_bias_and_an_activation_over_any_axes() {
    let graph = Graph::new();
    let layer = Dense::new(2).activation(Output::relu).build(&graph, 3);
    let linear = Dense::new(2).use_bias(false).build(&graph, 3);
    let mut session = session(&graph);
    let (kernel, bias) = (numbers(&[3, 2], 1), numbers(&[2], 2));
    session.set_variable(&layer.kernel, &kernel).unwrap();
    session.set_variable(layer.bias.as_ref().unwrap(), &bias).unwrap();
    session.set_variable(&linear.kernel, &kernel).unwrap();
    assert_eq!(linear.bias, None);
    for shape in [&[4, 3][..], &[2, 2, 3], &[1, 2, 2, 3]] {
        let x = numbers(shape, 3);
        let (found, product) =
            session.run((&layer.apply(graph.constant(&x)), &linear.apply(graph.constant(&x))), ()).unwrap();
        assert_eq!(found.dims(), [&shape[..shape.len() - 1], &[2]].concat());
        let (x, kernel, bias) = (wide(&x), wide(&kernel), wide(&bias));
        let sum =
            |row: usize, unit: usize| (0..3).map(|i| x[3 * row + i] * kernel[2 * i + unit]).sum::<f64>();
        let sums: Vec<f64> = (0..8).map(|i| sum(i / 2, i % 2)).collect();
        near("product", product.as_slice().unwrap(), &sums);
        let active: Vec<f64> = sums.iter().enumerate().map(|(i, sum)| (sum + bias[i % 2]).max(0.0)).collect();
        near("layer", found.as_slice().unwrap(), &active);
    }
}

#[test]
fn a_convolution_adds_up_its_window_and_its_bias() {
    let graph = Graph::new();
    let ones = graph.ones([1, 3, 3, 2]);
    let conv = |window| {
        let layer = Conv2d::new(1, [3, 3]).window(window).kernel_initializer(HALF);
        layer
            .bias_initializer(Initializer::Constant(-3.0))
            .activation(Output::relu)
            .build(&graph, 2)
            .apply(&ones)
    };
    // Half of each of 2 channels: as many as there are pixels in the window, less 3.
    assert_eq!(values(&graph, &conv(Window::valid())), [6.0]);
    assert_eq!(values(&graph, &conv(Window::same())), [1.0, 3.0, 1.0, 3.0, 6.0, 3.0, 1.0, 3.0, 1.0]);
    assert_eq!(values(&graph, &conv(Window::same().strides([2, 2]))), [1.0; 4]);
}

#[test]
fn an_embedding_picks_rows() {
    let graph = Graph::new();
    let embedding = Embedding::new(4, 3).build(&graph);
    let picked = embedding.apply(graph.constant([[2, 0], [3, 3]]));
    let (table, picked) = session(&graph).run((&embedding.embeddings, &picked), ()).unwrap();
    let table = table.as_slice::<f32>().unwrap();
    let rows: Vec<f32> = [2, 0, 3, 3].into_iter().flat_map(|row| table[3 * row..][..3].to_vec()).collect();
    assert_eq!((picked.dims(), picked.as_slice::<f32>().unwrap()), (&[2, 2, 3][..], &rows[..]));
    assert!(table.iter().all(|x| x.abs() <= 0.05), "{table:?}");
}

#[test]
fn vectors_are_normalized_one_by_one() {
    let graph = Graph::new();
    let norm = LayerNorm::new().build(&graph, 4);
    let x = numbers(&[2, 3, 4], 1);
    let y = norm.apply(graph.constant(&x));
    let mut session = session(&graph);
    let (gamma, beta) = (numbers(&[4], 2), numbers(&[4], 3));
    session.set_variable(&norm.gamma, &gamma).unwrap();
    session.set_variable(&norm.beta, &beta).unwrap();
    let found = session.run(&y, ()).unwrap();
    let (x, gamma, beta) = (wide(&x), wide(&gamma), wide(&beta));
    let normal = |vector: &[f64]| -> Vec<f64> {
        let mean = vector.iter().sum::<f64>() / 4.0;
        let variance = vector.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4.0;
        let scaled = |(i, x): (usize, &f64)| (x - mean) / (variance + 1e-3).sqrt() * gamma[i] + beta[i];
        vector.iter().enumerate().map(scaled).collect()
    };
    let expected: Vec<f64> = x.chunks(4).flat_map(normal).collect();
    near("layer", found.as_slice().unwrap(), &expected);
}

/// `softmax(q k / sqrt(size)) v` of each head, with and without a mask, queries and memory of other lengths.
#[test]
fn attention_is_a_mean_of_values_weighted_by_the_softmax_of_products() {
    let (batch, queries, keys, heads, size, width) = (2, 3, 4, 2, 3, 5);
    let graph = Graph::new();
    graph.set_random_seed(1);
    let layer = Attention::new(heads).head_size(size).build(&graph, width);
    let x = graph.placeholder("x", DType::F32, [None, None, Some(width)]);
    let memory = graph.placeholder("memory", DType::F32, [None, None, Some(width)]);
    let mask = graph.placeholder("mask", DType::Bool, [None, None, None]);
    let row = graph.constant([true, false, true, true]);
    let results = [
        ("none", layer.apply(&x, &memory, None)),
        ("full", layer.apply(&x, &memory, Some(&mask))),
        ("of keys", layer.apply(&x, &memory, Some(&row))),
    ];
    let may = |n: usize, q: usize, k: usize| !(n + 2 * q + 3 * k).is_multiple_of(4);
    let flags: Vec<bool> = (0..batch * queries * keys)
        .map(|i| may(i / (queries * keys), i / keys % queries, i % keys))
        .collect();
    let mut session = session(&graph);
    for (i, variable) in layer.variables().iter().enumerate() {
        let shape = variable.shape().known().unwrap();
        session.set_variable(variable, &numbers(&shape, 10 + i)).unwrap();
    }
    let all = session.run(layer.variables(), ()).unwrap();
    let variables: Vec<Vec<f64>> = all.iter().map(wide).collect();
    let (x_fed, memory_fed) = (numbers(&[batch, queries, width], 1), numbers(&[batch, keys, width], 2));
    let (xs, ms) = (wide(&x_fed), wide(&memory_fed));
    let inner = heads * size;
    let project = |rows: &[f64], which: usize, from: usize, to: usize| -> Vec<f64> {
        let (kernel, bias) = (&variables[2 * which], &variables[2 * which + 1]);
        let row = |row: &[f64]| -> Vec<f64> {
            (0..to).map(|o| bias[o] + (0..from).map(|i| row[i] * kernel[i * to + o]).sum::<f64>()).collect()
        };
        rows.chunks(from).flat_map(row).collect()
    };
    let (q, k, v) =
        (project(&xs, 0, width, inner), project(&ms, 1, width, inner), project(&ms, 2, width, inner));
    for (what, result) in results {
        let allowed = |n: usize, q: usize, k: usize| match what {
            "none" => true,
            "full" => may(n, q, k),
            _ => k != 1,
        };
        let mut taken = vec![0.0; batch * queries * inner];
        for (n, i, h) in
            (0..batch * queries * heads).map(|j| (j / (queries * heads), j / heads % queries, j % heads))
        {
            let at = |row: usize, s: usize| row * inner + h * size + s;
            let score = |j: usize| {
                let dot: f64 = (0..size).map(|s| q[at(n * queries + i, s)] * k[at(n * keys + j, s)]).sum();
                if allowed(n, i, j) { (dot / (size as f64).sqrt()).exp() } else { 0.0 }
            };
            let total: f64 = (0..keys).map(score).sum();
            for s in 0..size {
                let mean: f64 = (0..keys).map(|j| score(j) / total * v[at(n * keys + j, s)]).sum();
                taken[at(n * queries + i, s)] = mean;
            }
        }
        let fed = feeds! {
            x => x_fed.clone(),
            memory => memory_fed.clone(),
            mask => Tensor::from_vec([batch, queries, keys], flags.clone()).unwrap(),
        };
        let needs_mask = what == "full";
        let fed = if needs_mask {
            fed
        } else {
            feeds! { x => x_fed.clone(), memory => memory_fed.clone() }
        };
        let found = session.run(&result, fed).unwrap();
        near(what, found.as_slice().unwrap(), &project(&taken, 3, inner, width));
    }
}

/// A query that may attend to no key has no NaN: it attends to all equally.
#[test]
fn a_query_without_keys_attends_to_all_equally() {
    let graph = Graph::new();
    let layer = Attention::new(1).use_bias(false).build(&graph, 2);
    let memory = graph.constant(numbers(&[1, 3, 2], 1));
    let x = graph.constant(numbers(&[1, 1, 2], 2));
    let masked = layer.apply(&x, &memory, Some(&graph.constant([false, false, false])));
    // Attention of a query of 0 is to all equally, too.
    let uniform = layer.apply(x.zeros_like(), &memory, None);
    assert_eq!(values(&graph, &masked), values(&graph, &uniform));
}

/// Over a batch while it is trained, by moving averages otherwise; these move while it is trained alone.
#[test]
fn batch_normalization_has_two_modes_and_moves_in_one() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None, Some(2)]);
    let training = graph.placeholder("training", DType::Bool, ());
    let norm = BatchNormalization::new().build(&graph, 2);
    let (y, update) = norm.apply(&x, &training);
    let predicted = norm.predict(&x);
    let mut session = session(&graph);
    let (gamma, beta) = ([1.5_f64, -0.5], [0.25_f64, 2.0]);
    let set = |session: &mut Session, variable: &minutia_graph::Variable, values: [f64; 2]| {
        session.set_variable(variable, &Tensor::from(values.map(|x| x as f32))).unwrap();
    };
    set(&mut session, norm.gamma.as_ref().unwrap(), gamma);
    set(&mut session, norm.beta.as_ref().unwrap(), beta);
    let (mut means, mut variances) = ([0.0_f64; 2], [1.0_f64; 2]);
    for (step, flag) in [(1, true), (2, false), (3, true)] {
        let rows = 3 + step;
        let batch = numbers(&[rows, 2], step);
        let fed = feeds! { x => batch.clone(), training => flag };
        let (found, by_averages, ()) = session.run((&y, &predicted, &update), fed).unwrap();
        let batch = wide(&batch);
        let mut expected = vec![0.0; batch.len()];
        let mut by_moving = expected.clone();
        for c in 0..2 {
            let column: Vec<f64> = batch.iter().skip(c).step_by(2).copied().collect();
            let mean = column.iter().sum::<f64>() / rows as f64;
            let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
            let normal = |x: f64, [m, v]: [f64; 2]| (x - m) / (v + 1e-3).sqrt() * gamma[c] + beta[c];
            let moving = [means[c], variances[c]];
            for (row, &number) in column.iter().enumerate() {
                expected[2 * row + c] = normal(number, if flag { [mean, variance] } else { moving });
                by_moving[2 * row + c] = normal(number, moving);
            }
            if flag {
                means[c] += (mean - means[c]) * 0.01;
                variances[c] += (variance - variances[c]) * 0.01;
            }
        }
        near(&format!("step {step}"), found.as_slice().unwrap(), &expected);
        near(&format!("step {step}, predicted"), by_averages.as_slice().unwrap(), &by_moving);
        let moved = session.run((&norm.moving_mean, &norm.moving_variance), ()).unwrap();
        near(&format!("mean after step {step}"), moved.0.as_slice().unwrap(), &means);
        near(&format!("variance after step {step}"), moved.1.as_slice().unwrap(), &variances);
    }
}

/// TensorFlow's fused kernel, which `tf.layers` takes for images, hands the moving average a variance that is
/// corrected for its degree of freedom.
#[test]
fn the_moving_variance_of_images_is_unbiased() {
    for (shape, expected) in [([4, 1, 1, 1], 5.0 / 3.0), ([1, 2, 2, 1], 5.0 / 3.0), ([1, 1, 1, 1], 0.0)] {
        let graph = Graph::new();
        let count: usize = shape.iter().product();
        let images = Tensor::from_vec(shape, (0..count).map(|i| i as f32).collect::<Vec<f32>>()).unwrap();
        let norm = BatchNormalization::new().momentum(0.0).build(&graph, 1);
        let (_, update) = norm.apply(graph.constant(images), graph.constant(true));
        let mut session = session(&graph);
        session.run(&update, ()).unwrap();
        let variance = session.run(&norm.moving_variance, ()).unwrap();
        near(&format!("{shape:?}"), variance.as_slice().unwrap(), &[expected]);
    }
}
