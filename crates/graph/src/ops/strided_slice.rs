use super::{reverse::expect_countable, *};
use crate::conformance::numbers;
use serde::{Deserialize, Serialize};

/// Elements at even distances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StridedSlice {
    pub begin: Bounds,
    pub end: Bounds,
    pub strides: Vec<isize>,
}

/// Where a [`strided_slice`](Output::strided_slice) or a [`slice`](Output::slice) begins or ends along each
/// axis: an array or a `Vec` of numbers, or of options of which `None` stands for the whole way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds(Vec<Option<isize>>);

impl<const N: usize> From<[Option<isize>; N]> for Bounds {
    fn from(bounds: [Option<isize>; N]) -> Bounds {
        Bounds(bounds.to_vec())
    }
}

impl From<Vec<Option<isize>>> for Bounds {
    fn from(bounds: Vec<Option<isize>>) -> Bounds {
        Bounds(bounds)
    }
}

/// A bound out of reach stands for a number that does not fit: it is cut at the end of the axis.
macro_rules! bounds_of {
    ($($integer:ty)*) => { $(
        impl<const N: usize> From<[$integer; N]> for Bounds {
            fn from(bounds: [$integer; N]) -> Bounds {
                Bounds::from(bounds.to_vec())
            }
        }

        impl From<Vec<$integer>> for Bounds {
            fn from(bounds: Vec<$integer>) -> Bounds {
                let cut = |bound: $integer| isize::try_from(bound).unwrap_or(isize::MAX);
                Bounds(bounds.into_iter().map(|bound| Some(cut(bound))).collect())
            }
        }
    )* };
}

bounds_of! { i32 isize usize }

impl Bounds {
    /// Where a block begins that counts from the front alone.
    pub(super) fn beginnings(&self) -> Result<Vec<usize>, Mismatch> {
        let begin = |(axis, begin): (usize, &Option<isize>)| {
            usize::try_from(begin.unwrap_or(0)).map_err(|_| {
                let begin = begin.unwrap_or_default();
                Mismatch::new(format!("begin {begin} of axis {axis} is negative"))
                    .hint("strided_slice counts negative numbers from the end")
            })
        };
        self.0.iter().enumerate().map(begin).collect()
    }
}

impl Output {
    /// Along each axis every `strides`th element from `begin` (included) to `end` (excluded), as NumPy's
    /// `x[begin:end:stride]`: negative bounds count from behind the last element, bounds outside are cut, and
    /// a negative stride goes backwards. Axes for which nothing is given stay whole. Positive strides copy
    /// nothing. Gradient: `g` in its place among zeros.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[1, 2, 3], [4, 5, 6]]);
    /// // x[-1:, ::2]
    /// let slice = x.strided_slice([Some(-1), None], [None, None], [1, 2]);
    /// assert_eq!(session.run(slice, ())?.as_slice::<i32>()?, [4, 6]);
    /// // x[0:2, 2:0:-1]
    /// let slice = x.strided_slice([0, 2], [2, 0], [1, -1]);
    /// assert_eq!(session.run(slice, ())?.as_slice::<i32>()?, [3, 2, 6, 5]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn strided_slice(
        &self,
        begin: impl Into<Bounds>,
        end: impl Into<Bounds>,
        strides: impl Into<Vec<isize>>,
    ) -> Output {
        let (begin, end, strides) = (begin.into(), end.into(), strides.into());
        self.apply(StridedSlice { begin, end, strides }, &[])
    }
}

/// What is taken along one axis, in ascending order.
struct Span {
    first: usize,
    count: usize,
    step: usize,
    backwards: bool,
}

impl StridedSlice {
    /// What is taken of so many elements along an axis, as Python counts.
    fn span(&self, axis: usize, extent: usize) -> Span {
        let stride = self.strides.get(axis).map_or(1, |&stride| stride as i128);
        let backwards = stride < 0;
        let extent = extent as i128;
        let (low, high) = if backwards { (-1, extent - 1) } else { (0, extent) };
        let (first, last) = if backwards { (high, low) } else { (low, high) };
        let bound = |bounds: &Bounds, open: i128| {
            let counted = |bound: isize| {
                let bound = bound as i128;
                (if bound < 0 { bound + extent } else { bound }).clamp(low, high)
            };
            bounds.0.get(axis).copied().flatten().map_or(open, counted)
        };
        let (begin, end) = (bound(&self.begin, first), bound(&self.end, last));
        let step = stride.abs();
        let way = if backwards { begin - end } else { end - begin };
        let count = if way > 0 { (way - 1) / step + 1 } else { 0 };
        let lowest = if backwards { begin - (count - 1) * step } else { begin };
        Span { first: lowest.max(0) as usize, count: count as usize, step: step as usize, backwards }
    }

    fn spans(&self, dims: &[usize]) -> Vec<Span> {
        dims.iter().enumerate().map(|(axis, &extent)| self.span(axis, extent)).collect()
    }

