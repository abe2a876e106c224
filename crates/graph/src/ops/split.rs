use super::*;
use crate::conformance::numbers;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// One of the parts that an axis is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SplitPart {
    pub axis: isize,
    pub part: Piece,
}

/// Which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// One of so many equal parts.
    Share([usize; 2]),
    /// The extents before it, of it and behind it. One of them may be `None`: what is left.
    Span([Option<usize>; 3]),
}

by_name::named_values! { Piece { Share([usize; 2]), Span([Option<usize>; 3]) } }

/// What [`Output::split`] cuts an axis into: a number of equal parts, or an array or a `Vec` of their
/// extents, of which one may be -1, which takes what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts(Cut);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Cut {
    Number(usize),
    Sizes(Vec<isize>),
}

/// A number that does not fit stands for one that no tensor has.
macro_rules! parts_of {
    ($($integer:ty)*) => { $(
        impl From<$integer> for Parts {
            fn from(number: $integer) -> Parts {
                Parts(Cut::Number(usize::try_from(number).unwrap_or(0)))
            }
        }

        impl<const N: usize> From<[$integer; N]> for Parts {
            fn from(sizes: [$integer; N]) -> Parts {
                Parts::from(sizes.to_vec())
            }
        }

        impl From<Vec<$integer>> for Parts {
            fn from(sizes: Vec<$integer>) -> Parts {
                let size = |size: $integer| isize::try_from(size).unwrap_or(isize::MAX);
                Parts(Cut::Sizes(sizes.into_iter().map(size).collect()))
            }
        }
    )* };
}

parts_of! { i32 isize usize }

impl Output {
    /// Cuts an axis into a number of equal parts, or into parts of these extents, of which one may be -1:
    /// what is left. No copy is made. What does not add up is an error of the parts. Gradient: each part's in
    /// its place among zeros.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let x = graph.constant([[1, 2, 3, 4], [5, 6, 7, 8]]);
    /// let halves = x.split(2, 1);
    /// let parts = x.split([1, -1], 1);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// assert_eq!(session.run(&halves[1], ())?.as_slice::<i32>()?, [3, 4, 7, 8]);
    /// assert_eq!(session.run(&parts[1], ())?.as_slice::<i32>()?, [2, 3, 4, 6, 7, 8]);
    /// assert!(x.split(3, 1)[0].check().is_err());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "chunk")]
    #[track_caller]
    #[must_use]
    pub fn split(&self, parts: impl Into<Parts>, axis: isize) -> Vec<Output> {
        match parts.into().0 {
            Cut::Number(of) => self.parts(axis, of.max(1), |index| Piece::Share([index, of])),
            Cut::Sizes(sizes) => match spans(&sizes) {
                Some(spans) if !spans.is_empty() => {
                    self.parts(axis, spans.len(), |index| Piece::Span(spans[index]))
                }
                _ => self.parts(axis, sizes.len().max(1), |_| Piece::Share([0, 0])),
            },
        }
    }

    /// So many parts. An error of the first is one of all: it stands for them, for as many as anyone can use.
    #[track_caller]
    fn parts(&self, axis: isize, count: usize, part: impl Fn(usize) -> Piece) -> Vec<Output> {
        const MOST: usize = 1 << 16;
        let first = self.apply(SplitPart { axis, part: part(0) }, &[]);
        if first.check().is_err() {
            return vec![first; count.min(MOST)];
        }
        let mut parts = vec![first];
        for index in 1..count {
            parts.push(self.apply(SplitPart { axis, part: part(index) }, &[]));
        }
        parts
    }

    /// The `number` slices along an axis, which vanishes. It is an error of the slices if there are more or
    /// fewer. Gradient: each slice's in its place among zeros.
    ///
    /// ```
    /// # use minutia_graph::{Device, Graph, Session};
    /// # let graph = Graph::new();
    /// # let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let columns = graph.constant([[1, 2, 3], [4, 5, 6]]).unstack(3, 1);
    /// assert_eq!(session.run(&columns[2], ())?.as_slice::<i32>()?, [3, 6]);
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "unbind")]
    #[track_caller]
    #[must_use]
    pub fn unstack(&self, number: usize, axis: isize) -> Vec<Output> {
        let slice = |index: usize| match number.checked_sub(index + 1) {
            Some(behind) => Piece::Span([Some(index), Some(1), Some(behind)]),
            None => Piece::Share([0, 0]),
        };
        let mut slices = self.parts(axis, number.max(1), slice);
        for slice in &mut slices {
            *slice = slice.squeeze(axis);
        }
        slices
    }
}

