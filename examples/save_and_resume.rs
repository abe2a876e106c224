//! Saves a run halfway and resumes it in a session of another graph: what it learns has the bits of a run
//! that was never interrupted, although every step draws random numbers.
//!
//! `cargo run --release --example save_and_resume`

use minutia::prelude::*;
use std::{error::Error, fs};

const STEPS: usize = 200;

/// A model that learns four weights from a new random batch in every step.
struct Model {
    graph: Graph,
    weights: Variable,
    train: Operation,
}

impl Model {
    fn new() -> Result<Model, Box<dyn Error>> {
        let graph = Graph::new();
        graph.set_random_seed(3);
        let inputs = graph.random_normal([32, 4], 0.0, 1.0);
        let wanted = inputs.matmul(graph.constant([[1.0_f32], [-2.0], [0.5], [3.0]]));
        let weights = graph.variable("weights", graph.random_normal([4, 1], 0.0, 0.1));
        let loss = (inputs.matmul(&weights) - wanted).square().reduce_mean(..);
        let train = Adam::new(0.05).minimize(&loss)?;
        Ok(Model { graph, weights, train })
    }

    /// Trains for so many steps, and gives the weights.
    fn train(&self, session: &mut Session, steps: usize) -> Result<Tensor, Box<dyn Error>> {
        for _ in 0..steps {
            session.run(&self.train, ())?;
        }
        Ok(session.run(&self.weights, ())?)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::cpu()?;
    let model = Model::new()?;
    let mut session = Session::new(&model.graph, &device)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    let uninterrupted = model.train(&mut session, STEPS)?;

    let path = std::env::temp_dir().join(format!("minutia-save-and-resume-{}", std::process::id()));
    let mut session = Session::new(&model.graph, &device)?;
    session.run(model.graph.global_variables_initializer(), ())?;
    let half = model.train(&mut session, STEPS / 2)?;
    Saver::new(&model.graph).save(&session, &path)?;
    println!("saved {} bytes after {} steps, at {:?}", fs::metadata(&path)?.len(), STEPS / 2, half);
    drop((model, session));

    // What another process would do.
    let model = Model::new()?;
    let mut session = Session::new(&model.graph, &device)?;
    Saver::new(&model.graph).restore(&mut session, &path)?;
    let resumed = model.train(&mut session, STEPS / 2)?;
    fs::remove_file(&path)?;
    println!("uninterrupted: {uninterrupted:?}\nresumed:       {resumed:?}");
    assert_eq!(resumed.canonical_bytes(), uninterrupted.canonical_bytes(), "the same bits");
    assert_ne!(half, resumed, "the second half has learned something");
    Ok(())
}
