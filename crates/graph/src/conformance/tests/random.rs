//! Random small graphs of all kinds of operations, with extents from nothing to three: the same bits with and
//! without fusion, for every level of instructions, number of threads and device, and close to the reference
//! in `f64`.

use super::{
    devices,
    reference::{Array, evaluate},
};
use crate::{DType, Device, Graph, Output, PadMode, Session, Tensor, feeds, plan};
use minutia_kernels::rng::Generator;
use minutia_tensor::Shape;

const GRAPHS: u64 = 300;
const OPERATIONS: usize = 9;

/// A graph that grows at random.
struct Growing {
    random: Generator,
    graph: Graph,
    inputs: Vec<(Output, Tensor)>,
    /// All `f32`, with extents that are known.
    tensors: Vec<Output>,
}

impl Growing {
    fn new(seed: u64) -> Growing {
        let graph = Graph::new();
        let mut random = Generator::new(seed, "random graphs");
        let (mut inputs, mut tensors) = (Vec::new(), Vec::new());
        for i in 0..3 {
            let rank = [2, 2, random.below(4)][i];
            let dims: Vec<usize> = (0..rank).map(|_| random.below(4) as usize).collect();
            let shape = Shape::from(dims);
            let values = (0..shape.elements()).map(|_| random.uniform() * 4.0 - 2.0).collect();
            let x = graph.placeholder(&format!("x{i}"), DType::F32, &shape);
            tensors.push(x.clone());
            inputs.push((x, Tensor::from_vec(shape, values).unwrap()));
        }
        Growing { random, graph, inputs, tensors }
    }

    fn below(&mut self, n: usize) -> usize {
        self.random.below(n as u32) as usize
    }

    /// One of the tensors, rather a late one.
    fn pick(&mut self) -> Output {
        let back = self.below(self.tensors.len()).min(self.below(self.tensors.len()));
        self.tensors[self.tensors.len() - 1 - back].clone()
    }

    fn pick_that(&mut self, fits: impl Fn(&Output) -> bool) -> Option<Output> {
        let all: Vec<Output> = self.tensors.iter().filter(|t| fits(t)).cloned().collect();
        (!all.is_empty()).then(|| all[self.below(all.len())].clone())
    }

    fn grow(&mut self) {
        let x = self.pick();
        let new = match self.below(6) {
            0 => Some(self.elementwise(&x)),
            1 => self.of_two(&x),
            2 => self.reduction(&x),
            3 => self.movement(&x),
            4 => self.along_an_axis(&x),
            _ => self.lookup(&x),
        };
        if let Some(new) = new {
            new.check().unwrap();
            self.tensors.push(new);
        }
    }

    fn elementwise(&mut self, x: &Output) -> Output {
        match self.below(12) {
            0 => -x,
            1 => x.abs(),
            2 => x.tanh().square(),
            3 => x.tanh(),
            4 => x.sigmoid(),
            5 => x.tanh().exp(),
            6 => (x.abs() + 0.5).log(),
            7 => (x.abs() + 0.5).sqrt(),
            8 => x.relu(),
            9 => x.clip_by_value(-0.5, 0.75),
            10 => (x * 1.5).cast(DType::I32).cast(DType::F32),
            _ => x.sign() * x.size().cast(DType::F32),
        }
    }

    fn of_two(&mut self, x: &Output) -> Option<Output> {
        let matrix = |t: &Output| t.shape().len() == 2;
        if matrix(x) && self.below(3) == 0 {
            let turn = self.below(2);
            let y = self.pick_that(|t| matrix(t) && t.shape()[turn] == x.shape()[1])?;
            let product = if turn == 1 { x.matmul_nt(y) } else { x.matmul(y) };
            return Some(product.tanh());
        }
        let y = self.pick_that(|t| x.shape().broadcast(&t.shape()).is_ok())?;
        Some(match self.below(8) {
            0 => x + y,
            1 => x - y,
            2 => (x * y).tanh(),
            3 => x / (y.abs() + 0.5),
            4 => x.maximum(&y),
            5 => x.minimum(&y),
            6 => x.less(&y).select(x, &y),
            _ => (x.abs() + 0.5).pow(y.tanh()),
        })
    }

