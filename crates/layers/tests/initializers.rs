//! What variables begin with: the bounds and variances of TensorFlow's initializers.

use minutia_graph::{Device, Graph, Session};
use minutia_layers::{Conv2d, Dense, Initializer};

fn draw(initializer: Initializer, shape: &[usize]) -> Vec<f32> {
    let graph = Graph::new();
    graph.set_random_seed(11);
    let values = initializer.values(&graph, shape);
    assert_eq!(values.shape().known().unwrap()[..], *shape);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(&values, ()).unwrap().as_slice::<f32>().unwrap().to_vec()
}

fn moments(values: &[f32]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    [mean, values.iter().map(|&x| (f64::from(x) - mean) * (f64::from(x) - mean)).sum::<f64>() / n]
}

#[test]
fn constants_are_what_they_are_called() {
    for (initializer, expected) in
        [(Initializer::Zeros, 0.0), (Initializer::Ones, 1.0), (Initializer::Constant(-2.5), -2.5)]
    {
        assert_eq!(draw(initializer, &[2, 3]), [expected; 6]);
        assert_eq!(draw(initializer, &[]), [expected]);
    }
}

/// The variance of Glorot's and He's numbers, where the fans of a kernel are TensorFlow's: of a convolution
/// those of a whole window, of a vector its length.
#[test]
fn glorots_and_hes_numbers_have_the_variance_of_their_fans() {
    let shapes: [(&[usize], f64, f64); 4] = [
        (&[100, 300], 100.0, 300.0),
        (&[5, 5, 16, 32], 400.0, 800.0),
        (&[3, 100, 100], 300.0, 300.0),
        (&[20_000], 20_000.0, 20_000.0),
    ];
    for (shape, inputs, outputs) in shapes {
        let (glorot, he) = (2.0 / (inputs + outputs), 2.0 / inputs);
        for (initializer, variance, uniform) in [
            (Initializer::GlorotUniform, glorot, true),
            (Initializer::GlorotNormal, glorot, false),
            (Initializer::HeUniform, he, true),
            (Initializer::HeNormal, he, false),
        ] {
            let values = draw(initializer, shape);
            let [mean, found] = moments(&values);
            let what = format!("{initializer:?} {shape:?}");
            assert!(mean.abs() < 0.03 * variance.sqrt(), "{what}: mean {mean}");
            assert!((found / variance - 1.0).abs() < 0.04, "{what}: variance {found}, not {variance}");
            // A uniform distribution ends at sqrt(3) standard deviations, a normal one is cut off at 2 of its
            // own before it was cut off, which are 2 / 0.8796.
            let bound = if uniform { 3.0_f64.sqrt() } else { 2.0 / 0.879_625_661 } * variance.sqrt();
            let largest = values.iter().fold(0.0, |largest: f64, &x| largest.max(f64::from(x).abs()));
            assert!(largest <= bound * 1.000_001 && largest > 0.99 * bound, "{what}: {largest} of {bound}");
        }
    }
}

#[test]
fn named_distributions_have_their_parameters() {
    let [mean, variance] = moments(&draw(Initializer::RandomNormal { mean: 3.0, stddev: 0.5 }, &[20_000]));
    assert!((mean - 3.0).abs() < 0.02 && (variance - 0.25).abs() < 0.01, "{mean}, {variance}");
    let uniform = draw(Initializer::RandomUniform { low: -1.0, high: 3.0 }, &[20_000]);
    assert!(uniform.iter().all(|x| (-1.0..=3.0).contains(x)));
    assert!((moments(&uniform)[0] - 1.0).abs() < 0.05);
    let cut = draw(Initializer::TruncatedNormal { mean: 1.0, stddev: 0.1 }, &[20_000]);
    assert!(cut.iter().all(|x| (0.8..=1.2).contains(x)), "{:?}", moments(&cut));
}

/// Kernels of one shape differ, and each is the same in every graph: numbers depend on seed and name.
#[test]
fn kernels_depend_on_seed_and_name_alone() {
    let kernels = |seed: u64, before: bool| {
        let graph = Graph::new();
        graph.set_random_seed(seed);
        if before {
            let _other = Conv2d::new(3, [3, 3]).build(&graph, 2);
        }
        let layers = [Dense::new(4).build(&graph, 5), Dense::new(4).build(&graph, 5)];
        let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        session.run(graph.global_variables_initializer(), ()).unwrap();
        layers.map(|layer| session.run(&layer.kernel, ()).unwrap())
    };
    let [first, second] = kernels(1, false);
    assert_ne!(first, second);
    assert_eq!([first.clone(), second], kernels(1, true), "other layers do not matter");
    assert_ne!(first, kernels(2, false)[0]);
}
