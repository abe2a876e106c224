//! Sums, means and extrema of the rows that belong together.

use super::*;
use crate::conformance::numbers;
use minutia_tensor::{Tensor, program::Change};
use serde::{Deserialize, Serialize};

/// Sums of the rows that belong to one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnsortedSegmentSum {
    pub segments: usize,
}

impl Output {
    /// For each of so many segments the sum of the rows of `f32` that belong to it, 0 where there are none:
    /// `segment_ids` (`i32`) has the first axes of this tensor, and says for each row which it is. Rows are
    /// added by position, whatever the order of their segments. A segment that there is not is an error of
    /// the run, also a negative one, whose rows TensorFlow drops. TensorFlow's `segment_sum` finds the number
    /// of segments in the run. Gradient: the row of `g` of the segment.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let sums = x.unsorted_segment_sum(graph.constant([2, 0, 2]), 3);
    /// assert_eq!(session.run(sums, ())?.as_slice::<f32>()?, [3.0, 4.0, 0.0, 0.0, 6.0, 8.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "segment_sum")]
    #[doc(alias = "index_add")]
    #[track_caller]
    #[must_use]
    pub fn unsorted_segment_sum(&self, segment_ids: impl AsRef<Output>, segments: usize) -> Output {
        self.apply(UnsortedSegmentSum { segments }, &[segment_ids.as_ref()])
    }

    /// The mean of the rows of each segment, 0 where there are none; see
    /// [`unsorted_segment_sum`](Output::unsorted_segment_sum).
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let means = graph.constant([1.0_f32, 2.0, 5.0]).unsorted_segment_mean(graph.constant([0, 2, 0]), 3);
    /// assert_eq!(session.run(means, ())?.as_slice::<f32>()?, [3.0, 0.0, 2.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "segment_mean")]
    #[track_caller]
    #[must_use]
    pub fn unsorted_segment_mean(&self, segment_ids: impl AsRef<Output>, segments: usize) -> Output {
        let _scope = self.graph.name_scope("UnsortedSegmentMean");
        let segment_ids = segment_ids.as_ref();
        let ones = segment_ids.ones_like();
        let count = ones.unsorted_segment_sum(segment_ids, segments).maximum(1.0);
        let others = self.shape().len().saturating_sub(segment_ids.shape().len());
        let count = count.reshape([&[segments as isize][..], &vec![1; others][..]].concat());
        self.unsorted_segment_sum(segment_ids, segments) / count
    }

    /// The largest elements among the rows of each segment, the smallest finite number where there are none;
    /// see [`unsorted_segment_sum`](Output::unsorted_segment_sum). A NaN makes its element NaN. Gradient:
    /// `g`, in equal parts to all that are the largest.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let x = graph.constant([1.0_f32, 2.0, 5.0]);
    /// let ids = graph.constant([0, 1, 0]);
    /// let largest = session.run(x.unsorted_segment_max(&ids, 2), ())?;
    /// assert_eq!(largest.as_slice::<f32>()?, [5.0, 2.0]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "segment_max")]
    #[track_caller]
    #[must_use]
    pub fn unsorted_segment_max(&self, segment_ids: impl AsRef<Output>, segments: usize) -> Output {
        self.apply(UnsortedSegmentExtremum { segments, largest: true }, &[segment_ids.as_ref()])
    }

    /// The smallest elements among the rows of each segment, the largest finite number where there are none;
    /// see [`unsorted_segment_max`](Output::unsorted_segment_max).
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let smallest = graph.constant([1.0_f32, 5.0]).unsorted_segment_min(graph.constant([0, 0]), 2);
    /// assert_eq!(session.run(smallest, ())?.as_slice::<f32>()?, [1.0, f32::MAX]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "segment_min")]
    #[track_caller]
    #[must_use]
    pub fn unsorted_segment_min(&self, segment_ids: impl AsRef<Output>, segments: usize) -> Output {
        self.apply(UnsortedSegmentExtremum { segments, largest: false }, &[segment_ids.as_ref()])
    }
}

impl Op for UnsortedSegmentSum {
    fn name(&self) -> &'static str {
        "UnsortedSegmentSum"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [rows, ids] = arity(inputs)?;
        expect_dtype(rows.dtype, &[DType::F32])?;
        if ids.dtype != DType::I32 {
            return Err(Mismatch::new(format!("segments are i32, not {}", ids.dtype)).hint("cast them"));
        }
        let fits = ids.shape.len() <= rows.shape.len()
            && ids.shape.iter().zip(rows.shape.iter()).all(|(a, b)| a.is_none() || b.is_none() || a == b);
        if !fits {
            let detail = format!("{ids} does not say for each row of {rows} which segment it belongs to");
            return Err(Mismatch::new(detail).hint("segments have the first axes of the rows"));
        }
        let row = &rows.shape[ids.shape.len()..];
        Ok(Signature::new(DType::F32, [&[Some(self.segments)], row].concat()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.gather(&at.inputs[1])), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let row = &inputs[0].dims[inputs[1].dims.len()..];
        l.scatter_add(&inputs[0], &inputs[1], &[&[self.segments], row].concat())
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("UnsortedSegmentSum", "Output::unsorted_segment_sum")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, rows: &[usize], ids: Tensor| {
            Sample::new(label, vec![numbers(rows, -1.0, 1.0)], move |g, x| {
                x[0].unsorted_segment_sum(g.constant(&ids), 4)
            })
        };
        vec![
            sample("rows", &[5, 2], Tensor::from([3, 1, 3, 0, 1])),
            sample("numbers", &[2, 2], Tensor::from([[3, 0], [3, 3]])),
            sample("none", &[0, 3], Tensor::from(Vec::<i32>::new())),
            Sample::new("mean", vec![numbers([5, 2], -1.0, 1.0)], |g, x| {
                x[0].unsorted_segment_mean(g.constant(Tensor::from([3, 1, 3, 0, 1])), 4)
            }),
        ]
    }
}

/// The largest, or the smallest, elements of the rows that belong to one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnsortedSegmentExtremum {
    pub segments: usize,
    pub largest: bool,
}

impl Op for UnsortedSegmentExtremum {
    fn name(&self) -> &'static str {
        if self.largest { "UnsortedSegmentMax" } else { "UnsortedSegmentMin" }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        UnsortedSegmentSum { segments: self.segments }.infer(inputs)
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (x, ids) = (&at.inputs[0], &at.inputs[1]);
        let chosen = x.equal(at.output.gather(ids)).cast(DType::F32);
        let share = at.grad.xdivy(chosen.unsorted_segment_sum(ids, self.segments));
        Ok(vec![Some(chosen * share.gather(ids)), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let dims = [&[self.segments], &inputs[0].dims[inputs[1].dims.len()..]].concat();
        let (start, change) = if self.largest { (f32::MIN, Change::Max) } else { (f32::MAX, Change::Min) };
        let start = l.splat(start.to_bits(), DType::F32, &dims);
        l.update_rows(change, [&start, &inputs[1], &inputs[0]])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("UnsortedSegmentMax", "Output::unsorted_segment_max"),
            ("UnsortedSegmentMin", "Output::unsorted_segment_min"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, segments: usize, largest: bool| {
            Sample::new(label, vec![numbers([5, 2], -1.0, 1.0)], move |g, x| {
                let ids = g.constant(Tensor::from([0, 1, 0, 2, 1]));
                x[0].apply(UnsortedSegmentExtremum { segments, largest }, &[&ids])
            })
        };
        vec![sample("max", 3, true), sample("min", 3, false)]
    }
}