    fn reduction(&mut self, x: &Output) -> Option<Output> {
        let rank = x.shape().len();
        let axis = (rank > 0).then(|| self.below(rank) as isize);
        match (self.below(9), axis) {
            (0, Some(axis)) => Some(x.reduce_sum(axis)),
            (1, Some(axis)) => Some(x.reduce_mean_keep_dims(axis)),
            (2, Some(axis)) => Some(x.reduce_max(axis)),
            (3, Some(axis)) => Some(x.reduce_min_keep_dims(axis)),
            (4, Some(axis)) => Some(x.tanh().reduce_prod(axis)),
            (5, Some(_)) => Some(x.softmax()),
            (6, Some(_)) => Some(x.log_softmax()),
            (7, Some(axis)) if x.shape()[axis as usize] != Some(0) => Some(x.argmax(axis).cast(DType::F32)),
            _ => Some(x.reduce_sum(..)),
        }
    }

    fn movement(&mut self, x: &Output) -> Option<Output> {
        let dims = x.shape().known().unwrap().to_vec();
        let rank = dims.len();
        match self.below(7) {
            0 => {
                let turn = self.below(rank.max(1));
                Some(x.transpose((0..rank).map(|i| (i + turn) % rank).collect::<Vec<_>>()))
            }
            1 => Some(x.reshape([dims.iter().product::<usize>() as isize])),
            2 => Some(x.expand_dims(self.below(rank + 1) as isize)).filter(|_| rank < 4),
            3 => dims.iter().position(|d| *d == 1).map(|axis| x.squeeze(axis as isize)),
            4 => {
                let begin: Vec<usize> = dims.iter().map(|&d| self.below(d + 1)).collect();
                let size = dims.iter().zip(&begin).map(|(&d, &b)| self.below(d - b + 1) as isize);
                let size: Vec<isize> = size.collect();
                Some(x.slice(begin, size))
            }
            5 if rank > 0 => {
                let axis = self.below(rank);
                let others = |t: &Output| {
                    let mut dims = t.shape().to_vec();
                    (dims.len() == rank).then(|| dims.remove(axis)).map(|_| dims)
                };
                let y = self.pick_that(|t| others(t) == others(x))?;
                Some(self.graph.concat(&[x.clone(), y, x.clone()], axis as isize))
            }
            _ => Some(x.broadcast_to([&[self.below(4)], &dims[..]].concat())).filter(|_| rank < 4),
        }
    }

    fn along_an_axis(&mut self, x: &Output) -> Option<Output> {
        let dims = x.shape().known().unwrap().to_vec();
        let rank = dims.len();
        let axis = (rank > 0).then(|| self.below(rank))?;
        let each = |f: &mut dyn FnMut(usize) -> isize| dims.iter().map(|&d| f(d)).collect::<Vec<isize>>();
        Some(match self.below(8) {
            0 => x.reverse(axis),
            1 => {
                let bound = |d: usize, random: &mut Self| random.below(2 * d + 3) as isize - d as isize - 1;
                let (begin, end) = (each(&mut |d| bound(d, self)), each(&mut |d| bound(d, self)));
                x.strided_slice(begin, end, each(&mut |_| [-2, -1, 1, 2][self.below(4)]))
            }
            2 => {
                let padding = |_: &usize| (self.below(2), self.below(2));
                x.pad(dims.iter().map(padding).collect::<Vec<_>>(), PadMode::Constant(0.5))
            }
            3 => {
                let mut paddings = vec![(0, 0); rank];
                paddings[axis] = (self.below(dims[axis] + 1), self.below(dims[axis] + 1));
                x.pad(paddings, PadMode::Symmetric)
            }
            4 => x.tile(
                each(&mut |_| 1 + self.below(2) as isize).iter().map(|&n| n as usize).collect::<Vec<_>>(),
            ),
            5 => x.roll(self.below(7) as i32 - 3, axis as isize),
            6 => x.tanh().cumsum(axis as isize, self.below(2) == 0, self.below(2) == 0),
            _ => {
                let cut = self.below(dims[axis] + 1) as isize;
                x.split([cut, -1], axis as isize).swap_remove(self.below(2))
            }
        })
        .filter(|new| new.shape().known().is_some_and(|shape| shape.elements() <= 200))
    }

