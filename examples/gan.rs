//! A generative adversarial network (Goodfellow et al., 2014): one network draws digits, another tells them
//! from real ones, and each has an optimizer for its own variables:
//! `cargo run --release --example gan -- [STEPS [FOLDER]]`
//!
//! TensorFlow 1, from the same values (`tf1/gan.py`):
//! the generator's loss is 1.6930707 after 100 steps of MNIST; here 1.6932603.

mod picture;

use minutia::{
    datasets::{Batches, locate, mnist::Mnist},
    layers::{Dense, DenseLayer},
    prelude::*,
};
use std::path::PathBuf;

const BATCH: usize = 100;
const NOISE: usize = 64;

/// Two layers of a network, and their variables.
struct Network([DenseLayer; 2]);

impl Network {
    fn new(graph: &Graph, name: &str, [inputs, hidden, outputs]: [usize; 3]) -> Network {
        let _scope = graph.name_scope(name);
        Network([Dense::new(hidden).build(graph, inputs), Dense::new(outputs).build(graph, hidden)])
    }

    fn logits(&self, x: &Output) -> Output {
        self.0[1].apply(self.0[0].apply(x).leaky_relu(0.2))
    }

    fn variables(&self) -> Vec<Variable> {
        self.0.iter().flat_map(DenseLayer::variables).collect()
    }
}

/// The losses of the discriminator and the generator in each step, and the session that has what was learned.
pub fn train(data: &Mnist, steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    graph.set_random_seed(7);
    let images = graph.placeholder("images", DType::U8, (None, 784));
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let real = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let noise = graph.random_uniform([BATCH, NOISE], -1, 1).with_name("noise");

    let generator = Network::new(&graph, "generator", [NOISE, 256, 784]);
    let discriminator = Network::new(&graph, "discriminator", [784, 256, 1]);
    let drawn = generator.logits(&noise).sigmoid();
    let (of_real, of_drawn) = (discriminator.logits(&real), discriminator.logits(&drawn));
    let cost = |logits: &Output, label: f32| {
        logits.sigmoid_cross_entropy_with_logits(graph.fill([BATCH, 1], label)).reduce_mean(..)
    };
    let d_loss = cost(&of_real, 1.0) + cost(&of_drawn, 0.0);
    let g_loss = cost(&of_drawn, 1.0);
    let d_train =
        Adam::new(2e-4).betas(0.5, 0.999).with_var_list(discriminator.variables()).minimize(&d_loss)?;
    let g_train = Adam::new(1e-3).betas(0.5, 0.999).with_var_list(generator.variables()).minimize(&g_loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let fed = feeds! { images => &data.train.images, rows => [0; BATCH] };
    // Both gradients are those of the values before the step: neither network sees the other's update.
    let mut step = session.make_callable((&d_train, &g_train, &d_loss, &g_loss), fed)?;
    let mut batches = Batches::new(data.train.len(), BATCH, 7);
    let mut losses = Vec::new();
    for i in 1..=steps {
        step.set(&rows, batches.next_batch())?;
        step.run()?;
        let (d, g) = (step.value::<f32>(&d_loss)?, step.value::<f32>(&g_loss)?);
        losses.extend([d, g]);
        if i % 100 == 0 {
            println!("step {i}: discriminator {d:.4}, generator {g:.4}");
        }
    }
    picture::print(&session.run(drawn.slice([0, 0], (4, -1)), ())?)?;
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let steps = arguments.next().map_or(Ok(1000), |steps| steps.parse())?;
    let located = locate(arguments.next().map(PathBuf::from).as_deref())?;
    println!("data: {}", located.origin);
    train(&located.data, steps)?;
    Ok(())
}
