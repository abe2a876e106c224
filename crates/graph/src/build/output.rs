use crate::{
    DType, Error, Graph, PartialShape, Signature, SourceLine, build::node::NodeId, ops::constant::Constant,
};
use minutia_tensor::Tensor;
use std::fmt;

/// A symbolic tensor: what a node will compute when the graph runs. Cloning is cheap.
///
/// Every operation is a method here, under TensorFlow's name; `+ - * / -x` work between outputs, and with
/// numbers on either side, as do `+= -= *= /=`, which leave the handle at the new node. Elementwise
/// operations broadcast.
///
/// # Elementwise operations
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// let graph = Graph::new();
/// let x = graph.constant([-1.0_f32, 0.0, 4.0]);
/// let column = graph.constant([[1.0_f32], [2.0]]);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// for (y, expected) in [
///     (x.abs(), [1.0_f32, 0.0, 4.0]),
///     (x.sign(), [-1.0, 0.0, 1.0]),
///     (x.square(), [1.0, 0.0, 16.0]),
///     (x.square().sqrt(), [1.0, 0.0, 4.0]),
///     ((x.abs() + 1.0).rsqrt().square(), [0.5, 1.0, 0.2]),
///     (x.exp().log(), [-1.0, 0.0, 4.0]),
///     (x.relu(), [0.0, 0.0, 4.0]),
///     (x.sigmoid() + (-&x).sigmoid(), [1.0, 1.0, 1.0]),
///     (x.tanh() / x.abs().tanh().maximum(1e-9), [-1.0, 0.0, 1.0]),
///     (x.minimum(1.0), [-1.0, 0.0, 1.0]),
///     (x.pow(2.0), [1.0, 0.0, 16.0]),
///     (x.xdivy(&x), [1.0, 0.0, 1.0]),
///     (x.multiply_no_nan(1.0 / &x), [1.0, 0.0, 1.0]),
/// ] {
///     let y = session.run(&y, ())?;
///     assert!(y.as_slice::<f32>()?.iter().zip(expected).all(|(y, e)| (y - e).abs() < 1e-6), "{y:?}");
/// }
/// // A column and a row broadcast to a matrix.
/// let sums = session.run(&column + &x, ())?;
/// assert_eq!((sums.dims(), sums.as_slice::<f32>()?), (&[2, 3][..], &[0.0, 1.0, 5.0, 1.0, 2.0, 6.0][..]));
/// # Ok::<(), minutia_graph::Error>(())
/// ```
///
/// # Comparisons
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// let graph = Graph::new();
/// let x = graph.constant([1, 2, 3]);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// for (y, expected) in [
///     (x.less(2), [true, false, false]),
///     (x.less_equal(2), [true, true, false]),
///     (x.greater(2), [false, false, true]),
///     (x.greater_equal(2), [false, true, true]),
///     (x.equal(2), [false, true, false]),
///     (x.not_equal(2), [true, false, true]),
///     (x.greater(1).logical_and(x.less(3)), [false, true, false]),
///     (x.less(2).logical_or(x.greater(2)), [true, false, true]),
///     (x.equal(2).logical_not(), [true, false, true]),
/// ] {
///     assert_eq!(session.run(&y, ())?.as_slice::<bool>()?, expected);
/// }
/// # Ok::<(), minutia_graph::Error>(())
/// ```
///
/// # Reductions
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// let graph = Graph::new();
/// let x = graph.constant([[1.0_f32, 2.0], [3.0, 4.0]]);
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// assert_eq!(session.run(x.reduce_sum(..), ())?.value::<f32>()?, 10.0);
/// assert_eq!(session.run(x.reduce_mean(0), ())?.as_slice::<f32>()?, [2.0, 3.0]);
/// assert_eq!(session.run(x.reduce_max(-1), ())?.as_slice::<f32>()?, [2.0, 4.0]);
/// assert_eq!(session.run(x.reduce_min([0, 1]), ())?.value::<f32>()?, 1.0);
/// assert_eq!(session.run(x.reduce_prod(1), ())?.as_slice::<f32>()?, [2.0, 12.0]);
/// assert_eq!(x.reduce_sum_keep_dims(1).shape().to_string(), "[2, 1]");
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[doc(alias = "neg")]
#[doc(alias = "negative")]
#[doc(alias = "add")]
#[doc(alias = "subtract")]
#[doc(alias = "multiply")]
#[doc(alias = "divide")]
#[derive(Clone)]
pub struct Output {
    pub(crate) graph: Graph,
    pub(crate) id: NodeId,
}

