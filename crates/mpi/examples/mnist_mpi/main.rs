//! The post's classifier, trained on many machines with the bits of one:
//! `cargo build --release -p minutia-mpi --example mnist_mpi`, then
//! `mpirun -n 4 target/release/examples/mnist_mpi --shards 8 --epochs 2`.

mod network;
mod options;
mod setup;
mod watch;

use anyhow::{Result, ensure};
use clap::Parser;
use minutia_datasets::{Batches, mnist::Mnist};
use minutia_graph::Callable;
use minutia_mpi::{Alone, Communicator, Trainer, World, agree, in_order, launch, together};
use network::Network;
use options::Options;
use std::process::ExitCode;
use watch::{Progress, Timings};

/// Rows at most of a part of an evaluation, which one rank computes.
const PART: usize = 500;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        // Help was asked for.
        Err(error) if !error.use_stderr() => error.exit(),
        other => other.map_err(|error| options::refusal(&error)),
    };
    if options.as_ref().is_ok_and(|options| options.alone) {
        return launch(&Alone, || train(options, &Alone));
    }
    match World::new() {
        Ok(world) => launch(&world, || train(options, &world)),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn train(options: Result<Options, String>, communicator: &dyn Communicator) -> Result<()> {
    let options = &together(communicator, options)?;
    // Before anything else: ranks that were started otherwise would wait for each other's messages.
    agree(communicator, &setup::arguments(options))?;
    let data = together(communicator, setup::data(options))?;
    let data = &data;
    let steps = together(communicator, setup::steps_of_an_epoch(options, communicator, data))?;
    let (network, mut trainer) = setup::trainer(options, communicator, data)?;
    let mut evaluate = together(communicator, Evaluation::new(&network, &trainer, data))?;
    if let Some(folder) = &options.checkpoint {
        let done = trainer.resume(folder)?;
        if communicator.rank() == 0 && done > 0 {
            eprintln!("resumed at step {done}");
        }
        let fits = || {
            let end = steps * options.epochs;
            ensure!(
                done <= end,
                "the checkpoint in {} is of step {done}, and training was to end at {end}\n  hint: choose more --epochs, or \
                 another folder",
                folder.display()
            );
            Ok(())
        };
        together(communicator, fits())?;
    }
    let split = data.split().train;
    let mut batches = Batches::new(split.len(), options.batch, options.seed);
    batches.seek(trainer.steps() * options.batch as u64);
    let mut progress = Progress::new(communicator.rank() == 0, steps * options.epochs);
    let mut timings = Timings::default();
    // Of the steps since the last line; before the first one, a run that was resumed knows no other.
    let mut losses = Vec::new();
    while trainer.steps() < steps * options.epochs {
        losses.push(step(communicator, &mut trainer, &network, batches.next_batch())?);
        timings.add(trainer.seconds());
        let done = trainer.steps();
        progress.show(done);
        let ends = done.is_multiple_of(steps);
        if ends || options.every.is_some_and(|every| done.is_multiple_of(every)) {
            trainer.save()?;
        }
        if ends {
            let [test, right] = evaluate.sums(communicator)?;
            let rows = data.test.len() as f32;
            progress.line(format_args!(
                "epoch {}: train {:.4}, test {:.4}, accuracy {:.4}",
                done / steps,
                losses.iter().sum::<f32>() / losses.len() as f32,
                test / rows,
                right / rows
            ))?;
            losses.clear();
        }
    }
    if options.timings {
        timings.print(&mut progress, communicator, &trainer)?;
    }
    progress.line(format_args!("parameters_sha256 {}", trainer.parameters_sha256()?))
}

/// A step over these rows, of which each shard is given its own.
fn step(
    communicator: &dyn Communicator,
    trainer: &mut Trainer<'_>,
    network: &Network,
    rows: &[i32],
) -> Result<f32> {
    let shards = trainer.shards();
    let loss = trainer.step(|shard, run| {
        let own = shards.rows(shard, rows.len())?;
        Ok(run.set(&network.rows, &rows[own])?)
    })?;
    let steps = trainer.steps();
    let check = || {
        ensure!(loss.is_finite(), "the loss is {loss} after step {steps}\n  hint: choose a smaller --rate");
        Ok(loss)
    };
    // Every rank has this loss, so that none waits for another here where it is finite.
    if loss.is_finite() { check() } else { Ok(together(communicator, check())?) }
}

/// The test images, in parts over the ranks.
struct Evaluation<'n> {
    network: &'n Network,
    run: Callable<Vec<minutia_graph::Output>>,
    /// Parts, and the images of each.
    parts: [usize; 2],
}

impl<'n> Evaluation<'n> {
    fn new(network: &'n Network, trainer: &Trainer<'_>, data: &Mnist) -> Result<Evaluation<'n>> {
        let images = data.test.len();
        // No part is smaller than the others, so that one run computes all.
        let part = (1..=PART.min(images)).rev().find(|&part| images.is_multiple_of(part)).unwrap_or(1);
        let feeds = network.feeds(&data.test, part, 0.0);
        Ok(Evaluation {
            network,
            run: trainer.session().make_callable(network.sums.to_vec(), feeds)?,
            parts: [images / part, part],
        })
    }

    /// The sum of the losses, and the number of images that are read rightly: parts are added in order.
    fn sums(&mut self, communicator: &dyn Communicator) -> Result<[f32; 2]> {
        let [parts, part] = self.parts;
        let sums = in_order(communicator, parts, |index| {
            let rows: Vec<i32> = (index * part..(index + 1) * part).map(|row| row as i32).collect();
            self.run.set(&self.network.rows, &rows)?;
            self.run.run()?;
            let [loss, right] = [0, 1].map(|i| self.run.value::<f32>(&self.network.sums[i]));
            Ok::<[f32; 2], minutia_graph::Error>([loss?, right?])
        })?;
        Ok(sums.into_iter().fold([0.0; 2], |[a, b], [loss, right]| [a + loss, b + right]))
    }
}
