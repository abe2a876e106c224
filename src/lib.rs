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
//! session.run(graph.global_variables_initializer(), feeds! {})?;
//! let mut step = session.make_callable((&train, &loss), feeds! {})?;
//! for _ in 0..1000 {
//!     step.run()?;
//! }
//! assert!(step.value::<f32>(&loss)? < 1e-6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use minutia_datasets as datasets;
pub use minutia_graph as graph;
pub use minutia_optim as optim;
pub use minutia_tensor as tensor;
pub use minutia_viz as viz;

/// What most programs need.
pub mod prelude {
    pub use minutia_graph::{
        Callable, DType, Device, Graph, Operation, Output, Saver, Session, Tensor, Variable, feeds,
    };
    pub use minutia_optim::{Adagrad, Adam, GradientDescent, Momentum, Optimizer, RmsProp};
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
