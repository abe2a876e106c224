use super::*;
use crate::conformance::numbers;
use minutia_tensor::program::ReduceOp;

/// Changes of shape that follow another tensor's, which may be known only when the graph runs. Gradients are
/// made of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Like {
    /// Sums over the axes along which the other shape was stretched.
    Sum,
    /// Stretches to the other shape.
    Broadcast,
    /// The same elements in the other shape.
    Reshape,
}

by_name::names! { Like { Sum, Broadcast, Reshape } }

impl Output {
    /// Sums over the axes that broadcasting `other` to this shape would stretch: the gradient of
    /// broadcasting.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (row, matrix) = (graph.constant([1.0_f32, 2.0]), graph.ones([3, 2]));
    /// assert_eq!(session.run(matrix.sum_like(&row), ())?.as_slice::<f32>()?, [3.0, 3.0]);
    /// assert_eq!(row.broadcast_like(&matrix).shape(), matrix.shape());
    /// assert_eq!(row.reshape_like(&graph.zeros([2, 1])).shape().to_string(), "[2, 1]");
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sum_like(&self, other: &Output) -> Output {
        self.unless_same(Like::Sum, other)
    }

    /// Broadcasts to the shape of another tensor. Gradient: [`sum_like`](Output::sum_like), which has an
    /// example.
    #[track_caller]
    #[must_use]
    pub fn broadcast_like(&self, other: &Output) -> Output {
        self.unless_same(Like::Broadcast, other)
    }

    /// The same elements, in row-major order, in the shape of another tensor. See
    /// [`sum_like`](Output::sum_like).
    #[track_caller]
    #[must_use]
    pub fn reshape_like(&self, other: &Output) -> Output {
        self.unless_same(Like::Reshape, other)
    }

    /// Zeros of this shape, of type `f32`.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1, 2]);
    /// let (zeros, ones) = session.run((x.zeros_like(), x.ones_like()), ())?;
    /// assert_eq!((zeros.as_slice::<f32>()?, ones.as_slice::<f32>()?), (&[0.0, 0.0][..], &[1.0, 1.0][..]));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn zeros_like(&self) -> Output {
        self.graph.constant(0.0_f32).broadcast_like(self)
    }

    /// Ones of this shape, of type `f32`; see [`zeros_like`](Output::zeros_like).
    #[track_caller]
    #[must_use]
    pub fn ones_like(&self) -> Output {
        self.graph.constant(1.0_f32).broadcast_like(self)
    }

    /// A node only where the shapes may differ.
    #[track_caller]
    fn unless_same(&self, op: Like, other: &Output) -> Output {
        let (own, wanted) = (self.shape(), other.shape());
        if own == wanted && own.known().is_some() { self.clone() } else { self.apply(op, &[other]) }
    }
}

impl Op for Like {
    fn name(&self) -> &'static str {
        match self {
            Like::Sum => "SumLike",
            Like::Broadcast => "BroadcastLike",
            Like::Reshape => "ReshapeLike",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x, like] = arity(inputs)?;
        match self {
            Like::Sum => {
                expect_dtype(x.dtype, &[DType::F32, DType::I32])?;
                let wide = broadcast(&[x, like])?;
                let grown = wide.known().zip(x.shape.known()).is_some_and(|(a, b)| a != b);
                if wide.len() != x.shape.len() || grown {
                    return Err(Mismatch::new(format!("{} is not broadcast to {}", like.shape, x.shape)));
                }
            }
            Like::Broadcast => {
                let wide = broadcast(&[x, like])?;
                let grown = wide.known().zip(like.shape.known()).is_some_and(|(a, b)| a != b);
                if wide.len() != like.shape.len() || grown {
                    return Err(Mismatch::new(format!("{} does not broadcast to {}", x.shape, like.shape)));
                }
            }
            Like::Reshape => {
                let counts = x.shape.known().zip(like.shape.known());
                if counts.is_some_and(|(a, b)| a.elements() != b.elements()) {
                    return Err(Mismatch::new(format!(
                        "{} has another number of elements than {}",
                        x.shape, like.shape
                    )));
                }
            }
        }
        Ok(Signature::new(x.dtype, like.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (x, g) = (&at.inputs[0], &at.grad);
        let gradient = match self {
            Like::Sum => g.broadcast_like(x),
            Like::Broadcast => g.sum_like(x),
            Like::Reshape => g.reshape_like(x),
        };
        Ok(vec![Some(gradient), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let (x, dims) = (&inputs[0], &inputs[1].dims);
        match self {
            Like::Broadcast => x.broadcast(dims),
            Like::Reshape => l.reshape(x, dims),
            Like::Sum => {
                let missing = x.dims.len() - dims.len();
                let stretched = |&a: &usize| a < missing || dims[a - missing] != x.dims[a];
                let axes: Vec<usize> = (0..x.dims.len()).filter(stretched).collect();
                if axes.is_empty() {
                    return x.clone();
                }
                let sum = l.reduce(ReduceOp::Sum, x, &axes);
                l.reshape(&sum, dims)
            }
        }
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("SumLike", "Output::sum_like"),
            ("BroadcastLike", "Output::broadcast_like Output::zeros_like Output::ones_like"),
            ("ReshapeLike", "Output::reshape_like"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let sample = |op: Like, from: &[usize], like: &[usize]| {
            let inputs = vec![numbers(from, -1.0, 1.0), numbers(like, -1.0, 1.0)];
            Sample::new(format!("{op:?} {from:?} {like:?}"), inputs, move |_, x| x[0].apply(op, &[&x[1]]))
        };
        vec![
            sample(Like::Sum, &[3, 4], &[4]),
            sample(Like::Sum, &[3, 4], &[3, 1]).row_wise(),
            sample(Like::Sum, &[2, 3], &[]),
            sample(Like::Sum, &[2, 3], &[2, 3]).row_wise(),
            sample(Like::Broadcast, &[4], &[3, 4]),
            sample(Like::Broadcast, &[3, 1], &[3, 4]).row_wise(),
            sample(Like::Reshape, &[3, 4], &[2, 6]),
            sample(Like::Reshape, &[4, 3, 2], &[4, 6]).row_wise(),
        ]
    }
}