/// What lies before, in and behind each part; none where these are not extents.
fn spans(sizes: &[isize]) -> Option<Vec<[Option<usize>; 3]>> {
    let open = sizes.iter().filter(|size| **size == -1).count();
    if open > 1 || sizes.iter().any(|size| *size < -1) {
        return None;
    }
    let sizes: Vec<Option<usize>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
    let sum = |a: Option<usize>, b: Option<usize>| a.zip(b).map(|(a, b)| a.saturating_add(b));
    let mut behind = vec![Some(0)];
    for &size in sizes.iter().rev() {
        behind.push(sum(behind[behind.len() - 1], size));
    }
    let mut before = Some(0);
    let span = |(i, &size): (usize, &Option<usize>)| {
        let span = [before, size, behind[sizes.len() - 1 - i]];
        before = sum(before, size);
        span
    };
    Some(sizes.iter().enumerate().map(span).collect())
}

impl Piece {
    /// Where it begins and how long it is, of an axis of this extent.
    fn place(self, axis: usize, extent: usize) -> Result<(usize, usize), Mismatch> {
        match self {
            Piece::Share([index, of]) => {
                if of == 0 || index >= of || !extent.is_multiple_of(of) {
                    return Err(Mismatch::new(format!(
                        "axis {axis} has {extent} elements, which {of} equal parts do not hold"
                    ))
                    .hint("give a number of parts that divides the axis, or the extent of each part"));
                }
                Ok((index * (extent / of), extent / of))
            }
            Piece::Span(span) => {
                let sum = span.iter().flatten().fold(0, |sum: usize, &size| sum.saturating_add(size));
                let open = span.contains(&None);
                if sum > extent || !open && sum < extent {
                    let least = if open { "at least " } else { "" };
                    return Err(Mismatch::new(format!(
                        "axis {axis} has {extent} elements, the parts {least}{sum}"
                    ))
                    .hint("the parts take the whole axis; one of them may be -1: what is left"));
                }
                let left = extent - sum;
                Ok((span[0].unwrap_or(left), span[1].unwrap_or(left)))
            }
        }
    }

    /// Whether the two are no part of each other, whatever the extent is.
    fn is_apart(self, other: Piece) -> bool {
        match (self, other) {
            (Piece::Share([a, of]), Piece::Share([b, same])) => of == same && a != b,
            (Piece::Span([Some(a), Some(length), _]), Piece::Span([Some(b), ..])) if a < b => {
                a.saturating_add(length) <= b
            }
            (Piece::Span([Some(a), ..]), Piece::Span([Some(b), Some(length), _])) => {
                b < a && b.saturating_add(length) <= a
            }
            _ => false,
        }
    }

    /// How long it is, if that is known without the extent of the axis.
    fn size(self) -> Option<usize> {
        match self {
            Piece::Share(_) => None,
            Piece::Span(span) => span[1],
        }
    }
}

impl SplitPart {
    fn block(self, dims: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let axis = axis_of(self.axis, dims.len()).expect("inference has checked the axis");
        let (mut begin, mut size) = (vec![0; dims.len()], dims.to_vec());
        (begin[axis], size[axis]) =
            self.part.place(axis, dims[axis]).expect("inference has checked the part");
        (begin, size)
    }
}

impl Op for SplitPart {
    fn name(&self) -> &'static str {
        "SplitPart"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let axis = axis_of(self.axis, x.shape.len())?;
        if matches!(self.part, Piece::Share([_, 0])) {
            return Err(Mismatch::new("no parts, or parts whose extents are not ones").hint(
                "give a number of equal parts, at least 1, or the extents, of which one may be -1: what is left",
            ));
        }
        let mut dims = x.shape.to_vec();
        dims[axis] = match dims[axis] {
            Some(extent) => Some(self.part.place(axis, extent)?.1),
            None => self.part.size(),
        };
        Ok(Signature::new(x.dtype, dims))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let gradient = SplitGradient { axis: self.axis, parts: vec![self.part] };
        Ok(vec![Some(at.grad.apply(gradient, &[&at.inputs[0]]))])
    }

    fn lower(&self, _: &mut Lowering, inputs: &[View]) -> View {
        let (begin, size) = self.block(&inputs[0].dims);
        inputs[0].slice(&begin, &size)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("SplitPart", "Output::split Output::unstack")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, x: Tensor, apply: fn(&Output) -> Output| {
            Sample::new(label, vec![x], move |_, x| apply(&x[0]))
        };
        let x = || numbers([3, 6], -1.0, 1.0);
        vec![
            sample("a third", x(), |x| x.split(3, 1)[1].clone()).row_wise(),
            sample("of sizes", x(), |x| x.split([1, 3, 2], -1)[1].clone()).row_wise(),
            sample("what is left", x(), |x| x.split([1, -1, 2], 1)[1].clone()).row_wise(),
            sample("behind what is left", x(), |x| x.split([1, -1, 2], 1)[2].clone()).row_wise(),
            sample("no element", x(), |x| x.split([0, 3], 0)[0].clone()).not_differentiable(),
            sample("a column", x(), |x| x.unstack(6, 1)[4].clone()).row_wise(),
            sample("a row", x(), |x| x.unstack(3, 0)[2].clone()),
            sample("bool", Tensor::from([true, false]), |x| x.split(2, 0)[1].clone()).not_differentiable(),
        ]
    }
}

