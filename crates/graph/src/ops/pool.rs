use super::*;
use crate::{conformance::numbers, ops::window::Window};
use minutia_kernels::map::Code;
use minutia_tensor::{
    Tensor,
    program::{MapBuilder, ReduceOp, Value},
};
use serde::{Deserialize, Serialize};

/// What becomes of the elements of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolKind {
    /// The largest.
    Max,
    /// Their sum, to which padding adds nothing.
    Sum,
    /// Where the first of the largest is: its number in the window, row by row, as `i32`.
    Position,
}

by_name::names! { PoolKind { Max, Sum, Position } }

/// One number for each window and channel of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pool {
    pub kind: PoolKind,
    pub size: [usize; 2],
    pub window: Window,
}

impl Output {
    /// The largest element of each window of `size` (height, width) over images `[batch, height, width,
    /// channels]`, `f32`; padding counts as less than every number. Gradient: the first of the largest
    /// elements, row by row, gets that of its window.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session, Window};
    /// let graph = Graph::new();
    /// let image = graph.constant([1.0_f32, 5.0, 2.0, 3.0]).reshape([1, 2, 2, 1]);
    /// let window = Window::valid().strides([2, 2]);
    /// let (max, mean) = (image.max_pool([2, 2], window), image.avg_pool([2, 2], window));
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (max, mean) = session.run((&max, &mean), ())?;
    /// assert_eq!((max.as_slice::<f32>()?, mean.as_slice::<f32>()?), (&[5.0][..], &[2.75][..]));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[doc(alias = "max_pooling2d")]
    #[track_caller]
    #[must_use]
    pub fn max_pool(&self, size: [usize; 2], window: Window) -> Output {
        self.apply(Pool { kind: PoolKind::Max, size, window }, &[])
    }

    /// The mean of each window of `size` over images, of whose padding nothing counts; see
    /// [`max_pool`](Output::max_pool). Gradient: every element gets its share from each of its windows.
    #[doc(alias = "average_pooling2d")]
    #[track_caller]
    #[must_use]
    pub fn avg_pool(&self, size: [usize; 2], window: Window) -> Output {
        // How many elements a window has, which is the same for all images and channels.
        let plane = self.slice([0, 0, 0, 0], [1, -1, -1, 1]);
        self.sum_pool(size, window) / plane.ones_like().sum_pool(size, window)
    }

    #[track_caller]
    fn sum_pool(&self, size: [usize; 2], window: Window) -> Output {
        self.apply(Pool { kind: PoolKind::Sum, size, window }, &[])
    }
}

impl Pool {
    /// Images and their padding, as windows with the axes `[batch, windows.., size.., channels]`.
    fn windows(&self, l: &mut Lowering, images: &View, fill: f32) -> View {
        let frame = self.window.frame([images.dims[1], images.dims[2]], self.size);
        let [top, left] = frame.before;
        let [height, width] = frame.padded;
        let around = Spread {
            begin: vec![0, top, left, 0],
            step: vec![1; 4],
            dims: vec![images.dims[0], height, width, images.dims[3]],
            fill: fill.to_bits(),
        };
        let images = l.spread(images, around);
        l.windows(&images, self.window.steps(), self.window.gaps(), frame.windows, self.size)
    }

    /// Whether windows are so small that a map over all of their elements is faster than a reduction, whose
    /// loops over a window would be short.
    fn is_small(&self) -> bool {
        self.size[0] * self.size[1] <= MOST_INPUTS
    }

    /// Whether no element is in two windows.
    fn is_apart(&self) -> bool {
        let reach = |axis: usize| (self.size[axis] - 1).saturating_mul(self.window.gaps()[axis]);
        (0..2).all(|axis| self.window.steps()[axis] > reach(axis))
    }

    /// The numbers of a window's elements, forwards or backwards, over windows whose last axes they are.
    fn numbers(&self, l: &mut Lowering, over: &[usize], backwards: bool) -> View {
        let count = self.size[0] * self.size[1];
        let numbers: Vec<i32> = (0..count as i32).collect();
        let numbers = if backwards { numbers.into_iter().rev().collect() } else { numbers };
        let numbers = l.constant(&Tensor::from(numbers));
        l.reshape(&numbers, &self.size).broadcast(over)
    }

