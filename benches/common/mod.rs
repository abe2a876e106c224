//! What the benches share: the post's two models, programs of one step with memory to run over, and short
//! settings.
#![allow(dead_code)]

use std::time::Duration;

use criterion::Criterion;
use minutia::datasets::mnist::Mnist;
use minutia::graph::Feeds;
use minutia::prelude::*;
use minutia::tensor::program::{Access, BufferSpec, Operand, Primitive, Program};
use minutia::tensor::{Executable, Memory, Slot};
use minutia_kernels::rng::Generator;

/// Rows of a batch, and units of the hidden layer.
pub const BATCH: usize = 100;
pub const HIDDEN: usize = 300;
/// Where probabilities are clipped.
pub const CLIP: [f32; 2] = [1e-10, 0.999_999_9];
/// Learning rates, and the weight of the penalty.
pub const TRAINING_RATE: f32 = 0.1;
pub const INVERSE_RATE: f32 = 0.01;
pub const IDEAL_RATE: f32 = 0.1;
pub const L2_PENALTY: f32 = 0.25;

/// Settings under which the whole suite ends within two minutes.
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args()
}

/// A device with so many threads; `MINUTIA_SIMD` may narrow it.
pub fn device(threads: usize) -> Device {
    let mut options = minutia::tensor::cpu::Options::from_env().expect("the variables are set sensibly");
    options.threads = Some(threads);
    Device::cpu_with(options).expect("the CPU has the instructions")
}

/// Standard normal numbers, of which a share are exact zeros.
pub fn normal(count: usize, zeros: f64) -> Tensor {
    let mut generator = Generator::new(1, "benches");
    let mut number = || {
        let z = generator.normal();
        if f64::from(generator.below(1000)) < zeros * 1000.0 { 0.0 } else { z }
    };
    Tensor::from((0..count).map(|_| number()).collect::<Vec<f32>>())
}

/// An access to floats from the start of a buffer.
pub fn access(buffer: usize, strides: &[usize]) -> Access {
    let operand = Operand { buffer, offset: 0, dtype: DType::F32 };
    Access { operand, strides: strides.to_vec() }
}

/// A compiled program over inputs that are given and one output.
pub struct Compiled {
    executable: Executable,
    memory: Memory,
    slots: Vec<Slot>,
}

impl Compiled {
    /// One primitive whose last buffers are its outputs, of so many floats each.
    pub fn new(device: &Device, step: Primitive, inputs: &[Tensor], outputs: &[usize]) -> Compiled {
        let mut buffers: Vec<BufferSpec> =
            inputs.iter().map(|t| BufferSpec { bytes: t.elements() * 4, written: false }).collect();
        buffers.extend(outputs.iter().map(|output| BufferSpec { bytes: output * 4, written: true }));
        let executable = device
            .compile(&Program { buffers, steps: vec![step], ..Program::default() })
            .expect("the program is sound");
        let mut memory = Memory::new(device);
        let mut slots: Vec<Slot> = inputs.iter().map(|t| memory.share(t).expect("there is memory")).collect();
        slots.extend(outputs.iter().map(|output| memory.allocate(output * 4).expect("there is memory")));
        Compiled { executable, memory, slots }
    }

    pub fn run(&mut self) {
        self.executable.run(&mut self.memory, &self.slots).expect("the program runs");
    }

    /// Waits for all runs.
    pub fn wait(&self) {
        self.memory.wait().expect("the program ran");
    }

    /// A buffer's floats.
    pub fn read(&self, buffer: usize, count: usize) -> Vec<f32> {
        let mut values = vec![0.0; count];
        self.memory.load(self.slots[buffer], 0, &mut values).expect("the buffer has so many floats");
        values
    }
}

/// The post's classifier over tables of images and labels.
pub struct Classifier {
    pub graph: Graph,
    pub rows: Output,
    pub loss: Output,
    pub train: Operation,
    /// W1, b1, W2, b2.
    pub weights: [Variable; 4],
    images: Output,
    labels: Output,
}

impl Classifier {
    /// Each run is fed the rows of the tables that it takes.
    pub fn new() -> Classifier {
        Classifier::over(Graph::new().placeholder("rows", DType::I32, [None]))
    }

