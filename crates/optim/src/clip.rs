use crate::{Argument, Domain, argument::refused};
use minutia_graph::{Output, Outputs};

/// Scales a tensor down to this Euclidean norm where its own is larger: `t norm / max(|t|, norm)`, as
/// TensorFlow's `clip_by_norm`. A norm beyond the range of `f32` (elements of about 1e19 and more) makes
/// every element NaN: scaled by infinity they would all be 0, and training would stand still without a word.
/// The gradient at 0 is that of `t`.
///
/// ```
/// use minutia_graph::{Device, Graph, Session, feeds};
/// let graph = Graph::new();
/// let clipped = minutia_optim::clip_by_norm(&graph.constant([3.0_f32, 4.0]), 1.0);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// assert_eq!(session.run(&clipped, feeds! {})?.as_slice::<f32>()?, [0.6, 0.8]);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn clip_by_norm(t: &Output, norm: f32) -> Output {
    let graph = t.graph();
    if let Some(refused) = refused(graph, "clip_by_norm", [Argument::new("norm", norm, Domain::Positive)]) {
        return refused;
    }
    let _scope = graph.name_scope("clip_by_norm");
    let bound = graph.constant(norm);
    let own = told(&t.square().reduce_sum(..).sqrt());
    t * &bound / own.maximum(&bound)
}

/// A norm as it is, but NaN where it overflowed: infinity times 0.
fn told(norm: &Output) -> Output {
    norm + norm * 0.0
}

/// The Euclidean norm of all elements of all tensors together, infinite where their squares add up to more
/// than `f32` can hold; `None` for no tensors.
///
/// ```
/// use minutia_graph::{Device, Graph, Session, feeds};
/// let graph = Graph::new();
/// let tensors = [graph.constant([3.0_f32, 0.0]), graph.constant(4.0_f32)];
/// let norm = minutia_optim::global_norm(&tensors).expect("there are tensors");
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// assert_eq!(session.run(&norm, feeds! {})?.value::<f32>()?, 5.0);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn global_norm(tensors: impl IntoIterator<Item = impl AsRef<Output>>) -> Option<Output> {
    let squares = tensors.into_iter().map(|t| t.as_ref().square().reduce_sum(..));
    squares.reduce(|a, b| a + b).map(|sum| sum.sqrt())
}

/// Scales all tensors by one factor, so that their [`global_norm`] is at most `norm`:
/// `t norm / max(global_norm, norm)`, as TensorFlow's `clip_by_global_norm`. As there, all elements are NaN
/// where the global norm is infinite or NaN.
///
/// ```
/// use minutia_graph::{Device, Graph, Session, feeds};
/// use minutia_optim::{GradientDescent, Optimizer, clip_by_global_norm};
///
/// let graph = Graph::new();
/// let (x, y) = (graph.variable("x", 0.0_f32), graph.variable("y", 0.0_f32));
/// let optimizer = GradientDescent::new(1.0);
/// let gradients = optimizer.compute_gradients(&(&x * 3.0 + &y * 4.0), [&x, &y])?;
/// let (gradients, variables): (Vec<_>, Vec<_>) = gradients.into_iter().unzip();
/// let clipped: Vec<_> = clip_by_global_norm(&gradients, 1.0).into_iter().zip(variables).collect();
/// let train = optimizer.apply_gradients(&clipped)?;
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), feeds! {})?;
/// session.run(&train, feeds! {})?;
/// let (x, y) = session.run((&x, &y), feeds! {})?;
/// assert_eq!((x.value::<f32>()?, y.value::<f32>()?), (-0.6, -0.8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
#[must_use]
#[doc(alias = "clip_grad_norm_")]
pub fn clip_by_global_norm<L: Outputs>(list: L, norm: f32) -> L::Each<Output> {
    let tensors = list.outputs();
    let Some(first) = tensors.first() else { return list.each(Vec::new()) };
    let graph = first.graph();
    let arguments = [Argument::new("norm", norm, Domain::Positive)];
    if let Some(refused) = refused(graph, "clip_by_global_norm", arguments) {
        return list.each(vec![refused; tensors.len()]);
    }
    let _scope = graph.name_scope("clip_by_global_norm");
    let bound = graph.constant(norm);
    let scale = global_norm(&tensors).map(|own| &bound / told(&own).maximum(&bound));
    let scaled = tensors.iter().zip(std::iter::repeat(scale)).filter_map(|(t, scale)| scale.map(|s| t * s));
    list.each(scaled.collect())
}