    /// The signature of its result for such images.
    fn signature(&self, images: &Signature) -> Result<Signature, Mismatch> {
        expect_dtype(images.dtype, &[DType::F32])?;
        if images.shape.len() != 4 {
            return Err(Mismatch::new(format!(
                "takes images [batch, height, width, channels], not {}",
                images.shape
            )));
        }
        let [height, width] = self.size;
        if height.checked_mul(width).is_none_or(|count| i32::try_from(count).is_err()) {
            return Err(Mismatch::new(format!("has windows of {height} x {width}, too many to number")));
        }
        let windows = |axis: usize| self.window.count(axis, images.shape[axis + 1], Some(self.size[axis]));
        let dims = vec![images.shape[0], windows(0)?, windows(1)?, images.shape[3]];
        let dtype = if self.kind == PoolKind::Position { DType::I32 } else { DType::F32 };
        Ok(Signature::new(dtype, dims))
    }
}

impl Op for Pool {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "MaxPool",
            PoolKind::Sum => "SumPool",
            PoolKind::Position => "MaxPoolPosition",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [images] = arity(inputs)?;
        self.signature(images)
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (x, pool) = (&at.inputs[0], *self);
        Ok(vec![match self.kind {
            PoolKind::Max => {
                let position = x.apply(Pool { kind: PoolKind::Position, ..pool }, &[]);
                Some(at.grad.apply(Unpool { pool }, &[x, &position]))
            }
            PoolKind::Sum => Some(at.grad.apply(Unpool { pool }, &[x])),
            PoolKind::Position => None,
        }])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let fill = if self.kind == PoolKind::Sum { 0.0 } else { f32::NEG_INFINITY };
        let windows = self.windows(l, &inputs[0], fill);
        if self.is_small() {
            let elements = elements(&windows);
            return match self.kind {
                PoolKind::Max => l.map(DType::F32, &elements, |m, v| fold(m, v, Code::Max)),
                PoolKind::Sum => l.map(DType::F32, &elements, |m, v| fold(m, v, Code::Add)),
                PoolKind::Position => l.map(DType::I32, &elements, first_of_the_largest),
            };
        }
        let windows = windows.transpose(&CHANNELS_FIRST);
        match self.kind {
            PoolKind::Max => l.reduce(ReduceOp::Max, &windows, &[4, 5]),
            PoolKind::Sum => l.reduce(ReduceOp::Sum, &windows, &[4, 5]),
            PoolKind::Position => {
                let largest = l.reduce(ReduceOp::Max, &windows, &[4, 5]);
                let largest = largest.expand(4).expand(5).broadcast(&windows.dims);
                let numbers = self.numbers(l, &windows.dims, false);
                let none = (self.size[0] * self.size[1]) as u32;
                l.reduce_map(ReduceOp::Min, DType::I32, &[windows, largest, numbers], 2, |m, v| {
                    let (equal, nan) = (m.apply(Code::Eq, &[v[0], v[1]]), m.apply(Code::Ne, &[v[0], v[0]]));
                    let (here, none) = (m.apply(Code::Or, &[equal, nan]), m.constant_bits(none));
                    m.apply(Code::Select, &[here, v[2], none])
                })
            }
        }
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[
            ("MaxPool", "Output::max_pool"),
            ("SumPool", "Output::avg_pool"),
            ("MaxPoolPosition", "gradient of MaxPool"),
        ]
    }

    fn samples() -> Vec<Sample> {
        let sample = |kind: PoolKind, images: [usize; 4], size: [usize; 2], window: Window| {
            let label = format!("{kind:?} {size:?} {window:?}");
            Sample::new(label, vec![numbers(images, -1.0, 1.0)], move |_, x| {
                x[0].apply(Pool { kind, size, window }, &[])
            })
        };
        let twice = Window::same().strides([2, 2]);
        vec![
            sample(PoolKind::Max, [2, 4, 4, 2], [2, 2], Window::valid().strides([2, 2])).row_wise(),
            sample(PoolKind::Max, [1, 5, 3, 2], [3, 2], twice),
            sample(PoolKind::Max, [1, 3, 3, 1], [2, 2], Window::same()),
            sample(PoolKind::Sum, [1, 5, 3, 2], [3, 2], twice),
            sample(PoolKind::Sum, [2, 4, 2, 1], [2, 2], Window::valid().strides([2, 2])),
            sample(PoolKind::Sum, [1, 5, 5, 1], [2, 2], Window::valid().strides([3, 3])),
            sample(PoolKind::Position, [1, 5, 3, 2], [3, 2], twice).not_differentiable(),
            // Too large for a map over all elements.
            sample(PoolKind::Max, [1, 6, 6, 1], [5, 4], Window::same()),
            sample(PoolKind::Sum, [1, 6, 6, 1], [6, 3], Window::valid()),
            Sample::new("mean", vec![numbers([1, 3, 4, 1], -1.0, 1.0)], move |_, x| {
                x[0].avg_pool([2, 2], twice)
            }),
        ]
    }
}