    fn lookup(&mut self, x: &Output) -> Option<Output> {
        let rows = x.shape().first().copied().flatten().filter(|rows| *rows > 0)?;
        let count = self.below(4);
        let indices: Vec<i32> = (0..count).map(|_| self.below(rows) as i32).collect();
        let indices = self.graph.constant(indices);
        match self.below(3) {
            0 => Some(indices.one_hot(self.below(4))),
            1 => Some(x.stop_gradient() + x),
            _ => Some(x.gather(&indices)),
        }
    }

    /// Some results, and the gradients of all that was built last.
    fn fetches(&mut self) -> Vec<Output> {
        let mut fetches: Vec<Output> = self.tensors.iter().rev().take(3).cloned().collect();
        let sums = fetches.iter().map(|t| (t * (t.shape().len() as f32 - 1.5)).reduce_sum(..));
        let total = sums.reduce(|a, b| a + b).unwrap();
        let inputs: Vec<&Output> = self.inputs.iter().map(|(x, _)| x).collect();
        fetches.extend(self.graph.gradients(&total, &inputs).unwrap().into_iter().flatten());
        fetches.push(total);
        fetches
    }

    fn run(&self, device: &Device, fetches: &[Output]) -> Vec<Tensor> {
        let mut session = Session::new(&self.graph, device).unwrap();
        let feeds = self.inputs.iter().fold(feeds! {}, |feeds, (x, t)| feeds.with(x, t));
        session.run(fetches, feeds).unwrap_or_else(|e| panic!("{e}\n{}", self.graph.to_dot()))
    }

    /// What the reference says of a tensor when all inputs are stretched by a factor.
    fn reference(&self, target: &Output, factor: f64) -> Array {
        let stretched = |t: &Tensor| {
            let mut array = Array::from(t);
            array.values.iter_mut().for_each(|x| *x *= factor);
            array
        };
        let feeds: Vec<(Output, Array)> =
            self.inputs.iter().map(|(x, t)| (x.clone(), stretched(t))).collect();
        evaluate(&self.graph, target, &feeds)
    }
}

#[test]
fn random_graphs_have_the_same_bits_everywhere_and_are_close_to_the_reference() {
    const STEP: f64 = 3e-7;
    let devices = devices();
    let (mut compared, mut empty) = (0, 0);
    for seed in 0..GRAPHS {
        let mut growing = Growing::new(seed);
        (0..OPERATIONS).for_each(|_| growing.grow());
        let fetches = growing.fetches();
        let bits = |tensors: &[Tensor]| tensors.iter().map(Tensor::canonical_bytes).collect::<Vec<_>>();
        let first = plan::unfused(|| growing.run(&devices[0], &fetches));
        for device in &devices {
            let found = growing.run(device, &fetches);
            assert_eq!(bits(&found), bits(&first), "graph {seed} on {device}\n{}", growing.graph.to_dot());
        }
        for (fetch, found) in fetches.iter().zip(&first) {
            let [wanted, less, more] =
                [1.0, 1.0 - STEP, 1.0 + STEP].map(|factor| growing.reference(fetch, factor));
            assert_eq!(wanted.dims, found.dims(), "graph {seed}, {}", fetch.name());
            empty += usize::from(wanted.values.is_empty());
            let found = found.as_slice::<f32>().unwrap();
            for (i, (&wanted, &found)) in wanted.values.iter().zip(found).enumerate() {
                // Where a little difference of the inputs makes a large one, rounding does so too.
                let shaky = (less.values[i] - wanted).abs().max((more.values[i] - wanted).abs());
                let far = 1e-4 * (1.0 + wanted.abs()) + 20.0 * shaky;
                let close = !wanted.is_finite() || (f64::from(found) - wanted).abs() <= far;
                assert!(
                    close,
                    "graph {seed}, {}, element {i}: {found}, reference {wanted}\n{}",
                    fetch.name(),
                    growing.graph.to_dot()
                );
                compared += usize::from(wanted.is_finite());
            }
        }
    }
    assert!(compared > 2000 && empty > 200, "{compared} numbers, {empty} empty tensors");
}