    /// Each run takes the rows that a part of the same graph finds.
    pub fn over(rows: Output) -> Classifier {
        let graph = rows.graph().clone();
        graph.set_random_seed(7);
        let images = graph.placeholder("images", DType::U8, [None, Some(784)]);
        let labels = graph.placeholder("labels", DType::I32, [None]);
        let x = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
        let weights = weights(&graph);
        let loss = cross_entropy(&x, &labels.gather(&rows), &weights).reduce_mean(..);
        let train = GradientDescent::new(TRAINING_RATE).minimize(&loss).expect("the loss has a gradient");
        Classifier { graph, rows, loss, train, weights, images, labels }
    }

    pub fn session(&self, device: &Device) -> Session {
        let mut session = Session::new(&self.graph, device).expect("the graph is sound");
        session.run(self.graph.global_variables_initializer(), feeds! {}).expect("variables initialise");
        session
    }

    /// What a run is fed of the data.
    pub fn tables(&self, images: &Tensor, labels: &Tensor) -> Feeds {
        feeds! { self.images => images, self.labels => labels }
    }

    /// The training step with its loss, compiled.
    pub fn prepare<'a>(&'a self, session: &Session, data: &Mnist) -> Callable<(&'a Operation, &'a Output)> {
        let tables = self.tables(&data.train.images, &data.train.labels);
        let feeds = tables.with(&self.rows, vec![0_i32; BATCH]);
        session.make_callable((&self.train, &self.loss), feeds).expect("the step compiles")
    }
}

fn weights(graph: &Graph) -> [Variable; 4] {
    let normal = |name: &str, dims: &[usize], deviation| {
        graph.variable(name, graph.random_normal(dims, 0.0, deviation))
    };
    [
        normal("W1", &[784, HIDDEN], 0.03),
        normal("b1", &[HIDDEN], 1.0),
        normal("W2", &[HIDDEN, 10], 0.03),
        normal("b2", &[10], 1.0),
    ]
}

/// The loss of each row: both terms of the cross-entropy, of clipped probabilities.
fn cross_entropy(x: &Output, labels: &Output, [w1, b1, w2, b2]: &[Variable; 4]) -> Output {
    let y_ = labels.one_hot(10);
    let y = ((x.matmul(w1) + &**b1).relu().matmul(w2) + &**b2).softmax();
    let clipped = y.clip_by_value(CLIP[0], CLIP[1]);
    let terms = &y_ * clipped.log() + (1.0 - &y_) * (1.0 - &clipped).log();
    -terms.reduce_sum(1)
}

/// A variable that Adagrad brings to a smaller loss.
pub struct Descent {
    pub graph: Graph,
    pub train: Operation,
    pub loss: Output,
    pub variable: Variable,
    /// W1, b1, W2, b2 of the frozen network, if there is one.
    pub weights: Vec<Variable>,
}

/// The post's matrix inverse, of whole numbers below ten.
pub fn inverse() -> Descent {
    let mut generator = Generator::new(11, "inverse/matrix");
    inverse_of((0..100).map(|_| generator.below(10) as f32).collect())
}

/// The inverse of a 10x10 matrix.
pub fn inverse_of(matrix: Vec<f32>) -> Descent {
    let identity: Vec<f32> = (0..100).map(|i| if i % 11 == 0 { 1.0 } else { 0.0 }).collect();
    let tensor = |values| Tensor::from_vec([10, 10], values).expect("a hundred numbers");
    let graph = Graph::new();
    let variable = graph.variable("x", graph.zeros([10, 10]));
    let error = variable.matmul(graph.constant(tensor(matrix))) - graph.constant(tensor(identity));
    let loss = error.abs().reduce_sum(..);
    let train = Adagrad::new(INVERSE_RATE).minimize(&loss).expect("the loss has a gradient");
    Descent { graph, train, loss, variable, weights: Vec::new() }
}

/// The images that the frozen network likes best, one for each class, with the L2 penalty.
pub fn ideal_images() -> Descent {
    let graph = Graph::new();
    let variable = graph.variable("image", graph.zeros([10, 784]));
    let weights = weights(&graph);
    let classes = graph.constant((0..10).collect::<Vec<i32>>());
    let loss = cross_entropy(&variable, &classes, &weights).reduce_sum(..)
        + variable.square().reduce_sum(..) * L2_PENALTY;
    let train = Adagrad::new(IDEAL_RATE).with_var_list(&[&variable]).minimize(&loss);
    let train = train.expect("the loss has a gradient");
    Descent { graph, train, loss, variable, weights: weights.to_vec() }
}
