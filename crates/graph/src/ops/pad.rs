use super::{reverse::expect_countable, strided_slice::fits, *};
use crate::conformance::numbers;
use minutia_kernels::map::Code;
use minutia_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// What stands around a tensor that is padded.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PadMode {
    /// This value; of a tensor that is not `f32`, the value of its type that is equal to it.
    Constant(f32),
    /// The elements beside the edge, in a mirror that stands on the last element: `c b [a b c] b a`. At most
    /// all elements but one on either side.
    Reflect,
    /// The elements beside the edge, in a mirror that stands behind the last element: `b a [a b c] c b`. At
    /// most all elements on either side.
    Symmetric,
}

/// A block among equal elements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pad {
    pub paddings: Vec<(usize, usize)>,
    #[serde(with = "minutia_tensor::exact")]
    pub value: f32,
}

impl Output {
    /// So many elements more before and behind those there are, one pair for each axis. Gradient: the part of
    /// `g` that is no padding; what mirrors show twice or thrice gets the gradients of all, by ascending
    /// position.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, PadMode, Session};
    /// let graph = Graph::new();
    /// let x = graph.constant([1, 2, 3]);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// for (mode, padded) in [
    ///     (PadMode::Constant(7.0), [7, 1, 2, 3, 7, 7]),
    ///     (PadMode::Reflect, [2, 1, 2, 3, 2, 1]),
    ///     (PadMode::Symmetric, [1, 1, 2, 3, 3, 2]),
    /// ] {
    ///     assert_eq!(session.run(x.pad([(1, 2)], mode), ())?.as_slice::<i32>()?, padded);
    /// }
    /// assert!(x.pad([(3, 0)], PadMode::Reflect).check().is_err());
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn pad(&self, paddings: impl Into<Vec<(usize, usize)>>, mode: PadMode) -> Output {
        let paddings = paddings.into();
        match mode {
            PadMode::Constant(value) => self.apply(Pad { paddings, value }, &[]),
            PadMode::Reflect => self.apply(MirrorPad { paddings, symmetric: false }, &[]),
            PadMode::Symmetric => self.apply(MirrorPad { paddings, symmetric: true }, &[]),
        }
    }
}

/// The padded shape.
fn padded(x: &Signature, paddings: &[(usize, usize)]) -> Result<Signature, Mismatch> {
    let rank = x.shape.len();
    if paddings.len() != rank {
        return Err(Mismatch::new(format!("{} paddings for a tensor of rank {rank}", paddings.len()))
            .hint("give a pair (before, behind) for each axis; (0, 0) leaves an axis as it is"));
    }
    let mut dims = Vec::new();
    for (axis, (&extent, &(before, behind))) in x.shape.iter().zip(paddings).enumerate() {
        let sum = before.checked_add(behind).and_then(|sum| sum.checked_add(extent.unwrap_or(0)));
        let sum = sum.ok_or_else(|| Mismatch::new(format!("axis {axis} grows too long")))?;
        dims.push(extent.map(|_| sum));
    }
    Ok(Signature::new(x.dtype, dims))
}

/// The bits of a number as an element of a type, if the type holds it.
fn bits(dtype: DType, value: f32) -> Option<u32> {
    let whole = value as i32;
    let low = match dtype {
        DType::F32 => return Some(value.to_bits()),
        DType::I32 => i32::MIN..=i32::MAX,
        DType::Bool => 0..=1,
        DType::U8 => 0..=255,
    };
    // 2^31 is not what `as` makes of it.
    (whole as f32 == value && value < 2_147_483_648.0 && low.contains(&whole)).then_some(whole as u32)
}

impl Op for Pad {
    fn name(&self) -> &'static str {
        "Pad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        if bits(x.dtype, self.value).is_none() {
            return Err(Mismatch::new(format!("{} is no {}, which is to be padded", self.value, x.dtype)));
        }
        padded(x, &self.paddings)
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let begin: Vec<usize> = self.paddings.iter().map(|padding| padding.0).collect();
        let behind = |&(_, behind): &(usize, usize)| {
            (behind > 0).then(|| isize::try_from(behind).map_or(isize::MIN, |behind| -behind))
        };
        let end: Vec<Option<isize>> = self.paddings.iter().map(behind).collect();
        Ok(vec![Some(at.grad.strided_slice(begin, end, vec![1_isize; self.paddings.len()]))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let x = &inputs[0];
        if self.paddings.iter().all(|&padding| padding == (0, 0)) {
            return x.clone();
        }
        let begin = self.paddings.iter().map(|padding| padding.0).collect();
        let dims = x.dims.iter().zip(&self.paddings).map(|(dim, padding)| padding.0 + dim + padding.1);
        let dims: Vec<usize> = dims.collect();
        l.assemble(x.dtype(), &dims, bits(x.dtype(), self.value), &[(begin, x.clone())])
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Pad", "Output::pad")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |label: &str, x: Tensor, paddings: Vec<(usize, usize)>, value: f32| {
            Sample::new(label, vec![x], move |_, x| x[0].pad(paddings.clone(), PadMode::Constant(value)))
        };
        vec![
            sample("matrix", numbers([2, 3], -1.0, 1.0), vec![(1, 2), (0, 1)], 0.0),
            sample("columns", numbers([3, 2], -1.0, 1.0), vec![(0, 0), (2, 1)], -0.5).row_wise(),
            sample("nothing more", numbers([3, 2], -1.0, 1.0), vec![(0, 0); 2], 0.0).row_wise(),
            sample("of nothing", numbers([0, 2], -1.0, 1.0), vec![(1, 1), (0, 0)], 2.0).not_differentiable(),
            sample("NaN", numbers([2], -1.0, 1.0), vec![(1, 0)], f32::NAN).not_differentiable(),
            sample("i32", Tensor::from([7]), vec![(1, 1)], -3.0).not_differentiable(),
            sample("bool", Tensor::from([false]), vec![(1, 1)], 1.0).not_differentiable(),
        ]
    }
}