/// What windows gave to elements of images of this size, seen from the elements: numbers of windows lie as
/// far apart as the windows do, zeros between and around them.
fn spread_windows(
    l: &mut Lowering,
    windows: &View,
    image: [usize; 2],
    size: [usize; 2],
    window: Window,
) -> View {
    let frame = window.frame(image, size);
    let (steps, gaps) = (window.steps(), window.gaps());
    let reach = [0, 1].map(|axis| size[axis].saturating_sub(1).saturating_mul(gaps[axis]));
    let extent = |axis: usize| image[axis].saturating_add(reach[axis]);
    let around = Spread {
        begin: vec![0, reach[0] - frame.before[0], reach[1] - frame.before[1], 0],
        step: vec![1, steps[0], steps[1], 1],
        dims: vec![windows.dims[0], extent(0), extent(1), windows.dims[3]],
        fill: if windows.dtype() == DType::I32 { NOWHERE } else { 0 },
    };
    let spread = l.spread(windows, around);
    l.windows(&spread, [1, 1], gaps, image, size)
}

/// The bits of -1, which is the number of no element of a window.
const NOWHERE: u32 = u32::MAX;

/// The gradient of a pool's images, for the first input, that of its result: each element gets that of every
/// window that has it, or only, where there is a third input, of those where its position stands there. The
/// second input has the shape of the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unpool {
    pub pool: Pool,
}