/// The inputs but the last where each part has been, among zeros, in the shape of the last: the gradient of
/// [`SplitPart`], and of several that are no part of each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SplitGradient {
    pub axis: isize,
    pub parts: Vec<Piece>,
}

impl SplitGradient {
    fn of(&self, part: &Piece) -> SplitPart {
        SplitPart { axis: self.axis, part: *part }
    }
}

impl Output {
    /// The sum of two gradients of parts, where they are parts of one tensor and not of each other: in one
    /// node, so that the gradient of all parts writes each element once.
    #[track_caller]
    pub(crate) fn beside(&self, other: &Output) -> Option<Output> {
        let node = |output: &Output| {
            let inner = self.graph.lock();
            let node = &inner.nodes[output.id];
            let AnyOp::SplitGradient(op) = &node.op else { return None };
            let (whole, parts) = node.inputs.split_last()?;
            Some((op.clone(), *whole, parts.to_vec()))
        };
        let ((mut op, whole, mut parts), (others, same, more)) = (node(self)?, node(other)?);
        let apart = |part: &Piece| others.parts.iter().all(|other| part.is_apart(*other));
        if op.axis != others.axis || whole != same || !op.parts.iter().all(apart) {
            return None;
        }
        op.parts.extend(others.parts);
        parts.extend(more);
        parts.push(whole);
        let inputs: Vec<Output> =
            parts.into_iter().map(|id| Output { graph: self.graph.clone(), id }).collect();
        Some(self.graph.add(op, &inputs.iter().collect::<Vec<_>>()))
    }
}

impl Op for SplitGradient {
    fn name(&self) -> &'static str {
        "SplitGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let Some((whole, parts)) = inputs.split_last().filter(|(_, parts)| parts.len() == self.parts.len())
        else {
            return Err(Mismatch::new(format!("takes {} parts and their whole", self.parts.len())));
        };
        for (own, part) in self.parts.iter().zip(parts) {
            let split = self.of(own).infer(std::slice::from_ref(whole))?;
            if part.dtype != whole.dtype || !super::strided_slice::fits(&part.shape, &split.shape) {
                return Err(Mismatch::new(format!("{part} is not the part {} of {whole}", split.shape)));
            }
        }
        let axis = axis_of(self.axis, whole.shape.len())?;
        if let Some(extent) = whole.shape[axis] {
            let place = |part: &Piece| part.place(axis, extent);
            let mut places = self.parts.iter().map(place).collect::<Result<Vec<_>, _>>()?;
            places.sort_unstable();
            if places.windows(2).any(|pair| pair[0].0 + pair[0].1 > pair[1].0) {
                return Err(Mismatch::new("the parts overlap"));
            }
        }
        Ok(whole.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let part = |part: &Piece| Some(at.grad.apply(self.of(part), &[]));
        Ok(self.parts.iter().map(part).chain([None]).collect())
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let (whole, parts) = inputs.split_last().expect("inference has checked the number of inputs");
        let begin = |part: &Piece| self.of(part).block(&whole.dims).0;
        let parts: Vec<_> = self.parts.iter().map(begin).zip(parts.iter().cloned()).collect();
        let written = parts.iter().fold(0, |sum: usize, (_, part)| sum.saturating_add(part.elements()));
        let fill = (written < whole.elements()).then_some(0);
        l.assemble(whole.dtype(), &whole.dims, fill, &parts)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("SplitGrad", "gradient of SplitPart")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, shares: &'static [usize]| {
            let parts = shares.iter().map(|_| numbers([3, 2], -1.0, 1.0));
            let inputs = parts.chain([numbers([3, 6], -1.0, 1.0)]).collect();
            let op = SplitGradient { axis: 1, parts: shares.iter().map(|&i| Piece::Share([i, 3])).collect() };
            Sample::new(label, inputs, move |_, x| x[0].apply(op.clone(), &x[1..].iter().collect::<Vec<_>>()))
                .row_wise()
        };
        vec![sample("a third", &[1]), sample("two", &[2, 0]), sample("all", &[2, 0, 1])]
    }
}
