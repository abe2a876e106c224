use super::{strided_slice::fits, take_along::expect_few, *};
use crate::conformance::numbers;
use minutia_tensor::{Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Slices of a tensor by the indices of their first axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatherNd;

impl Output {
    /// The elements or slices that the rows of `indices` (`i32`, `[.., d]`) name by their place along the
    /// first `d` axes: `[.., rest of the axes]`. An index outside its axis is an error of the run, which
    /// names the node. Gradient: each slice of `g` is added to the one that its index names, in the order of
    /// the indices; the others get 0.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[1, 2], [3, 4], [5, 6]]);
    /// let picked = x.gather_nd(graph.constant([[2, 0], [0, 1]]));
    /// assert_eq!(session.run(picked, ())?.as_slice::<i32>()?, [5, 2]);
    /// let rows = x.gather_nd(graph.constant([[1]]));
    /// assert_eq!(session.run(rows, ())?.as_slice::<i32>()?, [3, 4]);
    /// let outside = session.run(x.gather_nd(graph.constant([[0, 2]])), ());
    /// assert!(outside.unwrap_err().to_string().contains("index 2"));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn gather_nd(&self, indices: impl AsRef<Output>) -> Output {
        self.apply(GatherNd, &[indices.as_ref()])
    }
}

/// The positions that indices name in the first axes of a tensor of these extents, walked as one, and the
/// extents of what is taken there, behind the number of positions.
fn positions(l: &mut Lowering, indices: &View, dims: &[usize]) -> (View, Vec<usize>) {
    let last = indices.dims.len() - 1;
    let depth = indices.dims[last];
    let component = |c: usize| {
        let (mut begin, mut size) = (vec![0; last + 1], indices.dims.clone());
        (begin[last], size[last]) = (c, 1);
        indices.slice(&begin, &size).squeeze(last)
    };
    let components: Vec<View> = (0..depth).map(component).collect();
    let flat = l.flat_indices(&components, &dims[..depth]);
    let count = Shape::from(&dims[..depth]).elements();
    (flat, [&[count], &dims[depth..]].concat())
}

impl Op for GatherNd {
    fn name(&self) -> &'static str {
        "GatherNd"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x, indices] = arity(inputs)?;
        if indices.dtype != DType::I32 {
            return Err(Mismatch::new(format!("indices are i32, not {}", indices.dtype)).hint("cast them"));
        }
        let rank = x.shape.len();
        let Some((&depth, outer)) = indices.shape.split_last() else {
            return Err(Mismatch::new("a scalar is no list of indices").hint("give [.., d], for d axes"));
        };
        let depth = depth.ok_or_else(|| {
            Mismatch::new("the last extent of the indices is not known before the run")
                .hint("declare it: it says how many axes the indices name")
        })?;
        if depth == 0 || depth > rank {
            return Err(Mismatch::new(format!("indices of {depth} axes for a tensor of rank {rank}"))
                .hint("the last extent of the indices is the number of axes that they name, at least 1"));
        }
        expect_few(&x.shape)?;
        Ok(Signature::new(x.dtype, [outer, &x.shape[depth..]].concat()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.apply(GatherNdGradient, &[&at.inputs[1], &at.inputs[0]])), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let (flat, dims) = positions(l, &inputs[1], &inputs[0].dims);
        let table = l.reshape(&inputs[0], &dims);
        l.gather(&table, &flat)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("GatherNd", "Output::gather_nd")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, x: Tensor, indices: Tensor| {
            Sample::new(label, vec![x], move |g, x| x[0].gather_nd(g.constant(&indices)))
        };
        vec![
            sample("elements", numbers([3, 2], -1.0, 1.0), Tensor::from([[0, 1], [2, 0], [0, 1]])),
            sample("rows", numbers([3, 2], -1.0, 1.0), Tensor::from([[2], [2]])),
            sample("slices", numbers([2, 3, 2], -1.0, 1.0), Tensor::from([[1, 2], [0, 0], [1, 2]])),
            sample("bool", Tensor::from([true, false]), Tensor::from([[1], [0], [0]])).not_differentiable(),
        ]
    }
}

/// Zeros in the shape of the third input, to whose slices those of the first are added where the second,
/// `i32`, says: the gradient of [`GatherNd`]. What one slice gets is added in the order of the indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatherNdGradient;

impl Op for GatherNdGradient {
    fn name(&self) -> &'static str {
        "GatherNdGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [updates, indices, x] = arity(inputs)?;
        expect_dtype(updates.dtype, &[DType::F32])?;
        let picked = GatherNd.infer(&[x.clone(), indices.clone()])?;
        if !fits(&picked.shape, &updates.shape) {
            return Err(Mismatch::new(format!("{updates} is not what {indices} names of {x}")));
        }
        Ok(Signature::new(DType::F32, x.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.gather_nd(&at.inputs[1])), None, None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let (flat, dims) = positions(l, &inputs[1], &inputs[2].dims);
        let sums = l.scatter_add(&inputs[0], &flat, &dims);
        l.reshape(&sums, &inputs[2].dims)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("GatherNdGrad", "gradient of GatherNd")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, updates: &[usize], indices: Tensor, x: &[usize]| {
            let inputs = vec![numbers(updates, -1.0, 1.0), numbers(x, -1.0, 1.0)];
            Sample::new(label, inputs, move |g, x| {
                x[0].apply(GatherNdGradient, &[&g.constant(&indices), &x[1]])
            })
        };
        vec![
            sample("elements", &[3], Tensor::from([[0, 1], [2, 0], [0, 1]]), &[3, 2]),
            sample("slices", &[2, 2], Tensor::from([[1, 2], [1, 2]]), &[2, 3, 2]),
        ]
    }
}