    /// The elements as they lie, in ascending order.
    fn ascending(spans: &[Span], x: &View) -> View {
        let first: Vec<usize> = spans.iter().map(|span| span.first).collect();
        let reach = |span: &Span| span.count.checked_sub(1).map_or(0, |n| n * span.step + 1);
        let block = x.slice(&first, &spans.iter().map(reach).collect::<Vec<_>>());
        spans.iter().enumerate().fold(block, |view, (axis, span)| view.every(axis, span.step))
    }

    /// Turns the axes that go backwards.
    fn turned(l: &mut Lowering, spans: &[Span], view: View) -> View {
        let backwards = spans.iter().enumerate().filter(|(_, span)| span.backwards);
        backwards.fold(view, |view, (axis, _)| l.reverse(&view, axis))
    }
}

impl Op for StridedSlice {
    fn name(&self) -> &'static str {
        "StridedSlice"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let (rank, given) = (x.shape.len(), self.strides.len());
        if self.begin.0.len() != given || self.end.0.len() != given || given > rank {
            let (b, e) = (self.begin.0.len(), self.end.0.len());
            return Err(Mismatch::new(format!(
                "begin has {b}, end {e} and strides {given} entries for a tensor of rank {rank}"
            ))
            .hint("give as many of each, one for each axis from the first"));
        }
        if let Some(axis) = self.strides.iter().position(|&stride| stride == 0) {
            return Err(
                Mismatch::new(format!("the stride of axis {axis} is 0")).hint("use 1 for every element")
            );
        }
        for (axis, _) in self.strides.iter().enumerate().filter(|(_, stride)| **stride < 0) {
            expect_countable(axis, x.shape[axis])?;
        }
        let count =
            |(axis, extent): (usize, &Option<usize>)| extent.map(|extent| self.span(axis, extent).count);
        Ok(Signature::new(x.dtype, x.shape.iter().enumerate().map(count).collect::<Vec<_>>()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.apply(StridedSliceGradient(self.clone()), &[&at.inputs[0]]))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let spans = self.spans(&inputs[0].dims);
        StridedSlice::turned(l, &spans, StridedSlice::ascending(&spans, &inputs[0]))
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("StridedSlice", "Output::strided_slice")]
    }

    fn samples() -> Vec<Sample> {
        slices()
            .into_iter()
            .map(|(label, slice)| {
                Sample::new(label, vec![numbers([4, 7], -1.0, 1.0)], move |_, x| {
                    x[0].apply(slice.clone(), &[])
                })
            })
            .collect()
    }
}

/// Slices of a matrix of four rows and seven columns.
fn slices() -> Vec<(&'static str, StridedSlice)> {
    let slice = |begin: Bounds, end: Bounds, strides: &[isize]| StridedSlice {
        begin,
        end,
        strides: strides.to_vec(),
    };
    vec![
        ("every second column", slice([None, Some(1)].into(), [None, None].into(), &[1, 2])),
        ("backwards", slice([-1, 5].into(), [-4, 0].into(), &[-1, -2])),
        ("all backwards", slice([None, None].into(), [None, None].into(), &[-1, -1])),
        ("bounds outside", slice([-100, 3].into(), [100, 100].into(), &[3, 1])),
        ("rows alone", slice([1].into(), [-1].into(), &[1])),
        ("nothing", slice([3, 0].into(), [1, 7].into(), &[1, 1])),
    ]
}

/// The first input where the slice has taken it, among zeros, in the shape of the second input: the gradient
/// of [`StridedSlice`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StridedSliceGradient(pub StridedSlice);

impl Op for StridedSliceGradient {
    fn name(&self) -> &'static str {
        "StridedSliceGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [part, whole] = arity(inputs)?;
        let slice = self.0.infer(&[Signature { dtype: part.dtype, ..whole.clone() }])?;
        if !fits(&part.shape, &slice.shape) {
            return Err(Mismatch::new(format!("{part} is not the slice {} of {whole}", slice.shape)));
        }
        Ok(Signature::new(part.dtype, whole.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.apply(self.0.clone(), &[])), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let spans = self.0.spans(&inputs[1].dims);
        let part = StridedSlice::turned(l, &spans, inputs[0].clone());
        let whole = l.unwritten(part.dtype(), &inputs[1].dims);
        l.map_into(&whole, &[], |m, _| m.constant_bits(0));
        l.map_into(&StridedSlice::ascending(&spans, &whole), &[part], |_, v| v[0]);
        whole
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("StridedSliceGrad", "gradient of StridedSlice")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |(label, slice): (&'static str, StridedSlice), dims: [usize; 2]| {
            let inputs = vec![numbers(dims, -1.0, 1.0), numbers([4, 7], -1.0, 1.0)];
            Sample::new(label, inputs, move |_, x| x[0].apply(StridedSliceGradient(slice.clone()), &[&x[1]]))
        };
        slices()
            .into_iter()
            .zip([[4, 3], [3, 3], [4, 7], [2, 4], [2, 7], [0, 7]])
            .map(|(s, d)| sample(s, d))
            .collect()
    }
}

/// Whether two shapes may be the same.
pub(crate) fn fits(a: &PartialShape, b: &PartialShape) -> bool {
    a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.is_none() || b.is_none() || a == b)
}
