//! How good predictions are: numbers to look at, which have no gradients. Those of a batch are functions;
//! [`Mean`] goes on over batches, as TensorFlow 1's `tf.metrics` do.
//!
//! ```
//! use minutia_graph::{DType, Device, Graph, Session, feeds};
//! use minutia_layers::metrics;
//!
//! let graph = Graph::new();
//! let logits = graph.constant([[3.0_f32, 1.0, 2.0], [0.0, 1.0, 2.0], [5.0, 6.0, 7.0]]);
//! let labels = graph.constant([0, 1, 0]);
//! let accuracy = metrics::accuracy(&labels, logits.argmax(1));
//! let of_two = metrics::top_k_accuracy(&labels, &logits, 2);
//! let matrix = metrics::confusion_matrix(&labels, logits.argmax(1), 3);
//! let mut session = Session::new(&graph, &Device::cpu()?)?;
//! let (accuracy, of_two, matrix) = session.run((&accuracy, &of_two, &matrix), ())?;
//! assert_eq!((accuracy.value::<f32>()?, of_two.value::<f32>()?), (1.0 / 3.0, 2.0 / 3.0));
//! assert_eq!(matrix.as_slice::<i32>()?, [1, 0, 1, 0, 0, 1, 0, 0, 0]);
//! # Ok::<(), minutia_graph::Error>(())
//! ```

use minutia_graph::{DType, Graph, Operation, Output, Variable};

/// The share of predicted classes that are the label's; both are `i32` of one shape.
#[track_caller]
#[must_use]
pub fn accuracy(labels: impl AsRef<Output>, predictions: impl AsRef<Output>) -> Output {
    let (labels, predictions) = (labels.as_ref(), predictions.as_ref());
    let _scope = labels.graph().name_scope("accuracy");
    // No broadcasting: a column beside a row would be compared with all of it.
    predictions.reshape_like(labels).equal(labels).cast(DType::F32).reduce_mean(..)
}

/// The share of labels, `i32` of `[..]`, that are among the `k` likeliest classes by predictions `[..,
/// classes]`, logits or probabilities; see [`Output::in_top_k`].
#[doc(alias = "top_k_categorical_accuracy")]
#[track_caller]
#[must_use]
pub fn top_k_accuracy(labels: impl AsRef<Output>, predictions: impl AsRef<Output>, k: usize) -> Output {
    let predictions = predictions.as_ref();
    let _scope = predictions.graph().name_scope("top_k_accuracy");
    predictions.in_top_k(labels, k).cast(DType::F32).reduce_mean(..)
}

/// How often each class was taken for each: `i32` of `[classes, classes]`, with labels as rows and
/// predictions as columns. Both are `i32` vectors. A label that is no class is an error of the run; a
/// prediction that is none counts nowhere. Counts are exact up to 2^24.
#[track_caller]
#[must_use]
pub fn confusion_matrix(
    labels: impl AsRef<Output>,
    predictions: impl AsRef<Output>,
    classes: usize,
) -> Output {
    let (labels, predictions) = (labels.as_ref(), predictions.as_ref());
    let _scope = labels.graph().name_scope("confusion_matrix");
    predictions.one_hot(classes).unsorted_segment_sum(labels, classes).cast(DType::I32)
}

/// A mean over batches, such as that of the accuracy over a test set that is read in parts: TensorFlow 1's
/// `tf.metrics.mean`.
///
/// ```
/// use minutia_graph::{DType, Device, Graph, Session, feeds};
/// use minutia_layers::metrics::Mean;
///
/// let graph = Graph::new();
/// let hits = graph.placeholder("hits", DType::Bool, [None]);
/// let mean = Mean::new(&graph);
/// let update = mean.update(&hits);
/// let value = mean.value();
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// session.run(graph.global_variables_initializer(), ())?;
/// session.run(&update, feeds! { hits => [true, true, false] })?;
/// session.run(&update, feeds! { hits => [false] })?;
/// assert_eq!(session.run(&value, ())?.value::<f32>()?, 0.5);
/// session.run(mean.initializer(), ())?; // before the next test
/// assert_eq!(session.run(&value, ())?.value::<f32>()?, 0.0);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mean {
    /// The sum of all values.
    pub total: Variable,
    /// How many values there were; exact up to 2^24.
    pub count: Variable,
}

impl Mean {
    /// A mean of nothing yet. Its variables are in a scope `mean`, and not trained.
    #[track_caller]
    #[must_use]
    pub fn new(graph: &Graph) -> Mean {
        let _outside = graph.outside_control_dependencies();
        let _scope = graph.name_scope("mean");
        let total = graph.untrainable_variable("total", 0.0_f32);
        Mean { total, count: graph.untrainable_variable("count", 0.0_f32) }
    }

    /// Adds the elements of a tensor, which are cast to `f32`. The result is the mean with them.
    #[track_caller]
    #[must_use = "it is an operation that must be run"]
    pub fn update(&self, values: impl AsRef<Output>) -> Output {
        let values = values.as_ref();
        let _scope = values.graph().name_scope("mean_update");
        let count = self.count.assign_add(values.size().cast(DType::F32));
        let total = self.total.assign_add(values.cast(DType::F32).reduce_sum(..));
        total / count.maximum(1.0)
    }

    /// The mean of all values so far, as the run found them; 0 where there are none.
    #[track_caller]
    #[must_use]
    pub fn value(&self) -> Output {
        &self.total / self.count.maximum(1.0)
    }

    /// The operation that forgets all values.
    #[track_caller]
    #[must_use = "it is an operation that must be run"]
    pub fn initializer(&self) -> Operation {
        self.total.graph().group([self.total.initializer(), self.count.initializer()])
    }
}