impl Output {
    /// The graph that it belongs to.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Full name, with its name scopes.
    #[must_use]
    pub fn name(&self) -> String {
        self.graph.lock().nodes[self.id].name.clone()
    }

    /// Renames the node, inside the name scope that is open now.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// let loss = graph.constant(1.0_f32).square().with_name("loss");
    /// assert_eq!((loss.name(), loss.signature().to_string()), ("loss".into(), "f32 []".into()));
    /// assert_eq!(graph.get("loss")?, loss);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use = "the handle is handed back"]
    pub fn with_name(self, name: &str) -> Output {
        self.graph.lock().rename(self.id, name, SourceLine::caller());
        self
    }

    /// Element type and shape.
    #[must_use]
    pub fn signature(&self) -> Signature {
        self.graph.lock().nodes[self.id].signature.clone()
    }

    /// Element type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.graph.lock().nodes[self.id].signature.dtype
    }

    /// Shape, as far as it is known before a run, which [`Graph::shape`] gives.
    #[must_use]
    pub fn shape(&self) -> PartialShape {
        self.signature().shape
    }

    /// The operation that only runs this node, and fetches nothing: TensorFlow's `Tensor.op`.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let v = graph.variable("v", 1.0_f32);
    /// let (read, count) = (v.read_value(), v.assign_add(1.0).operation());
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// session.run(graph.global_variables_initializer(), ())?;
    /// let (value, ()) = session.run((&read, &count), ())?;
    /// assert_eq!(value.value::<f32>()?, 1.0);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation(self.clone())
    }

    /// Why this node cannot run, if so.
    ///
    /// ```
    /// let graph = minutia_graph::Graph::new();
    /// let wrong = graph.zeros([2, 3]).matmul(graph.zeros([2, 3]));
    /// assert!(wrong.square().check().unwrap_err().to_string().starts_with("MatMul"));
    /// ```
    ///
    /// # Errors
    /// The first error among this node and what it depends on.
    pub fn check(&self) -> Result<(), Error> {
        self.graph.lock().nodes[self.id].error.clone().map_or(Ok(()), Err)
    }

    /// A constant of this graph, of this tensor's type where that can hold it.
    #[track_caller]
    pub(crate) fn number(&self, x: f32) -> Output {
        const LIMIT: f32 = 2_147_483_648.0;
        let value = match self.dtype() {
            DType::I32 if x.fract() == 0.0 && (-LIMIT..LIMIT).contains(&x) => Tensor::scalar(x as i32),
            _ => Tensor::scalar(x),
        };
        self.graph.add(Constant { value }, &[])
    }
}

impl PartialEq for Output {
    /// Whether both are the same node of the same graph.
    fn eq(&self, other: &Output) -> bool {
        self.id == other.id && self.graph.same(&other.graph)
    }
}

impl Eq for Output {}

impl AsRef<Operation> for Operation {
    fn as_ref(&self) -> &Operation {
        self
    }
}

impl AsRef<Output> for Output {
    fn as_ref(&self) -> &Output {
        self
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' {}", self.name(), self.signature())
    }
}

/// A node that is run for its effect: an assignment, a group, a training step. Fetching it gives `()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation(pub(crate) Output);

impl Operation {
    /// Full name.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Renames the node, inside the name scope that is open now.
    #[track_caller]
    #[must_use = "the handle is handed back"]
    pub fn with_name(self, name: &str) -> Operation {
        Operation(self.0.with_name(name))
    }

    /// The graph that it belongs to.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.0.graph
    }
}