impl Op for Unpool {
    fn name(&self) -> &'static str {
        match self.pool.kind {
            PoolKind::Sum => "SumPoolGrad",
            _ => "MaxPoolGrad",
        }
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let (g, images, position) = match (inputs, self.pool.kind) {
            ([g, images], PoolKind::Sum) => (g, images, None),
            ([g, images, position], PoolKind::Max) => (g, images, Some(position)),
            _ => {
                return Err(Mismatch::new(format!(
                    "takes windows, images and positions, not {}",
                    inputs.len()
                )));
            }
        };
        let wanted = self.pool.signature(images)?;
        for (of, dtype) in [(Some(g), DType::F32), (position, DType::I32)] {
            let Some(of) = of else { continue };
            expect_dtype(of.dtype, &[dtype])?;
            let fits = of.shape.len() == 4
                && of
                    .shape
                    .iter()
                    .zip(wanted.shape.iter())
                    .all(|(a, b)| a.is_none() || b.is_none() || a == b);
            if !fits {
                return Err(Mismatch::new(format!(
                    "{} has not the shape {} of the windows",
                    of, wanted.shape
                )));
            }
        }
        Ok(images.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let mut gradients = vec![None; at.inputs.len()];
        gradients[0] = Some(match at.inputs.get(2) {
            Some(position) => at.grad.apply(PickFromWindows { pool: self.pool }, &[position]),
            None => at.grad.apply(self.pool, &[]),
        });
        Ok(gradients)
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let (pool, images) = (self.pool, &inputs[1]);
        let image = [images.dims[1], images.dims[2]];
        let given: Vec<&View> = std::iter::once(&inputs[0]).chain(inputs.get(2)).collect();
        if pool.is_small() && pool.is_apart() {
            return pool.hand_back(l, &given, &images.dims);
        }
        let mut windows = Vec::new();
        for view in given {
            windows.push(spread_windows(l, view, image, pool.size, pool.window));
        }
        // Seen from an element, windows come in the opposite order of their elements.
        let count = pool.size[0] * pool.size[1];
        if pool.is_small() {
            let all: Vec<View> = windows.iter().flat_map(elements).collect();
            return l.map(DType::F32, &all, |m, v| {
                let (numbers, positions) = v.split_at(count);
                let terms: Vec<Value> = (0..count)
                    .map(|i| match positions.get(i) {
                        Some(&position) => picked(m, numbers[i], position, count - 1 - i),
                        None => numbers[i],
                    })
                    .collect();
                fold(m, &terms, Code::Add)
            });
        }
        let mut windows: Vec<View> = windows.iter().map(|view| view.transpose(&CHANNELS_FIRST)).collect();
        if windows.len() == 1 {
            return l.reduce(ReduceOp::Sum, &windows[0], &[4, 5]);
        }
        let numbers = pool.numbers(l, &windows[0].dims, true);
        windows.push(numbers);
        l.reduce_map(ReduceOp::Sum, DType::F32, &windows, 2, picked_by_number)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("MaxPoolGrad", "gradient of MaxPool"), ("SumPoolGrad", "gradient of SumPool")]
    }

    fn samples() -> Vec<Sample> {
        let pool = Pool { kind: PoolKind::Sum, size: [2, 2], window: Window::same().strides([2, 2]) };
        let inputs = vec![numbers([1, 2, 2, 1], -1.0, 1.0), numbers([1, 3, 4, 1], -1.0, 1.0)];
        let largest = Pool { kind: PoolKind::Max, ..pool };
        let position = Tensor::from([[3, 0], [1, 2]]);
        vec![
            Sample::new("sums", inputs.clone(), move |_, x| x[0].apply(Unpool { pool }, &[&x[1]])),
            Sample::new("positions", inputs, move |g, x| {
                let position = g.constant(&position).reshape([1, 2, 2, 1]);
                x[0].apply(Unpool { pool: largest }, &[&x[1], &position])
            }),
        ]
    }
}

impl Pool {
    /// Numbers of windows, handed to their elements: to all, or where there are positions to those at them.
    /// No two windows may share an element.
    fn hand_back(&self, l: &mut Lowering, given: &[&View], images: &[usize]) -> View {
        let frame = self.window.frame([images[1], images[2]], self.size);
        let steps = self.window.steps();
        let [height, width] = frame.padded;
        let whole = l.unwritten(DType::F32, &[images[0], height, width, images[3]]);
        let covered = (0..2).all(|axis| {
            steps[axis] == self.size[axis] && frame.windows[axis] * steps[axis] == frame.padded[axis]
        });
        if !covered {
            l.fill_into(&whole, 0);
        }
        let windows = l.windows(&whole, steps, self.window.gaps(), frame.windows, self.size);
        let inputs: Vec<View> = given.iter().map(|&view| view.clone()).collect();
        for (i, element) in elements(&windows).iter().enumerate() {
            l.map_into(element, &inputs, |m, v| match v.get(1) {
                Some(&position) => picked(m, v[0], position, i),
                None => v[0],
            });
        }
        let [top, left] = frame.before;
        whole.slice(&[0, top, left, 0], images)
    }
}

/// The most inputs that a map over the elements of a window has.
const MOST_INPUTS: usize = 16;
/// The order of the axes of windows in which those of a window come last.
const CHANNELS_FIRST: [usize; 6] = [0, 1, 2, 5, 3, 4];

