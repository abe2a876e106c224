//! A static computation graph that gives the same bits everywhere: this package re-exports the layers.
//!
//! ```
//! use minutia::prelude::*;
//!
//! let graph = Graph::new();
//! let a = graph.constant([[2.0_f32, 1.0], [1.0, 3.0]]);
//! let x = graph.variable("x", graph.zeros([2, 2]));
//! let identity = graph.constant([[1.0_f32, 0.0], [0.0, 1.0]]);
//! let loss = (x.matmul(&a) - &identity).square().reduce_sum(..);
//! let train = GradientDescent::new(0.05).minimize(&loss)?;
//!
//! let mut session = Session::new(&graph, &Device::cpu()?)?;
//! session.run(graph.global_variables_initializer(), ())?;
//! let mut step = session.make_callable((&train, &loss), ())?;
//! for _ in 0..1000 {
//!     step.run()?;
//! }
//! assert!(step.value::<f32>(&loss)? < 1e-6);
//! # Ok::<(), minutia::Error>(())
//! ```
//!
//! # Features
//!
//! | feature | what it adds | on by default |
//! |---|---|---|
//! | `datasets` | [`datasets`]: MNIST, CIFAR-10, built-in digits | yes |
//! | `viz` | [`viz`]: figures, with a renderer of SVG | yes |
//! | `interchange` | `interchange`: TensorBoard, TensorFlow's graphs, ONNX, npz, safetensors | no |
//! | `cuda` | sessions on NVIDIA GPUs | no |
//!
//! A library that builds graphs needs none of them: `minutia = { version = "0.1", default-features = false }`
//! brings the dependencies of `minutia-graph` and no others.

mod error;

pub use error::{Error, Result};
#[cfg(feature = "datasets")]
pub use minutia_datasets as datasets;
pub use minutia_graph as graph;
#[cfg(feature = "interchange")]
pub use minutia_interchange as interchange;
pub use minutia_layers as layers;
pub use minutia_optim as optim;
pub use minutia_tensor as tensor;
#[cfg(feature = "viz")]
pub use minutia_viz as viz;

/// What most programs need. Names of a program's own, and those that it imports one by one, win over these.
///
/// ```
/// use minutia::prelude::*;
///
/// let graph = Graph::new();
/// let w = graph.variable("w", [3.0_f32, 4.0]);
/// let step = graph.untrainable_variable("step", 0.0_f32);
/// let optimizer = GradientDescent::new(schedule::exponential_decay(&step, 1.0, 1.0, 0.5));
/// let (gradients, variables): (Vec<_>, Vec<_>) =
///     optimizer.compute_gradients(w.square().reduce_sum(Axes::from(..)), [&w])?.into_iter().unzip();
/// let clipped = clip_by_global_norm(&gradients, 5.0).into_iter().zip(variables).collect::<Vec<_>>();
/// let train = optimizer.apply_gradients(&clipped)?;
/// assert_eq!(w.shape(), PartialShape::from([2]));
///
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// session.run(&train, ())?;
/// assert_eq!(session.run(&w, ())?.as_slice::<f32>()?, [0.0, 0.0]);
/// # Ok::<(), minutia::Error>(())
/// ```
pub mod prelude {
    pub use crate::{Error, Result};
    pub use minutia_graph::{
        Axes, Callable, Checkpoint, DType, Device, Feeds, Fetch, Graph, Initial, Operand, Operation, Output,
        PadMode, PartialShape, Saver, Session, Tensor, Variable, Window, feeds,
    };
    pub use minutia_optim::{
        Adagrad, Adam, GradientDescent, Momentum, Optimizer, Rate, RmsProp, clip_by_global_norm,
        clip_by_norm, global_norm, schedule,
    };
}

/// The snippets of the documents are tests.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[cfg(all(feature = "datasets", feature = "viz"))]
    #[doc = include_str!("../docs/tutorial.md")]
    struct Tutorial;
    #[doc = include_str!("../docs/compare.md")]
    struct Compare;
    #[doc = include_str!("../docs/numeric-contract.md")]
    struct NumericContract;
    #[doc = include_str!("../docs/planner.md")]
    struct Planner;
}
