//! What the benches share: the post's classifier and its sessions, programs of one primitive with memory to
//! run over, and short settings.
#![allow(dead_code)]

use std::time::Duration;

use criterion::Criterion;
use minutia::prelude::*;
use minutia::tensor::program::{Access, BufferSpec, Operand, Primitive, Program};
use minutia::tensor::{Executable, Memory, Slot};
use minutia_kernels::rng::Generator;
use minutia_models::{Classifier, Parameters, post};

/// The seed of the classifier's initial weights, and of the order of its batches.
pub const SEED: u64 = 7;

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

/// The post's classifier with its training step.
pub fn classifier() -> (Classifier, Operation) {
    let model = Classifier::new(&Parameters::default(), SEED);
    let train = model.train(post::CLASSIFIER_RATE).expect("the loss has a gradient");
    (model, train)
}

/// A session whose variables are initialised.
pub fn session(graph: &Graph, device: &Device) -> Session {
    let mut session = Session::new(graph, device).expect("the graph is sound");
    session.run(graph.global_variables_initializer(), ()).expect("variables initialise");
    session
}
