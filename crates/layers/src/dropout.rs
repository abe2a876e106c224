use minutia_graph::Output;

/// Elements that are left out at random while a network is trained (Srivastava et al., 2014): TensorFlow 1's
/// `tf.layers.Dropout`. It has no variables, and needs not be built.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// use minutia_layers::Dropout;
///
/// let graph = Graph::new();
/// let training = graph.placeholder("training", DType::Bool, ());
/// let y = Dropout::new(0.5).apply(graph.ones([100]), &training);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// let dropped = session.run(&y, feeds! { training => true })?;
/// assert!(dropped.as_slice::<f32>()?.iter().all(|y| [0.0, 2.0].contains(y)));
/// let all = session.run(&y, feeds! { training => false })?;
/// assert_eq!(all.as_slice::<f32>()?, [1.0; 100]);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    rate: f32,
}

impl Dropout {
    /// With this share of elements left out, from 0 to less than 1: TensorFlow's `rate`, and 1 less its
    /// `keep_prob`. Another number is an error of what [`apply`](Dropout::apply) gives.
    #[must_use]
    pub fn new(rate: f32) -> Dropout {
        Dropout { rate }
    }

    /// Where `training`, a `bool` scalar that may be fed, is true: zeros in the place of some elements,
    /// chosen anew in each run, and the others times `1 / (1 - rate)`. Else the tensor as it is.
    #[track_caller]
    #[must_use]
    pub fn apply(&self, x: impl AsRef<Output>, training: impl AsRef<Output>) -> Output {
        x.as_ref().dropout_in_training(self.rate, training)
    }
}
