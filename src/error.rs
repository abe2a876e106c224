/// What can go wrong in any of the layers. Each layer's own error becomes one with `?`, and says what it says
/// alone.
///
/// ```
/// use minutia::prelude::*;
///
/// fn minimum() -> minutia::Result<f32> {
///     let graph = Graph::new();
///     let x = graph.variable("x", 3.0_f32);
///     let train = GradientDescent::new(0.25).minimize((&x - 1.0).square())?; // an optimizer's error
///     let mut session = Session::new(&graph, &Device::cpu()?)?; // a device's, the graph's
///     session.run(graph.global_variables_initializer(), ())?;
///     for _ in 0..50 {
///         session.run(&train, ())?;
///     }
///     Ok(session.run(&x, ())?.value()?)
/// }
/// assert_eq!(minimum()?, 1.0);
///
/// let nothing = GradientDescent::new(0.25).minimize(Graph::new().constant(1.0_f32).with_name("loss"));
/// let error = minutia::Error::from(nothing.unwrap_err());
/// assert!(error.to_string().starts_with("loss 'loss' has no variable to train"));
/// # Ok::<(), minutia::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor, a program or a device.
    #[error(transparent)]
    Tensor(#[from] minutia_tensor::Error),
    /// A graph, while it is built, run or saved.
    #[error(transparent)]
    Graph(#[from] minutia_graph::Error),
    /// An optimizer.
    #[error(transparent)]
    Optim(#[from] minutia_optim::Error),
    /// A data set.
    #[cfg(feature = "datasets")]
    #[error(transparent)]
    Datasets(#[from] minutia_datasets::Error),
    /// A file of another program's format.
    #[cfg(feature = "interchange")]
    #[error(transparent)]
    Interchange(#[from] minutia_interchange::Error),
    /// A figure.
    #[cfg(feature = "viz")]
    #[error(transparent)]
    Viz(#[from] minutia_viz::Error),
    /// A file that a program reads or writes beside all of these, such as a figure's.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What most functions of a program with minutia return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        graph::Graph,
        optim::{GradientDescent, Optimizer},
        tensor::Tensor,
    };

    #[test]
    fn the_error_of_each_layer_becomes_one_and_says_the_same() {
        let graph = Graph::new();
        let layers: Vec<(Result<()>, &str)> = vec![
            (Tensor::from_vec([2], vec![1.0_f32]).map(drop).map_err(Error::from), "shape [2] holds"),
            (graph.get("y").map(drop).map_err(Error::from), "the graph has no node 'y'"),
            (
                GradientDescent::new(0.1).apply_gradients(&[]).map(drop).map_err(Error::from),
                "GradientDescent:",
            ),
            #[cfg(feature = "datasets")]
            (crate::datasets::mnist::load("no such folder").map(drop).map_err(Error::from), "no such folder"),
            #[cfg(feature = "interchange")]
            (crate::interchange::npz::read("no such file").map(drop).map_err(Error::from), "no such file"),
            #[cfg(feature = "viz")]
            (crate::viz::HeatMap::new(2, 2, &[0.0]).map(drop).map_err(Error::from), "a heat map has 1"),
            (Err(Error::from(std::io::Error::other("the disk is full"))), "the disk is full"),
        ];
        for (layer, text) in layers {
            let error = layer.unwrap_err();
            assert!(error.to_string().starts_with(text), "{error}");
        }
    }
}