/// A block among its mirror images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MirrorPad {
    pub paddings: Vec<(usize, usize)>,
    pub symmetric: bool,
}

impl MirrorPad {
    /// Which axes are padded, of what extent.
    fn padded<'a>(&'a self, dims: &'a [usize]) -> impl DoubleEndedIterator<Item = (usize, usize)> + 'a {
        let axes = self.paddings.iter().zip(dims).enumerate();
        axes.filter(|(_, (padding, _))| **padding != (0, 0)).map(|(axis, (_, &extent))| (axis, extent))
    }

    /// The element of an axis that each padded one shows: its distance from the first, folded at both ends.
    fn indices(&self, l: &mut Lowering, axis: usize, extent: usize) -> View {
        let (before, behind) = self.paddings[axis];
        let numbers = l.numbers(before + extent + behind);
        let (edge, ends) = (i32::from(self.symmetric), 2 * (extent as i32 - 1));
        l.map(DType::I32, &[numbers], |m, v| {
            let [before, edge, ends] = [before as i32, edge, ends + edge].map(|x| m.constant_bits(x as u32));
            let place = m.apply(Code::SubI, &[v[0], before]);
            let opposite = m.apply(Code::NegI, &[place]);
            let mirrored = m.apply(Code::SubI, &[opposite, edge]);
            let folded = m.apply(Code::MaxI, &[place, mirrored]);
            let mirrored = m.apply(Code::SubI, &[ends, folded]);
            m.apply(Code::MinI, &[folded, mirrored])
        })
    }
}

impl Op for MirrorPad {
    fn name(&self) -> &'static str {
        "MirrorPad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x] = arity(inputs)?;
        let result = padded(x, &self.paddings)?;
        for (axis, (extent, &(before, behind))) in x.shape.iter().zip(&self.paddings).enumerate() {
            let Some(extent) = *extent else { continue };
            let most = if self.symmetric { extent } else { extent.saturating_sub(1) };
            if before.max(behind) > most {
                return Err(Mismatch::new(format!(
                    "padding ({before}, {behind}) of axis {axis} exceeds the {most} elements that a mirror shows"
                ))
                .hint("pad less, or with PadMode::Constant"));
            }
            expect_countable(axis, result.shape[axis])?;
        }
        Ok(result)
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.apply(MirrorPadGradient(self.clone()), &[&at.inputs[0]]))])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        self.padded(&inputs[0].dims).fold(inputs[0].clone(), |view, (axis, extent)| {
            let indices = self.indices(l, axis, extent);
            l.gather_along(&view, &indices, axis)
        })
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("MirrorPad", "Output::pad")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |symmetric: bool, paddings: Vec<(usize, usize)>, x: Tensor| {
            let op = MirrorPad { paddings, symmetric };
            Sample::new(format!("{op:?} of {}", x.dtype()), vec![x], move |_, x| x[0].apply(op.clone(), &[]))
        };
        let x = || numbers([3, 4], -1.0, 1.0);
        vec![
            sample(false, vec![(1, 2), (2, 3)], x()),
            sample(true, vec![(3, 3), (0, 1)], x()),
            sample(true, vec![(0, 0), (2, 4)], x()).row_wise(),
            sample(false, vec![(1, 1)], Tensor::from([4, 5, 6])).not_differentiable(),
            sample(true, vec![(0, 0)], Tensor::from([true])).not_differentiable(),
        ]
    }
}

/// Sums of the elements of the first input that show the same element of the second: the gradient of
/// [`MirrorPad`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MirrorPadGradient(pub MirrorPad);

impl Op for MirrorPadGradient {
    fn name(&self) -> &'static str {
        "MirrorPadGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [whole, part] = arity(inputs)?;
        expect_dtype(whole.dtype, &[DType::F32])?;
        let padded = self.0.infer(std::slice::from_ref(part))?;
        if !fits(&whole.shape, &padded.shape) {
            return Err(Mismatch::new(format!("{whole} is not {part}, padded")));
        }
        Ok(Signature::new(DType::F32, part.shape.clone()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        Ok(vec![Some(at.grad.apply(self.0.clone(), &[])), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        self.0.padded(&inputs[1].dims).rev().fold(inputs[0].clone(), |view, (axis, extent)| {
            let indices = self.0.indices(l, axis, extent);
            l.scatter_add_along(&view, &indices, axis, extent)
        })
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("MirrorPadGrad", "gradient of MirrorPad")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |symmetric: bool, paddings: Vec<(usize, usize)>, whole: [usize; 2]| {
            let inputs = vec![numbers(whole, -1.0, 1.0), numbers([3, 4], -1.0, 1.0)];
            let op = MirrorPadGradient(MirrorPad { paddings, symmetric });
            Sample::new(format!("{op:?}"), inputs, move |_, x| x[0].apply(op.clone(), &[&x[1]]))
        };
        vec![sample(false, vec![(1, 2), (2, 3)], [6, 9]), sample(true, vec![(3, 3), (0, 1)], [9, 5])]
    }
}
