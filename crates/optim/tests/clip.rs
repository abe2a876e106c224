//! Clipping by norms: values and gradients at the edges.

use minutia_graph::{DType, Device, Graph, Session, Tensor, feeds};
use minutia_optim::{clip_by_global_norm, clip_by_norm};

/// The clipped tensor, and the gradient of the sum of its elements, each times a weight.
fn clipped(t: &[f32], norm: f32, weights: &[f32]) -> [Vec<f32>; 2] {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [t.len()]);
    let y = clip_by_norm(&x, norm);
    let weights = Tensor::from_vec([weights.len()], weights.to_vec()).unwrap();
    let gradients = graph.gradients(&(&y * graph.constant(weights)), &[&x]).unwrap();
    let gradient = gradients[0].clone().expect("a gradient");
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let fed = feeds! { x => Tensor::from_vec([t.len()], t.to_vec()).unwrap() };
    let (y, gradient) = session.run((&y, &gradient), fed).unwrap();
    [y, gradient].map(|t| t.as_slice::<f32>().unwrap().to_vec())
}

fn near(found: &[f32], expected: &[f32]) -> bool {
    let near = |(f, e): (&f32, &f32)| (f - e).abs() <= 2e-6 || f.is_nan() && e.is_nan();
    found.len() == expected.len() && found.iter().zip(expected).all(near)
}

#[test]
fn a_tensor_is_clipped_by_its_norm() {
    let nan = f32::NAN;
    let rows: [(&str, [&[f32]; 4]); 5] = [
        (
            "TensorFlow 2.21",
            [
                &[-1.634, -1.31, -0.85, 1.013],
                &[-0.722, -1.688, 0.046, 0.001],
                &[-0.659_712_2, -0.528_900_2, -0.343_179_55, 0.408_989_28],
                &[0.069_065_66, -0.392_443_24, 0.206_137_24, -0.223_129_81],
            ],
        ),
        ("at 0 it is the tensor", [&[0.0; 3], &[1.0; 3], &[0.0; 3], &[1.0; 3]]),
        ("and where squares underflow", [&[1e-30, 0.0, 0.0], &[1.0; 3], &[1e-30, 0.0, 0.0], &[1.0; 3]]),
        ("a norm that overflows is told", [&[1e30, 1.0], &[1.0; 2], &[nan; 2], &[nan; 2]]),
        ("and so is an infinite element", [&[f32::INFINITY, 1.0], &[1.0; 2], &[nan; 2], &[nan; 2]]),
    ];
    for (says, [t, weights, value, gradient]) in rows {
        let [found, slope] = clipped(t, 1.0, weights);
        assert!(near(&found, value), "{says}: {found:?}, not {value:?}");
        assert!(near(&slope, gradient), "{says}: the gradient is {slope:?}, not {gradient:?}");
    }
}

#[test]
fn a_global_norm_that_overflows_makes_all_elements_nan() {
    for (says, huge) in [("squares that overflow", 1e30), ("an infinity", f32::INFINITY), ("a NaN", f32::NAN)]
    {
        let graph = Graph::new();
        let x = graph.placeholder("x", DType::F32, [2]);
        let tensors = [x.clone(), graph.constant([2.0_f32])];
        let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        let clipped = session.run(&clip_by_global_norm(&tensors, 1.0), feeds! { x => [huge, 1.0] }).unwrap();
        let all = clipped.iter().flat_map(|t| t.as_slice::<f32>().unwrap().to_vec()).collect::<Vec<_>>();
        assert!(near(&all, &[f32::NAN; 3]), "{says}: {all:?}");
    }
}
