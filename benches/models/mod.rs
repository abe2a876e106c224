//! What the benches share: the post's two models, programs of one step with memory to run over, and short settings.
#![allow(dead_code)]

use std::time::Duration;

use criterion::Criterion;
use minutia::datasets::mnist::Mnist;
use minutia::prelude::*;
use minutia::tensor::program::{Access, BufferSpec, Operand, Program, Step as Primitive};
use minutia::tensor::{Executable, Memory, Slot};
use minutia_kernels::rng::Generator;

/// Rows of a batch.
pub const BATCH: usize = 100;

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
    /// One primitive whose last buffer is its output, of so many floats.
    pub fn new(device: &Device, step: Primitive, inputs: &[Tensor], output: usize) -> Compiled {
        let mut buffers: Vec<BufferSpec> =
            inputs.iter().map(|t| BufferSpec { bytes: t.elements() * 4, written: false }).collect();
        buffers.push(BufferSpec { bytes: output * 4, written: true });
        let executable = device
            .compile(&Program { buffers, steps: vec![step], ..Program::default() })
            .expect("the program is sound");
        let mut memory = Memory::new(device);
        let mut slots: Vec<Slot> = inputs.iter().map(|t| memory.share(t).expect("there is memory")).collect();
        slots.push(memory.allocate(output * 4).expect("there is memory"));
        Compiled { executable, memory, slots }
    }

    pub fn run(&mut self) {
        self.executable.run(&mut self.memory, &self.slots).expect("the program runs");
    }
}

/// The post's classifier over tables of images and labels.
pub struct Classifier {
    pub graph: Graph,
    pub rows: Output,
    pub loss: Output,
    pub train: Operation,
    images: Output,
    labels: Output,
}

impl Classifier {
    pub fn new() -> Classifier {
        let graph = Graph::new();
        graph.set_random_seed(7);
        let images = graph.placeholder("images", DType::U8, [None, Some(784)]);
        let labels = graph.placeholder("labels", DType::I32, [None]);
        let rows = graph.placeholder("rows", DType::I32, [None]);
        let x = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
        let y_ = labels.gather(&rows).one_hot(10);
        let w1 = graph.variable("W1", graph.random_normal([784, 300], 0.0, 0.03));
        let b1 = graph.variable("b1", graph.random_normal([300], 0.0, 1.0));
        let w2 = graph.variable("W2", graph.random_normal([300, 10], 0.0, 0.03));
        let b2 = graph.variable("b2", graph.random_normal([10], 0.0, 1.0));
        let y = ((x.matmul(&w1) + &b1).relu().matmul(&w2) + &b2).softmax();
        let clipped = y.clip_by_value(1e-10, 0.999_999_9);
        let terms = &y_ * clipped.log() + (1.0 - &y_) * (1.0 - &clipped).log();
        let loss = -terms.reduce_sum(1).reduce_mean(..);
        let train = GradientDescent::new(0.1).minimize(&loss).expect("the loss has a gradient");
        Classifier { graph, rows, loss, train, images, labels }
    }

    pub fn session(&self, device: &Device) -> Session {
        let mut session = Session::new(&self.graph, device).expect("the graph is sound");
        session.run(self.graph.global_variables_initializer(), feeds! {}).expect("variables initialise");
        session
    }

    /// The training step with its loss, compiled.
    pub fn prepare<'a>(&'a self, session: &Session, data: &Mnist) -> Step<(&'a Operation, &'a Output)> {
        let (images, labels) = (data.train.images.clone(), data.train.labels.clone());
        let feeds = feeds! { self.images => images, self.labels => labels, self.rows => vec![0_i32; BATCH] };
        session.prepare((&self.train, &self.loss), feeds).expect("the step compiles")
    }
}

/// The post's matrix inverse: the graph, its training step and its loss.
pub fn inverse() -> (Graph, Operation, Output) {
    let mut generator = Generator::new(11, "inverse/matrix");
    let matrix: Vec<f32> = (0..100).map(|_| generator.below(10) as f32).collect();
    let identity: Vec<f32> = (0..100).map(|i| if i % 11 == 0 { 1.0 } else { 0.0 }).collect();
    let tensor = |values| Tensor::from_vec([10, 10], values).expect("a hundred numbers");
    let graph = Graph::new();
    let x = graph.variable("x", graph.zeros([10, 10]));
    let error = x.matmul(graph.constant(tensor(matrix))) - graph.constant(tensor(identity));
    let loss = error.abs().reduce_sum(..);
    let train = Adagrad::new(0.01).minimize(&loss).expect("the loss has a gradient");
    (graph, train, loss)
}
