use super::{strided_slice::fits, *};
use crate::conformance::numbers;
use minutia_tensor::{Tensor, program::ReduceOp};
use serde::{Deserialize, Serialize};

/// Copies side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tile {
    pub multiples: Vec<usize>,
}

impl Output {
    /// So many copies of the tensor side by side along each axis. Gradient: the sum over the copies.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[1, 2]]);
    /// assert_eq!(session.run(x.tile([2, 2]), ())?.as_slice::<i32>()?, [1, 2, 1, 2, 1, 2, 1, 2]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "repeat")]
    #[track_caller]
    #[must_use]
    pub fn tile(&self, multiples: impl Into<Vec<usize>>) -> Output {
        self.apply(Tile { multiples: multiples.into() }, &[])
    }
}

impl Tile {
    /// The extents with an axis of copies before each, and where these axes are.
    fn split(&self, dims: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let split = self.multiples.iter().zip(dims).flat_map(|(&copies, &extent)| [copies, extent]).collect();
        (split, (0..dims.len()).map(|axis| 2 * axis).collect())
    }
}

impl Op for Tile {
    fn name(&self) -> &'static str {
        "Tile"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let (rank, given) = (x.shape.len(), self.multiples.len());
        if given != rank {
            return Err(Mismatch::new(format!("{given} multiples for a tensor of rank {rank}"))
                .hint("give one for each axis; 1 leaves an axis as it is"));
        }
        let mut dims = Vec::new();
        for (axis, (extent, &copies)) in x.shape.iter().zip(&self.multiples).enumerate() {
            let tiled = extent.map(|extent| extent.checked_mul(copies));
            if tiled == Some(None) {
                return Err(Mismatch::new(format!("axis {axis} grows too long")));
            }
            dims.push(tiled.flatten());
        }
        Ok(Signature::new(x.dtype, dims))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.apply(TileGradient(self.clone()), &[&at.inputs[0]]))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let x = &inputs[0];
        if self.multiples.iter().all(|&copies| copies == 1) {
            return x.clone();
        }
        let (split, axes) = self.split(&x.dims);
        let copies = axes.iter().fold(x.clone(), |view, &axis| view.expand(axis)).broadcast(&split);
        let dims: Vec<usize> = split.chunks_exact(2).map(|pair| pair[0] * pair[1]).collect();
        l.reshape(&copies, &dims)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Tile", "Output::tile")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |multiples: Vec<usize>, x: Tensor| {
            let label = format!("{multiples:?} of {} {}", x.dtype(), x.shape());
            Sample::new(label, vec![x], move |_, x| x[0].tile(multiples.clone()))
        };
        vec![
            sample(vec![2, 3], numbers([2, 3], -1.0, 1.0)),
            sample(vec![1, 3], numbers([2, 2], -1.0, 1.0)).row_wise(),
            sample(vec![1, 1], numbers([2, 2], -1.0, 1.0)).row_wise(),
            sample(vec![0, 2], numbers([2, 2], -1.0, 1.0)).not_differentiable(),
            sample(vec![2], Tensor::from([true, false])).not_differentiable(),
        ]
    }
}

/// The sums of the copies that the first input has of each element of the second: the gradient of [`Tile`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TileGradient(pub Tile);

impl Op for TileGradient {
    fn name(&self) -> &'static str {
        "TileGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [copies, x] = arity(inputs)?;
        expect_dtype(copies.dtype, &[DType::F32])?;
        let tiled = self.0.infer(std::slice::from_ref(x))?;
        if !fits(&copies.shape, &tiled.shape) {
            return Err(Mismatch::new(format!("{copies} is not {:?} copies of {x}", self.0.multiples)));
        }
        Ok(Signature::new(DType::F32, x.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.apply(self.0.clone(), &[])), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let (split, axes) = self.0.split(&inputs[1].dims);
        let copies = l.reshape(&inputs[0], &split);
        l.reduce(ReduceOp::Sum, &copies, &axes)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("TileGrad", "gradient of Tile")]
    }

    fn samples() -> Vec<Sample> {
        let inputs = vec![numbers([4, 9], -1.0, 1.0), numbers([2, 3], -1.0, 1.0)];
        let op = TileGradient(Tile { multiples: vec![2, 3] });
        vec![Sample::new("matrix", inputs, move |_, x| x[0].apply(op.clone(), &[&x[1]]))]
    }
}