/// The elements of windows `[batch, windows.., size.., channels]`, each for all windows.
fn elements(windows: &View) -> Vec<View> {
    let (height, width) = (windows.dims[3], windows.dims[4]);
    let mut size = windows.dims.clone();
    (size[3], size[4]) = (1, 1);
    let element = |i: usize| windows.slice(&[0, 0, 0, i / width, i % width, 0], &size).squeeze(3).squeeze(3);
    (0..height * width).map(element).collect()
}

fn fold(m: &mut MapBuilder, values: &[Value], code: Code) -> Value {
    values[1..].iter().fold(values[0], |sum, &value| m.apply(code, &[sum, value]))
}

/// The number of the first of the largest values; a NaN is larger than every number.
fn first_of_the_largest(m: &mut MapBuilder, values: &[Value]) -> Value {
    let (mut best, mut position) = (values[0], m.constant_bits(0));
    for (i, &value) in values.iter().enumerate().skip(1) {
        let (below, number) = (m.apply(Code::Le, &[value, best]), m.apply(Code::Eq, &[best, best]));
        let above = m.apply(Code::Not, &[below]);
        let better = m.apply(Code::And, &[above, number]);
        let i = m.constant_bits(i as u32);
        best = m.apply(Code::Select, &[better, value, best]);
        position = m.apply(Code::Select, &[better, i, position]);
    }
    position
}

/// A number where its position is `wanted`, else zero.
fn picked(m: &mut MapBuilder, number: Value, position: Value, wanted: usize) -> Value {
    let wanted = m.constant_bits(wanted as u32);
    picked_by_number(m, &[number, position, wanted])
}

/// A number where its position is the wanted one, else zero.
fn picked_by_number(m: &mut MapBuilder, v: &[Value]) -> Value {
    let zero = m.constant(0.0);
    let here = m.apply(Code::EqI, &[v[1], v[2]]);
    m.apply(Code::Select, &[here, v[0], zero])
}

/// The elements of the first input, images, that are at the positions of the second in their windows: what is
/// transposed by the gradient of a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PickFromWindows {
    pub pool: Pool,
}

impl Op for PickFromWindows {
    fn name(&self) -> &'static str {
        "MaxPoolGradGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [images, position] = arity(inputs)?;
        expect_dtype(position.dtype, &[DType::I32])?;
        let wanted = self.pool.signature(images)?.shape;
        if position.shape.len() != 4 {
            return Err(Mismatch::new(format!("takes positions of shape {wanted}, not {}", position.shape)));
        }
        Ok(Signature::new(DType::F32, wanted))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let (x, position) = (&at.inputs[0], &at.inputs[1]);
        Ok(vec![Some(at.grad.apply(Unpool { pool: self.pool }, &[x, position])), None])
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let windows = self.pool.windows(l, &inputs[0], 0.0);
        if self.pool.is_small() {
            let mut all = elements(&windows);
            all.push(inputs[1].clone());
            return l.map(DType::F32, &all, |m, v| {
                let (numbers, position) = (&v[..v.len() - 1], v[v.len() - 1]);
                let terms: Vec<Value> =
                    numbers.iter().enumerate().map(|(i, &number)| picked(m, number, position, i)).collect();
                fold(m, &terms, Code::Add)
            });
        }
        let windows = windows.transpose(&CHANNELS_FIRST);
        let position = inputs[1].expand(4).expand(5).broadcast(&windows.dims);
        let numbers = self.pool.numbers(l, &windows.dims, false);
        l.reduce_map(ReduceOp::Sum, DType::F32, &[windows, position, numbers], 2, picked_by_number)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("MaxPoolGradGrad", "gradient of MaxPoolGrad")]
    }

    fn samples() -> Vec<Sample> {
        let pool = Pool { kind: PoolKind::Max, size: [2, 2], window: Window::same().strides([2, 2]) };
        let position = Tensor::from([[3, 0], [1, 2]]);
        vec![Sample::new("positions", vec![numbers([1, 4, 4, 1], -1.0, 1.0)], move |g, x| {
            let position = g.constant(&position).reshape([1, 2, 2, 1]);
            x[0].apply(PickFromWindows { pool }, &[&position])
        })]
    }
}
